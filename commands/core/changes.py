"""What would change in an object that runs, as short texts in which no secret is shown. Pure.

Only what the chart sets is compared, because the cluster adds defaults of its own. `preview` puts changes into lines.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import takewhile

from commands.core.manifest import Leaf, Manifest
from commands.core.redaction import mask

UNKNOWN_DIGEST = "sha256:" + "0" * 64
"""Stands for the digest of an image that has not been built."""
SHOWN = 60

_LONGEST = 1_000
_OWN = frozenset({"metadata.labels[slipway/deployment]", "metadata.annotations[slipway/requester]"})
"""What differs with every deployment and changes nothing."""
_SECRET_PATH = re.compile(r"passw|passphrase|secret|token|credential|private|api-?_?key|access-?_?key", re.IGNORECASE)
_SECRET_NAME = re.compile(r"key|auth|cert|pwd|salt|dsn|jdbc|connection", re.IGNORECASE)
_NAMED = re.compile(r"\[([^\]]*)\]|^data\.(.*)")
_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")
_QUANTITY_PATH = re.compile(r"\.(?:requests|limits)\.|\.(?:storage|sizeLimit)$")
_QUANTITY = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_FACTORS = {
    **{suffix: Decimal(10) ** power for suffix, power in {"n": -9, "u": -6, "m": -3, "": 0}.items()},
    **{suffix: Decimal(1000) ** (power + 1) for power, suffix in enumerate("kMGTPE")},
    **{f"{suffix}i": Decimal(1024) ** (power + 1) for power, suffix in enumerate("KMGTPE")},
}


class ChangeKind(StrEnum):
    """How a field would change."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    HIDDEN = "hidden"  # It looks like a secret.
    TEXT = "text"  # It has several lines; `before` and `after` are their numbers.


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that would change, with its values as they may be shown."""

    path: str
    kind: ChangeKind
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What would become of one object: made, changed, left alone, or not known, `why`; a secret is never looked at."""

    subject: str
    is_new: bool = False
    is_secret: bool = False
    why: str = ""
    changes: tuple[Change, ...] = ()


def compare(wanted: Manifest, live: Manifest) -> tuple[Change, ...]:
    """List what would change in an object that runs, in the order of the chart."""
    found = [
        _change(path, live.fields.get(path), value)
        for path, value in wanted.fields.items()
        if path not in _OWN and not _is_same(path, live.fields.get(path), value)
    ]
    gone = (sorted(live.members.get(path, frozenset()) - held) for path, held in wanted.members.items())
    return (*found, *(Change(path=path, kind=ChangeKind.REMOVED) for paths in gone for path in paths))


def conceal(text: str) -> str:
    """Hide what looks like a secret inside a text, and cut it where nobody would read on."""
    return mask(text[:_LONGEST])


def _is_same(path: str, now: Leaf | None, wanted: Leaf) -> bool:
    if isinstance(now, bool) or isinstance(wanted, bool):
        return now is wanted
    if now is None:
        return wanted == ""  # The cluster may leave out a text that is empty.
    if now == wanted or str(now) == str(wanted):
        return True
    return bool(_QUANTITY_PATH.search(path)) and _quantity(now) == _quantity(wanted) is not None


def _quantity(value: Leaf) -> Decimal | None:
    """Read an amount such as `500m` or `1Gi`; the cluster writes them in a form of its own."""
    found = _QUANTITY.fullmatch(str(value))
    return Decimal(found[1]) * _FACTORS[found[2] or ""] if found else None


def _change(path: str, now: Leaf | None, wanted: Leaf) -> Change:
    if _is_secret(path, wanted):
        return Change(path=path, kind=ChangeKind.HIDDEN)
    raw = ("" if now is None else _text(now)), _text(wanted)
    if any("\n" in each for each in raw):
        before, after = (str(len(each.splitlines())) for each in raw)
        return Change(path=path, kind=ChangeKind.TEXT, before=before, after=after)
    before, after = (conceal(each) for each in raw)
    if now is not None and before == after:
        return Change(path=path, kind=ChangeKind.HIDDEN)
    before, after = _clipped(before, after)
    return Change(path=path, kind=ChangeKind.ADDED if now is None else ChangeKind.CHANGED, before=before, after=after)


def _is_secret(path: str, value: Leaf) -> bool:
    if isinstance(value, bool):
        return False
    names = "".join(part for found in _NAMED.findall(path) for part in found)
    return bool(_SECRET_PATH.search(path) or _SECRET_NAME.search(names))


def _text(value: Leaf) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _DIGEST.sub(r"\1…", str(value).replace(UNKNOWN_DIGEST, "sha256:…"))


def _clipped(before: str, after: str) -> tuple[str, str]:
    """Shorten two texts to where they differ."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = max(same - SHOWN // 4, 0) if max(len(before), len(after)) > SHOWN else 0
    return _from(before, start), _from(after, start)


def _from(text: str, start: int) -> str:
    rest = text[start : start + SHOWN]
    return f"{'…' if start and text else ''}{rest}{'…' if len(text) > start + SHOWN else ''}"
