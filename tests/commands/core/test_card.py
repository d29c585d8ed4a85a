"""What the first line of the card says, for every stage and every state of a rollout."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.core.card import Headline, draw, headline_of
from commands.core.model import Act, Action, ActState, Stage
from commands.core.observed import Pause, PauseReason, RolloutPhase, RolloutSnapshot
from tests import make
from tests.make import BOB, NOON

UNTIL = NOON + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("rollout", "expected"),
    [
        (None, Headline.ROLLING_OUT),
        (make.rollout(deployment=141), Headline.ROLLING_OUT),
        (make.rollout(), Headline.WAITS_FOR_PROMOTE),
        (make.rollout(pause=Pause(reason=PauseReason.STEP, until=UNTIL)), Headline.TIMED_PAUSE),
        (make.rollout(pause=Pause(reason=PauseReason.GREEN)), Headline.GREEN_READY),
        (make.rollout(pause=Pause(reason=PauseReason.INCONCLUSIVE)), Headline.INCONCLUSIVE),
        (make.rollout(pause=Pause(reason=PauseReason.MANUAL)), Headline.HELD),
        (make.rollout(is_current=False), Headline.ROLLING_OUT),
        (make.rollout(pause=None, phase=RolloutPhase.PROGRESSING), Headline.ROLLING_OUT),
        (make.rollout(pause=None, phase=RolloutPhase.DEGRADED), Headline.UNHEALTHY),
        (make.rollout(is_aborted=True), Headline.ABORTING),
        (make.rollout(is_aborted=True, is_current=False), Headline.ROLLING_OUT),
    ],
)
def test_the_headline_follows_the_rollout(rollout: RolloutSnapshot | None, expected: Headline) -> None:
    assert headline_of(make.deployment(stage=Stage.ROLLING_OUT, rollout=rollout)) is expected


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in {Stage.ROLLING_OUT, Stage.PAUSED}])
def test_every_other_stage_has_its_own_headline(stage: Stage) -> None:
    row = make.deployment(stage=stage, rollout=make.rollout())
    assert headline_of(row) is not Headline.WAITS_FOR_PROMOTE
    assert headline_of(replace(row, rollout=None)) is headline_of(row)


def test_what_was_asked_for_hides_the_buttons_until_it_is_done() -> None:
    row = make.deployment(stage=Stage.PAUSED, rollout=make.rollout())
    act = Act(id="a", deployment=row.id, action=Action.PROMOTE, gate="g", by=BOB, at=NOON)
    waiting = draw(row, (act,))
    assert (waiting.pending, waiting.buttons) == (act, ())
    done = draw(row, (replace(act, state=ActState.APPLIED),))
    assert done.pending is None
    assert [each.action for each in done.buttons] == [Action.PROMOTE, Action.FULL, Action.ABORT]
    assert [each.action for each in done.menu] == [Action.PAUSE, Action.RESTART]


def test_what_goes_on_by_itself_can_be_held_at_first_sight() -> None:
    timed = Pause(reason=PauseReason.STEP, since=NOON, until=NOON + timedelta(minutes=10), since_text="x")
    card = draw(make.deployment(stage=Stage.PAUSED, rollout=make.rollout(pause=timed)), ())
    assert [each.action for each in card.buttons] == [Action.PROMOTE, Action.PAUSE, Action.FULL, Action.ABORT]
    assert [each.action for each in card.menu] == [Action.RESTART]


def test_nothing_is_pending_after_the_end() -> None:
    row = make.deployment(stage=Stage.SUCCEEDED, rollout=make.healthy())
    act = Act(id="a", deployment=row.id, action=Action.PROMOTE, gate="g", by=BOB, at=NOON)
    assert draw(row, (act,)).pending is None


def test_pods_in_trouble_make_it_unhealthy_unless_it_waits_for_a_person() -> None:
    sick = (make.problem(),)
    row = make.deployment(stage=Stage.ROLLING_OUT)
    moving = make.rollout(phase=RolloutPhase.PROGRESSING, pause=None, problems=sick)
    assert headline_of(replace(row, rollout=moving)) is Headline.UNHEALTHY
    assert headline_of(replace(row, rollout=make.rollout(problems=sick))) is Headline.WAITS_FOR_PROMOTE
