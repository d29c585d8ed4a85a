"""After an abort: what ran before is released again, once, and whatever happens meanwhile has an end."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core import plan, restoring, stalls
from commands.core.acts import expected_of, gate_of
from commands.core.lifecycle import step
from commands.core.model import (
    Act,
    Action,
    ActState,
    Content,
    Deployment,
    Failure,
    OutsideKind,
    Restore,
    Source,
    Stage,
    WayBack,
)
from commands.core.moves import CloseAct, PassGate, ReadLog, Seen, Step, SubmitRestore, Wake
from commands.core.observed import (
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
REASON = 'Step-based analysis phase error/failed: Metric "error-rate" assessed Failed'
ABORTED = make.rollout(
    is_aborted=True, phase=RolloutPhase.DEGRADED, pause=None, new=Replicas(), step_index=0, message="RolloutAborted: …"
)


def row(**changes: object) -> Deployment:
    known = {"stage": Stage.ROLLING_OUT, "pipeline": make.pipeline(), "content": Content(digest=DIGEST)}
    return make.deployment(**{**known, "rollout": ABORTED, **changes})


def restoring_row(**changes: object) -> Deployment:
    return row(**{"stage": Stage.RESTORING, "restore": make.restore(), **changes})


def abort(of: Deployment, state: ActState = ActState.APPLIED) -> Act:
    assert of.rollout is not None
    expected = expected_of(of.rollout, Action.ABORT)
    gate = gate_of(of, Action.ABORT)
    return Act(
        id="a1", deployment=of.id, action=Action.ABORT, gate=gate, by=BOB, at=NOON, expected=expected, state=state
    )


def releasing(phase: PipelinePhase = PipelinePhase.RUNNING, **changes: object) -> PipelineSnapshot:
    ended = {} if phase is PipelinePhase.RUNNING else {"finished_at": LATER}
    known = {"name": "shop-staging-142-restore", "phase": phase, "steps": (), "finished_at": None}
    return make.pipeline(**{**known, **ended, **changes})


def move(
    of: Deployment,
    *,
    rollout: RolloutSnapshot | None = ABORTED,
    restore: PipelineSnapshot | None = None,
    before: Deployment | None = None,
    acts: tuple[Act, ...] = (),
    log: tuple[str, ...] | None = None,
    after: timedelta = timedelta(0),
) -> Step:
    seen = Seen(pipeline=of.pipeline, rollout=rollout, restore=restore, before=before, log=log)
    return step(of, seen=seen, acts=acts, now=LATER + after)


def codes(result: Step) -> list[MilestoneCode]:
    return [milestone.code for milestone in result.milestones]


def restore_of(result: Step) -> Restore:
    assert result.deployment.restore is not None
    return result.deployment.restore


def test_an_abort_by_somebody_here_is_followed_by_a_restore_once_the_traffic_is_back() -> None:
    moving = row()
    going = replace(ABORTED, new=Replicas(1, 1))
    assert move(moving, rollout=going, before=make.earlier(), acts=(abort(moving),)).deployment.restore is None
    result = move(moving, before=make.earlier(), acts=(abort(moving),))
    assert result.deployment.stage is Stage.RESTORING
    assert result.deployment.failure is None
    assert result.effects == (SubmitRestore(make.restore()),)
    assert (codes(result), result.milestones[0].is_broadcast) == ([MilestoneCode.ABORTED], True)
    assert result.milestones[0].facts["by"] == BOB.chat_id
    assert restore_of(result) == make.restore()


def test_open_acts_are_closed_when_a_restore_begins_and_refused_while_it_runs() -> None:
    moving = row()
    open_abort = abort(moving, ActState.REQUESTED)
    promote = replace(open_abort, id="a2", action=Action.PROMOTE, gate="other")
    result = move(moving, before=make.earlier(), acts=(open_abort, promote))
    assert result.effects == (
        CloseAct(open_abort, ActState.APPLIED),
        CloseAct(promote, ActState.REFUSED),
        SubmitRestore(make.restore()),
    )
    later = move(result.deployment, restore=releasing(), acts=(promote,))
    assert later.effects == (CloseAct(promote, ActState.REFUSED),)


def test_an_abort_by_the_cluster_is_a_failure_that_is_restored_and_keeps_its_reason() -> None:
    result = move(row(), rollout=replace(ABORTED, abort_reason=REASON), before=make.earlier())
    assert result.deployment.stage is Stage.RESTORING
    assert result.deployment.failure == Failure(step="", message=REASON)
    assert (codes(result), result.milestones[0].is_broadcast) == ([MilestoneCode.FAILED], True)
    done = move(result.deployment, rollout=make.restored(), restore=releasing(PipelinePhase.SUCCEEDED))
    assert done.deployment.stage is Stage.FAILED
    assert done.deployment.failure == Failure(step="", message=REASON)
    assert codes(done) == [MilestoneCode.RESTORED]


def test_an_abort_by_the_cluster_without_anything_to_restore_fails_with_its_reason() -> None:
    result = move(row(), rollout=replace(ABORTED, abort_reason=REASON))
    assert (result.deployment.stage, codes(result)) == (Stage.FAILED, [MilestoneCode.FAILED])
    assert result.deployment.failure == Failure(step="", message=REASON)


def test_an_abort_outside_is_never_followed_by_a_restore() -> None:
    result = move(row(), before=make.earlier())
    assert (result.deployment.stage, result.effects) == (Stage.ABORTED, ())
    assert [each.kind for each in result.deployment.outside] == [OutsideKind.ABORTED]
    assert codes(result) == [MilestoneCode.ABORTED_OUTSIDE]


@pytest.mark.parametrize("before", [None, make.earlier(content=Content(digest=make.OLD_DIGEST))])
def test_without_the_content_that_ran_before_an_abort_ends_where_it_is(before: Deployment | None) -> None:
    moving = row()
    result = move(moving, before=before, acts=(abort(moving),))
    assert (result.deployment.stage, result.effects) == (Stage.ABORTED, ())
    assert codes(result) == [MilestoneCode.ABORTED]


def test_a_restore_is_started_until_it_is_seen() -> None:
    for unseen in (None, releasing(owner="somebody else")):
        result = move(restoring_row(), restore=unseen)
        due = Wake(make.restore().began_at + stalls.BEGIN_WITHIN)
        assert (result.deployment.stage, result.effects) == (Stage.RESTORING, (SubmitRestore(make.restore()), due))
    seen = move(restoring_row(), restore=releasing())
    assert (restore_of(seen).pipeline, seen.effects) == (releasing(), ())


def test_a_restore_is_over_when_chart_and_rollout_agree() -> None:
    ended = releasing(PipelinePhase.SUCCEEDED)
    assert move(restoring_row(), rollout=make.restored(), restore=releasing()).deployment.stage is Stage.RESTORING
    early = make.restored(phase=RolloutPhase.PROGRESSING)
    waiting = move(restoring_row(), rollout=early, restore=ended)
    assert waiting.effects == (Wake(LATER + restoring.READY_WITHIN),)
    done = move(waiting.deployment, rollout=make.restored(), restore=ended, after=timedelta(seconds=8))
    assert done.deployment.stage is Stage.ABORTED
    assert done.deployment.finished_at == LATER + timedelta(seconds=8)
    assert restore_of(done).failure is None
    assert [(m.code, m.facts) for m in done.milestones] == [(MilestoneCode.RESTORED, {"running": "v1.1", "seconds": 8})]
    assert not done.milestones[0].is_broadcast


@pytest.mark.parametrize(
    "early",
    [None, ABORTED, make.restored(image="x@sha256:" + "0" * 64), make.restored(is_aborted=True)],
)
def test_nothing_less_is_restored(early: RolloutSnapshot | None) -> None:
    assert not restoring.is_restored(make.restore(), early)


def test_a_failed_restore_ends_with_its_reason_after_its_log_was_read() -> None:
    failed = releasing(PipelinePhase.FAILED, steps=(make.step("release", StepPhase.FAILED, exit_code=14),))
    first = move(restoring_row(), restore=failed)
    assert (first.deployment.stage, first.effects) == (Stage.RESTORING, (ReadLog("release"),))
    line = '{"outcome": "failed", "cause": "quota-exceeded", "evidence": "no room"}'
    last = move(first.deployment, restore=failed, log=("helm", line))
    assert last.deployment.stage is Stage.ABORTED
    failure = restore_of(last).failure
    lines = ("helm",)
    assert failure == Failure(
        step="release", message="no room", exit_code=14, cause="quota-exceeded", lines=lines, tail=lines
    )
    assert [(m.code, m.is_broadcast, m.lines) for m in last.milestones] == [
        (MilestoneCode.NOT_RESTORED, True, ("helm",))
    ]


def test_a_restore_that_failed_without_a_step_shows_its_own_message() -> None:
    result = move(restoring_row(), restore=releasing(PipelinePhase.FAILED, message="invalid spec"))
    assert restore_of(result).failure == Failure(step="", message="invalid spec")


def test_a_restore_that_was_deleted_is_not_started_again() -> None:
    result = move(restoring_row(restore=make.restore(pipeline=releasing())))
    assert result.deployment.stage is Stage.ABORTED
    assert "was deleted" in (restore_of(result).failure or Failure(step="", message="")).message
    assert not any(isinstance(effect, SubmitRestore) for effect in result.effects)


def test_what_somebody_released_meanwhile_is_left_to_them() -> None:
    ended = releasing(PipelinePhase.SUCCEEDED)
    result = move(restoring_row(), rollout=make.rollout(deployment=150), restore=ended)
    assert result.deployment.stage is Stage.ABORTED
    assert "Something else was released" in (restore_of(result).failure or Failure(step="", message="")).message


@pytest.mark.parametrize(
    ("rollout", "said"),
    [(None, "there is no Rollout"), (make.restored(phase=RolloutPhase.DEGRADED, message="no pods"), "no pods")],
)
def test_a_restore_that_never_gets_well_has_an_end(rollout: RolloutSnapshot | None, said: str) -> None:
    ended = releasing(PipelinePhase.SUCCEEDED, finished_at=None)
    assert move(restoring_row(), rollout=rollout, restore=ended).deployment.stage is Stage.RESTORING
    late = move(restoring_row(), rollout=rollout, restore=ended, after=restoring.READY_WITHIN)
    assert late.deployment.stage is Stage.ABORTED
    assert said in (restore_of(late).failure or Failure(step="", message="")).message


def test_the_content_that_ran_before_is_that_of_its_number_or_the_newest_of_its_digest() -> None:
    first, second = make.earlier(number=138), make.earlier(number=140)
    other = make.earlier(number=141, content=Content(digest=DIGEST, chart_commit="e" * 40))
    partly = make.earlier(number=141, content=Content(digest=make.OLD_DIGEST))
    rows = (other, partly, second, first)
    back = WayBack(version="v1.1", digest=make.OLD_DIGEST)
    assert plan.content_of(back, rows) == second
    assert plan.content_of(replace(back, number=138), rows) == first
    assert plan.content_of(replace(back, digest=""), rows) is None
    assert plan.content_of(back, (other, partly)) is None


# --- always

ROLLOUTS = st.none() | st.sampled_from(
    [
        make.rollout(),
        make.healthy(),
        ABORTED,
        replace(ABORTED, abort_reason=REASON),
        make.restored(),
        make.restored(phase=RolloutPhase.PROGRESSING),
        make.rollout(deployment=150),
        make.healthy(strategy=Strategy.BLUE_GREEN, old=Replicas(5, 5), old_until=LATER, active_hash="bbbb"),
    ]
)
PIPELINES = st.none() | st.builds(releasing, st.sampled_from(PipelinePhase))


@given(
    stage=st.sampled_from(Stage),
    seen=ROLLOUTS,
    before=st.sampled_from([None, make.earlier()]),
    pipeline=PIPELINES,
    restore=st.sampled_from([None, make.restore()]),
    source=st.sampled_from([None, Source(action=Action.ROLLBACK, number=140)]),
    until=st.sampled_from([None, NOON, LATER + timedelta(hours=1)]),
    log=st.sampled_from([None, ()]),
)
def test_no_way_back_leads_out_of_a_terminal_stage_and_every_move_is_repeatable(
    *,
    stage: Stage,
    seen: RolloutSnapshot | None,
    before: Deployment | None,
    pipeline: PipelineSnapshot | None,
    restore: Restore | None,
    source: Source | None,
    until: datetime | None,
    log: tuple[str, ...] | None,
) -> None:
    known = {"restore": restore, "source": source, "watched_until": until if stage.is_terminal else None}
    of = row(stage=stage, rollout=make.healthy(), **known)
    first = move(of, rollout=seen, restore=pipeline, before=before, log=log)
    again = move(first.deployment, rollout=seen, restore=pipeline, before=before, log=log)
    if stage.is_terminal:
        assert first.deployment.stage is stage
        assert first.milestones == ()
        assert not any(isinstance(effect, SubmitRestore | PassGate) for effect in first.effects)
    elif stage is not Stage.RESTORING and first.deployment.stage is Stage.RESTORING:
        assert first.deployment.restore is not None
    else:
        assert again.deployment == first.deployment
