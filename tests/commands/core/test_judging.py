"""Why an act cannot be done now: every state has its own reason, and no act is ever answered by a mere no."""

from dataclasses import replace

import pytest

from commands.core.acts import Possible, gate_of
from commands.core.judging import judge
from commands.core.model import Action, Content, Deployment, Hold, Stage
from commands.core.observed import Pause, PauseReason, RolloutPhase, RolloutSnapshot, Strategy
from commands.core.reasons import Notice, ReasonCode
from tests import make
from tests.make import BOB, DIGEST, NOON

R = ReasonCode
MOVING = make.rollout(pause=None, phase=RolloutPhase.PROGRESSING)
LAST = make.rollout(step_index=3, weight=50, pause=Pause(reason=PauseReason.STEP, since_text="x"))
BLUE_GREEN = make.rollout(
    strategy=Strategy.BLUE_GREEN, steps=(), step_index=None, pause=Pause(reason=PauseReason.GREEN, since_text="x")
)
ROLLING = replace(MOVING, strategy=Strategy.ROLLING, steps=(), step_index=None)
BETWEEN = make.held(pause=Pause(reason=PauseReason.MANUAL))
BESIDE = make.rollout(pause=Pause(reason=PauseReason.INCONCLUSIVE, since_text="x"))
ABORTED = make.rollout(is_aborted=True, pause=None, phase=RolloutPhase.DEGRADED)
STARTING = replace(MOVING, stable_hash="bbbb")
FULL = replace(MOVING, is_full=True)
ACTS = (Action.PROMOTE, Action.FULL, Action.ABORT, Action.PAUSE, Action.RESUME, Action.RESTART, Action.REANALYSE)


def rolling_out(rollout: RolloutSnapshot | None, **changes: object) -> Deployment:
    known = {"stage": Stage.ROLLING_OUT, "content": Content(digest=DIGEST), "rollout": rollout}
    return make.deployment(**{**known, **changes})


def asked(row: Deployment, action: Action, gate: str | None = None) -> Possible | Notice:
    return judge(row, action=action, gate=gate, acts=(), now=NOON)


def reason(row: Deployment, action: Action) -> ReasonCode | None:
    answer = asked(row, action)
    return answer.code if isinstance(answer, Notice) else None


@pytest.mark.parametrize(
    ("rollout", "action", "expected"),
    [
        (MOVING, Action.PROMOTE, R.NOT_WAITING),
        (MOVING, Action.REANALYSE, R.NOT_WAITING),
        (MOVING, Action.RESUME, R.NOT_HELD),
        (LAST, Action.FULL, R.LAST_STEP),
        (BLUE_GREEN, Action.FULL, R.NO_STEPS),
        (ROLLING, Action.FULL, R.NO_STEPS),
        (FULL, Action.PROMOTE, R.GOING_FULL),
        (FULL, Action.FULL, R.GOING_FULL),
        (BETWEEN, Action.PROMOTE, R.HELD_BETWEEN),
        (BETWEEN, Action.PAUSE, R.ALREADY_HELD),
        (make.held(), Action.PAUSE, R.ALREADY_HELD),
        (replace(ROLLING, strategy=Strategy.RECREATE), Action.PAUSE, R.CANNOT_HOLD),
        (BESIDE, Action.PROMOTE, R.UNDECIDED),
        (replace(MOVING, restarting_since="x"), Action.RESTART, R.RESTARTING),
        *((ABORTED, action, R.NOT_HELD if action is Action.RESUME else R.GOING_BACK) for action in ACTS),
        *((STARTING, action, R.ARRIVING) for action in ACTS if action not in {Action.RESUME, Action.RESTART}),
        *((replace(MOVING, is_current=False), action, R.SETTLING) for action in ACTS),
        (make.held(is_current=False), Action.PAUSE, R.ALREADY_HELD),
        (make.held(is_current=False), Action.RESUME, R.SETTLING),
        *((None, action, R.STILL_RELEASING) for action in ACTS),
        (MOVING, Action.CANCEL, R.NOT_REVERSIBLE),
    ],
)
def test_each_state_has_its_own_reason(rollout: RolloutSnapshot | None, action: Action, expected: ReasonCode) -> None:
    assert reason(rolling_out(rollout), action) is expected


@pytest.mark.parametrize("action", ACTS)
@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (Stage.BUILDING, R.STILL_BUILDING),
        (Stage.RELEASING, R.STILL_RELEASING),
        (Stage.RESTORING, R.GOING_BACK),
        (Stage.FAILED, R.ALREADY_FINISHED),
        (Stage.ABORTED, R.ALREADY_FINISHED),
    ],
)
def test_before_and_after_the_rollout_nothing_of_it_can_be_done(
    action: Action, stage: Stage, expected: ReasonCode
) -> None:
    own = {Action.RESTART: R.NOTHING_TO_RESTART, Action.ABORT: R.NOTHING_TO_ABORT}
    answer = own.get(action, expected) if expected is R.ALREADY_FINISHED else expected
    assert reason(make.deployment(stage=stage), action) is answer


def test_who_holds_it_is_named() -> None:
    row = rolling_out(make.held(), hold=Hold(count=1, at=NOON, by=BOB))
    answer = asked(row, Action.PAUSE)
    assert isinstance(answer, Notice)
    assert (answer.facts["by"], answer.facts["app"]) == ("U0BOB", "shop")


def test_a_button_of_the_past_is_told_from_one_that_never_was() -> None:
    row = rolling_out(make.rollout())
    assert isinstance(asked(row, Action.PROMOTE, gate_of(row, Action.PROMOTE)), Possible)
    stale = asked(row, Action.PROMOTE, "0" * 12)
    assert isinstance(stale, Notice)
    assert stale.code is R.STALE
