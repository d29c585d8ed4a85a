"""The small checks that limits.py builds its tables from: text lengths, item counts, known fields, unique ids.

Pure: a check takes a value and its JSON pointer and yields the problems it finds, worded as Slack words them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that Slack would refuse, and where it is."""

    message: str
    pointer: str

    def to_line(self) -> str:
        return f"[ERROR] {self.message} [json-pointer:{self.pointer}]"


Check = Callable[[Any, str], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object: how its value is checked and whether it must be there."""

    check: Check
    required: bool = False


Shape = dict[str, Field]


def must(check: Check) -> Field:
    return Field(check, required=True)


def may(check: Check) -> Field:
    return Field(check)


def string(longest: int, shortest: int = 0) -> Check:
    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield Problem("must be a string", pointer)
        elif len(value) > longest:
            yield Problem(f"must be less than {longest + 1} characters", pointer)
        elif len(value) < shortest:
            yield Problem(f"must be more than {shortest - 1} characters", pointer)

    return check


def text(longest: int, *kinds: str) -> Check:
    """Check a text object of one of these kinds (both when none is named)."""
    allowed = kinds or ("plain_text", "mrkdwn")

    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem("must be an object", pointer)
            return
        if value.get("type") not in allowed:
            yield Problem(f"must be one of: {', '.join(allowed)}", f"{pointer}/type")
        yield from string(longest, 1)(value.get("text"), f"{pointer}/text")

    return check


def plain(longest: int) -> Check:
    return text(longest, "plain_text")


def number(least: int, most: int) -> Check:
    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, int) or not least <= value <= most:
            yield Problem(f"must be between {least} and {most}", pointer)

    return check


def one_of(*allowed: str) -> Check:
    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if value not in allowed:
            yield Problem(f"must be one of: {', '.join(allowed)}", pointer)

    return check


def anything(value: Any, pointer: str) -> Iterator[Problem]:
    """Accept whatever stands here; limits of this field are not published."""
    del value, pointer
    yield from ()


def items(most: int, of: Check = anything, *, least: int = 1) -> Check:
    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield Problem("must be an array", pointer)
            return
        if len(value) > most:
            yield Problem(f"no more than {most} items allowed [input: {len(value)}]", pointer)
        if len(value) < least:
            yield Problem(f"must have at least {least} items", pointer)
        for index, item in enumerate(value):
            yield from of(item, f"{pointer}/{index}")

    return check


def shaped(shape: Shape) -> Check:
    """Check an object's fields, in the order of the table: missing, wrong, then unknown ones."""

    def check(value: Any, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem("must be an object", pointer)
            return
        for name, field in shape.items():
            if value.get(name) is not None:
                yield from field.check(value[name], f"{pointer}/{name}")
            elif field.required:
                yield Problem(f"missing required field: {name}", pointer)
        for name in value.keys() - shape.keys():
            yield Problem(f"invalid additional property: {name}", pointer)

    return check


def typed(shapes: Mapping[str, Shape], *allowed: str) -> Check:
    """Check an object by the table of its `type`; with `allowed`, only these types may stand here."""
    known = allowed or tuple(shapes)

    def check(value: Any, pointer: str) -> Iterator[Problem]:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in known:
            yield Problem(f"unsupported type: {kind}", f"{pointer}/type")
            return
        yield from shaped(shapes[kind] | {"type": must(anything)})(value, pointer)

    return check


def unique(values: Iterable[tuple[str | None, str]], name: str) -> Iterator[Problem]:
    """Report each (value, pointer) whose value was there before; absent values may repeat."""
    seen: set[str] = set()
    for value, pointer in values:
        if value is not None and value in seen:
            yield Problem(f"`{name}` already exists: {value}", f"{pointer}/{name}")
        seen.add(value or "")
