"""The names, hashes, timestamps and durations that Argo writes into objects; pure, used throughout this folder."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

Obj = dict[str, Any]

HASH: Final = "rollouts-pod-template-hash"
REVISION: Final = "rollout.argoproj.io/revision"
HISTORY: Final = "rollout.argoproj.io/revision-history"
DESIRED: Final = "rollout.argoproj.io/desired-replicas"
DEADLINE: Final = "scale-down-deadline"
MANAGED_BY: Final = "argo-rollouts.argoproj.io/managed-by-rollouts"
HASH_LENGTH: Final = 9
_UNITS: Final[Mapping[str, float]] = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def json_hash(value: Any) -> str:
    """Name a piece of a spec by its content: the same template gives the same ReplicaSet."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def fnv32a(text: str) -> int:
    """FNV-1a with 32 bits: how Argo Workflows numbers nodes and pods."""
    number = 0x811C9DC5
    for byte in text.encode():
        number = ((number ^ byte) * 0x01000193) & 0xFFFFFFFF
    return number


def timestamp(moment: datetime) -> str:
    """Whole seconds, as Kubernetes writes them."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def seconds_of(duration: Any) -> float:
    """Read a duration as specs give it: 30, "30", "5m", "1h30m"; 0 for what cannot be read."""
    text = str(duration)
    if text.isdecimal():
        return float(text)
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def dig(obj: Obj | None, *path: str) -> Any:
    """Follow keys into nested objects; None where one is missing."""
    found: Any = obj
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def owned_by(obj: Obj, owner: Obj) -> bool:
    references = obj["metadata"].get("ownerReferences") or ()
    return any(reference["uid"] == owner["metadata"]["uid"] for reference in references)


def owner_key(obj: Obj, kind: str) -> tuple[str, str] | None:
    """Namespace and name of the controller of `kind` that owns an object."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller") and reference["kind"] == kind:
            return obj["metadata"]["namespace"], reference["name"]
    return None


def owner_reference(owner: Obj) -> Obj:
    meta = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Obj:
    """The merge patch that leads from one object to another."""
    patch: Obj = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            if inner := difference(before, value):
                patch[key] = inner
        elif key not in old or before != value or type(before) is not type(value):
            patch[key] = value
    return patch
