"""An object of Kubernetes as flat fields, `spec.template.spec.containers[app].image`, whoever wrote it. Pure.

Adapters read documents with `read`, so that whatever a chart makes is bounded here, once; `changes` compares.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

Leaf = str | int | float | bool

MAX_NODES = 5_000
MAX_DEPTH = 40
MAX_PATH = 1_500
SECRET = "Secret"  # noqa: S105  # the kind
STEPS = "spec.strategy.canary.steps"

_LARGEST = 2**63
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_KIND = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")
_API_VERSION = re.compile(r"([a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?/)?v[0-9][0-9a-z]{0,20}")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,80}")
_WHOLE = frozenset({"data", "binaryData", "spec.strategy"})
"""Mappings of which the chart decides all keys: a key that it does not set goes away."""


class Unreadable(ValueError):
    """A document that is no object of Kubernetes, or more of one than a plan looks at; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One object: who it is and its fields by path.

    `members` maps each list, and each mapping that the chart decides as a whole, to the paths of what it holds. Of a
    Secret nothing but its name is kept.
    """

    api_version: str
    kind: str
    name: str
    namespace: str = ""
    fields: Mapping[str, Leaf] = field(default_factory=dict, repr=False)
    members: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)

    @property
    def is_secret(self) -> bool:
        return self.kind == SECRET


def read(document: object) -> Manifest:
    """Read one object as YAML or JSON gives it.

    Raises
    ------
    Unreadable
        It has no proper kind, version or name, or it is too large or too deep.
    """
    if not isinstance(document, Mapping):
        raise Unreadable("a document is no object")
    metadata = document.get("metadata")
    about = metadata if isinstance(metadata, Mapping) else {}
    namespace = about.get("namespace")
    flat, kind = _Flat(), _word(document, "kind", _KIND)
    if kind != SECRET:
        flat.take("metadata", {key: about[key] for key in ("labels", "annotations") if key in about})
        flat.take(
            "", {key: document[key] for key in document if key not in {"metadata", "status", "kind", "apiVersion"}}
        )
    return Manifest(
        api_version=_word(document, "apiVersion", _API_VERSION),
        kind=kind,
        name=_word(about, "name", _NAME),
        namespace=namespace if isinstance(namespace, str) else "",
        fields=flat.fields,
        members=flat.members,
    )


def _word(document: Mapping[object, object], key: str, form: re.Pattern[str]) -> str:
    value = document.get(key)
    if isinstance(value, str) and form.fullmatch(value):
        return value
    raise Unreadable(f"an object has no proper {key}")


class _Flat:
    """Collects the fields of one object, up to a number of them."""

    def __init__(self) -> None:
        self.fields: dict[str, Leaf] = {}
        self.members: dict[str, frozenset[str]] = {}
        self._nodes = 0

    def take(self, path: str, value: object, *, depth: int = 0) -> None:
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES or len(path) > MAX_PATH or _is_huge(value):
            raise Unreadable("an object is larger than what can be compared")
        if isinstance(value, Mapping):
            self._mapping(path, value, depth)
        elif isinstance(value, list):
            self._list(path, value, depth)
        elif isinstance(value, str | int | float):
            self.fields[path] = value
        elif value is not None:
            self.fields[path] = str(value)

    def _mapping(self, path: str, value: Mapping[object, object], depth: int) -> None:
        inner = {_join(path, key): each for key, each in value.items()}
        if path in _WHOLE:
            self.members[path] = frozenset(place for place, each in inner.items() if each is not None)
        for place, each in inner.items():
            self.take(place, each, depth=depth + 1)

    def _list(self, path: str, value: Sequence[object], depth: int) -> None:
        names = _names(value) or [str(index) for index in range(len(value))]
        places = [f"{path}[{name}]" for name in names]
        self.members[path] = frozenset(places)
        for place, each in zip(places, value, strict=True):
            # A step of a canary is one thing: what an older step of that number set besides must not stay.
            self.take(place, _step(each) if path == STEPS else _anonymous(each, place), depth=depth + 1)


def _is_huge(value: object) -> bool:
    return isinstance(value, int) and abs(value) >= _LARGEST


def _join(path: str, key: object) -> str:
    name = _key(key)
    if not _PLAIN_KEY.fullmatch(name):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else name


def _key(key: object) -> str:
    return "" if _is_huge(key) else str(key)[:MAX_PATH]


def _names(items: Sequence[object]) -> list[str]:
    """Name the items of a list by their own names, where each has one and no two have the same."""
    names = [each.get("name") if isinstance(each, Mapping) else None for each in items]
    known = [name for name in names if isinstance(name, str) and name]
    return known if len(known) == len(items) == len(set(known)) else []


def _anonymous(item: object, place: str) -> object:
    """Leave out the name by which an item is called already, unless it has nothing else."""
    if isinstance(item, Mapping) and len(item) > 1 and place.endswith(f"[{item.get('name')}]"):
        return {key: value for key, value in item.items() if key != "name"}
    return item


def _step(item: object) -> str:
    """Write a step of a canary in one line: `setWeight 20`, `pause`, `pause duration 10m`."""
    words: list[str] = []
    todo: list[object] = [item]
    while todo:
        each = todo.pop()
        if len(words) > MAX_NODES or len(todo) > MAX_NODES or _is_huge(each):
            raise Unreadable("a step of a canary is larger than what can be compared")
        if isinstance(each, Mapping):
            # In the order of their names: the cluster does not keep the chart's.
            named = sorted(((_key(key), value) for key, value in each.items()), key=itemgetter(0), reverse=True)
            todo += [part for name, value in named for part in (value, name)]
        elif isinstance(each, list):
            todo += reversed(each)
        elif each is not None:
            words.append(str(each))
    return " ".join(words)
