"""Reads what helm wrote as manifests, on the assumption that whoever wrote the chart means harm: YAML can be a bomb.

Used by renderer.py. Nothing is built before the number of its events, their depth and its aliases are known.
"""

from typing import Final

import yaml

from commands.core.errors import Permanent
from commands.core.manifest import MAX_DEPTH, Manifest, Unreadable, read

SYSTEM: Final = "helm"
MAX_EVENTS: Final = 100_000
MAX_ALIASES: Final = 8
"""With aliases of aliases, and the merges that the reader makes of them, a few lines stand for a lot."""
MAX_DOCUMENTS: Final = 60

_LOADER: Final[type[yaml.SafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def manifests(output: str) -> tuple[Manifest, ...]:
    """Read the objects in their order; documents of comments alone are none.

    Raises
    ------
    Permanent
        It is no YAML, or more of it than a plan looks at.
    """
    try:
        _weigh(output)
        return tuple(read(each) for each in yaml.load_all(output, Loader=_LOADER) if each is not None)
    except Unreadable as exc:
        raise Permanent(SYSTEM, f"what the chart makes cannot be compared: {exc}.") from exc
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, OverflowError) as exc:
        raise Permanent(SYSTEM, f"what the chart makes is not YAML ({type(exc).__name__}).") from exc


def _weigh(output: str) -> None:
    depth = aliases = documents = 0
    for count, event in enumerate(yaml.parse(output, Loader=_LOADER)):
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        aliases += isinstance(event, yaml.AliasEvent)
        if count > MAX_EVENTS or documents > MAX_DOCUMENTS:
            raise Unreadable("it is too large")
        if depth > MAX_DEPTH or aliases > MAX_ALIASES:
            raise Unreadable("it is too deep, or made of too many aliases")
