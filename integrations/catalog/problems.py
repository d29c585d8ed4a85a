"""What is wrong with a catalog: where, what, and how to mend it; each problem is one line.

Made by every part of this package. All outside text passes `shown` before it stands in a message.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from commands.core.errors import SlipwayError

Path = tuple[str | int, ...]
_LONGEST = 60
_MOST = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake; `line` and `column` count from 1, 0 where no place is known; `field` is like `apps.shop.image`."""

    line: int
    column: int
    field: str
    message: str
    remedy: str

    def __str__(self) -> str:  # type: ignore[explicit-override]  # typing has override from Python 3.12 on
        place = f"{self.line}:{self.column}: " if self.line else ""
        field = f"{self.field}: " if self.field else ""
        return f"{place}{field}{self.message} {self.remedy}"

    def to_line(self, name: str) -> str:
        """Write it as compilers do, so that editors find the place."""
        return f"{name}:{self}" if self.line else f"{name}: {self}"


class CatalogError(SlipwayError):
    """The catalog cannot be used; somebody who edits it can mend it.

    Parameters
    ----------
    name
        The file, as it was named.
    problems
        Everything that is wrong with it, in the order of the file.
    """

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.name = name
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.to_line(name) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem before its place in the file is looked up.

    `at_key` points to the key instead of its value, `position` to a place that is neither.
    """

    path: Path
    message: str
    remedy: str
    at_key: bool = False
    position: tuple[int, int] | None = None


def shown(value: object) -> str:
    """Quote outside text: one line, no control characters, not too long."""
    text = "".join(char if char.isprintable() else " " for char in str(value))
    return f'"{text[: _LONGEST - 1]}…"' if len(text) > _LONGEST else f'"{text}"'


def field_of(path: Path) -> str:
    """Write a path as people do: `apps.shop.canary.steps[2].pause`."""
    text = ""
    for part in path:
        name = str(part)
        plain = name if name.isprintable() and len(name) <= _LONGEST else shown(name)
        text += f"[{part}]" if isinstance(part, int) else f".{plain}"
    return text.removeprefix(".")


def suggestion(word: str, candidates: Iterable[str]) -> str:
    """Say which of the candidates was probably meant, or which there are."""
    known = sorted(one for one in candidates if one.isprintable() and len(one) <= _LONGEST)
    if near := difflib.get_close_matches(word[:_LONGEST].lower(), known, n=1, cutoff=0.6):
        return f"Did you mean {near[0]}?"
    if not known:
        return "There are none yet."
    return f"Use one of: {', '.join(known[:_MOST])}{', …' if len(known) > _MOST else '.'}"
