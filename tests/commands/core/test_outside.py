"""What was done outside is seen for what it is, once; what Slipway did is never taken for it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.core import outside
from commands.core.acts import expected_of, gate_of
from commands.core.lifecycle import step
from commands.core.model import (
    Act,
    Action,
    ActState,
    Content,
    Deployment,
    OutsideChange,
    OutsideKind,
    Source,
    Stage,
)
from commands.core.moves import Seen, Step
from commands.core.observed import (
    Analysis,
    AnalysisKind,
    AnalysisPhase,
    Pause,
    PauseReason,
    Replicas,
    RolloutPhase,
    RolloutSnapshot,
    Strategy,
)
from commands.core.reasons import MilestoneCode
from tests import make
from tests.make import BOB, DIGEST, NOON, STEPS

LATER = NOON + timedelta(minutes=5)
TIMED = make.rollout(pause=Pause(reason=PauseReason.STEP, since=NOON, until=LATER, since_text="x"))
HELD = make.rollout(is_held=True, pause=Pause(reason=PauseReason.MANUAL, beneath=PauseReason.STEP))
MOVING = make.rollout(pause=None, phase=RolloutPhase.PROGRESSING, message="more replicas need to be updated")
NEXT = replace(MOVING, step_index=2, weight=50)
ABORTED = make.rollout(is_aborted=True)
GREEN = make.rollout(
    strategy=Strategy.BLUE_GREEN, steps=(), step_index=None, weight=0, pause=Pause(reason=PauseReason.GREEN, since=NOON)
)
UNDECIDED = (Analysis(name="web", kind=AnalysisKind.STEP, phase=AnalysisPhase.INCONCLUSIVE),)
LIVE = make.healthy(strategy=Strategy.BLUE_GREEN, steps=(), step_index=None)


def row(seen: RolloutSnapshot | None, **changes: object) -> Deployment:
    known = {"stage": Stage.ROLLING_OUT, "pipeline": make.pipeline(), "content": Content(digest=DIGEST)}
    first = make.deployment(**{**known, "rollout": seen, **changes})
    return outside.observe(first, first, (), now=NOON) if seen else first


def look(of: Deployment, seen: RolloutSnapshot | None, acts: tuple[Act, ...] = ()) -> Step:
    return step(of, seen=Seen(rollout=seen), acts=acts, now=LATER - timedelta(minutes=1))


def kinds(moved: Step) -> list[tuple[OutsideKind, str]]:
    return [(each.kind, each.detail) for each in moved.deployment.outside]


def asked(of: Deployment, action: Action, state: ActState = ActState.APPLIED) -> Act:
    assert of.rollout is not None
    expected = expected_of(of.rollout, action)
    gate = gate_of(of, action)
    return Act(
        id=action.value, deployment=of.id, action=action, gate=gate, by=BOB, at=NOON, expected=expected, state=state
    )


DONE_OUTSIDE = {
    "promoted, not yet acted on": (make.rollout(), MOVING, OutsideKind.PROMOTED, ""),
    "promoted": (make.rollout(), NEXT, OutsideKind.PROMOTED, "50 %"),
    "a timed pause ended early": (TIMED, NEXT, OutsideKind.PROMOTED, "50 %"),
    "switched": (GREEN, LIVE, OutsideKind.PROMOTED, "100 %"),
    "promoted past a pause that nobody here saw": (
        replace(MOVING, step_index=0),
        replace(NEXT, step_index=3),
        OutsideKind.PROMOTED,
        "50 %",
    ),
    "aborted": (make.rollout(), ABORTED, OutsideKind.ABORTED, ""),
    "tried again": (ABORTED, MOVING, OutsideKind.RETRIED, ""),
    "scaled": (make.rollout(), make.rollout(desired=8), OutsideKind.SCALED, "5 → 8"),
    "restarted": (make.rollout(), make.rollout(restart_at="2026-11-02T12:03:00Z"), OutsideKind.RESTARTED, ""),
    "held": (make.rollout(), HELD, OutsideKind.PAUSED, ""),
    "edited": (make.rollout(), make.rollout(current_hash="cccc"), OutsideKind.EDITED, ""),
    "steps edited": (make.rollout(), make.rollout(steps=STEPS[:2]), OutsideKind.EDITED, ""),
    "made anew": (make.rollout(), make.rollout(uid="uid-2"), OutsideKind.RELEASED, "v1.2"),
}


@pytest.mark.parametrize("what", DONE_OUTSIDE)
def test_what_was_done_outside_is_seen_for_what_it_is_once(what: str) -> None:
    old, new, kind, detail = DONE_OUTSIDE[what]
    first = look(row(old), new)
    assert kinds(first) == [(kind, detail)]
    again = look(first.deployment, new)
    assert again.deployment.outside == first.deployment.outside
    said = [each for each in first.milestones if each.code is MilestoneCode.MOVED_OUTSIDE]
    is_said_elsewhere = kind in {OutsideKind.PAUSED, OutsideKind.ABORTED}
    assert len(said) == (0 if is_said_elsewhere else 1)
    assert not [each for each in again.milestones if each.code is MilestoneCode.MOVED_OUTSIDE]


def test_a_promote_that_is_seen_in_two_steps_is_marked_once() -> None:
    leaving = look(row(make.rollout()), MOVING)
    assert kinds(look(leaving.deployment, replace(NEXT, step_index=3))) == [(OutsideKind.PROMOTED, "")]


def test_what_was_held_outside_and_let_go_of_is_marked_both_times() -> None:
    held = look(row(make.rollout()), HELD)
    assert kinds(look(held.deployment, make.rollout())) == [(OutsideKind.PAUSED, ""), (OutsideKind.RESUMED, "")]


@pytest.mark.parametrize(
    ("seen", "kind", "detail", "stage"),
    [
        (None, OutsideKind.DELETED, "", Stage.FAILED),
        (make.rollout(deployment=141, version="v1.1"), OutsideKind.RELEASED, "v1.1", Stage.SUPERSEDED),
        (make.rollout(deployment=None, version=""), OutsideKind.RELEASED, "", Stage.SUPERSEDED),
        (
            make.rollout(image="harbor.example.com/shop/shop@sha256:" + "e" * 64),
            OutsideKind.IMAGE_CHANGED,
            "shop@sha256:" + "e" * 64,
            Stage.SUPERSEDED,
        ),
    ],
)
def test_what_took_its_place_is_named_and_ends_it(
    seen: RolloutSnapshot | None, kind: OutsideKind, detail: str, stage: Stage
) -> None:
    moved = look(row(make.rollout()), seen)
    assert (moved.deployment.stage, kinds(moved)) == (stage, [(kind, detail)])


def test_a_later_deployment_of_slipways_is_not_from_outside() -> None:
    moved = look(row(make.rollout()), make.rollout(deployment=143))
    assert (moved.deployment.stage, moved.deployment.outside) == (Stage.SUPERSEDED, ())


BY_SLIPWAY = {
    "promoted": (make.rollout(), NEXT, Action.PROMOTE),
    "advanced": (TIMED, NEXT, Action.PROMOTE),
    "went to the end": (make.rollout(), make.healthy(), Action.FULL),
    "switched": (GREEN, LIVE, Action.PROMOTE),
    "aborted": (make.rollout(), ABORTED, Action.ABORT),
    "held": (make.rollout(), HELD, Action.PAUSE),
    "measured again": (
        make.rollout(pause=Pause(reason=PauseReason.INCONCLUSIVE, since=NOON), analyses=UNDECIDED),
        MOVING,
        Action.REANALYSE,
    ),
    "tried again": (ABORTED, MOVING, Action.RETRY),
    "restarted": (make.rollout(), make.rollout(restart_at="2026-11-02T12:00:00Z"), Action.RESTART),
}


@pytest.mark.parametrize("state", [ActState.REQUESTED, ActState.APPLIED])
@pytest.mark.parametrize("what", BY_SLIPWAY)
def test_what_somebody_did_here_is_never_marked(what: str, state: ActState) -> None:
    old, new, action = BY_SLIPWAY[what]
    before = row(old)
    assert look(before, new, (asked(before, action, state),)).deployment.outside == ()


@pytest.mark.parametrize("what", ["promoted", "aborted", "held", "restarted"])
def test_an_act_that_the_cluster_refused_explains_nothing(what: str) -> None:
    old, new, action = BY_SLIPWAY[what]
    before = row(old)
    assert len(look(before, new, (asked(before, action, ActState.REFUSED),)).deployment.outside) == 1


def test_somebody_here_let_go_of_it() -> None:
    held = look(row(make.rollout()), HELD).deployment
    released = look(held, make.rollout(), (asked(held, Action.RESUME),)).deployment
    assert [each.kind for each in released.outside] == [OutsideKind.PAUSED]


def test_a_pause_that_the_row_never_saw_may_have_been_ended_here() -> None:
    seen = row(replace(MOVING, step_index=0))
    at_pause = replace(seen, rollout=make.rollout())
    later = replace(NEXT, step_index=3)
    assert look(seen, later, (asked(at_pause, Action.PROMOTE),)).deployment.outside == ()


UNSUSPICIOUS = {
    "nothing": (make.rollout(), make.rollout()),
    "more pods": (make.rollout(), make.rollout(new=Replicas(1, 2))),
    "not observed yet": (make.rollout(), replace(MOVING, is_current=False)),
    "was not observed": (make.rollout(is_current=False), NEXT),
    "a pause that ended": (replace(TIMED, pause=Pause(reason=PauseReason.STEP, until=NOON)), NEXT),
    "unhealthy at a pause": (make.rollout(), make.rollout(pause=None, phase=RolloutPhase.DEGRADED)),
    "aborted by an analysis": (make.rollout(), replace(ABORTED, abort_reason="analysis failed")),
    "a way back in one go": (replace(MOVING, step_index=0), make.healthy()),
    "steps without gates": (replace(MOVING, step_index=2), replace(NEXT, step_index=3)),
    "its own template, at last": (make.rollout(is_current=False, current_hash="aaaa"), make.rollout()),
    "the first look": (None, make.rollout()),
    "after somebody else's": (make.rollout(deployment=141), make.rollout()),
}


@pytest.mark.parametrize("what", UNSUSPICIOUS)
def test_what_happens_by_itself_is_not_marked(what: str) -> None:
    old, new = UNSUSPICIOUS[what]
    assert look(row(old), new).deployment.outside == ()


def test_whoever_goes_back_goes_straight_through() -> None:
    back = row(make.rollout(), source=Source(action=Action.ROLLBACK, number=141))
    assert look(back, NEXT).deployment.outside == ()


@pytest.mark.parametrize(
    ("values", "is_marked"),
    [
        ('{"autoscaling": {"enabled": true}}', False),
        ('{"autoscaling": {"enabled": false}}', True),
        ('{"autoscaling": true}', True),
        ("{}", True),
        ("[]", True),
        ("{", True),
    ],
)
def test_what_an_autoscaler_does_is_nobodys_doing(values: str, *, is_marked: bool) -> None:
    seen = row(make.rollout(), parameters=(("values", values),))
    assert bool(look(seen, make.rollout(desired=8)).deployment.outside) is is_marked


def test_an_abort_that_was_there_at_the_first_look_is_marked_when_it_ends() -> None:
    back = make.rollout(is_aborted=True, phase=RolloutPhase.DEGRADED, pause=None, new=Replicas())
    moved = look(row(None), back)
    assert (moved.deployment.stage, kinds(moved)) == (Stage.ABORTED, [(OutsideKind.ABORTED, "")])


def test_an_abort_is_marked_once_although_it_ends_later() -> None:
    first = look(row(make.rollout()), ABORTED)
    back = make.rollout(is_aborted=True, phase=RolloutPhase.DEGRADED, pause=None, new=Replicas())
    last = look(first.deployment, back)
    assert (last.deployment.stage, kinds(last)) == (Stage.ABORTED, [(OutsideKind.ABORTED, "")])
    assert [each.code for each in (*first.milestones, *last.milestones)][-1] is MilestoneCode.ABORTED_OUTSIDE


def test_a_script_that_scales_all_day_does_not_grow_the_row() -> None:
    seen = row(make.rollout())
    for desired in range(6, 30):
        seen = look(seen, make.rollout(desired=desired)).deployment
    assert len(seen.outside) == outside.KEPT
    assert seen.outside[-1] == OutsideChange(kind=OutsideKind.SCALED, at=LATER - timedelta(minutes=1), detail="28 → 29")


def test_a_row_without_a_view_is_left_alone() -> None:
    assert outside.observe(row(None), row(None), (), now=NOON) == row(None)


@pytest.mark.parametrize(
    ("last", "seen", "otherwise"),
    [
        (row(None), make.healthy(), False),
        (row(None), make.healthy(image="harbor.example.com/shop/shop@sha256:" + "e" * 64), True),
        (row(None), make.healthy(deployment=141), True),
        (row(None), make.healthy(deployment=143), False),
        (row(None), make.healthy(deployment=None), False),
        (row(None), make.healthy(deployment=141, is_current=False), False),
        (row(None), None, False),
        (None, make.healthy(), False),
    ],
)
def test_what_runs_otherwise_than_it_was_released_is_known(
    last: Deployment | None, seen: RolloutSnapshot | None, *, otherwise: bool
) -> None:
    assert outside.runs_otherwise(last, seen) is otherwise
