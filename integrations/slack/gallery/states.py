"""The cards that the goldens show: every headline with every strategy that it makes sense for."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from commands.core.card import Card, draw
from commands.core.failure import Cause
from commands.core.model import (
    Act,
    Action,
    ActState,
    Deployment,
    Failure,
    Hold,
    Later,
    OutsideChange,
    OutsideKind,
    Restart,
    Source,
    Stage,
    Stall,
    StallKind,
    Takeover,
    WayBack,
)
from commands.core.observed import (
    AnalysisKind,
    AnalysisPhase,
    Pause,
    PauseReason,
    PipelinePhase,
    Replicas,
    RolloutPhase,
    RolloutSnapshot,
    StepPhase,
    Strategy,
)
from integrations.slack.gallery.examples import (
    BOB,
    NOON,
    OLD_DIGEST,
    analysis,
    deployment,
    healthy,
    metric,
    pipeline,
    problem,
    restore,
    rollout,
    step,
)

SINCE = NOON + timedelta(minutes=3)
SINCE_TEXT = "2026-11-02T12:03:00Z"
ADDRESSES = (("values", '{"host": "shop.example.com", "previewHost": "shop-preview.example.com"}'),)
ROLLING = {"steps": (), "step_index": None, "weight": 100}


OUTSIDE = (
    OutsideChange(kind=OutsideKind.SCALED, at=NOON + timedelta(minutes=8), detail="5 → 8"),
    OutsideChange(kind=OutsideKind.PROMOTED, at=NOON + timedelta(minutes=9), detail="50 %"),
)
STOPPED = pipeline(phase=PipelinePhase.FAILED, steps=(step("fetch-artifact"), step("build-image", StepPhase.FAILED)))


def building(**changes: object) -> Deployment:
    steps = (
        step("fetch-artifact"),
        step("build-image", finished_at=NOON + timedelta(seconds=41)),
        step("resolve-image"),
        step("fetch-chart", StepPhase.RUNNING, finished_at=None),
        step("release", StepPhase.PENDING),
    )
    running = pipeline(phase=PipelinePhase.RUNNING, steps=steps, finished_at=None)
    return deployment(**{"environment": "production", "reason": "fix the checkout", "pipeline": running, **changes})


def rolling_out(seen: RolloutSnapshot, **changes: object) -> Deployment:
    row = building(**{"stage": Stage.ROLLING_OUT, "strategy": seen.strategy, "pipeline": pipeline(), **changes})
    return replace(row, rollout=seen)


def moving(**changes: object) -> RolloutSnapshot:
    return rollout(**{"phase": RolloutPhase.PROGRESSING, "pause": None, "message": "more replicas", **changes})


def green(**changes: object) -> RolloutSnapshot:
    pause = Pause(reason=PauseReason.GREEN, since=SINCE, since_text=SINCE_TEXT)
    sides = {"new": Replicas(5, 5), "old": Replicas(5, 5), "weight": 0, "actual_weight": 0}
    return rollout(
        **{"strategy": Strategy.BLUE_GREEN, "steps": (), "step_index": None, "pause": pause, **sides, **changes}
    )


def paused(reason: PauseReason, **changes: object) -> RolloutSnapshot:
    until = SINCE + timedelta(minutes=10) if changes.pop("is_timed", False) else None
    pause = Pause(reason=reason, since=SINCE, until=until, since_text=SINCE_TEXT)
    return rollout(**{"pause": pause, **changes})


def held(beneath: Pause | None = None, /, **changes: object) -> RolloutSnapshot:
    """Make one that is held between two steps, or on top of a pause."""
    pause = Pause(reason=PauseReason.MANUAL)
    if beneath is not None:
        pause = replace(beneath, reason=PauseReason.MANUAL, beneath=beneath.reason)
    return rollout(**{"pause": pause, "is_held": True, "message": "manually paused", **changes})


def ended(stage: Stage, strategy: Strategy, **changes: object) -> Deployment:
    finished = NOON + timedelta(minutes=12, seconds=4)
    return building(
        **{"stage": stage, "strategy": strategy, "pipeline": pipeline(), "finished_at": finished, **changes}
    )


def failed(strategy: Strategy) -> Deployment:
    steps = (
        step("fetch-artifact"),
        step("build-image", StepPhase.FAILED, exit_code=12),
        step("release", StepPhase.PENDING),
    )
    failure = Failure(
        step="build-image",
        message="413 Request Entity Too Large",
        cause="Harbor refused the push: project quota exceeded",
        exit_code=12,
        lines=("pushing layer 3 of 5", "413 quota of project shop is 50 GiB, used 50 GiB"),
        owner="#platform-help",
    )
    return ended(Stage.FAILED, strategy, pipeline=pipeline(phase=PipelinePhase.FAILED, steps=steps), failure=failure)


def every_card() -> Mapping[str, Card]:
    rows = {f"{name}-{strategy.value}": row for strategy in Strategy for name, row in _for(strategy).items()}
    cards = {name: draw(row, ()) for name, row in (rows | _odd() | _backs() | _stalled()).items()}
    return cards | {"pending-canary": _pending(), "pending-full-canary": _pending(Action.FULL, "100")}


def _for(strategy: Strategy) -> dict[str, Deployment]:
    seen = {} if strategy is Strategy.CANARY else {**ROLLING, "strategy": strategy}
    unhealthy = moving(phase=RolloutPhase.DEGRADED, message="ProgressDeadlineExceeded: pods not ready", **seen)
    rows = {
        "queued": building(stage=Stage.QUEUED, strategy=strategy, pipeline=None),
        "building": building(strategy=strategy),
        "releasing": building(stage=Stage.RELEASING, strategy=strategy, pipeline=pipeline()),
        "rolling-out": rolling_out(moving(**seen)),
        "held": rolling_out(held(**seen), hold=Hold(count=1, at=SINCE, by=BOB)),
        "unhealthy": rolling_out(unhealthy),
        "aborting": rolling_out(moving(is_aborted=True, **seen)),
        "done": ended(Stage.SUCCEEDED, strategy),
        "failed": failed(strategy),
        "aborted": ended(Stage.ABORTED, strategy),
        "cancelled": ended(Stage.CANCELLED, strategy, pipeline=STOPPED),
        "superseded": ended(Stage.SUPERSEDED, strategy, rollout=rollout(deployment=143, version="v1.3")),
        "ended": ended(Stage.EXPIRED, strategy, pipeline=None),
    }
    return rows | _pauses(strategy)


def _pauses(strategy: Strategy) -> dict[str, Deployment]:
    if strategy is Strategy.BLUE_GREEN:
        countdown = Pause(
            reason=PauseReason.GREEN, since=SINCE, until=SINCE + timedelta(minutes=5), since_text=SINCE_TEXT
        )
        before = analysis(kind=AnalysisKind.PRE_PROMOTION, phase=AnalysisPhase.INCONCLUSIVE)
        held_countdown = replace(countdown, reason=PauseReason.MANUAL, beneath=PauseReason.GREEN)
        return {
            "green-ready": rolling_out(green()),
            "undecided": rolling_out(
                green(pause=replace(countdown, reason=PauseReason.INCONCLUSIVE, until=None), analyses=(before,))
            ),
            "countdown": rolling_out(green(pause=countdown)),
            "held-countdown": rolling_out(
                green(pause=held_countdown, is_held=True), hold=Hold(count=1, at=SINCE, by=BOB)
            ),
        }
    if strategy is not Strategy.CANARY:
        return {}
    return {
        "waits-for-promote": rolling_out(paused(PauseReason.STEP), stage=Stage.PAUSED),
        "held-timed": rolling_out(
            held(paused(PauseReason.STEP, is_timed=True).pause, step_index=3, weight=50, actual_weight=50),
            stage=Stage.PAUSED,
            hold=Hold(count=1, at=SINCE, by=BOB),
        ),
        "held-outside": rolling_out(held(paused(PauseReason.STEP).pause), hold=Hold(count=2, at=SINCE)),
        "held-aborting": rolling_out(
            held(phase=RolloutPhase.DEGRADED, pause=None, is_aborted=True), hold=Hold(count=1, at=SINCE)
        ),
        "timed-pause": rolling_out(paused(PauseReason.STEP, is_timed=True, step_index=3, weight=50, actual_weight=50)),
        "inconclusive": rolling_out(paused(PauseReason.INCONCLUSIVE, message="InconclusiveAnalysisRun")),
        "undecided-step": rolling_out(
            paused(PauseReason.INCONCLUSIVE, analyses=(analysis(phase=AnalysisPhase.INCONCLUSIVE),)), stage=Stage.PAUSED
        ),
        "restarting": rolling_out(
            moving(restarting_since=SINCE_TEXT, restart_at=SINCE_TEXT), restart=Restart(at=SINCE, by=BOB)
        ),
        "restarting-outside": rolling_out(moving(restarting_since=SINCE_TEXT, restart_at=SINCE_TEXT)),
        "done-running": ended(Stage.SUCCEEDED, strategy, rollout=healthy()),
        "done-restarting": ended(
            Stage.SUCCEEDED,
            strategy,
            rollout=healthy(restarting_since=SINCE_TEXT, restart_at=SINCE_TEXT),
            restart=Restart(at=SINCE, by=BOB),
        ),
    }


def _stalled() -> dict[str, Deployment]:
    """Make a card for each way in which a pipeline can stop moving."""
    held = step("build-image", StepPhase.PENDING, message="ErrImagePull: no such image", cause="step-image-pull")
    waiting = building(pipeline=pipeline(phase=PipelinePhase.RUNNING, steps=(step("fetch-artifact"), held)))
    details = {StallKind.LOCKED: "shop-production-141", StallKind.CANNOT_BEGIN: held.message}
    rows = {}
    for kind in StallKind:
        at = held.name if kind in {StallKind.CANNOT_BEGIN, StallKind.TOO_LONG} else ""
        stall = Stall(kind=kind, since=SINCE, step=at, detail=details.get(kind, ""), owner="#platform-help")
        rows[f"stalled-{kind.value}"] = replace(waiting, stall=stall)
    late = replace(rows["stalled-not-closed"], stage=Stage.RELEASING)
    again = building(stage=Stage.RESTORING, pipeline=pipeline(), restore=restore())
    return {
        **rows,
        "stalled-in-release": replace(late, stall=Stall(kind=StallKind.NOT_CLOSED, since=SINCE)),
        "stalled-restoring": replace(again, stall=rows["stalled-not-begun"].stall),
    }


def _odd() -> dict[str, Deployment]:
    failure = Failure(step="", message="ProgressDeadlineExceeded: 0 of 1 new pods became ready")
    partly = Failure(step="release", message="helm: timed out waiting for the condition", exit_code=1)
    return {
        "starting": building(pipeline=None),
        "first-canary": building(way_back=None),
        "first-done-blue-green": ended(Stage.SUCCEEDED, Strategy.BLUE_GREEN, way_back=None),
        "first-blue-green": rolling_out(green(pause=None, old=Replicas(), active_hash="bbbb"), way_back=None),
        "switched-blue-green": rolling_out(green(pause=None, active_hash="bbbb", weight=100)),
        "first-aborted-canary": ended(Stage.ABORTED, Strategy.CANARY, way_back=None),
        "really-less-canary": rolling_out(moving(weight=20, actual_weight=0, new=Replicas(0, 1))),
        "rollout-not-seen": building(stage=Stage.ROLLING_OUT, pipeline=pipeline()),
        "moved-outside-canary": rolling_out(moving(), outside=OUTSIDE),
        "failed-in-rollout-canary": ended(Stage.FAILED, Strategy.CANARY, failure=failure),
        "failed-in-release-canary": ended(Stage.FAILED, Strategy.CANARY, failure=partly),
        "last-step-canary": rolling_out(paused(PauseReason.STEP, step_index=4, weight=50, actual_weight=50)),
        **_troubled(),
        **_analysed(),
        "ten-percent-of-three-canary": rolling_out(
            paused(PauseReason.STEP, weight=10, actual_weight=25, desired=3, old=Replicas(3, 3))
        ),
        "preview-blue-green": rolling_out(_switching_green(), parameters=ADDRESSES),
        "live-first-blue-green": ended(Stage.SUCCEEDED, Strategy.BLUE_GREEN, way_back=None, parameters=ADDRESSES),
        "live-done-canary": ended(Stage.SUCCEEDED, Strategy.CANARY, parameters=ADDRESSES),
        "skipped-build": building(pipeline=pipeline(steps=(step("build-image", StepPhase.SKIPPED),))),
    }


def _backs() -> dict[str, Deployment]:
    """Show what becomes of an abort."""
    held = Failure(
        step="release", message="exceeded quota: pods=10", cause="quota-exceeded", exit_code=14, lines=("helm: no",)
    )
    reason = 'Step-based analysis phase error/failed: Metric "error-rate" assessed Failed due to failed (2) > (1)'
    failure = Failure(step="", message=reason)
    done = restore(finished_at=NOON + timedelta(minutes=5, seconds=8))
    unknown = WayBack(version="v1.1", digest=OLD_DIGEST)
    known = replace(unknown, number=140, since=NOON - timedelta(days=3))
    left = Later(number=143, version="v1.1", action=Action.ROLLBACK, by=BOB, at=NOON, state=Takeover.DONE)
    return {
        "restoring-canary": building(stage=Stage.RESTORING, pipeline=pipeline(), restore=restore()),
        "restoring-failed-canary": building(
            stage=Stage.RESTORING, pipeline=pipeline(), restore=restore(), failure=failure
        ),
        "restored-canary": ended(Stage.ABORTED, Strategy.CANARY, restore=done),
        "restored-failed-canary": ended(Stage.FAILED, Strategy.CANARY, restore=done, failure=failure),
        "not-restored-canary": ended(Stage.ABORTED, Strategy.CANARY, restore=replace(done, failure=held)),
        "rolling-back-canary": rolling_out(paused(PauseReason.STEP), source=Source(action=Action.ROLLBACK, number=140)),
        "trying-again": building(source=Source(action=Action.RETRY, number=141)),
        "way-back-known": building(way_back=replace(known, is_built=True, seconds=8)),
        "way-back-without-image": building(way_back=replace(known, is_built=False)),
        "way-back-foreign": building(way_back=unknown),
        "done-and-kept": ended(
            Stage.SUCCEEDED, Strategy.CANARY, rollout=healthy(kept_images=(f"x@{OLD_DIGEST}",)), way_back=known
        ),
        "done-and-left": ended(Stage.SUCCEEDED, Strategy.CANARY, later=left),
        "switched-and-standing": ended(
            Stage.SUCCEEDED,
            Strategy.BLUE_GREEN,
            rollout=green(pause=None, old_until=NOON + timedelta(minutes=17), active_hash="bbbb"),
            watched_until=NOON + timedelta(minutes=17),
            way_back=replace(known, strategy=Strategy.BLUE_GREEN),
        ),
        "aborted-to-unknown-canary": ended(Stage.ABORTED, Strategy.CANARY, way_back=unknown),
    }


def _switching_green() -> RolloutSnapshot:
    pause = Pause(reason=PauseReason.GREEN, since=SINCE, until=SINCE + timedelta(minutes=5), since_text=SINCE_TEXT)
    return green(pause=pause)


def _troubled() -> dict[str, Deployment]:
    """Make a card of every kind of trouble that pods have."""
    lines = ("starting", "no database: boom")
    crashing = moving(problems=(problem(pods=2),), new=Replicas(0, 2), pod_log=lines)
    no_image = problem(
        cause=Cause.APP_IMAGE_PULL,
        message='failed to pull and unpack image "harbor.example.com/shop/shop:v1.2": not found',
        exit_code=None,
        restarts=0,
    )
    late = problem(cause=Cause.PROGRESS_DEADLINE, message="timed out progressing", pod="", pods=0, exit_code=None)
    degraded = moving(phase=RolloutPhase.DEGRADED, message=late.message, problems=(no_image, replace(late, restarts=0)))
    unknown = moving(problems=(problem(cause="made-up", message="the pod is unwell", exit_code=None, restarts=0),))
    gave_up = Failure(step="", message="", cause=Cause.CRASH_LOOP, exit_code=3, lines=lines)
    return {
        "crash-loop-canary": rolling_out(crashing),
        "image-pull-canary": rolling_out(degraded),
        "unknown-trouble-canary": rolling_out(unknown),
        "aborted-by-deadline-canary": ended(Stage.FAILED, Strategy.CANARY, failure=gave_up, rollout=moving()),
    }


def _analysed() -> dict[str, Deployment]:
    """Make a card of every verdict of an analysis."""
    good = metric(phase=AnalysisPhase.RUNNING, value="[0.998]", measured=1)
    latency = metric(
        name="latency", phase=AnalysisPhase.RUNNING, value="0.2", condition="", failure_condition="result > 1"
    )
    running = analysis(phase=AnalysisPhase.RUNNING, message="", metrics=(good, latency))
    silent = analysis(phase=AnalysisPhase.PENDING, message="", metrics=())
    passed = analysis(
        phase=AnalysisPhase.SUCCESSFUL, message="", metrics=(replace(good, phase=AnalysisPhase.SUCCESSFUL),)
    )
    unsure = analysis(
        phase=AnalysisPhase.INCONCLUSIVE, metrics=(metric(phase=AnalysisPhase.INCONCLUSIVE, value="0.5", measured=1),)
    )
    refused = metric(
        phase=AnalysisPhase.ERROR, value="", condition="", message="dial tcp: connection refused", measured=2
    )
    error = analysis(kind=AnalysisKind.BACKGROUND, phase=AnalysisPhase.ERROR, metrics=(refused,))
    told = {
        "failed": (analysis(), Cause.ANALYSIS_FAILED),
        "error": (error, Cause.ANALYSIS_ERROR),
        "unseen": (analysis(metrics=()), Cause.ANALYSIS_FAILED),
    }
    rows = {
        f"analysis-{name}-canary": ended(
            Stage.FAILED,
            Strategy.CANARY,
            rollout=moving(analyses=(each,), is_aborted=True),
            failure=Failure(step="", message=each.message, cause=cause),
        )
        for name, (each, cause) in told.items()
    }
    return rows | {
        "analysis-running-canary": rolling_out(moving(analyses=(running,))),
        "analysis-pending-canary": rolling_out(moving(analyses=(silent,))),
        "analysis-passed-canary": rolling_out(paused(PauseReason.STEP, analyses=(passed,))),
        "analysis-inconclusive-canary": rolling_out(
            paused(PauseReason.INCONCLUSIVE, message="InconclusiveAnalysisRun", analyses=(unsure,))
        ),
        "analysis-aborting-canary": rolling_out(
            moving(is_aborted=True, analyses=(analysis(),)),
            failure=Failure(step="", message=analysis().message, cause=Cause.ANALYSIS_FAILED),
        ),
        "analysis-before-switch-blue-green": rolling_out(
            green(
                pause=None, phase=RolloutPhase.PROGRESSING, analyses=(replace(silent, kind=AnalysisKind.PRE_PROMOTION),)
            )
        ),
    }


def _pending(action: Action = Action.PROMOTE, label: str = "50") -> Card:
    row = rolling_out(paused(PauseReason.STEP))
    act = Act(id="a1", deployment=row.id, action=action, gate="0" * 12, by=BOB, at=SINCE, label=label)
    return draw(row, (replace(act, id="a0", state=ActState.APPLIED), act))
