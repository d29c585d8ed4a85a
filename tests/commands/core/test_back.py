"""What one can go back to, how a deployment passes its gates by itself, and what is watched after the end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.core import back, watching
from commands.core.acts import can_switch_back, expected_of, gate_of, is_waiting, next_gate, possible
from commands.core.back import Here, Readiness
from commands.core.card import Headline, headline_of
from commands.core.lifecycle import step
from commands.core.model import (
    Act,
    Action,
    Content,
    Deployment,
    Failure,
    Later,
    Stage,
    Takeover,
    WayBack,
)
from commands.core.moves import PassGate, Seen, Step, Wake
from commands.core.observed import (
    Pause,
    PauseReason,
    PipelinePhase,
    Replicas,
    RolloutPhase,
    RolloutSnapshot,
    StepPhase,
    Strategy,
)
from tests import make
from tests.make import BOB, DIGEST, NOON, OLD_DIGEST

IMAGE = "harbor.example.com/shop/shop"
OLD, NEW = f"{IMAGE}@{OLD_DIGEST}", f"{IMAGE}@{DIGEST}"
CONTENT = Content(digest=DIGEST, chart_commit="c" * 40)
GREEN = Pause(reason=PauseReason.GREEN, since=NOON, since_text="x")


def done(**changes: object) -> Deployment:
    """Make the deployment that runs now: v1.2, after v1.1."""
    parameters = tuple({**dict(make.earlier().parameters), "version": "v1.2"}.items())
    known = {"stage": Stage.SUCCEEDED, "content": CONTENT, "rollout": make.healthy(), "parameters": parameters}
    return make.deployment(**{**known, "finished_at": NOON, "pipeline": make.pipeline(), **changes})


def actions(row: Deployment) -> list[Action]:
    return [act.action for act in possible(row)]


def move(row: Deployment, rollout: RolloutSnapshot | None, *, acts: tuple[Act, ...] = (), after: float = 0) -> Step:
    return step(row, seen=Seen(pipeline=row.pipeline, rollout=rollout), acts=acts, now=NOON + timedelta(seconds=after))


# --- straight through


def going_back(**changes: object) -> Deployment:
    return make.back_from(**{"stage": Stage.ROLLING_OUT, "pipeline": make.pipeline(owner="d143"), **changes})


def of_back(**changes: object) -> RolloutSnapshot:
    """Make the Rollout of a rollback that stands at its first gate."""
    return make.rollout(**{"deployment": 143, "version": "v1.1", "image": OLD, **changes})


def test_a_canary_that_goes_back_goes_to_the_end_by_itself_and_says_nothing_of_gates() -> None:
    seen = of_back()
    result = move(going_back(), seen)
    assert result.effects == (PassGate(Action.FULL, expected_of(seen, Action.FULL)),)
    assert result.milestones == ()
    assert headline_of(result.deployment) is Headline.ROLLING_OUT
    assert actions(result.deployment) == [Action.PAUSE, Action.ABORT, Action.RESTART]
    full = move(result.deployment, replace(seen, is_full=True, pause=None, phase=RolloutPhase.PROGRESSING))
    assert full.effects == ()
    assert full.deployment.outside == ()
    # One that was lost is sent again.
    assert move(full.deployment, seen).effects == result.effects


def test_green_is_switched_by_itself_once_it_is_ready() -> None:
    coming = of_back(strategy=Strategy.BLUE_GREEN, steps=(), step_index=None, pause=None)
    assert next_gate(going_back(rollout=coming)) is None
    ready = replace(coming, pause=GREEN)
    assert next_gate(going_back(rollout=ready)) is Action.PROMOTE


@pytest.mark.parametrize(
    "changes",
    [
        {"is_current": False},
        {"is_aborted": True},
        {"stable_hash": "bbbb"},
        {"is_held": True, "pause": Pause(reason=PauseReason.MANUAL)},
        {"deployment": 150},
        {"strategy": Strategy.ROLLING, "steps": (), "pause": None},
    ],
)
def test_nothing_else_is_passed_by_itself(changes: dict[str, object]) -> None:
    assert next_gate(going_back(rollout=of_back(**changes))) is None


def test_an_ordinary_deployment_waits_at_its_gates() -> None:
    assert is_waiting(make.rollout())
    assert not is_waiting(make.rollout(is_current=False))
    assert next_gate(make.deployment(stage=Stage.PAUSED, rollout=make.rollout())) is None


def test_what_somebody_asked_for_meanwhile_comes_first() -> None:
    row = going_back(rollout=of_back())
    abort = Act(id="a1", deployment=row.id, action=Action.ABORT, gate=gate_of(row, Action.ABORT), by=BOB, at=NOON)
    assert not any(isinstance(effect, PassGate) for effect in move(row, of_back(), acts=(abort,)).effects)


# --- what can be done afterwards


def later(state: Takeover) -> Later:
    return Later(number=150, version="v1.3", action=Action.DEPLOY, by=BOB, at=NOON, state=state)


FAILED = make.pipeline(phase=PipelinePhase.FAILED, steps=(make.step("build-image", StepPhase.FAILED),))
IN_RELEASE = make.pipeline(phase=PipelinePhase.FAILED, steps=(make.step("release", StepPhase.FAILED),))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (done(), [Action.ROLLBACK, Action.RESTART]),
        (done(later=later(Takeover.NOTHING)), [Action.ROLLBACK, Action.RESTART]),
        (done(later=later(Takeover.UNDERWAY)), []),
        (done(later=later(Takeover.DONE)), []),
        (done(way_back=None), [Action.RESTART]),
        (done(way_back=WayBack(version="v1.1", digest=OLD_DIGEST)), [Action.RESTART]),
        (done(way_back=WayBack(version="v1.2", digest=DIGEST, number=140)), [Action.RESTART]),
        (done(stage=Stage.FAILED, rollout=None, pipeline=FAILED), [Action.RETRY]),
        (done(stage=Stage.FAILED, rollout=None, pipeline=None), [Action.RETRY]),
        (done(stage=Stage.FAILED, rollout=None, pipeline=IN_RELEASE), [Action.ROLLBACK, Action.RETRY]),
        (done(stage=Stage.FAILED), [Action.ROLLBACK, Action.RETRY]),
        (done(stage=Stage.FAILED, later=later(Takeover.NOTHING)), []),
        (done(stage=Stage.ABORTED), [Action.ROLLBACK, Action.RETRY]),
        (done(stage=Stage.ABORTED, restore=make.restore(finished_at=NOON)), [Action.RETRY]),
        (done(stage=Stage.CANCELLED), [Action.RETRY]),
        (done(stage=Stage.SUPERSEDED), [Action.ROLLBACK]),
        (done(stage=Stage.EXPIRED), []),
    ],
)
def test_after_the_end_only_what_would_work_is_offered(row: Deployment, expected: list[Action]) -> None:
    assert actions(row) == expected


def test_a_button_of_the_past_names_what_it_leads_to_and_is_a_new_one_after_something_came_to_nothing() -> None:
    back_to, _ = possible(done())
    assert back_to.effect == "v1.1"
    assert possible(done(later=later(Takeover.NOTHING)))[0].gate != back_to.gate
    failure = Failure(step="build-image", message="no room")
    (again,) = possible(done(stage=Stage.FAILED, rollout=None, pipeline=FAILED, failure=failure))
    assert again.effect == "build-image"


# --- what runs, and what ran


def here(*rows: Deployment, rollout: RolloutSnapshot | None = None) -> Here:
    succeeded = [row for row in rows if row.stage is Stage.SUCCEEDED]
    return Here(rollout=rollout, recent=rows, succeeded=succeeded)


def test_one_goes_back_to_what_ran_before_what_runs_now() -> None:
    assert back.target(here(done(), make.earlier(), rollout=make.healthy()), "") == make.earlier()
    # After an abort outside, that is what the traffic is on.
    aborted = done(stage=Stage.ABORTED)
    assert back.target(here(aborted, make.earlier(), rollout=make.rollout(is_aborted=True)), "") == make.earlier()


def test_a_deploy_of_what_ran_already_is_passed_over() -> None:
    again = replace(done(), id="d150", number=150, way_back=WayBack(version="v1.2", digest=DIGEST, number=142))
    running = make.healthy(deployment=150)
    assert back.target(here(again, done(), make.earlier(), rollout=running), "") == make.earlier()
    assert back.target(here(again, done(way_back=None), make.earlier(), rollout=running), "") is None


def test_where_nobody_knows_what_runs_it_is_the_newest_that_does_not() -> None:
    rows = (done(), make.earlier())
    assert back.target(here(*rows, rollout=make.healthy(deployment=None)), "") == make.earlier()
    assert back.target(here(*rows, rollout=make.restored(deployment=None)), "") == done()
    assert back.target(here(*rows), "") == done()
    assert back.target(here(), "") is None


def test_any_earlier_version_may_be_named() -> None:
    rows = (done(), make.earlier(), make.earlier(id="d9", number=9, version="v1.0"))
    running = make.healthy()
    assert back.target(here(*rows, rollout=running), "1.0") == rows[2]
    assert back.target(here(*rows, rollout=running), "v1.1") == rows[1]
    assert back.target(here(*rows, rollout=running), "v9") is None
    partly = make.earlier(version="v0.9", content=Content(digest=OLD_DIGEST))
    assert back.target(here(*rows, partly, rollout=running), "v0.9") is None


def test_what_runs_already_is_told_by_its_content_and_not_by_its_name() -> None:
    now = here(done(), make.earlier(), rollout=make.healthy())
    assert back.runs_already(now, done(id="d9", number=9, requester=BOB))
    assert not back.runs_already(now, make.earlier())
    assert not back.runs_already(now, done(parameters=(*done().parameters, ("values", "{}"))))
    assert not back.runs_already(now, done(content=Content()))
    assert not back.runs_already(replace(now, rollout=make.rollout()), done())
    assert not back.runs_already(replace(now, rollout=None), done())


def test_the_last_time_is_the_newest_rollback_or_restore_that_worked() -> None:
    restored = make.restore(finished_at=NOON + timedelta(minutes=5, seconds=8))
    failed = replace(restored, failure=Failure(step="", message="no"))
    rolled_back = make.back_from(stage=Stage.SUCCEEDED, finished_at=NOON + timedelta(seconds=3))
    assert back.seconds_last_time([done(), done(restore=failed), done(restore=restored), rolled_back]) == 8
    assert back.seconds_last_time([make.back_from(), rolled_back]) == 3
    assert back.seconds_last_time([done(), done(restore=make.restore())]) == 0


@pytest.mark.parametrize(
    ("changes", "kept", "expected"),
    [
        ({}, (NEW,), Readiness.UNKNOWN),
        ({}, (NEW, OLD), Readiness.READY),
        ({"is_built": True}, (NEW,), Readiness.READY),
        ({"is_built": False}, (NEW, OLD), Readiness.NEEDS_IMAGE),
        ({"number": 0}, (NEW, OLD), Readiness.NOT_RELEASED_HERE),
    ],
)
def test_the_way_back_is_ready_only_where_that_is_known(
    changes: dict[str, object], kept: tuple[str, ...], expected: Readiness
) -> None:
    way = WayBack(**{"version": "v1.1", "digest": OLD_DIGEST, "number": 140, **changes})  # type: ignore[arg-type]  # tests name fields of WayBack
    assert back.readiness(done(way_back=way, rollout=make.healthy(kept_images=kept))) is expected


def test_what_runs_now_is_ready_until_something_else_does() -> None:
    assert back.readiness(make.deployment()) is Readiness.READY
    assert back.readiness(make.deployment(way_back=None)) is Readiness.NOT_RELEASED_HERE


# --- after the end


def switched(**changes: object) -> RolloutSnapshot:
    """Make a Rollout whose blue still stands beside it."""
    known = {"strategy": Strategy.BLUE_GREEN, "steps": (), "step_index": None, "old": Replicas(5, 5)}
    return make.healthy(**{**known, "active_hash": "bbbb", **changes})


UNTIL = NOON + timedelta(minutes=5)
BLUE = WayBack(version="v1.1", digest=OLD_DIGEST, number=140, strategy=Strategy.BLUE_GREEN)


def test_what_stands_beside_a_switch_is_watched_until_its_time_is_over() -> None:
    row = make.deployment(
        stage=Stage.ROLLING_OUT, strategy=Strategy.BLUE_GREEN, content=CONTENT, way_back=BLUE, pipeline=make.pipeline()
    )
    arrived = move(row, switched())
    assert arrived.deployment.stage is Stage.SUCCEEDED
    assert arrived.effects == (Wake(NOON + watching.TELLS_WITHIN),)
    assert not can_switch_back(arrived.deployment)
    told = move(arrived.deployment, switched(old_until=UNTIL), after=1)
    assert (told.effects, told.milestones) == ((Wake(UNTIL),), ())
    assert can_switch_back(told.deployment)
    assert move(told.deployment, switched(old_until=UNTIL), after=1).deployment == told.deployment
    over = move(told.deployment, switched(old_until=UNTIL), after=300)
    assert (over.effects, over.deployment.watched_until) == ((), None)
    assert over.deployment.stage is Stage.SUCCEEDED
    assert not can_switch_back(over.deployment)
    assert actions(over.deployment) == [Action.ROLLBACK, Action.RESTART]


@pytest.mark.parametrize("live", [None, switched(deployment=150), switched(old=Replicas())])
def test_watching_ends_when_there_is_nothing_left_to_see(live: RolloutSnapshot | None) -> None:
    row = done(rollout=switched(old_until=UNTIL), watched_until=UNTIL, way_back=BLUE)
    assert move(row, live).deployment.watched_until is None


def test_nothing_is_watched_where_nothing_stands_beside_it_or_its_time_is_over() -> None:
    assert watching.begin(done(), now=NOON).watched_until is None
    assert watching.begin(done(rollout=None), now=NOON).watched_until is None
    assert watching.begin(done(rollout=switched(old=Replicas())), now=NOON).watched_until is None
    assert watching.begin(done(rollout=switched(old_until=NOON)), now=NOON).watched_until is None


def test_a_switch_back_needs_an_old_version_that_was_blue_green_too() -> None:
    row = done(rollout=switched(old_until=UNTIL), watched_until=UNTIL, way_back=BLUE)
    assert can_switch_back(row)
    assert not can_switch_back(replace(row, way_back=replace(BLUE, strategy=Strategy.CANARY)))
    assert not can_switch_back(replace(row, way_back=None))
