"""One pass over a blue-green Rollout: both Services, analysis and pause between them, the delayed scale-down. Pure."""

from typing import Final

from playground.argo import analysis
from playground.argo import status as rules
from playground.argo.analysis import POST, PRE
from playground.argo.names import DEADLINE, HASH, MANAGED_BY, Obj, dig, timestamp
from playground.argo.view import actual, annotation, available, hash_of, ready, wanted
from playground.argo.work import REPLICA_SET, Work, set_or_drop

PAUSE: Final = "BlueGreenPause"
DEFAULT_DELAY: Final = 30


def run(work: Work) -> None:
    view = work.view
    _switch(work, "previewService", hash_of(view.new))
    if not view.template_changed:
        scale(work)
        _pause(work)
        _switch_active(work)
    _analyse(work)
    sync_status(work)


def _analyse(work: Work) -> None:
    """Before the switch what says that it may come, after it what says that it may stay; their words stay then."""
    view = work.view
    if view.template_changed:
        analysis.end(work, PRE, POST)
        return
    analysis.keep(work, PRE, POST)
    if view.status.get("abort") or view.fully_promoted or _fast(work):
        analysis.end(work, PRE, POST)
        return
    if view.spec.get("paused") or not _ready(work):
        return
    switched = dig(view.status, "blueGreen", "activeSelector") == hash_of(view.new)
    before, after = (strategy(work).get(key) for key in ("prePromotionAnalysis", "postPromotionAnalysis"))
    if before and selected(work, "activeService") != hash_of(view.new):
        analysis.run(work, PRE, before, "-pre")
    elif after and switched:
        analysis.run(work, POST, after, "-post")


def _passed(work: Work, role: analysis.Role, key: str) -> bool:
    """Whether an analysis that is asked for has succeeded."""
    return key not in strategy(work) or analysis.phase_of(work.view, role) == "Successful"


def strategy(work: Work) -> Obj:
    return work.view.blue_green or {}


def selected(work: Work, role: str) -> str | None:
    """The hash that the Service of a role selects, after what this pass has changed."""
    name = strategy(work).get(role) or ""
    found: str | None = dig(work.view.services.get(name), "spec", "selector", HASH)
    return work.selected.get(name, found)


def _switch(work: Work, role: str, target: str | None) -> None:
    name = strategy(work).get(role)
    before = selected(work, role)
    if not name or target is None or before == target:
        return
    note = {"annotations": {MANAGED_BY: work.view.name}}
    work.patch("Service", name, {"metadata": note, "spec": {"selector": {HASH: target}}})
    work.selected[name] = target
    work.emit("SwitchService", f"Switched selector for service '{name}' from '{before or ''}' to '{target}'")


def scale(work: Work) -> None:
    """Stable and new have all their pods; what was active before waits for its deadline, the rest goes at once."""
    view = work.view
    if view.stable is not None:
        _keep(work, view.stable)
    if view.new is not None and hash_of(view.new) != hash_of(view.stable):
        if work.aborted:
            _retire(work, view.new, strategy(work).get("abortScaleDownDelaySeconds", DEFAULT_DELAY))
        else:
            _keep(work, view.new)
    for replica_set in view.others:
        _retire_when_due(work, replica_set)


def _keep(work: Work, replica_set: Obj) -> None:
    if annotation(replica_set, DEADLINE) is not None:
        _annotate(work, replica_set, None)
    work.scale(replica_set, work.view.replicas)


def _annotate(work: Work, replica_set: Obj, deadline: str | None) -> None:
    note = {"metadata": {"annotations": {DEADLINE: deadline}}}
    work.patch(REPLICA_SET, replica_set["metadata"]["name"], note)


def _retire(work: Work, replica_set: Obj, delay: object) -> None:
    """Give a ReplicaSet its deadline once, then wait for it; a delay of 0 keeps it."""
    if annotation(replica_set, DEADLINE) is not None:
        _retire_when_due(work, replica_set)
    elif wanted(replica_set) and delay:
        due = work.view.after(delay)
        work.marks[_mark(replica_set)] = due
        _annotate(work, replica_set, timestamp(due))
        work.wakes.append(work.view.left(work.view.now, delay))


def _mark(replica_set: Obj) -> str:
    return f"down:{hash_of(replica_set)}"


def _retire_when_due(work: Work, replica_set: Obj) -> None:
    if not wanted(replica_set):
        return
    left = _seconds_left(work, replica_set)
    if left > 0:
        work.wakes.append(left)
    else:
        if annotation(replica_set, DEADLINE) is not None:
            _annotate(work, replica_set, None)
        work.scale(replica_set, 0)


def _seconds_left(work: Work, replica_set: Obj) -> float:
    deadline = annotation(replica_set, DEADLINE)
    return 0.0 if deadline is None else work.view.left(work.view.since(_mark(replica_set), deadline), 0)


def _pause(work: Work) -> None:
    view = work.view
    if work.aborted or view.spec.get("paused") or not _ready(work) or not _may_switch(work):
        return
    if _fast(work) or selected(work, "activeService") == hash_of(view.new) or _promoted(work):
        work.ended_pauses.add(PAUSE)
        return
    if view.pause(PAUSE) is None:
        work.new_pauses.append(PAUSE)
    if after := _automatic_after(work):
        work.wakes.append(max(0.0, after - _paused_for(work)))


def _automatic_after(work: Work) -> float:
    return float(strategy(work).get("autoPromotionSeconds") or 0)


def _paused_for(work: Work) -> float:
    """Stand-in seconds since the pause began."""
    pause = work.view.pause(PAUSE)
    return 0.0 if pause is None else -work.view.left(work.view.since("pause", pause["startTime"]), 0)


def _promoted(work: Work) -> bool:
    """By hand, by itself at once, or by itself after its seconds."""
    after = _automatic_after(work)
    if strategy(work).get("autoPromotionEnabled", True) and not after:
        return True
    if work.view.pause(PAUSE) is None:
        return bool(work.view.status.get("controllerPause"))
    return after > 0 and _paused_for(work) >= after


def _ready(work: Work) -> bool:
    new = work.view.new
    return new is not None and available(new) == wanted(new) == work.view.replicas


def _fast(work: Work) -> bool:
    """Whether the gate is skipped: asked for, a way back, or an active Service that never had a hash."""
    view = work.view
    if view.status.get("promoteFull") or selected(work, "activeService") is None:
        return True
    back = annotation(view.new, DEADLINE) is not None and not view.status.get("abortedAt")
    return back or view.rolls_back or hash_of(view.new) == hash_of(view.stable)


def _may_switch(work: Work) -> bool:
    return _fast(work) or _passed(work, PRE, "prePromotionAnalysis")


def _switch_active(work: Work) -> None:
    view = work.view
    if work.aborted and not view.status.get("promoteFull"):
        _switch(work, "activeService", view.status.get("stableRS"))
    elif view.spec.get("paused") or not (_ready(work) and _may_switch(work)):
        return
    elif _fast(work) or _promoted(work):
        _switch(work, "activeService", hash_of(view.new))


def sync_status(work: Work) -> None:
    view = work.view
    status = rules.base(work)
    for key in ("currentStepIndex", "currentStepHash"):
        status.pop(key, None)
    if view.template_changed:
        rules.reset(work, status)
    elif view.status.get("promoteFull") or view.rolls_back:
        work.clear_pauses = work.unabort = True
    set_or_drop(status["blueGreen"], "previewSelector", selected(work, "previewService"))
    set_or_drop(status["blueGreen"], "activeSelector", selected(work, "activeService"))
    analysis.write(work, status, "blueGreen", PRE, POST)
    _count_active(work, status)
    if not view.template_changed and (why := promote_reason(work, status)):
        _retire_former(work, status)
        rules.promote_stable(work, status, why)
    rules.conclude(work, status)


def _retire_former(work: Work, status: Obj) -> None:
    former = work.view.stable
    if former is not None and hash_of(former) != status["currentPodHash"]:
        _retire(work, former, strategy(work).get("scaleDownDelaySeconds", DEFAULT_DELAY))


def _count_active(work: Work, status: Obj) -> None:
    """With an active ReplicaSet the counts speak of it alone."""
    active = work.view.by_hash(status["blueGreen"].get("activeSelector"))
    if active is None:
        return
    set_or_drop(status, "HPAReplicas", actual(active))
    set_or_drop(status, "availableReplicas", available(active))
    set_or_drop(status, "readyReplicas", ready(active))
    status["selector"] = rules.labels_text(dig(active, "spec", "selector", "matchLabels") or {})


def promote_reason(work: Work, status: Obj) -> str | None:
    """Why the new ReplicaSet becomes the stable one now, or None."""
    if not status.get("stableRS"):
        return "Initial deploy"
    if status["blueGreen"].get("activeSelector") != status["currentPodHash"] or work.aborted:
        return None
    if work.view.status.get("promoteFull"):
        return "Full promotion requested"
    if _fast(work):
        return "Fast rollback"
    return "Completed blue-green update" if _passed(work, POST, "postPromotionAnalysis") else None
