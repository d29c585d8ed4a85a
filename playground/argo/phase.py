"""The phase and message of a Rollout's status, in the order in which Argo's own rollout package decides them. Pure."""

from playground.argo.conditions import ABORTED, INVALID, TIMED_OUT, find
from playground.argo.names import Obj

Phase = tuple[str, str]


def phase_of(spec: Obj, status: Obj) -> Phase:
    for kind, reason in ((INVALID, INVALID), ("Progressing", ABORTED), ("Progressing", TIMED_OUT)):
        entry = find(status, kind)
        if entry and entry["reason"] == reason:
            return "Degraded", f"{reason}: {entry['message']}"
    if spec.get("paused"):
        return "Paused", "manually paused"
    for pause in status.get("pauseConditions") or ():
        return "Paused", pause["reason"]
    waiting = _waiting_for(spec, status)
    return ("Progressing", waiting) if waiting else ("Healthy", "")


def _waiting_for(spec: Obj, status: Obj) -> str:
    updated = status.get("updatedReplicas", 0)
    if spec.get("restartAt") and spec["restartAt"] != status.get("restartedAt"):
        return "rollout is restarting"
    if updated < spec.get("replicas", 1):
        return "more replicas need to be updated"
    if status.get("availableReplicas", 0) < updated:
        return "updated replicas are still becoming available"
    if "blueGreen" in spec["strategy"]:
        return _waiting_for_switch(spec, status)
    if status.get("replicas", 0) > updated:
        return "old replicas are pending termination"
    finished = status.get("stableRS") == status.get("currentPodHash")
    return "" if finished else "waiting for all steps to complete"


def _waiting_for_switch(spec: Obj, status: Obj) -> str:
    current = status.get("currentPodHash")
    if status.get("blueGreen", {}).get("activeSelector") != current:
        return "active service cutover pending"
    if status.get("stableRS") == current:
        return ""
    analysed = "postPromotionAnalysis" in spec["strategy"]["blueGreen"]
    return f"waiting for {'analysis' if analysed else 'post-promotion verification'} to complete"
