"""How a deployment moves: the row and what is seen of it, in; the new row, milestones and effects, out.

Level-triggered: it compares what is wanted with what is, so running it again changes nothing, and a process that died
anywhere goes on by running it. Called by `commands.flow.advance` alone. No way leads out of a terminal stage.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from commands.core import holds, outside, restarts, restoring, stalls, watching
from commands.core.acts import expected_of, gate_of, is_ours, next_gate
from commands.core.failure import explain, keep_what_held
from commands.core.model import Act, Action, ActState, Content, Deployment, Failure, OutsideKind, Stage
from commands.core.moves import (
    CloseAct,
    Effect,
    PassGate,
    PatchRollout,
    ReadLog,
    Seen,
    Step,
    StopPipeline,
    SubmitPipeline,
    SubmitRestore,
    Wake,
)
from commands.core.observed import (
    PipelinePhase,
    PipelineSnapshot,
    RolloutPhase,
    RolloutSnapshot,
    StepPhase,
    Strategy,
)
from commands.core.progress import aborted, milestones_of_pipeline, milestones_of_rollout, outcome
from commands.core.trouble import take_in

APPEAR_WITHIN = timedelta(seconds=60)


def step(deployment: Deployment, *, seen: Seen, acts: tuple[Act, ...], now: datetime) -> Step:
    """Move a deployment as far as what is seen allows.

    Parameters
    ----------
    deployment
        The row, as loaded.
    seen
        The newest observations of its pipeline and rollout; None means that they do not exist.
    acts
        Every act that was asked of it, oldest first.
    now
        Aware UTC.
    """
    moved = _step(deployment, seen=seen, acts=acts, now=now)
    failure = moved.deployment.failure
    if failure is None or failure == deployment.failure:
        return moved
    owned = replace(failure, owner=seen.owners.of(step=failure.step, cause=failure.cause))
    return replace(moved, deployment=replace(moved.deployment, failure=owned))


def _step(deployment: Deployment, *, seen: Seen, acts: tuple[Act, ...], now: datetime) -> Step:
    match deployment.stage:
        case stage if stage.is_terminal:
            return _afterwards(watching.step(deployment, seen=seen, now=now), seen=seen, acts=acts)
        case Stage.BUILDING | Stage.RELEASING:
            return _pipeline(deployment, seen=seen, acts=acts, now=now)
        case Stage.ROLLING_OUT | Stage.PAUSED:
            return _rollout(deployment, seen=seen, acts=acts, now=now)
        case Stage.RESTORING:
            return _restoring(deployment, seen=seen, acts=acts, now=now)
        case _:  # Waiting for people or for its turn: nothing that is seen here moves those yet.
            return Step(deployment=deployment)


def _afterwards(watched: Step, *, seen: Seen, acts: tuple[Act, ...]) -> Step:
    """Restart what runs, when that was asked for, and see it through; nothing else moves any more."""
    rollout = seen.rollout if is_ours(watched.deployment, seen.rollout) else None
    row, said = restarts.follow(watched.deployment, rollout)
    asked = (act for act in acts if act.state is ActState.REQUESTED)
    effects = (_restart(row, rollout, act) if act.action is Action.RESTART else _refused(act) for act in asked)
    return Step(deployment=row, milestones=said, effects=(*effects, *watched.effects))


def _restart(deployment: Deployment, rollout: RolloutSnapshot | None, act: Act) -> Effect:
    """Send it while its gate stands, or close it when the cluster knows of it from before a crash."""
    if rollout is not None and restarts.is_asked(act, rollout):
        return CloseAct(act, ActState.APPLIED)
    can = rollout is not None and act.gate == gate_of(replace(deployment, rollout=rollout), Action.RESTART)
    return PatchRollout(act) if can else _refused(act)


def _refused(act: Act) -> Effect:
    return CloseAct(act, ActState.REFUSED)


def _refuse_all(acts: tuple[Act, ...]) -> tuple[Effect, ...]:
    return tuple(_refused(act) for act in acts if act.state is ActState.REQUESTED)


# --- while the pipeline runs -------------------------------------------------------------------------------------


def _pipeline(deployment: Deployment, *, seen: Seen, acts: tuple[Act, ...], now: datetime) -> Step:
    pipeline = seen.pipeline
    if pipeline is None or pipeline.owner != deployment.id:
        return _without_pipeline(deployment, seen=seen, acts=acts, now=now)
    pipeline = keep_what_held(deployment.pipeline, pipeline)
    row = replace(deployment, pipeline=pipeline, content=_content(deployment, pipeline), stall=None)
    said = milestones_of_pipeline(deployment, pipeline, scan=seen.scan)
    match pipeline.phase:
        case PipelinePhase.WAITING | PipelinePhase.RUNNING:
            row = replace(row, stage=Stage.RELEASING if _has_begun_to_release(pipeline) else row.stage)
            running = Step(deployment=row, milestones=said, effects=_acts_on_pipeline(row, acts))
            return stalls.observe(running, seen.owners, now=now)
        case PipelinePhase.SUCCEEDED:
            moved = _rollout(replace(row, stage=Stage.ROLLING_OUT), seen=seen, acts=acts, now=now)
            return replace(moved, milestones=(*said, *moved.milestones))
        case PipelinePhase.FAILED:
            return _pipeline_failed(row, seen=seen, acts=acts, now=now)
        case _:
            assert_never(pipeline.phase)


def _without_pipeline(deployment: Deployment, *, seen: Seen, acts: tuple[Act, ...], now: datetime) -> Step:
    cancel = _cancel(acts)
    if cancel is not None and deployment.pipeline is None:
        # It may have been started a moment ago and not be seen yet: stop it by name before saying that it is.
        if cancel.state is ActState.REQUESTED:
            return Step(deployment=deployment, effects=(StopPipeline(cancel),))
        return _end(deployment, Stage.CANCELLED, acts=acts, now=now, by=cancel)
    if deployment.pipeline is None:
        return stalls.observe(Step(deployment=deployment, effects=(SubmitPipeline(),)), seen.owners, now=now)
    failure = Failure(step="", message=f"The workflow {deployment.workflow} was deleted before it ended.")
    return _end(replace(deployment, failure=failure), Stage.FAILED, acts=acts, now=now)


def _content(deployment: Deployment, pipeline: PipelineSnapshot) -> Content:
    return replace(
        deployment.content,
        digest=pipeline.output("digest") or deployment.content.digest,
        chart_commit=pipeline.output("commit") or deployment.content.chart_commit,
    )


def _has_begun_to_release(pipeline: PipelineSnapshot) -> bool:
    release = pipeline.step("release")
    return release is not None and release.phase not in {StepPhase.PENDING, StepPhase.SKIPPED}


def _acts_on_pipeline(deployment: Deployment, acts: tuple[Act, ...]) -> tuple[Effect, ...]:
    """Stop the pipeline when asked, but never once the release has begun: half a release helps nobody."""
    effects: list[Effect] = []
    for act in acts:
        if act.state is not ActState.REQUESTED:
            continue
        can_stop = act.action is Action.CANCEL and deployment.stage is Stage.BUILDING
        effects.append(StopPipeline(act) if can_stop else _refused(act))
    return tuple(effects)


def _pipeline_failed(deployment: Deployment, *, seen: Seen, acts: tuple[Act, ...], now: datetime) -> Step:
    pipeline = deployment.pipeline
    cancel = _cancel(acts)
    if cancel is not None and not (pipeline and _has_begun_to_release(pipeline)):
        return _end(deployment, Stage.CANCELLED, acts=acts, now=now, by=cancel)
    failed = pipeline.failed_step if pipeline else None
    if failed is not None and seen.log is None:
        return Step(deployment=deployment, effects=(ReadLog(failed.name),))
    failure = explain(failed, message=pipeline.message if pipeline else "", log=seen.log or ())
    return _end(replace(deployment, failure=failure), Stage.FAILED, acts=acts, now=now)


def _cancel(acts: tuple[Act, ...]) -> Act | None:
    return next((act for act in acts if act.action is Action.CANCEL and act.state is not ActState.REFUSED), None)


# --- while the rollout moves -------------------------------------------------------------------------------------


def _rollout(deployment: Deployment, *, seen: Seen, acts: tuple[Act, ...], now: datetime) -> Step:
    rollout = seen.rollout
    if rollout is None:
        return _without_rollout(deployment, acts=acts, now=now)
    if not is_ours(deployment, rollout):
        return _not_ours(deployment, rollout, acts=acts, now=now)
    row, looks = take_in(deployment, rollout, log=seen.pod_log, now=now)
    row, restarted = restarts.follow(holds.observe(row, acts=acts, now=now), row.rollout)
    row = outside.observe(deployment, row, acts, now=now)
    said = (*holds.milestones(deployment, row, acts), *restarted)
    said = (*said, *outside.milestones(deployment, row), *milestones_of_rollout(row))
    ended = _ending(rollout)
    if ended is not None:
        is_back = ended is Stage.ABORTED
        done = _aborted(row, seen=seen, acts=acts, now=now) if is_back else _end(row, ended, acts=acts, now=now)
        return replace(done, milestones=(*said, *done.milestones))
    stands = rollout.is_current and rollout.pause is not None
    # What goes straight through stands only where somebody holds it.
    is_paused = stands and (rollout.is_held or not row.goes_straight_through)
    stage = Stage.PAUSED if is_paused else Stage.ROLLING_OUT
    row = replace(row, stage=stage)
    effects = (*_acts_on_rollout(row, acts), *_gate(row, acts), *looks)
    return Step(deployment=row, milestones=said, effects=effects)


def _without_rollout(deployment: Deployment, *, acts: tuple[Act, ...], now: datetime) -> Step:
    if is_ours(deployment, deployment.rollout):
        failure = Failure(step="", message="The Rollout was deleted outside Slipway.")
        row = outside.noted(replace(deployment, failure=failure), OutsideKind.DELETED, now=now)
        return _end(row, Stage.FAILED, acts=acts, now=now)
    return _await_rollout(deployment, acts=acts, now=now)


def _not_ours(deployment: Deployment, rollout: RolloutSnapshot, *, acts: tuple[Act, ...], now: datetime) -> Step:
    is_newer = rollout.deployment is not None and rollout.deployment > deployment.number
    was_ours = is_ours(deployment, deployment.rollout)
    if is_newer or was_ours:
        change = outside.takeover(deployment, rollout)
        row = outside.noted(deployment, change[0], now=now, detail=change[1]) if change else deployment
        ended = _end(row, Stage.SUPERSEDED, acts=acts, now=now)
        return replace(ended, milestones=(*outside.milestones(deployment, row), *ended.milestones))
    return _await_rollout(deployment, acts=acts, now=now)


def _await_rollout(deployment: Deployment, *, acts: tuple[Act, ...], now: datetime) -> Step:
    """Wait for the release to show, which the watch may tell after the pipeline's end; not for ever."""
    since = deployment.pipeline.finished_at if deployment.pipeline else None
    deadline = (since or deployment.created_at) + APPEAR_WITHIN
    if now < deadline:
        return Step(deployment=deployment, effects=(Wake(deadline),))
    message = "The pipeline ended well, but no Rollout of this deployment appeared within a minute."
    return _end(replace(deployment, failure=Failure(step="release", message=message)), Stage.FAILED, acts=acts, now=now)


def _ending(rollout: RolloutSnapshot) -> Stage | None:
    if not rollout.is_current:
        return None
    if rollout.is_aborted:
        return Stage.ABORTED if _is_traffic_back(rollout) else None
    return Stage.SUCCEEDED if rollout.is_done else None


def _aborted(deployment: Deployment, *, seen: Seen, acts: tuple[Act, ...], now: datetime) -> Step:
    """End what was aborted, by way of a restore where nobody outside has taken the matter into their own hands."""
    rollout, by = deployment.rollout, _aborter(deployment, acts)
    reason = rollout.abort_reason if rollout is not None and by is None else ""
    if by is None and not reason:
        return _end(outside.aborted(deployment, now=now), Stage.ABORTED, acts=acts, now=now)
    stage = Stage.FAILED if reason else Stage.ABORTED
    failure = deployment.failure or Failure(step="", message=reason)
    row = replace(deployment, failure=failure if reason else None)
    restore = restoring.begin(row, seen.before, now=now)
    if restore is None:
        return _end(row, stage, acts=acts, now=now, by=by)
    return Step(
        deployment=replace(row, stage=Stage.RESTORING, restore=restore),
        milestones=(aborted(row, stage, by=by),),
        effects=(*_close_all(acts, stage, by=by), SubmitRestore(restore)),
    )


def _restoring(deployment: Deployment, *, seen: Seen, acts: tuple[Act, ...], now: datetime) -> Step:
    if deployment.restore is None:
        return Step(deployment=deployment)
    move = restoring.step(replace(deployment, stall=None), deployment.restore, seen=seen, now=now)
    if move.deployment.restore is None or move.deployment.restore.finished_at is None:
        moved = replace(move, effects=(*_refuse_all(acts), *move.effects))
        return stalls.observe(moved, seen.owners, now=now) if restoring.is_releasing(moved.deployment) else moved
    stage = Stage.FAILED if deployment.failure is not None else Stage.ABORTED
    return _end(move.deployment, stage, acts=acts, now=now)


def _is_traffic_back(rollout: RolloutSnapshot) -> bool:
    if rollout.phase is not RolloutPhase.DEGRADED:
        return False
    if rollout.strategy is Strategy.BLUE_GREEN:
        return rollout.active_hash == rollout.stable_hash
    return rollout.new.total == 0


def _aborter(deployment: Deployment, acts: tuple[Act, ...]) -> Act | None:
    gate = gate_of(deployment, Action.ABORT)
    return next((act for act in acts if act.gate == gate and act.state is not ActState.REFUSED), None)


def _gate(deployment: Deployment, acts: tuple[Act, ...]) -> tuple[Effect, ...]:
    """Go past a gate by itself where that is agreed, unless somebody has just asked for something else."""
    action, rollout = next_gate(deployment), deployment.rollout
    if action is None or rollout is None or any(act.state is ActState.REQUESTED for act in acts):
        return ()
    return (PassGate(action, expected_of(rollout, action)),)


def _acts_on_rollout(deployment: Deployment, acts: tuple[Act, ...]) -> tuple[Effect, ...]:
    asked = (act for act in acts if act.state is ActState.REQUESTED and not _must_wait(deployment, act))
    return tuple(_act_on_rollout(deployment, act) for act in asked)


def _must_wait(deployment: Deployment, act: Act) -> bool:
    """Say whether the controller has yet to look at a newer spec: what is sent before that is accepted and lost."""
    rollout = deployment.rollout
    return act.expected is not None and rollout is not None and not rollout.is_current and not rollout.is_aborted


def _act_on_rollout(deployment: Deployment, act: Act) -> Effect:
    """Send what was asked while its gate stands; when the gate is gone, the act had its effect before a crash."""
    if act.action is Action.RESTART:
        return _restart(deployment, deployment.rollout, act)
    if act.action is Action.CANCEL or _is_of_another_template(deployment, act):
        return _refused(act)
    is_aborting = deployment.rollout is not None and deployment.rollout.is_aborted
    # What is taken back and held cannot arrive there before somebody lets go of it.
    if act.gate == gate_of(deployment, act.action) and (not is_aborting or act.action is Action.RESUME):
        return PatchRollout(act)
    is_moot = is_aborting and act.action not in {Action.ABORT, Action.RESUME}
    return CloseAct(act, ActState.REFUSED if is_moot else ActState.APPLIED)


def _is_of_another_template(deployment: Deployment, act: Act) -> bool:
    """Say whether it was asked of a template that has been replaced since: then it cannot have had its effect."""
    rollout = deployment.rollout
    return act.expected is not None and rollout is not None and rollout.current_hash != act.expected.current_hash


# --- the end -----------------------------------------------------------------------------------------------------


def _end(deployment: Deployment, stage: Stage, *, acts: tuple[Act, ...], now: datetime, by: Act | None = None) -> Step:
    row = replace(deployment, stage=stage, finished_at=now)
    row = watching.begin(row, now=now) if stage is Stage.SUCCEEDED else row
    wake = (Wake(row.watched_until),) if row.watched_until else ()
    return Step(deployment=row, milestones=(outcome(row, by=by),), effects=(*_close_all(acts, stage, by=by), *wake))


def _close_all(acts: tuple[Act, ...], stage: Stage, *, by: Act | None) -> tuple[Effect, ...]:
    return tuple(
        CloseAct(act, ActState.APPLIED if act == by or stage is Stage.SUCCEEDED else ActState.REFUSED)
        for act in acts
        if act.state is ActState.REQUESTED
    )
