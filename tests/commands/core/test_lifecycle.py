"""How a deployment moves: every stage, every ending, and what may never happen."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.acts import expected_of, gate_of
from commands.core.lifecycle import APPEAR_WITHIN, step
from commands.core.model import (
    TERMINAL,
    Act,
    Action,
    ActState,
    Content,
    Deployment,
    Failure,
    OutsideChange,
    OutsideKind,
    Stage,
)
from commands.core.moves import (
    CloseAct,
    PatchRollout,
    ReadLog,
    Seen,
    Step,
    StopPipeline,
    SubmitPipeline,
    Wake,
)
from commands.core.observed import (
    Pause,
    PauseReason,
    PipelinePhase,
    PipelineSnapshot,
    Replicas,
    RolloutPhase,
    RolloutSnapshot,
    StepPhase,
    Strategy,
)
from commands.core.reasons import MilestoneCode
from tests import make
from tests.make import BOB, DIGEST, NOON

LATER = NOON + timedelta(minutes=5)


def act(row: Deployment, action: Action, **changes: object) -> Act:
    expected = expected_of(row.rollout, action) if row.rollout else None
    return replace(
        Act(id="a1", deployment=row.id, action=action, gate=gate_of(row, action), by=BOB, at=NOON, expected=expected),
        **changes,  # type: ignore[arg-type]  # tests name fields of Act
    )


def move(
    row: Deployment,
    *,
    pipeline: PipelineSnapshot | None = None,
    rollout: RolloutSnapshot | None = None,
    acts: tuple[Act, ...] = (),
    log: tuple[str, ...] | None = None,
    now: datetime = LATER,
) -> Step:
    return step(row, seen=Seen(pipeline=pipeline, rollout=rollout, log=log), acts=acts, now=now)


def codes(result: Step) -> list[MilestoneCode]:
    return [milestone.code for milestone in result.milestones]


def rolling_out(**changes: object) -> Deployment:
    known = {"stage": Stage.ROLLING_OUT, "pipeline": make.pipeline(), "content": Content(digest=DIGEST)}
    return make.deployment(**{**known, **changes})


def running(release: StepPhase = StepPhase.PENDING) -> PipelineSnapshot:
    steps = (make.step("fetch-artifact"), make.step("build-image", StepPhase.RUNNING), make.step("release", release))
    return make.pipeline(phase=PipelinePhase.RUNNING, steps=steps, finished_at=None)


# --- the pipeline


def test_a_new_deployment_starts_its_pipeline() -> None:
    result = move(make.deployment())
    assert result.effects == (SubmitPipeline(),)
    assert result.deployment.stage is Stage.BUILDING


@pytest.mark.parametrize("stage", [Stage.AWAITING_APPROVAL, Stage.QUEUED, Stage.RESTORING])
def test_what_is_seen_does_not_move_what_waits_for_somebody_or_has_nothing_to_restore(stage: Stage) -> None:
    row = make.deployment(stage=stage)
    assert move(row, pipeline=make.pipeline(), rollout=make.rollout()) == Step(deployment=row)


def test_a_pipeline_of_another_owner_is_not_taken_for_ours() -> None:
    assert move(make.deployment(), pipeline=make.pipeline(owner="somebody else")).effects == (SubmitPipeline(),)


def test_a_waiting_pipeline_is_shown_and_left_alone() -> None:
    result = move(make.deployment(), pipeline=make.pipeline(phase=PipelinePhase.WAITING, steps=()))
    assert (result.deployment.stage, result.effects) == (Stage.BUILDING, ())
    assert result.deployment.pipeline is not None


def test_the_stage_follows_the_release_step() -> None:
    assert move(make.deployment(), pipeline=running()).deployment.stage is Stage.BUILDING
    releasing = move(make.deployment(), pipeline=running(StepPhase.RUNNING)).deployment
    assert releasing.stage is Stage.RELEASING
    assert move(releasing, pipeline=running(StepPhase.RUNNING)).deployment.stage is Stage.RELEASING


def test_digest_and_commit_are_remembered_as_soon_as_they_are_known() -> None:
    result = move(make.deployment(), pipeline=replace(make.pipeline(), phase=PipelinePhase.RUNNING), now=NOON)
    assert result.deployment.content == Content(digest=DIGEST, chart_commit="c" * 40)
    assert codes(result) == [MilestoneCode.IMAGE_BUILT, MilestoneCode.RELEASED]


@pytest.mark.parametrize(
    ("built", "code"), [("true", MilestoneCode.IMAGE_BUILT), ("false", MilestoneCode.IMAGE_REUSED)]
)
def test_an_image_that_was_there_is_not_called_built(built: str, code: MilestoneCode) -> None:
    steps = (
        make.step("build-image", outputs=(("built", built),)),
        make.step("resolve-image", outputs=(("digest", DIGEST),)),
    )
    assert codes(
        move(make.deployment(), pipeline=make.pipeline(phase=PipelinePhase.RUNNING, steps=steps), now=NOON)
    ) == [code]


def test_a_digest_without_a_build_step_is_not_called_built() -> None:
    only = make.pipeline(
        phase=PipelinePhase.RUNNING, steps=(make.step("resolve-image", outputs=(("digest", DIGEST),)),)
    )
    assert codes(move(make.deployment(), pipeline=only, now=NOON)) == []


def test_a_failed_step_is_explained_only_after_its_log_was_read() -> None:
    failed = make.step("build-image", StepPhase.FAILED, message="main: Error (exit code 12)", exit_code=12)
    pipeline = make.pipeline(phase=PipelinePhase.FAILED, steps=(failed,))
    first = move(make.deployment(), pipeline=pipeline)
    assert first.effects == (ReadLog("build-image"),)
    assert first.deployment.stage is Stage.BUILDING
    line = '{"outcome": "failed", "cause": "registry-quota", "evidence": "Harbor refused the push"}'
    last = move(first.deployment, pipeline=pipeline, log=("pushing", "413 quota", line))
    assert last.deployment.stage is Stage.FAILED
    assert last.deployment.failure == Failure(
        step="build-image",
        message="Harbor refused the push",
        exit_code=12,
        cause="registry-quota",
        lines=("pushing", "413 quota"),
        tail=("pushing", "413 quota"),
    )
    assert [m.is_broadcast for m in last.milestones] == [True]


def test_a_pipeline_that_failed_without_a_step_shows_its_own_message() -> None:
    result = move(
        make.deployment(), pipeline=make.pipeline(phase=PipelinePhase.FAILED, steps=(), message="invalid spec")
    )
    assert result.deployment.failure == Failure(step="", message="invalid spec")


def test_a_pipeline_deleted_before_its_end_is_a_failure_and_not_started_again() -> None:
    result = move(make.deployment(pipeline=running()))
    assert result.deployment.stage is Stage.FAILED
    assert result.effects == ()


def test_cancel_stops_a_building_pipeline_and_ends_cancelled() -> None:
    row = make.deployment(pipeline=running())
    cancel = act(row, Action.CANCEL)
    assert move(row, pipeline=running(), acts=(cancel,)).effects[0] == StopPipeline(cancel)
    stopped = make.pipeline(phase=PipelinePhase.FAILED, steps=(make.step("build-image", StepPhase.FAILED),))
    ended = move(row, pipeline=stopped, acts=(replace(cancel, state=ActState.APPLIED),))
    assert ended.deployment.stage is Stage.CANCELLED
    assert codes(ended) == [MilestoneCode.CANCELLED]


def test_cancel_before_the_pipeline_is_seen_stops_it_by_name_before_it_says_so() -> None:
    row = make.deployment()
    cancel = act(row, Action.CANCEL)
    first = move(row, acts=(cancel,))
    assert (first.deployment.stage, first.effects) == (Stage.BUILDING, (StopPipeline(cancel),))
    ended = move(row, acts=(replace(cancel, state=ActState.APPLIED),))
    assert (ended.deployment.stage, ended.effects) == (Stage.CANCELLED, ())


def test_a_cancel_that_hit_the_release_itself_is_a_failure_and_not_nothing_released() -> None:
    row = make.deployment(pipeline=running())
    cancel = act(row, Action.CANCEL, state=ActState.APPLIED)
    hit = make.step("release", StepPhase.FAILED, message="workflow shutdown with strategy:  Stop")
    ended = move(row, pipeline=make.pipeline(phase=PipelinePhase.FAILED, steps=(hit,)), acts=(cancel,), log=())
    assert ended.deployment.stage is Stage.FAILED
    assert ended.deployment.failure is not None
    assert ended.deployment.failure.step == "release"


def test_cancel_is_refused_once_the_release_has_begun() -> None:
    row = make.deployment(stage=Stage.RELEASING, pipeline=running(StepPhase.RUNNING))
    cancel = act(row, Action.CANCEL)
    closed = replace(cancel, id="a0", state=ActState.REFUSED)
    result = move(row, pipeline=running(StepPhase.RUNNING), acts=(closed, cancel))
    assert result.effects[0] == CloseAct(cancel, ActState.REFUSED)


# --- the rollout


def test_a_finished_pipeline_hands_over_to_the_rollout_in_one_move() -> None:
    result = move(make.deployment(stage=Stage.RELEASING), pipeline=make.pipeline(), rollout=make.rollout())
    assert result.deployment.stage is Stage.PAUSED
    assert codes(result) == [
        MilestoneCode.IMAGE_BUILT,
        MilestoneCode.RELEASED,
        MilestoneCode.CANARY_AT,
        MilestoneCode.PAUSED,
    ]


def test_an_earlier_release_is_waited_out_and_not_taken_for_ours() -> None:
    result = move(rolling_out(pipeline=make.pipeline(finished_at=LATER)), rollout=make.healthy(deployment=141))
    assert result.deployment.stage is Stage.ROLLING_OUT
    assert result.effects == (Wake(LATER + APPEAR_WITHIN),)


def test_a_release_with_another_image_is_not_ours_yet() -> None:
    other = make.healthy(image="harbor.example.com/shop/shop@sha256:" + "0" * 64)
    result = move(rolling_out(pipeline=make.pipeline(finished_at=LATER)), rollout=other)
    assert result.deployment.stage is Stage.ROLLING_OUT


def test_a_rollout_that_never_appears_is_a_failure() -> None:
    result = move(rolling_out())
    assert result.deployment.stage is Stage.FAILED
    assert move(rolling_out(pipeline=None)).deployment.stage is Stage.FAILED


def test_a_rollout_deleted_outside_ends_the_deployment() -> None:
    result = move(rolling_out(stage=Stage.PAUSED, rollout=make.rollout()))
    assert result.deployment.stage is Stage.FAILED
    assert result.deployment.failure is not None
    assert "deleted outside" in result.deployment.failure.message


@pytest.mark.parametrize(
    "taken", [make.rollout(deployment=143), make.rollout(image="x@sha256:" + "9" * 64), make.rollout(deployment=None)]
)
def test_a_rollout_that_turns_into_something_else_is_superseded(taken: RolloutSnapshot) -> None:
    result = move(rolling_out(stage=Stage.PAUSED, rollout=make.rollout()), rollout=taken)
    assert result.deployment.stage is Stage.SUPERSEDED
    assert codes(result)[-1] == MilestoneCode.SUPERSEDED


def test_a_newer_release_supersedes_one_that_was_never_seen() -> None:
    assert move(rolling_out(), rollout=make.rollout(deployment=143)).deployment.stage is Stage.SUPERSEDED


def test_healthy_and_stable_and_observed_is_done() -> None:
    result = move(rolling_out(rollout=make.rollout()), rollout=make.healthy())
    assert result.deployment.stage is Stage.SUCCEEDED
    assert result.deployment.finished_at == LATER
    assert codes(result)[-1] is MilestoneCode.DONE


@pytest.mark.parametrize(
    "early", [{"is_current": False}, {"stable_hash": "aaaa"}, {"phase": RolloutPhase.PROGRESSING, "message": "more"}]
)
def test_nothing_less_is_done(early: dict[str, object]) -> None:
    assert move(rolling_out(), rollout=make.healthy(**early)).deployment.stage is Stage.ROLLING_OUT


def test_a_timed_pause_says_when_it_ends() -> None:
    pause = Pause(reason=PauseReason.STEP, since=NOON, until=LATER, since_text="x")
    assert codes(move(rolling_out(), rollout=make.rollout(pause=pause, step_index=3, weight=50))) == [
        MilestoneCode.CANARY_AT,
        MilestoneCode.PAUSED_UNTIL,
    ]


def test_green_waits_for_its_switch() -> None:
    green = make.rollout(
        strategy=Strategy.BLUE_GREEN, steps=(), step_index=None, pause=Pause(reason=PauseReason.GREEN, since=NOON)
    )
    result = move(rolling_out(strategy=Strategy.BLUE_GREEN), rollout=green)
    assert result.deployment.stage is Stage.PAUSED
    assert codes(result) == [MilestoneCode.GREEN_READY]


def test_degraded_without_abort_is_said_and_may_recover() -> None:
    sick = make.rollout(phase=RolloutPhase.DEGRADED, message="ProgressDeadlineExceeded: …", pause=None)
    result = move(rolling_out(), rollout=sick)
    assert result.deployment.stage is Stage.ROLLING_OUT
    assert codes(result) == [MilestoneCode.UNHEALTHY]
    assert move(result.deployment, rollout=make.healthy()).deployment.stage is Stage.SUCCEEDED


def test_abort_ends_when_the_traffic_is_back_and_names_who_did_it() -> None:
    row = rolling_out(stage=Stage.PAUSED, rollout=make.rollout())
    abort = act(row, Action.ABORT, state=ActState.APPLIED)
    going = make.rollout(is_aborted=True, phase=RolloutPhase.DEGRADED, pause=None, weight=0, step_index=0)
    first = move(row, rollout=going, acts=(abort,))
    assert first.deployment.stage is Stage.ROLLING_OUT
    last = move(first.deployment, rollout=replace(going, new=Replicas()), acts=(abort,))
    assert last.deployment.stage is Stage.ABORTED
    assert last.milestones[-1].code is MilestoneCode.ABORTED
    assert last.milestones[-1].facts["by"] == BOB.chat_id


def test_an_abort_that_nobody_here_asked_for_is_said_to_come_from_outside() -> None:
    gone = make.rollout(is_aborted=True, phase=RolloutPhase.DEGRADED, pause=None, new=Replicas())
    result = move(rolling_out(rollout=make.rollout()), rollout=gone)
    assert codes(result)[-1] is MilestoneCode.ABORTED_OUTSIDE


def test_a_blue_green_abort_ends_while_green_still_stands() -> None:
    aborted = make.rollout(
        strategy=Strategy.BLUE_GREEN,
        is_aborted=True,
        phase=RolloutPhase.DEGRADED,
        pause=None,
        active_hash="aaaa",
        new=Replicas(2, 2),
    )
    assert move(rolling_out(), rollout=aborted).deployment.stage is Stage.ABORTED
    switched = replace(aborted, active_hash="bbbb")
    assert move(rolling_out(), rollout=switched).deployment.stage is Stage.ROLLING_OUT
    still = replace(aborted, phase=RolloutPhase.PAUSED)
    assert move(rolling_out(), rollout=still).deployment.stage is Stage.ROLLING_OUT


# --- acts


def test_an_act_is_carried_out_while_its_gate_stands() -> None:
    row = rolling_out(stage=Stage.PAUSED, rollout=make.rollout())
    promote = act(row, Action.PROMOTE)
    assert move(row, rollout=make.rollout(), acts=(promote,)).effects == (PatchRollout(promote),)


def test_an_act_whose_gate_is_gone_had_its_effect_before_a_crash() -> None:
    row = rolling_out(stage=Stage.PAUSED, rollout=make.rollout())
    promote = act(row, Action.PROMOTE)
    next_pause = Pause(reason=PauseReason.STEP, since=LATER, since_text="later")
    on = make.rollout(step_index=3, weight=50, pause=next_pause)
    result = move(row, rollout=on, acts=(promote,))
    assert result.effects == (CloseAct(promote, ActState.APPLIED),)
    assert MilestoneCode.MOVED_OUTSIDE not in codes(result)


def test_a_promote_is_refused_once_the_rollout_is_being_aborted() -> None:
    row = rolling_out(stage=Stage.PAUSED, rollout=make.rollout())
    promote, abort = act(row, Action.PROMOTE), act(row, Action.ABORT, id="a2")
    going = make.rollout(is_aborted=True, phase=RolloutPhase.PROGRESSING, pause=None)
    assert move(row, rollout=going, acts=(promote, abort)).effects == (
        CloseAct(promote, ActState.REFUSED),
        CloseAct(abort, ActState.APPLIED),
    )


def test_a_cancel_that_comes_after_the_pipeline_is_refused() -> None:
    row = rolling_out(rollout=make.rollout())
    cancel = act(row, Action.CANCEL)
    assert move(row, rollout=make.rollout(), acts=(cancel,)).effects == (CloseAct(cancel, ActState.REFUSED),)


def test_open_acts_are_closed_at_the_end() -> None:
    row = rolling_out(stage=Stage.PAUSED, rollout=make.rollout())
    full, done = act(row, Action.FULL), act(row, Action.PROMOTE, id="a2", state=ActState.APPLIED)
    assert move(row, rollout=make.healthy(), acts=(full, done)).effects == (CloseAct(full, ActState.APPLIED),)
    gone = move(row, acts=(full,))
    assert gone.effects == (CloseAct(full, ActState.REFUSED),)
    late = act(gone.deployment, Action.ABORT)
    assert move(gone.deployment, acts=(late,)).effects == (CloseAct(late, ActState.REFUSED),)


# --- outside changes


def test_a_step_that_nobody_here_moved_is_marked_as_moved_outside() -> None:
    row = rolling_out(stage=Stage.PAUSED, rollout=make.rollout())
    moving = make.rollout(pause=None, phase=RolloutPhase.PROGRESSING)
    result = move(row, rollout=moving)
    assert codes(result) == [MilestoneCode.MOVED_OUTSIDE]
    assert result.deployment.outside == (OutsideChange(kind=OutsideKind.PROMOTED, at=LATER),)


@pytest.mark.parametrize(
    "after",
    [
        make.rollout(is_current=False),
        make.rollout(pause=Pause(reason=PauseReason.MANUAL)),
        make.rollout(new=Replicas(1, 2)),
        make.rollout(is_aborted=True, pause=None, phase=RolloutPhase.PROGRESSING),
    ],
)
def test_what_did_not_move_on_is_not_marked(after: RolloutSnapshot) -> None:
    row = rolling_out(stage=Stage.PAUSED, rollout=make.rollout())
    assert MilestoneCode.MOVED_OUTSIDE not in codes(move(row, rollout=after))


def test_a_timed_pause_that_ends_by_itself_is_not_marked() -> None:
    timed = make.rollout(pause=Pause(reason=PauseReason.STEP, since=NOON, until=LATER))
    moving = make.rollout(pause=None, phase=RolloutPhase.PROGRESSING)
    result = move(rolling_out(stage=Stage.PAUSED, rollout=timed), rollout=moving)
    assert result.deployment.outside == ()


# --- always

stages = st.sampled_from(Stage)
snapshots = st.none() | st.sampled_from(
    [
        make.rollout(),
        make.healthy(),
        make.rollout(is_current=False),
        make.rollout(deployment=141),
        make.rollout(deployment=143),
        make.rollout(is_aborted=True, phase=RolloutPhase.DEGRADED, pause=None, new=Replicas()),
        make.rollout(pause=None, phase=RolloutPhase.PROGRESSING),
        make.held(),
        make.held(pause=Pause(reason=PauseReason.MANUAL)),
        make.held(is_aborted=True, phase=RolloutPhase.DEGRADED, pause=None),
        make.rollout(pause=Pause(reason=PauseReason.INCONCLUSIVE, since_text="x")),
        make.healthy(restart_at="2026-11-02T12:00:00Z", restarting_since="2026-11-02T12:00:00Z"),
        make.healthy(restart_at="2026-11-02T12:00:00Z"),
    ]
)
pipelines = st.none() | st.builds(lambda phase: make.pipeline(phase=phase), st.sampled_from(PipelinePhase))
ASKED = (
    *(Action.PROMOTE, Action.REANALYSE, Action.FULL, Action.PAUSE, Action.RESUME, Action.RESTART),
    *(Action.ABORT, Action.CANCEL),
)
actions = st.lists(st.sampled_from(ASKED), max_size=3)


@given(stages, snapshots, snapshots, pipelines, actions, st.booleans())
def test_no_way_leads_out_of_a_terminal_stage_and_every_move_is_repeatable(
    stage: Stage,
    before: RolloutSnapshot | None,
    after: RolloutSnapshot | None,
    pipeline: PipelineSnapshot | None,
    asked: list[Action],
    has_log: bool,  # noqa: FBT001  # hypothesis passes by position
) -> None:
    row = make.deployment(stage=stage, rollout=before)
    acts = tuple(act(row, action, id=f"a{i}") for i, action in enumerate(asked))
    log = () if has_log else None
    first = move(row, pipeline=pipeline, rollout=after, acts=acts, log=log)
    if stage in TERMINAL:
        assert first.deployment == row
        assert first.milestones == ()
    again = move(first.deployment, pipeline=pipeline, rollout=after, acts=acts, log=log)
    assert again.deployment == first.deployment
    if first.deployment.stage in TERMINAL:
        assert again.milestones == ()
