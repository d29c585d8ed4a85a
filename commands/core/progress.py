"""What the thread hears: milestones from one observation to the next, each with a key that makes it unique.

Pure; called by the lifecycle. The words are the chat adapter's.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from commands.core.failure import Cause
from commands.core.model import Act, Action, Deployment, Restore, Stage
from commands.core.observed import (
    Analysis,
    AnalysisPhase,
    PauseReason,
    PipelineSnapshot,
    RolloutPhase,
    RolloutSnapshot,
    Scan,
    StepPhase,
    StepSnapshot,
    Strategy,
)
from commands.core.reasons import Fact, Milestone, MilestoneCode
from commands.core.trouble import bad_analysis


def milestones_of_pipeline(
    deployment: Deployment, pipeline: PipelineSnapshot, *, scan: Scan | None = None
) -> tuple[Milestone, ...]:
    """Say what the pipeline has reached, and what a scan found in its image; keys keep it from being said twice."""
    said = []
    digest, build = pipeline.output("digest"), pipeline.step("build-image")
    if digest and build is not None:
        said.append(_image(digest, build, scan or Scan()))
    release = pipeline.step("release")
    if release is not None and release.phase is StepPhase.SUCCEEDED:
        facts = {"version": deployment.version, "environment": deployment.environment}
        said.append(Milestone(key="released", code=MilestoneCode.RELEASED, facts=facts))
    return tuple(said)


def _image(digest: str, build: StepSnapshot, scan: Scan) -> Milestone:
    facts: dict[str, Fact] = {"digest": digest, "critical": scan.critical, "high": scan.high}
    if dict(build.outputs).get("built") == "false":
        return Milestone(key="image", code=MilestoneCode.IMAGE_REUSED, facts=facts)
    facts["seconds"] = _seconds(build.duration)
    return Milestone(key="image", code=MilestoneCode.IMAGE_BUILT, facts=facts)


def milestones_of_rollout(after: Deployment) -> tuple[Milestone, ...]:
    """Say what the rollout has reached; keys keep it from being said twice."""
    rollout = after.rollout
    if rollout is None or not rollout.is_current:
        return ()
    said: list[Milestone] = []
    if rollout.pause is not None and not rollout.is_aborted and not after.goes_straight_through:
        said.extend(_paused(rollout, after))
    if rollout.phase is RolloutPhase.DEGRADED and not rollout.is_aborted:
        said.append(_unhealthy(rollout))
    return tuple(said)


def _unhealthy(rollout: RolloutSnapshot) -> Milestone:
    facts: dict[str, Fact] = {"detail": rollout.message}
    key = f"unhealthy:{rollout.current_hash}"
    return Milestone(key=key, code=MilestoneCode.UNHEALTHY, facts=facts, lines=rollout.pod_log)


def _paused(rollout: RolloutSnapshot, deployment: Deployment) -> list[Milestone]:
    pause = rollout.pause
    place = f"{rollout.current_hash}:{rollout.step_index}"
    if pause is None or pause.reason is PauseReason.MANUAL:
        return []
    if pause.reason is PauseReason.GREEN:
        facts: dict[str, Fact] = {"version": deployment.version, "running": deployment.ran_before}
        return [Milestone(key=f"green:{place}", code=MilestoneCode.GREEN_READY, facts=facts)]
    if pause.reason is PauseReason.INCONCLUSIVE:
        return [_inconclusive(rollout, place)]
    weight = Milestone(key=f"weight:{place}", code=MilestoneCode.CANARY_AT, facts={"weight": rollout.weight})
    if pause.until is None:
        return [weight, Milestone(key=f"pause:{place}", code=MilestoneCode.PAUSED)]
    return [weight, Milestone(key=f"pause:{place}", code=MilestoneCode.PAUSED_UNTIL, facts={"at": pause.until})]


def _inconclusive(rollout: RolloutSnapshot, place: str) -> Milestone:
    undecided = (each for each in rollout.analyses if each.phase is AnalysisPhase.INCONCLUSIVE)
    analysis = next(undecided, None)
    key = f"inconclusive:{place}:{analysis.name if analysis else ''}"
    return Milestone(key=key, code=MilestoneCode.INCONCLUSIVE, facts=measured(analysis, rollout.message))


def measured(analysis: Analysis | None, otherwise: str) -> dict[str, Fact]:
    """Say what decided an analysis: its value and what it is held to, or the cluster's words where none is known."""
    metrics = analysis.metrics if analysis else ()
    metric = next((each for each in metrics if analysis and each.phase is analysis.phase), None)
    if metric is None:
        detail = (analysis.message if analysis else "") or otherwise
        return {"metric": detail, "value": "", "needs": "", "refuses": "", "measured": 0, "detail": ""}
    return {
        "metric": metric.name,
        "value": metric.value,
        "needs": metric.condition,
        "refuses": "" if metric.condition else metric.failure_condition,
        "measured": metric.measured,
        "detail": metric.message,
    }


def acted(act: Act, deployment: Deployment) -> Milestone | None:
    """Say who moved it, once the cluster has accepted the act; an abort is said when it has worked."""
    code = _said_of(act, is_blue_green=deployment.strategy is Strategy.BLUE_GREEN)
    if code is None:
        return None
    facts: dict[str, Fact] = {"by": act.by.chat_id}
    if code is MilestoneCode.SWITCHED:
        facts["version"] = deployment.version
    if code is MilestoneCode.ADVANCED:
        facts["weight"] = act.label
    return Milestone(key=f"act:{act.id}", code=code, facts=facts)


def _said_of(act: Act, *, is_blue_green: bool) -> MilestoneCode | None:
    if act.action is Action.PROMOTE and act.expected is not None and act.expected.is_undecided:
        return MilestoneCode.WENT_ON
    if is_blue_green and act.action in {Action.PROMOTE, Action.FULL}:
        return MilestoneCode.SWITCHED
    return _DEEDS.get(act.action)


_DEEDS = {
    Action.PROMOTE: MilestoneCode.ADVANCED,
    Action.FULL: MilestoneCode.PROMOTED,
    Action.REANALYSE: MilestoneCode.REANALYSED,
    Action.RESTART: MilestoneCode.RESTARTED,
}
_OUTCOMES = {
    Stage.SUCCEEDED: MilestoneCode.DONE,
    Stage.FAILED: MilestoneCode.FAILED,
    Stage.ABORTED: MilestoneCode.ABORTED,
    Stage.CANCELLED: MilestoneCode.CANCELLED,
    Stage.SUPERSEDED: MilestoneCode.SUPERSEDED,
}
_FACTS = {
    MilestoneCode.DONE: ("seconds",),
    MilestoneCode.FAILED: ("step", "detail"),
    MilestoneCode.ABORTED: ("by", "running"),
    MilestoneCode.ABORTED_OUTSIDE: ("running",),
    MilestoneCode.ABORTED_BY_ANALYSIS: ("metric", "value", "needs", "refuses", "measured", "detail", "running"),
    MilestoneCode.ABORTED_BY_DEADLINE: ("cause", "detail", "running"),
    MilestoneCode.CANCELLED: ("by",),
    MilestoneCode.SUPERSEDED: ("version",),
}
_LOUD = {Stage.FAILED, Stage.ABORTED}


def aborted(deployment: Deployment, stage: Stage, *, by: Act | None) -> Milestone:
    """Say that the traffic is back, and why it had to go back, before what ran there is released again."""
    return replace(outcome(replace(deployment, stage=stage), by=by), key="aborted")


def outcome(deployment: Deployment, *, by: Act | None) -> Milestone:
    """Say how it ended; where something was restored, how that ended: the rest was said before."""
    restore = deployment.restore
    if restore is not None:
        return _restored(deployment, restore)
    code, failure = _code(deployment, by), deployment.failure
    decided = bad_analysis(deployment.rollout) if deployment.rollout else None
    known: dict[str, Fact] = {
        "cause": failure.cause if failure else "",
        "by": by.by.chat_id if by else "",
        "version": "",  # Of what took over, which is not known here.
        "running": deployment.ran_before,
        "step": failure.step if failure else "",
        "detail": failure.message if failure else "",
        "seconds": max(1, _seconds(_elapsed(deployment))),
    }
    if code is MilestoneCode.ABORTED_BY_ANALYSIS:
        known |= measured(decided, failure.message if failure else "")
    if code is MilestoneCode.ABORTED_BY_DEADLINE and failure is not None:
        known["detail"] = failure.message.removesuffix(".")  # The line goes on behind it.
    return Milestone(
        key="outcome",
        code=code,
        facts={name: known[name] for name in _FACTS[code]},
        is_broadcast=deployment.stage in _LOUD,
        lines=(failure.tail or failure.lines) if failure else (),
    )


def _restored(deployment: Deployment, restore: Restore) -> Milestone:
    failure = restore.failure
    facts: dict[str, Fact] = {"running": restore.version}
    if failure is None:
        facts["seconds"] = max(1, _seconds((deployment.finished_at or restore.began_at) - restore.began_at))
        return Milestone(key="outcome", code=MilestoneCode.RESTORED, facts=facts)
    facts["detail"] = failure.message
    return Milestone(
        key="outcome", code=MilestoneCode.NOT_RESTORED, facts=facts, is_broadcast=True, lines=failure.lines
    )


def _code(deployment: Deployment, by: Act | None) -> MilestoneCode:
    """Choose the words for an end; an abort is told by what caused it, as far as that is known."""
    code, failure = _OUTCOMES[deployment.stage], deployment.failure
    if code is MilestoneCode.ABORTED:
        return code if by is not None else MilestoneCode.ABORTED_OUTSIDE
    if failure is None or deployment.rollout is None or not (deployment.rollout.is_aborted and failure.cause):
        return code
    by_analysis = failure.cause in {Cause.ANALYSIS_FAILED, Cause.ANALYSIS_ERROR}
    return MilestoneCode.ABORTED_BY_ANALYSIS if by_analysis else MilestoneCode.ABORTED_BY_DEADLINE


def _elapsed(deployment: Deployment) -> timedelta:
    end: datetime = deployment.finished_at or deployment.created_at
    return end - deployment.created_at


def _seconds(duration: timedelta | None) -> int:
    return int(duration.total_seconds()) if duration else 0
