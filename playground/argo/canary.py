"""One pass over a canary: replica counts towards the current step's weight, pauses, analysis, the next step. Pure.

A rolling update is a canary without steps. An experiment step waits for ever, and can be skipped.
"""

from playground.argo import analysis
from playground.argo import status as rules
from playground.argo.analysis import BACKGROUND, STEP
from playground.argo.names import Obj, dig
from playground.argo.view import actual, available, count, hash_of, wanted
from playground.argo.weights import Room, advance, nearest
from playground.argo.work import Work

PAUSE = "CanaryPauseStep"


def run(work: Work) -> None:
    _analyse(work)
    if not work.view.changed and not scale(work):
        _pause(work)
    sync_status(work)


def _analyse(work: Work) -> None:
    """Run what the current step asks for, and what runs behind all steps; a first revision needs neither."""
    view = work.view
    status = view.status
    idle = view.changed or bool(status.get("abort") or status.get("promoteFull")) or view.rolls_back
    if idle or view.fully_promoted or not status.get("stableRS"):
        analysis.end(work, STEP, BACKGROUND)
        return
    if view.step and "analysis" in view.step and not analysis.is_of_another_step(view):
        analysis.run(work, STEP, view.step["analysis"], f"-{view.index}")
    else:
        analysis.end(work, STEP)
    behind = (view.canary or {}).get("analysis")
    if behind and (view.index or 0) >= int(behind.get("startingStep") or 0):
        analysis.run(work, BACKGROUND, behind)


def scale(work: Work) -> bool:
    """Change one group of ReplicaSets at most: stable, else new, else the rest. True when one was changed."""
    view = work.view
    target = _target(work)
    alone = view.stable is None or hash_of(view.stable) == hash_of(view.new)
    surge, unavailable = view.limits
    old = sum(map(wanted, view.others))
    room = Room(count(view.new), count(None if alone else view.stable), old, view.replicas, surge, unavailable)
    new, stable = advance(room, target)
    if not alone and view.stable is not None and work.scale(view.stable, stable):
        return True
    if view.new is not None and work.scale(view.new, new):
        return True
    return _scale_down_others(work)


def _target(work: Work) -> tuple[int, int]:
    view = work.view
    if view.stable is None or hash_of(view.stable) == hash_of(view.new):
        return view.replicas, 0
    return nearest(view.replicas, view.weight, view.limits[0])


def _scale_down_others(work: Work) -> bool:
    """Unready pods of older revisions go at once, ready ones as far as enough others are available."""
    view, changed = work.view, False
    down = sum(map(available, view.replica_sets)) - (view.replicas - view.limits[1])
    for replica_set in view.others:
        unready = max(0, wanted(replica_set) - available(replica_set))
        fewer = min(wanted(replica_set), unready + max(0, min(down, available(replica_set))))
        down -= fewer - unready
        changed |= fewer > 0 and work.scale(replica_set, wanted(replica_set) - fewer)
    return changed


def _pause(work: Work) -> None:
    view = work.view
    if view.spec.get("paused") or view.step is None or "pause" not in view.step:
        return
    pause = view.pause(PAUSE)
    if pause is None and not view.status.get("controllerPause"):
        work.new_pauses.append(PAUSE)
        start = view.now
    elif pause is None:
        return
    else:
        start = view.since("pause", pause["startTime"])
    if duration := (view.step["pause"] or {}).get("duration"):
        work.wakes.append(max(0.0, view.left(start, duration)))


def sync_status(work: Work) -> None:
    view = work.view
    status = rules.base(work)
    status["currentStepHash"] = view.steps_hash
    if view.changed:
        _restart(work, status)
    elif view.steps:
        status["currentStepIndex"] = len(view.steps) if _skips_steps(work) else view.index
    analysis.write(work, status, "canary", STEP, BACKGROUND)
    if not view.changed:
        _move(work, status)
    rules.conclude(work, status)


def _restart(work: Work, status: Obj) -> None:
    rules.reset(work, status)
    if work.view.steps and work.view.status.get("stableRS") == status["currentPodHash"]:
        work.emit("SkipSteps", "Rollback to stable ReplicaSets")
        status["currentStepIndex"] = len(work.view.steps)


def _skips_steps(work: Work) -> bool:
    if not (work.view.status.get("promoteFull") or work.view.rolls_back):
        return False
    work.clear_pauses = work.unabort = True
    return True


def _move(work: Work, status: Obj) -> None:
    view = work.view
    if why := promote_reason(work, status):
        rules.promote_stable(work, status, why)
    elif work.aborted:
        if view.steps:
            status["currentStepIndex"] = len(view.steps) if view.fully_promoted else 0
    elif status.get("currentStepIndex") == view.index and view.step is not None and _step_done(work, view.step):
        status["currentStepIndex"] += 1
        position = f"{status['currentStepIndex']}/{len(view.steps)}"
        work.emit("RolloutStepCompleted", f"Rollout step {position} completed ({step_text(view.step)})")
        work.ended_pauses.add(PAUSE)
        status["canary"].pop(STEP.field, None)


def promote_reason(work: Work, status: Obj) -> str | None:
    """Why the new ReplicaSet becomes the stable one now, or None."""
    view = work.view
    if not status.get("stableRS"):
        return "Initial deploy"
    if work.aborted or view.new is None or available(view.new) != view.replicas:
        return None
    if view.status.get("promoteFull"):
        return "Full promotion requested"
    if view.rolls_back:
        return "Rollback within window"
    done = status.get("currentStepIndex", 0) == len(view.steps)
    return f"Completed all {len(view.steps)} canary steps" if done else None


def _step_done(work: Work, step: Obj) -> bool:
    if work.view.spec.get("paused"):
        return False
    if "pause" in step:
        return _pause_done(work, step["pause"] or {})
    if "setWeight" in step:
        return _at_target(work)
    if "analysis" in step:
        return analysis.phase_of(work.view, STEP) == "Successful"
    return not step.keys() & {"experiment", "plugin"}


def _pause_done(work: Work, step: Obj) -> bool:
    """Promoted by hand (the controller's pause stands without its condition), or the time is over."""
    view = work.view
    pause = view.pause(PAUSE)
    if pause is None:
        return bool(view.status.get("controllerPause"))
    duration = step.get("duration")
    return duration is not None and view.left(view.since("pause", pause["startTime"]), duration) <= 0


def _at_target(work: Work) -> bool:
    view = work.view
    new, stable = _target(work)
    old = sum(map(available, view.others))
    left = not stable or wanted(view.stable) == actual(view.stable) == stable
    return available(view.new) >= new and left and old == 0


def step_text(step: Obj) -> str:
    """A step as Argo's events name it."""
    kind = next(iter(step))
    if kind == "setWeight":
        return f"setWeight: {step[kind]}"
    duration = dig(step, "pause", "duration")
    return f"pause: {duration}" if duration is not None else kind
