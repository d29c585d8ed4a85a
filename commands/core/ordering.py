"""The order of versions: numbers as numbers, a release above its own pre-releases, a leading v ignored.

Pure and total: any two texts compare, and different texts are never equal. It follows Semantic Versioning 2.0 where a
version has its form and the habits of Maven where it has not (`1.2.Final`, `1.2.RC1`, `1.2-SNAPSHOT`).
"""

import re
from collections.abc import Iterable
from typing import Final

_FORM = re.compile(r"[vV]?([0-9]+(?:\.[0-9]+)*)(.*)", re.DOTALL)
_RUN = re.compile(r"([0-9]+)|([^0-9.\-_]+)")
_RELEASE_WORDS: Final = frozenset({"final", "ga", "release"})
_EARLY_WORDS: Final = frozenset(
    {"alpha", "a", "beta", "b", "milestone", "m", "cr", "rc", "pre", "preview", "dev", "snapshot", "nightly", "ea"}
)
_EARLY, _RELEASE, _LATER = -1, 0, 1

Number = tuple[int, str]
Part = tuple[int, Number, str]
Key = tuple[bool, tuple[Number, ...], int, tuple[Part, ...], str]


def newest_first(versions: Iterable[str]) -> list[str]:
    """Sort versions, the newest first."""
    return sorted(versions, key=order, reverse=True)


def order(version: str) -> Key:
    """Return the key that sorts a version: bigger is newer. What begins with no number is older than all that do."""
    form = _FORM.fullmatch(version)
    if form is None:
        return (False, (), _RELEASE, _parts(version), version)
    numbers, rest = form.groups()
    rest = rest.partition("+")[0]  # Build metadata says nothing about age.
    parts = _parts(rest)
    return (True, _numbers(numbers), _stage(rest, parts), parts, version)


def _numbers(text: str) -> tuple[Number, ...]:
    numbers = [_number(digits) for digits in text.split(".")]
    while len(numbers) > 1 and numbers[-1] == (0, ""):
        numbers.pop()  # 1.2 and 1.2.0 are the same release.
    return tuple(numbers)


def _number(digits: str) -> Number:
    # Compared by length, then as text: the same order as that of the numbers, however long they are.
    significant = digits.lstrip("0")
    return (len(significant), significant)


def _parts(text: str) -> tuple[Part, ...]:
    """Cut `-rc.10` into `rc` and `10`; numbers come before words, as Semantic Versioning has it."""
    return tuple(
        (0, _number(digits), "") if digits else (1, (0, ""), word.lower()) for digits, word in _RUN.findall(text)
    )


def _stage(rest: str, parts: tuple[Part, ...]) -> int:
    word = parts[0][2] if parts else ""
    if not parts or (word in _RELEASE_WORDS and len(parts) == 1):
        return _RELEASE
    return _EARLY if rest.startswith("-") or word in _EARLY_WORDS else _LATER
