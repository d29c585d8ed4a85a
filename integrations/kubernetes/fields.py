"""Reading fields out of JSON that others wrote: a field of the wrong type counts as absent, nothing here raises.

Used by every translation in this package; knows no resource.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from commands.core.redaction import mask

Obj = dict[str, Any]

LONGEST_NUMBER = 18
LONGEST_MESSAGE = 500
_READ = 4_000


def at(obj: Any, *path: str) -> Any:
    """Return what lies at the path, None where the path ends early."""
    for key in path:
        if not isinstance(obj, dict):
            return None
        obj = obj.get(key)
    return obj


def text(obj: Any, *path: str) -> str:
    value = at(obj, *path)
    return value if isinstance(value, str) else ""


def message(obj: Any, *path: str) -> str:
    """Return a text for people to read, without secrets, cut to a length that can be kept and shown."""
    value = mask(text(obj, *path)[:_READ])
    return value if len(value) <= LONGEST_MESSAGE else value[: LONGEST_MESSAGE - 1] + "…"


def number(obj: Any, *path: str) -> int | None:
    value = at(obj, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def count(obj: Any, *path: str) -> int:
    """Return a number that the API leaves out when it is zero."""
    return number(obj, *path) or 0


def digits(value: str) -> int | None:
    """Return a whole number that is written as a text, of a length that a number here can have."""
    return int(value) if value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER else None


def flag(obj: Any, *path: str) -> bool:
    return at(obj, *path) is True


def mapping(obj: Any, *path: str) -> Obj:
    value = at(obj, *path)
    return value if isinstance(value, dict) else {}


def mappings(obj: Any, *path: str) -> Iterator[Obj]:
    """Yield the members of a list of objects."""
    value = at(obj, *path)
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def moment(obj: Any, *path: str) -> datetime | None:
    """Return an RFC 3339 time, aware and in UTC."""
    try:
        read = datetime.fromisoformat(text(obj, *path))
        return read.astimezone(UTC) if read.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def label(obj: Any, name: str) -> str:
    return text(obj, "metadata", "labels", name)


def annotation(obj: Any, name: str) -> str:
    return text(obj, "metadata", "annotations", name)


def parsed(raw: bytes | str) -> Obj | None:
    """Return the JSON object in the text, None where it is anything else."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
