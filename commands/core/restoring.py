"""How what ran before is released again after an abort, so that the chart's release, the Rollout and the card agree.

Pure; called by the lifecycle alone. An abort moves the traffic within seconds and nothing else: without this the
release would go on naming the version that nobody wants, and the Rollout would stay marked as aborted.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from commands.core.failure import explain
from commands.core.model import Deployment, Failure, Restore
from commands.core.moves import Effect, ReadLog, Seen, Step, SubmitRestore, Wake
from commands.core.observed import PipelinePhase, PipelineSnapshot, RolloutSnapshot
from commands.core.plan import release_parameters

READY_WITHIN = timedelta(minutes=10)
"""Its pods run already, so this is for a cluster that is in trouble itself."""


def begin(deployment: Deployment, before: Deployment | None, *, now: datetime) -> Restore | None:
    """Say what is to be released again; None where the content that ran before is not known."""
    parameters = release_parameters(before) if before is not None else None
    if before is None or parameters is None:
        return None
    return Restore(
        number=before.number,
        version=before.version,
        digest=before.content.digest,
        workflow=f"{deployment.workflow}-restore",
        parameters=tuple(parameters.items()),
        began_at=now,
    )


def step(deployment: Deployment, restore: Restore, *, seen: Seen, now: datetime) -> Step:
    """Move a restore as far as what is seen allows; it is over once it has a time of its end."""
    pipeline = seen.restore
    if pipeline is None or pipeline.owner != deployment.id:
        return _without_pipeline(deployment, restore, now=now)
    restore = replace(restore, pipeline=pipeline)
    match pipeline.phase:
        case PipelinePhase.SUCCEEDED:
            return _released(deployment, restore, seen.rollout, now=now)
        case PipelinePhase.FAILED:
            return _failed(deployment, restore, pipeline, seen=seen, now=now)
        case _:
            return _still(deployment, restore)


def is_releasing(deployment: Deployment) -> bool:
    """Say whether the pipeline of the restore has still to end."""
    pipeline = deployment.restore.pipeline if deployment.restore else None
    return pipeline is None or pipeline.phase in {PipelinePhase.WAITING, PipelinePhase.RUNNING}


def _still(deployment: Deployment, restore: Restore, *effects: Effect) -> Step:
    return Step(deployment=replace(deployment, restore=restore), effects=effects)


def _over(deployment: Deployment, restore: Restore, *, now: datetime, failure: Failure | None = None) -> Step:
    return _still(deployment, replace(restore, finished_at=now, failure=failure))


def _without_pipeline(deployment: Deployment, restore: Restore, *, now: datetime) -> Step:
    if restore.pipeline is None:
        return _still(deployment, restore, SubmitRestore(restore))
    message = f"The workflow {restore.workflow} was deleted before it ended."
    return _over(deployment, restore, now=now, failure=Failure(step="", message=message))


def _failed(deployment: Deployment, restore: Restore, pipeline: PipelineSnapshot, *, seen: Seen, now: datetime) -> Step:
    failed = pipeline.failed_step
    if failed is not None and seen.log is None:
        return _still(deployment, restore, ReadLog(failed.name))
    failure = explain(failed, message=pipeline.message, log=seen.log or ())
    return _over(deployment, restore, now=now, failure=failure)


def _released(deployment: Deployment, restore: Restore, rollout: RolloutSnapshot | None, *, now: datetime) -> Step:
    """Wait for the Rollout to say the same; what somebody else has made of it meanwhile is left to them."""
    if is_restored(restore, rollout):
        return _over(deployment, restore, now=now)
    if rollout is not None and rollout.deployment not in {deployment.number, restore.number}:
        message = "Something else was released there meanwhile."
        return _over(deployment, restore, now=now, failure=Failure(step="", message=message))
    ended = restore.pipeline.finished_at if restore.pipeline is not None else None
    deadline = (ended or restore.began_at) + READY_WITHIN
    if now < deadline:
        return _still(deployment, restore, Wake(deadline))
    seen = rollout.message if rollout is not None else "there is no Rollout"
    message = f"{restore.version} was released again and is not healthy: {seen}"
    return _over(deployment, restore, now=now, failure=Failure(step="", message=message))


def is_restored(restore: Restore, rollout: RolloutSnapshot | None) -> bool:
    """Say whether the Rollout is the earlier deployment's again, in full."""
    if rollout is None or rollout.deployment != restore.number or not rollout.is_done:
        return False
    return rollout.image.endswith(restore.digest) and not rollout.is_aborted
