"""When a DAG task may start: `dependencies` and the expressions of `depends`. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from playground.argo.names import Obj

_TOKEN: Final = re.compile(r"\s*(&&|\|\||!|\(|\)|[\w-]+(?:\.\w+)?)")
_NAME: Final = re.compile(r"[\w-]+(?:\.\w+)?")
_GOOD: Final = frozenset({"Succeeded", "Skipped", "Daemoned"})
_RESULTS: Final = {"Errored": "Error"}
DONE: Final = frozenset({"Succeeded", "Failed", "Error", "Skipped", "Omitted"})
Phases = Mapping[str, str]


def parents(task: Obj) -> list[str]:
    """The tasks that one waits for, in the order in which it names them."""
    if "depends" in task:
        names = [token.split(".")[0] for token in _TOKEN.findall(task["depends"]) if _NAME.fullmatch(token)]
        return list(dict.fromkeys(names))
    return list(task.get("dependencies") or ())


def is_due(task: Obj, phases: Phases) -> bool:
    return all(phases.get(parent) in DONE for parent in parents(task))


def is_met(task: Obj, phases: Phases) -> bool:
    """Whether a task that is due may run, or is to be omitted."""
    if "depends" not in task:
        return all(phases.get(parent) in _GOOD for parent in parents(task))
    return _either(iter([*_TOKEN.findall(task["depends"]), ""]), phases)[0]


def _either(tokens: Iterator[str], phases: Phases) -> tuple[bool, str]:
    """Read `a && b || c`; return the truth and the token behind it."""
    value, token = _both(tokens, phases)
    while token == "||":
        right, token = _both(tokens, phases)
        value = value or right
    return value, token


def _both(tokens: Iterator[str], phases: Phases) -> tuple[bool, str]:
    value = _single(tokens, next(tokens), phases)
    token = next(tokens, "")
    while token == "&&":
        right = _single(tokens, next(tokens), phases)
        value, token = value and right, next(tokens, "")
    return value, token


def _single(tokens: Iterator[str], token: str, phases: Phases) -> bool:
    if token == "!":
        return not _single(tokens, next(tokens), phases)
    if token == "(":
        return _either(tokens, phases)[0]
    name, _, result = token.partition(".")
    return phases.get(name) == _RESULTS.get(result, result) if result else phases.get(name) in _GOOD
