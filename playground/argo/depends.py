"""When a DAG task may start: `dependencies` and the expressions of `depends`. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from playground.argo.names import Obj

_WORD: Final = re.compile(r"\s*(&&|\|\||!|\(|\)|[\w-]+(?:\.\w+)?)")
_NAME: Final = re.compile(r"[\w-]+(?:\.\w+)?")
_GOOD: Final = frozenset({"Succeeded", "Skipped", "Daemoned"})
_RESULTS: Final = {"Errored": "Error"}
DONE: Final = frozenset({"Succeeded", "Failed", "Error", "Skipped", "Omitted"})
Phases = Mapping[str, str]


def parents(task: Obj) -> list[str]:
    """The tasks that one waits for, in the order in which it names them."""
    if "depends" in task:
        names = [word.split(".")[0] for word in _WORD.findall(task["depends"]) if _NAME.fullmatch(word)]
        return list(dict.fromkeys(names))
    return list(task.get("dependencies") or ())


def is_due(task: Obj, phases: Phases) -> bool:
    return all(phases.get(parent) in DONE for parent in parents(task))


def is_met(task: Obj, phases: Phases) -> bool:
    """Whether a task that is due may run, or is to be omitted."""
    if "depends" not in task:
        return all(phases.get(parent) in _GOOD for parent in parents(task))
    return _either(iter([*_WORD.findall(task["depends"]), ""]), phases)[0]


def _either(words: Iterator[str], phases: Phases) -> tuple[bool, str]:
    """Read `a && b || c`; return the truth and the word behind it."""
    value, word = _both(words, phases)
    while word == "||":
        right, word = _both(words, phases)
        value = value or right
    return value, word


def _both(words: Iterator[str], phases: Phases) -> tuple[bool, str]:
    value = _single(words, next(words), phases)
    word = next(words, "")
    while word == "&&":
        right = _single(words, next(words), phases)
        value, word = value and right, next(words, "")
    return value, word


def _single(words: Iterator[str], word: str, phases: Phases) -> bool:
    if word == "!":
        return not _single(words, next(words), phases)
    if word == "(":
        return _either(words, phases)[0]
    name, _, result = word.partition(".")
    return phases.get(name) == _RESULTS.get(result, result) if result else phases.get(name) in _GOOD
