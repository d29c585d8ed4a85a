"""Reads the recordings of real controllers in tests/data/recordings; used by the tests that hold the stand-ins to them.

A recording has one JSON line per watch event, per request ("act") and per note. What equals the same object's line
before is left out there (the paths of UNCHANGED; "gone" lists those that vanished) and filled in again here.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Obj = dict[str, Any]
FOLDER = Path(__file__).parents[2] / "data" / "recordings"
UNCHANGED = tuple(
    path.split(".")
    for path in (
        "apiVersion",
        "kind",
        "metadata.namespace",
        "metadata.uid",
        "metadata.creationTimestamp",
        "metadata.labels",
        "metadata.annotations",
        "metadata.ownerReferences",
        "metadata.generateName",
        "spec",
        "spec.template",
        "spec.strategy",
        "status.conditions",
        "status.containerStatuses",
        "status.podIP",
        "status.startTime",
        "status.storedWorkflowTemplateSpec",
        "status.selector",
        "status.currentStepHash",
        "status.artifactRepositoryRef",
        "status.artifactGCStatus",
    )
)


def read(name: str) -> list[Obj]:
    """All lines of a recording, complete."""
    return list(_lines(FOLDER / f"{name}.jsonl"))


def _lines(path: Path) -> Iterator[Obj]:
    before: dict[tuple[str, str], str] = {}
    for raw in path.read_text().splitlines():
        line: Obj = json.loads(raw)
        if "object" in line:
            key = (line["kind"], line["object"]["metadata"]["name"])
            if key in before:
                _fill(line["object"], json.loads(before[key]), set(line.get("gone", ())))
            before[key] = json.dumps(line["object"])
        yield line


def _fill(obj: Obj, old: Obj, gone: set[str]) -> None:
    for path in UNCHANGED:
        value = _at(old, path)
        if value is not None and ".".join(path) not in gone and _at(obj, path) is None:
            parent = obj
            for key in path[:-1]:
                parent = parent.setdefault(key, {})
            parent[path[-1]] = value


def _at(obj: Obj, path: list[str]) -> Any:
    found: Any = obj
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


class Letters:
    """Names hashes A, B, C in the order in which they appear, so that two runs can be compared."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def name(self, unique: str | None) -> str | None:
        return None if unique is None else self.known.setdefault(unique, "ABCDEFGHIJ"[len(self.known)])

    def text(self, message: str) -> str:
        """Put letters for the hashes of a message."""
        for unique, letter in self.known.items():
            message = re.sub(rf"\b{unique}\b", letter, message)
        return message

    def find(self, letter: str | None) -> str:
        return next(unique for unique, known in self.known.items() if known == letter)
