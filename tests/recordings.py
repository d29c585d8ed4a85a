"""Recordings of the real controllers, line by line, with what was left out as unchanged filled in again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Obj = dict[str, Any]

FOLDER = Path(__file__).parent / "data" / "recordings"

# A line omits these where they equal the same object's line before; `gone` lists those that vanished.
SAME = (
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
    "status.initContainerStatuses",
    "status.containerStatuses",
    "status.podIP",
    "status.startTime",
    "status.storedWorkflowTemplateSpec",
    "status.selector",
    "status.currentStepHash",
    "status.artifactRepositoryRef",
    "status.artifactGCStatus",
)


def names(folder: Path = FOLDER) -> list[str]:
    """The names of all recordings of a folder."""
    return sorted(path.stem for path in folder.glob("*.jsonl"))


def load(name: str, folder: Path = FOLDER) -> Iterator[Obj]:
    """Yield the lines of a recording: {"t", "kind", "type", "object"}, {"t", "act"} or {"t", "note"}."""
    before: dict[tuple[str, str], Obj] = {}
    for raw in (folder / f"{name}.jsonl").read_text().splitlines():
        line: Obj = json.loads(raw)
        if "object" in line:
            key = line["kind"], line["object"]["metadata"]["name"]
            if key in before:
                _fill_in(line["object"], before[key], gone=line.pop("gone", []))
            before[key] = json.loads(json.dumps(line["object"]))
        yield line


def objects(name: str, *kinds: str) -> Iterator[tuple[str, str, Obj]]:
    """Yield (kind, ADDED|MODIFIED|DELETED, object) of the kinds asked for, in order of arrival."""
    for line in load(name):
        if line.get("kind") in kinds:
            yield line["kind"], line["type"], line["object"]


def with_env(replica_set: Obj, rollout: Obj | None) -> Obj:
    """Give a ReplicaSet the variables of the Rollout's template: a recording leaves them out of ReplicaSets."""
    wanted = {each["image"]: each.get("env") for each in (dig(rollout or {}, "spec.template.spec.containers") or ())}
    whole: Obj = json.loads(json.dumps(replica_set))
    for container in dig(whole, "spec.template.spec.containers") or ():
        if (env := wanted.get(container["image"])) is not None:
            container.setdefault("env", env)
    return whole


def _fill_in(target: Obj, source: Obj, *, gone: list[str]) -> None:
    for path in SAME:
        known = dig(source, path)
        if path not in gone and known is not None and dig(target, path) is None:
            put(target, path, json.loads(json.dumps(known)))


def dig(obj: Obj, path: str) -> Any:
    """The value at a dotted path, None where a part of it is missing."""
    value: Any = obj
    for key in path.split("."):
        value = (value or {}).get(key)
    return value


def put(obj: Obj, path: str, value: Any) -> None:
    """Set the value at a dotted path; None removes it."""
    *parents, last = path.split(".")
    for key in parents:
        obj = obj.setdefault(key, {})
    if value is None:
        obj.pop(last, None)
    else:
        obj[last] = value
