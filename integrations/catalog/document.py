"""YAML with its places: text becomes plain data (JSON's kinds of values) and a map of positions.

Used by loading.py. Safe by construction: no tag makes an object, anchors and merge keys are
followed within limits of size and depth, a key given twice is refused.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from yaml.constructor import ConstructorError, SafeConstructor

from integrations.catalog.problems import Finding, Path, Problem, field_of, shown

MAX_BYTES: Final = 2**20
MAX_DEPTH: Final = 40
MAX_NODES: Final = 50_000
_TAG = "tag:yaml.org,2002:"
_PLAIN = frozenset({f"{_TAG}str", f"{_TAG}timestamp", f"{_TAG}value"})
_SCALARS = frozenset({f"{_TAG}{kind}" for kind in ("bool", "int", "float", "null")})
_MERGE = f"{_TAG}merge"
_UNREADABLE: Final = object()

Position = tuple[int, int]


class _TooMuch(Exception):
    """The document is larger or deeper than any catalog needs to be."""


@dataclass(slots=True)
class Document:
    """The data of a file, where each value and each key stands, and what could not be read."""

    data: Any = None
    values: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def place(self, finding: Finding) -> Problem:
        """Look up where a finding stands: at its value, or at the nearest thing above it that is in the file."""
        line, column = self._position(finding)
        return Problem(
            line=line, column=column, field=field_of(finding.path), message=finding.message, remedy=finding.remedy
        )

    def _position(self, finding: Finding) -> Position:
        path = finding.path
        if finding.position is not None:
            return finding.position
        if not finding.at_key and path in self.values:
            return self.values[path]
        for end in range(len(path), 0, -1):
            found = self.keys.get(path[:end]) or self.values.get(path[:end])
            if found:
                return found
        return self.values.get((), (0, 0))


def read(content: bytes) -> Document | Problem:
    """Read the bytes of a file; a Problem is a mistake of the YAML itself, after which nothing can be said."""
    if len(content) > MAX_BYTES:
        return _whole("The file is larger than 1 MiB.", "Remove what is not the catalog.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        return Problem(line=line, column=1, field="", message="This is not UTF-8.", remedy="Save the file as UTF-8.")
    return _compose(text)


def _compose(text: str) -> Document | Problem:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        reader = _Reader()
        if node is not None:
            reader.document.data = reader.read(node, ())
        return reader.document
    except yaml.MarkedYAMLError as exc:
        return _syntax(exc)
    except yaml.YAMLError:
        return _whole("The file holds characters that YAML does not allow.", "Remove control characters.")
    except (_TooMuch, RecursionError):
        return _whole("The file is nested too deeply, or its anchors multiply.", "Write it out with fewer levels.")
    except (ValueError, OverflowError):
        # The scanner turns escapes such as "\UFFFFFFFF" into characters without looking.
        return _whole("The file holds an escape that is no character.", "Correct the escapes in double quotes.")


def _whole(message: str, remedy: str) -> Problem:
    return Problem(line=1, column=1, field="", message=message, remedy=remedy)


def _syntax(exc: yaml.MarkedYAMLError) -> Problem:
    mark = exc.problem_mark or exc.context_mark
    message = " ".join(str(exc.problem or exc.context or "it cannot be read").split())
    return Problem(
        line=mark.line + 1 if mark else 1,
        column=mark.column + 1 if mark else 1,
        field="",
        message=f"This is not YAML: {shown(message)[1:-1]}.",
        remedy="Check indentation, colons and quotes here and on the line above.",
    )


class _Reader:
    """Turns nodes into data, depth first; one per document."""

    def __init__(self) -> None:
        self.document = Document()
        self._scalars = SafeConstructor()
        self._nodes = 0

    def read(self, node: yaml.Node, path: Path) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES or len(path) > MAX_DEPTH:
            raise _TooMuch
        self.document.values.setdefault(path, _position(node))
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        return self._refuse(path, f"The tag {shown(node.tag)} is not allowed.", "Write plain YAML without tags.")

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                merged.append(value_node)
                continue
            key = self._key(key_node, path)
            if key is None:
                continue
            if key in data:
                first = self.document.keys[(*path, key)][0]
                message = f"The key {shown(key)} is already on line {first}."
                self._misplaced(key_node, (*path, key), message, "Keep one of the two.")
                continue
            self.document.keys[(*path, key)] = _position(key_node)
            data[key] = self.read(value_node, (*path, key))
        for value_node in merged:
            self._merge(data, value_node, path)
        return data

    def _merge(self, data: dict[str, Any], node: yaml.Node, path: Path) -> None:
        """Follow `<<`: what the mapping says itself wins, then the first of several sources."""
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for source in sources:
            if not isinstance(source, yaml.MappingNode):
                self._refuse(path, "<< must name a mapping.", "Give it the alias of one, such as *defaults.")
                continue
            for key, key_node, value_node in self._entries(source, path):
                if key not in data:
                    self.document.keys[(*path, key)] = _position(key_node)
                    data[key] = self.read(value_node, (*path, key))

    def _entries(self, source: yaml.MappingNode, path: Path) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _TooMuch
        for key_node, value_node in source.value:
            if key_node.tag == _MERGE:
                nested = value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                for one in nested:
                    if isinstance(one, yaml.MappingNode):
                        yield from self._entries(one, path)
            elif (key := self._key(key_node, path)) is not None:
                yield key, key_node, value_node

    def _key(self, node: yaml.Node, path: Path) -> str | None:
        if isinstance(node, yaml.ScalarNode) and node.tag in _PLAIN and _is_text(node.value):
            return str(node.value)
        written = shown(node.value) if isinstance(node, yaml.ScalarNode) else "A list or a mapping"
        self._misplaced(node, path, f"{written} cannot be a key: it is not text.", "Put the key in quotes.")
        return None

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        if node.tag in _PLAIN:
            if _is_text(node.value):
                return node.value
            return self._refuse(path, "This text holds half a character.", "Correct the escapes in double quotes.")
        if node.tag not in _SCALARS:
            return self._refuse(path, f"The tag {shown(node.tag)} is not allowed.", "Write plain YAML without tags.")
        value = self._number_or_word(node)
        if value is _UNREADABLE:
            message = f"{shown(node.value)} is read as a number, but as none that can be used."
            return self._refuse(path, message, "Put it in quotes.")
        return value

    def _number_or_word(self, node: yaml.ScalarNode) -> Any:
        if ":" in node.value:
            return _UNREADABLE  # YAML 1.1 reads 22:80 as a number to the base of sixty.
        try:
            value = self._scalars.construct_object(node)
        except (ConstructorError, ValueError, OverflowError, KeyError, IndexError):
            return _UNREADABLE
        is_finite = not isinstance(value, float) or math.isfinite(value)
        return value if is_finite else _UNREADABLE

    def _refuse(self, path: Path, message: str, remedy: str) -> None:
        self.document.findings.append(Finding(path, message, remedy))

    def _misplaced(self, node: yaml.Node, path: Path, message: str, remedy: str) -> None:
        """Report a key that does not count and so has no place in the data."""
        self.document.findings.append(Finding(path, message, remedy, position=_position(node)))


def _position(node: yaml.Node) -> Position:
    return (node.start_mark.line + 1, node.start_mark.column + 1)


def _is_text(text: str) -> bool:
    """Say whether a text can be encoded: an escape may have made half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
