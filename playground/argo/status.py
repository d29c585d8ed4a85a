"""The status that a pass writes: counts, conditions, deadlines and promotion, shared by both strategies. Pure."""

from playground.argo import conditions
from playground.argo.conditions import Condition
from playground.argo.names import Obj, dig
from playground.argo.view import DEFAULT_DEADLINE, View, actual, available, ready, revision
from playground.argo.work import Work, set_or_drop


def base(work: Work) -> Obj:
    """Begin a new status from the old one: the counts and the hash of now."""
    view, old = work.view, work.view.status
    status: Obj = {**old, "conditions": list(old.get("conditions") or ()), "canary": dict(old.get("canary") or {})}
    status["blueGreen"] = dict(old.get("blueGreen") or {})
    conditions.drop(status, conditions.INVALID)
    status["currentPodHash"] = view.template_hash
    set_or_drop(status, "replicas", sum(map(actual, view.replica_sets)))
    set_or_drop(status, "updatedReplicas", actual(view.new))
    set_or_drop(status, "readyReplicas", sum(map(ready, view.replica_sets)))
    set_or_drop(status, "availableReplicas", sum(map(available, view.replica_sets)))
    set_or_drop(status, "HPAReplicas", sum(map(actual, view.replica_sets)))
    status["selector"] = labels_text(dig(view.spec, "selector", "matchLabels") or {})
    if work.restarted:
        status["restartedAt"] = view.spec["restartAt"]
    if old.get("promoteFull") and status["currentPodHash"] == old.get("stableRS"):
        status.pop("promoteFull")
    return status


def labels_text(labels: Obj) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def reset(work: Work, status: Obj) -> None:
    """Forget all that belonged to the template before: also an abort or a full promotion that came too early."""
    work.clear_pauses = work.unabort = True
    status.pop("promoteFull", None)
    if restart := work.view.spec.get("restartAt"):
        status["restartedAt"] = restart
    if work.view.steps:
        status["currentStepIndex"] = 0
    else:
        status.pop("currentStepIndex", None)


def promote_stable(work: Work, status: Obj, why: str) -> None:
    work.clear_pauses = work.unabort = True
    status.pop("promoteFull", None)
    if work.view.steps:
        status["currentStepIndex"] = len(work.view.steps)
    if status.get("stableRS") != status["currentPodHash"]:
        status["stableRS"] = status["currentPodHash"]
        subject = f"revision {revision(work.view.new)} ({status['currentPodHash']})"
        work.emit("RolloutCompleted", f"Rollout completed update to {subject}: {why}")


def healthy(view: View, status: Obj) -> bool:
    """Complete by all counts, and the generation was observed before."""
    current = status["currentPodHash"]
    if view.blue_green is None:
        done = status.get("stableRS") == current and status.get("currentStepIndex", 0) == len(view.steps)
    else:
        selectors = [status["blueGreen"].get("activeSelector")]
        if view.blue_green.get("previewService"):
            selectors.append(status["blueGreen"].get("previewSelector"))
        done = all(selector == current for selector in selectors)
    observed = view.status.get("observedGeneration") == str(view.rollout["metadata"]["generation"])
    counts = (status.get("updatedReplicas", 0), status.get("availableReplicas", 0))
    return done and observed and counts == (view.replicas, view.replicas)


def moved(old: Obj, new: Obj) -> bool:
    """Whether anything shows progress since the status before."""
    left_before, left_now = (s.get("replicas", 0) - s.get("updatedReplicas", 0) for s in (old, new))
    more = any(new.get(key, 0) > old.get(key, 0) for key in ("readyReplicas", "availableReplicas"))
    same = ("updatedReplicas", "blueGreen", "stableRS", "currentStepIndex", "currentStepHash", "currentPodHash")
    return more or left_now < left_before or any((old.get(k) or None) != (new.get(k) or None) for k in same)


def conclude(work: Work, status: Obj) -> None:
    """Write the conditions, find out whether the deadline has passed, and persist."""
    _healthy(work, status)
    _completed(work, status)
    _aborted(work, status)
    _progress(work, status)
    _aborted(work, status)
    _available(work, status)
    work.persist(status)


def _healthy(work: Work, status: Obj) -> None:
    if not work.view.paused and healthy(work.view, status):
        work.condition(status, Condition("Healthy", "True", "RolloutHealthy", "Rollout is healthy"))
    elif conditions.find(status, "Healthy"):
        work.condition(status, Condition("Healthy", "False", "RolloutHealthy", "Rollout is not healthy"))


def _completed(work: Work, status: Obj) -> None:
    done = status.get("stableRS") == status["currentPodHash"]
    changed = work.condition(status, Condition("Completed", str(done), "RolloutCompleted", "RolloutCompleted"))
    if changed and not done:
        subject = f"revision {revision(work.view.new)} ({status['currentPodHash']})"
        work.emit("RolloutNotCompleted", f"Rollout not completed, started update to {subject}")


def _aborted(work: Work, status: Obj) -> None:
    if not work.aborted:
        return
    why = f": {work.abort_message}" if work.abort_message else ""
    message = f"Rollout aborted update to revision {revision(work.view.new)}{why}"
    if work.condition(status, Condition("Progressing", "False", conditions.ABORTED, message)):
        work.emit(conditions.ABORTED, message, warning=True)


def _progress(work: Work, status: Obj) -> None:
    view = work.view
    known = conditions.reason(view.status, "Progressing")
    settled = status.get("replicas", 0) == status.get("availableReplicas", 0) and known == conditions.AVAILABLE
    if settled or work.aborted or view.new is None:
        return
    name = f'ReplicaSet "{view.new["metadata"]["name"]}"'
    if healthy(view, status):
        message = f"{name} has successfully progressed."
        work.condition(status, Condition("Progressing", "True", conditions.AVAILABLE, message))
    elif moved(view.status, status):
        message = f"{name} is progressing."
        work.condition(status, Condition("Progressing", "True", conditions.UPDATED, message), renew=True)
    else:
        _deadline(work, status, f"{name} has timed out progressing.")


def _deadline(work: Work, status: Obj, message: str) -> None:
    entry = conditions.find(status, "Progressing")
    if entry is None or work.view.paused or entry["reason"] in {conditions.AVAILABLE, conditions.TIMED_OUT}:
        return
    start = work.view.since("progress", entry["lastUpdateTime"])
    left = work.view.left(start, work.view.spec.get("progressDeadlineSeconds", DEFAULT_DEADLINE))
    if left > 0:
        work.wakes.append(left)
    elif work.view.spec.get("progressDeadlineAbort"):
        work.abort_message = message
        work.emit(conditions.ABORTED, message, warning=True)
    else:
        work.condition(status, Condition("Progressing", "False", conditions.TIMED_OUT, message))


def _available(work: Work, status: Obj) -> None:
    _, unavailable = work.view.limits
    enough = status.get("availableReplicas", 0) + unavailable >= work.view.replicas
    verb = "has" if enough else "does not have"
    message = f"Rollout {verb} minimum availability"
    work.condition(status, Condition("Available", str(enough), "AvailableReason", message))
