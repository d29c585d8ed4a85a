"""The condition list of a Rollout's status: what stands there, and how a new one replaces an old one. Pure."""

from dataclasses import dataclass
from datetime import datetime

from playground.argo.names import Obj, timestamp

PROGRESSING = "Progressing"
ABORTED = "RolloutAborted"
PAUSED = "RolloutPaused"
RESUMED = "RolloutResumed"
RETRY = "RolloutRetry"
TIMED_OUT = "ProgressDeadlineExceeded"
AVAILABLE = "NewReplicaSetAvailable"
UPDATED = "ReplicaSetUpdated"
CREATED = "NewReplicaSetCreated"
INVALID = "InvalidSpec"


@dataclass(frozen=True, slots=True)
class Condition:
    """One entry without its times."""

    type: str
    status: str
    reason: str
    message: str


def find(status: Obj, kind: str) -> Obj | None:
    return next((entry for entry in status.get("conditions") or () if entry["type"] == kind), None)


def reason(status: Obj, kind: str) -> str | None:
    entry = find(status, kind)
    return None if entry is None else str(entry["reason"])


def put(status: Obj, condition: Condition, now: datetime, *, renew: bool = False) -> bool:
    """Write a condition to the end of the list; False when it says nothing new. `renew` counts as news by itself."""
    old = find(status, condition.type)
    if old and not renew and (old["status"], old["reason"]) == (condition.status, condition.reason):
        return False
    since = old["lastTransitionTime"] if old and old["status"] == condition.status else timestamp(now)
    entry = {
        "lastTransitionTime": since,
        "lastUpdateTime": timestamp(now),
        "message": condition.message,
        "reason": condition.reason,
        "status": condition.status,
        "type": condition.type,
    }
    drop(status, condition.type)
    status["conditions"] = [*status["conditions"], entry]
    return True


def drop(status: Obj, kind: str) -> None:
    status["conditions"] = [entry for entry in status.get("conditions") or () if entry["type"] != kind]
