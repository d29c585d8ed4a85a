"""What is written of a recording: objects without what nobody reads, the same names and times in every run, no repeats.

Used by recording and by the command. `tests.recordings` reads what this writes; both know the same list SAME.
"""

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.recordings import SAME, dig, put

Obj = dict[str, Any]

METADATA: Final = (
    *("name", "generateName", "namespace", "uid", "labels", "annotations", "generation", "resourceVersion"),
    *("ownerReferences", "finalizers", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"),
)
POD_SPEC: Final = ("nodeName", "restartPolicy", "terminationGracePeriodSeconds", "readinessGates")
POD_STATUS: Final = (
    *("phase", "reason", "message", "conditions", "initContainerStatuses", "containerStatuses", "podIP", "startTime"),
)
CONTAINER: Final = ("name", "image", "imagePullPolicy", "command", "args", "resources", "readinessProbe")
CONTAINER_STATUS: Final = ("name", "state", "lastState", "ready", "restartCount", "image", "started")
CONDITION: Final = ("type", "observedGeneration", "status", "reason", "message", "lastTransitionTime")
FIRST_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
SUFFIX_LETTERS: Final = "bcdfghjklm"

_UID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_VERSION: Final = re.compile(r'(?<="resourceVersion":")\d+(?=")')
_MOMENT: Final = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?=Z|\.\d+Z)")
_ADDRESS: Final = re.compile(r"\b10\.(?:244|96)\.\d+\.\d+\b")
_POD: Final = re.compile(r"\b(?P<set>[a-z-]+-[0-9a-f]{5,10}-)[b-df-hj-np-tv-xz2-9]{5}\b")
_EVENT: Final = re.compile(r'(?<="name":"web\.)[0-9a-f]{16}(?=")')


def pick(obj: Obj, keys: Iterable[str]) -> Obj:
    return {key: obj[key] for key in keys if key in obj}


# Less of each object


def trim(kind: str, obj: Obj) -> Obj:
    """Leave out what says nothing about a deployment."""
    known = {**pick(obj, ("apiVersion", "kind")), "metadata": pick(obj["metadata"], METADATA)}
    rest = {key: value for key, value in obj.items() if key not in {"apiVersion", "kind", "metadata"}}
    if kind == "events":
        return _trim_event(obj)
    if kind == "pods":
        rest = {"spec": _trim_pod_spec(obj["spec"]), "status": _trim_pod_status(obj.get("status") or {})}
    elif kind == "services":
        rest = {"spec": pick(obj["spec"], ("selector", "clusterIP", "ports"))}
    elif kind == "replicasets":
        template = {**obj["spec"]["template"], "spec": _trim_pod_spec(obj["spec"]["template"]["spec"])}
        rest = {**rest, "spec": {**obj["spec"], "template": template}}
    return known | rest


def _trim_event(event: Obj) -> Obj:
    return {
        "metadata": pick(event["metadata"], ("name", "resourceVersion")),
        **pick(event, ("reason", "message", "type", "count")),
        "involvedObject": pick(event["involvedObject"], ("kind", "name")),
    }


def _trim_pod_spec(spec: Obj) -> Obj:
    lists = {key: spec[key] for key in ("initContainers", "containers") if spec.get(key)}
    return {
        **pick(spec, POD_SPEC),
        "containers": [],
        **{key: [pick(container, CONTAINER) for container in each] for key, each in lists.items()},
    }


def _trim_pod_status(status: Obj) -> Obj:
    trimmed = pick(status, POD_STATUS)
    for key in ("conditions", "initContainerStatuses", "containerStatuses"):
        if key in trimmed:
            kept = CONDITION if key == "conditions" else CONTAINER_STATUS
            trimmed[key] = [pick(entry, kept) for entry in trimmed[key]]
    return trimmed


# The same in every run


def stable(lines: list[Obj], started: datetime) -> list[Obj]:
    """Put counted names for random ones, small versions for large ones, and times since the first of January 2026."""
    text = "\n".join(json.dumps(line, separators=(",", ":")) for line in lines)
    back = started.replace(microsecond=0) - FIRST_DAY
    ranks = {version: rank for rank, version in enumerate(sorted({int(v) for v in _VERSION.findall(text)}), start=1)}
    text = _VERSION.sub(lambda found: str(ranks[int(found[0])]), text)
    text = _MOMENT.sub(lambda found: _moved(found[0], back), text)
    text = _UID.sub(_counted(lambda n, _: f"00000000-0000-4000-8000-{n:012}"), text)
    text = _ADDRESS.sub(_counted(lambda n, _: f"10.0.0.{n}"), text)
    text = _EVENT.sub(_counted(lambda n, _: f"{n:x}"), text)
    text = _POD.sub(_counted(lambda n, found: found["set"] + _suffix(n)), text)
    return [json.loads(line) for line in text.splitlines()]


def _moved(moment: str, back: timedelta) -> str:
    return (datetime.fromisoformat(moment + "+00:00") - back).strftime("%Y-%m-%dT%H:%M:%S")


def _counted(name: Callable[[int, re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
    """Name each new text by its number, and the same text the same way."""
    known: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        if found[0] not in known:
            known[found[0]] = name(len(known) + 1, found)
        return known[found[0]]

    return named


def _suffix(number: int) -> str:
    return "".join(SUFFIX_LETTERS[int(digit)] for digit in f"{number:05}")


# No repeats


def packed(lines: Iterable[Obj]) -> str:
    """The text of a file: each line without what its object's line before said already."""
    before: dict[tuple[str, str], Obj] = {}
    texts = []
    for line in lines:
        if "object" in line:
            key = line["kind"], line["object"]["metadata"]["name"]
            short = _without_known(line["object"], before.get(key))
            before[key] = line["object"]
            texts.append(json.dumps({**line, **short}, separators=(",", ":")))
        else:
            texts.append(json.dumps(line, separators=(",", ":")))
    return "".join(f"{text}\n" for text in texts)


def _without_known(obj: Obj, before: Obj | None) -> Obj:
    rest, gone = json.loads(json.dumps(obj)), []
    for path in SAME if before else ():
        known, value = dig(before or {}, path), dig(rest, path)
        if value is not None and value == known:
            put(rest, path, None)
        elif dig(obj, path) is None and known is not None:
            gone.append(path)
    return {"object": rest, **({"gone": gone} if gone else {})}
