"""Whether a pipeline has stopped moving: no progress within the budget of what it is at. Pure; used by the lifecycle.

The budgets are the templates' own limits with a minute to spare, and what a pod needs to begin. Argo ends what takes
too long; this tells of what it does not end: a lock that is held, a controller that is down, a pod that ended unseen.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from commands.core.model import Deployment, Stall, StallKind
from commands.core.moves import Step, Wake
from commands.core.observed import PipelinePhase, PipelineSnapshot, StepPhase, StepSnapshot
from commands.core.owners import Owners
from commands.core.reasons import Fact, Milestone, MilestoneCode

GRACE: Final = timedelta(minutes=1)
LOCK_WITHIN: Final = timedelta(seconds=10)
BEGIN_WITHIN: Final = timedelta(minutes=1)
POD_WITHIN: Final = timedelta(minutes=3)
CLOSE_WITHIN: Final = timedelta(minutes=1)
STEP_MINUTES: Final = {
    "fetch-artifact": 30,
    "build-image": 20,
    "resolve-image": 15,
    "fetch-chart": 15,
    "release": 20,
}
"""How long a step may run, with its repetitions; a test compares them with the templates."""
CONTAINERFILE_MINUTES: Final = 40
UNKNOWN_MINUTES: Final = 20
NO_STEP: Final = "pipeline"
"""Under this name the catalog says who keeps the pipeline as a whole."""
_OVER: Final = frozenset({StepPhase.SUCCEEDED, StepPhase.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a pipeline is at: a stall once `due` has come without progress."""

    stall: Stall
    due: datetime


def watch(deployment: Deployment) -> Watch:
    """Say what a deployment's unfinished pipeline is at, and until when it may be there, appeared or not."""
    pipeline = under_way(deployment)
    asked_at = deployment.restore.began_at if deployment.restore else deployment.created_at
    if pipeline is None:
        return _watch(StallKind.NOT_BEGUN, asked_at, BEGIN_WITHIN)
    since = _progress(pipeline) or asked_at
    if pipeline.waits_for:
        return _watch(StallKind.LOCKED, since, LOCK_WITHIN, detail=pipeline.waits_for)
    if pipeline.phase is PipelinePhase.WAITING:
        return _watch(StallKind.NOT_BEGUN, since, BEGIN_WITHIN, detail=pipeline.message)
    running = next((step for step in pipeline.steps if step.phase is StepPhase.RUNNING), None)
    if running is not None:
        budget = timedelta(minutes=minutes_of(deployment, running.name)) + GRACE
        return _watch(StallKind.TOO_LONG, running.started_at or since, budget, step=running)
    pending = next((step for step in pipeline.steps if step.phase is StepPhase.PENDING), None)
    if pending is not None:
        return _watch(StallKind.CANNOT_BEGIN, since, POD_WITHIN, step=pending, detail=pending.message)
    return _watch(StallKind.NOT_CLOSED, since, CLOSE_WITHIN)


def under_way(deployment: Deployment) -> PipelineSnapshot | None:
    """Return the pipeline that may stand still: after an abort it is the restore's."""
    return deployment.restore.pipeline if deployment.restore else deployment.pipeline


def _watch(
    kind: StallKind, since: datetime, budget: timedelta, *, step: StepSnapshot | None = None, detail: str = ""
) -> Watch:
    stall = Stall(kind=kind, since=since, step=step.name if step else "", detail=detail)
    return Watch(stall=stall, due=since + budget)


def minutes_of(deployment: Deployment, step: str) -> int:
    """Return how long a step of this deployment's pipeline may run."""
    if step == "build-image" and "containerfile" in dict(deployment.parameters):
        return CONTAINERFILE_MINUTES
    return STEP_MINUTES.get(step, UNKNOWN_MINUTES)


def _progress(pipeline: PipelineSnapshot) -> datetime | None:
    """Return when something was last seen to begin or end; a pod that is only asked for has not begun."""
    ends = (step.finished_at for step in pipeline.steps if step.phase in _OVER)
    begins = (step.started_at for step in pipeline.steps if step.phase is not StepPhase.PENDING)
    known = [moment for moment in (*ends, *begins, pipeline.started_at) if moment is not None]
    return max(known, default=None)


def observe(moved: Step, owners: Owners, *, now: datetime) -> Step:
    """Add to a move of an unfinished pipeline that it has stopped moving, or when to look whether it has."""
    row = moved.deployment
    watched = watch(row)
    if now < watched.due:
        return replace(moved, deployment=replace(row, stall=None), effects=(*moved.effects, Wake(watched.due)))
    stall = replace(watched.stall, owner=owners.of(step=watched.stall.step or NO_STEP, cause=""))
    said = (*moved.milestones, _milestone(stall))
    return replace(moved, deployment=replace(row, stall=stall), milestones=said)


def _milestone(stall: Stall) -> Milestone:
    facts: dict[str, Fact] = {
        "kind": stall.kind.value,
        "step": stall.step,
        "at": stall.since,
        "detail": stall.detail,
        "owner": stall.owner,
    }
    key = f"stalled:{stall.kind.value}:{stall.step}:{stall.since.isoformat()}"
    return Milestone(key=key, code=MilestoneCode.STALLED, facts=facts)
