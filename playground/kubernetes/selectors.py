"""Label and field selectors as a query writes them; used by the server's lists and watches, pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from playground.kubernetes.errors import Obj, bad_request

Labels = Mapping[str, str]
Test = Callable[[Labels], bool]
_KEY = r"[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?"
_SET = re.compile(rf"({_KEY})\s+(in|notin)\s*\(([^()]*)\)\Z")
_EQUALITY = re.compile(rf"({_KEY})\s*(!=|==|=)\s*({_VALUE})\Z")
_EXISTENCE = re.compile(rf"(!?)\s*({_KEY})\Z")


@dataclass(frozen=True, slots=True)
class Selector:
    """All the conditions of one query; an empty one matches everything."""

    labels: tuple[Test, ...] = ()
    fields: tuple[Callable[[Obj], bool], ...] = ()

    def matches(self, obj: Obj) -> bool:
        labels = obj["metadata"].get("labels") or {}
        return all(test(labels) for test in self.labels) and all(test(obj) for test in self.fields)


def parse_selector(labels: str = "", fields: str = "") -> Selector:
    """Parse ``labelSelector`` and ``fieldSelector``; raise 400 for what cannot be parsed."""
    return Selector(
        labels=tuple(_label_test(part) for part in _split(labels)),
        fields=tuple(_field_test(part) for part in _split(fields)),
    )


def _split(text: str) -> list[str]:
    """Split at the commas outside parentheses."""
    return [part.strip() for part in re.split(r",(?![^()]*\))", text)] if text.strip() else []


def _label_test(text: str) -> Test:
    if found := _SET.match(text):
        key, operator, listed = found.groups()
        return _set_test(key, frozenset(value.strip() for value in listed.split(",")), wanted=operator == "in")
    if found := _EQUALITY.match(text):
        key, operator, value = found.groups()
        return _set_test(key, frozenset({value}), wanted=operator != "!=")
    if found := _EXISTENCE.match(text):
        absent, key = found.groups()
        return lambda labels: (key in labels) is not bool(absent)
    raise bad_request(f"unable to parse requirement: found '{text}' in the label selector")


def _set_test(key: str, values: frozenset[str], *, wanted: bool) -> Test:
    """An object without the label matches != and notin, never = and in, as on the real API."""
    return lambda labels: (key in labels and labels[key] in values) is wanted


def _field_test(text: str) -> Callable[[Obj], bool]:
    found = re.match(r"([A-Za-z.]+)(!=|==|=)(.*)\Z", text)
    if found is None:
        raise bad_request(f"invalid field selector: '{text}'; can't understand it")
    path, operator, value = found.groups()
    if path not in _FIELDS:
        raise bad_request(f'field label not supported: "{path}"')
    return lambda obj: (_field(obj, path) == value) is not (operator == "!=")


# The fields that real servers index for the resources served here.
_FIELDS = frozenset(
    {
        "metadata.name",
        "metadata.namespace",
        "status.phase",
        "spec.nodeName",
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "involvedObject.uid",
        "reason",
        "type",
    }
)


def _field(obj: Obj, path: str) -> str:
    value: Any = obj
    for part in path.split("."):
        value = value.get(part, "") if isinstance(value, dict) else ""
    return str(value)
