"""The order of versions as Maven has it, which is the order that a search sorted by version answers in.

Read by the catalogue of artifacts. `1.10` is above `1.9`, `1.3.0-rc.1` below `1.3.0`, `1.0` equals `1`.
"""

import re
from collections.abc import Iterable
from functools import cmp_to_key
from itertools import zip_longest
from typing import Final

_TOKEN = re.compile(r"\d+|[a-z]+")
_NEUTRAL: Final = (0, 0, "")
_QUALIFIERS: Final = {
    "alpha": (-5, 0, ""),
    "beta": (-4, 0, ""),
    "milestone": (-3, 0, ""),
    "rc": (-2, 0, ""),
    "cr": (-2, 0, ""),
    "snapshot": (-1, 0, ""),
    "ga": _NEUTRAL,
    "final": _NEUTRAL,
    "release": _NEUTRAL,
    "sp": (1, 0, ""),
}
_UNKNOWN_WORD, _NUMBER = 2, 3


def compare(left: str, right: str) -> int:
    """Return below 0, 0 or above 0; what one version lacks counts as the release itself."""
    for a, b in zip_longest(_tokens(left), _tokens(right), fillvalue=_NEUTRAL):
        if a != b:
            return -1 if a < b else 1
    return 0


def newest_first(versions: Iterable[str]) -> list[str]:
    return sorted(versions, key=cmp_to_key(compare), reverse=True)


def _tokens(version: str) -> list[tuple[int, int, str]]:
    return [_token(text) for text in _TOKEN.findall(version.lower())]


def _token(text: str) -> tuple[int, int, str]:
    if text.isdigit():
        return (_NUMBER, int(text), "") if int(text) else _NEUTRAL
    return _QUALIFIERS.get(text, (_UNKNOWN_WORD, 0, text))
