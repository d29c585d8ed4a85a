"""Who holds a rollout: counted from what is seen, attributed to whoever asked, and never to anybody else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.core import holds
from commands.core.acts import expected_of, gate_of
from commands.core.lifecycle import step
from commands.core.model import Act, Action, ActState, Content, Deployment, Hold, Stage
from commands.core.moves import CloseAct, PatchRollout, Seen, Step
from commands.core.observed import Pause, PauseReason, Replicas, RolloutPhase, RolloutSnapshot
from commands.core.reasons import MilestoneCode
from tests import make
from tests.make import ALICE, BOB, DIGEST, NOON

LATER = NOON + timedelta(minutes=5)
AFTER = LATER + timedelta(minutes=1)


def act(row: Deployment, action: Action, **changes: object) -> Act:
    assert row.rollout is not None
    expected = expected_of(row.rollout, action)
    return replace(
        Act(id="a1", deployment=row.id, action=action, gate=gate_of(row, action), by=BOB, at=AFTER, expected=expected),
        **changes,  # type: ignore[arg-type]  # tests name fields of Act
    )


def free(**changes: object) -> Deployment:
    return make.deployment(
        **{"stage": Stage.PAUSED, "content": Content(digest=DIGEST), "rollout": make.rollout(), **changes}
    )


def held(*, by: bool = True) -> Deployment:
    return free(rollout=make.held(), hold=Hold(count=1, at=LATER, by=BOB if by else None))


def move(row: Deployment, rollout: RolloutSnapshot, *acts: Act) -> Step:
    return step(row, seen=Seen(pipeline=make.pipeline(), rollout=rollout), acts=acts, now=LATER)


def codes(result: Step) -> list[MilestoneCode]:
    return [milestone.code for milestone in result.milestones]


@pytest.mark.parametrize("state", [ActState.REQUESTED, ActState.APPLIED])
def test_a_hold_is_by_whoever_asked_for_it(state: ActState) -> None:
    row = free()
    result = move(row, make.held(), act(row, Action.PAUSE, state=state))
    assert result.deployment.hold == Hold(count=1, at=LATER, by=BOB)
    assert (codes(result), result.deployment.stage) == ([MilestoneCode.HELD], Stage.PAUSED)


@pytest.mark.parametrize("changes", [{"state": ActState.REFUSED}, {"gate": "another"}])
def test_a_hold_that_nobody_here_asked_for_is_from_outside(changes: dict[str, object]) -> None:
    row = free()
    result = move(row, make.held(), act(row, Action.PAUSE, **changes))
    assert result.deployment.hold == Hold(count=1, at=LATER)
    assert codes(result) == [MilestoneCode.HELD_OUTSIDE]


def test_a_hold_that_stands_is_said_once() -> None:
    result = move(held(), make.held(new=Replicas(0, 1)))
    assert (codes(result), result.deployment.hold) == ([], held().hold)


def test_a_resume_names_who_let_go() -> None:
    row = held()
    result = move(row, make.rollout(), act(row, Action.RESUME, by=ALICE))
    assert result.deployment.hold == Hold(count=1, at=LATER, by=BOB, is_over=True)
    assert [(each.code, each.facts) for each in result.milestones if each.key == "resumed:1"] == [
        (MilestoneCode.RESUMED, {"by": "U0ALICE"})
    ]
    assert MilestoneCode.MOVED_OUTSIDE not in codes(result)


def test_a_hold_that_ends_by_itself_was_ended_outside() -> None:
    assert MilestoneCode.RESUMED_OUTSIDE in codes(move(held(by=False), make.rollout()))


@pytest.mark.parametrize("action", [Action.PROMOTE, Action.FULL, Action.ABORT])
def test_an_act_that_lets_go_on_its_way_has_a_line_of_its_own(action: Action) -> None:
    row = held()
    assert not {MilestoneCode.RESUMED, MilestoneCode.RESUMED_OUTSIDE} & set(
        codes(move(row, make.rollout(), act(row, action)))
    )
    earlier = act(row, action, at=NOON)
    assert MilestoneCode.RESUMED_OUTSIDE in codes(move(row, make.rollout(), earlier))


def test_a_second_hold_is_another_one() -> None:
    over = free(hold=Hold(count=1, at=NOON, by=BOB, is_over=True))
    first = act(free(), Action.PAUSE, state=ActState.APPLIED)
    assert gate_of(over, Action.PAUSE) != first.gate
    assert move(over, make.held(), first).deployment.hold == Hold(count=2, at=LATER)


@pytest.mark.parametrize("rollout", [None, make.rollout()])
def test_where_nothing_is_held_there_is_no_hold(rollout: RolloutSnapshot | None) -> None:
    row = free(rollout=rollout)
    assert holds.observe(row, acts=(), now=LATER).hold is None


def test_what_was_asked_is_sent_until_it_is_seen_and_then_counts_as_done() -> None:
    row = free()
    pause = act(row, Action.PAUSE)
    assert move(row, make.rollout(), pause).effects == (PatchRollout(pause),)
    assert move(row, make.held(), pause).effects == (CloseAct(pause, ActState.APPLIED),)
    resume = act(held(), Action.RESUME)
    assert move(held(), make.held(), resume).effects == (PatchRollout(resume),)
    assert move(held(), make.rollout(), resume).effects == (CloseAct(resume, ActState.APPLIED),)


def test_a_hold_of_what_is_being_aborted_is_refused_and_letting_go_of_it_is_not() -> None:
    aborting = make.held(is_aborted=True, phase=RolloutPhase.DEGRADED, pause=None)
    resume = act(held(), Action.RESUME)
    assert move(held(), aborting, resume).effects == (PatchRollout(resume),)
    pause = act(free(), Action.PAUSE)
    moot = move(free(), make.rollout(is_aborted=True, phase=RolloutPhase.DEGRADED), pause)
    assert moot.effects == (CloseAct(pause, ActState.REFUSED),)


def test_a_step_that_is_advanced_from_outside_while_it_is_held_is_marked() -> None:
    moved = make.rollout(step_index=2, pause=None, phase=RolloutPhase.PROGRESSING)
    assert MilestoneCode.MOVED_OUTSIDE in codes(move(held(), moved))


def test_what_is_held_between_two_steps_waits_for_a_person() -> None:
    between = make.held(pause=Pause(reason=PauseReason.MANUAL), step_index=0)
    result = move(free(stage=Stage.ROLLING_OUT, rollout=make.rollout(pause=None)), between)
    assert (result.deployment.stage, codes(result)) == (Stage.PAUSED, [MilestoneCode.HELD_OUTSIDE])
