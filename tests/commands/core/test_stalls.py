"""A pipeline that has stopped moving is said to have: once, in time, and no longer than it is so."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from commands.core import stalls
from commands.core.lifecycle import step
from commands.core.model import Deployment, Stage, Stall, StallKind
from commands.core.moves import Seen, Step, SubmitPipeline, Wake
from commands.core.observed import PipelinePhase, PipelineSnapshot, StepPhase
from commands.core.owners import Owners
from commands.core.reasons import MilestoneCode
from tests import make
from tests.make import NOON

MINUTE = timedelta(minutes=1)
OWNERS = Owners(app=("@team-shop",), steps=(("build-image", "#platform-help"), ("pipeline", "#argo")))
FETCHED = make.step("fetch-artifact", finished_at=NOON + MINUTE)
BUILDING = make.step("build-image", StepPhase.RUNNING, started_at=NOON + 2 * MINUTE, finished_at=None)
HELD = make.step("build-image", StepPhase.PENDING, message="ErrImagePull: no such image")
RELEASING = make.step("release", StepPhase.RUNNING, started_at=NOON + 5 * MINUTE, finished_at=None)


def running(*steps: object, phase: PipelinePhase = PipelinePhase.RUNNING, **changes: object) -> PipelineSnapshot:
    return make.pipeline(phase=phase, steps=steps, finished_at=None, **changes)


def look(pipeline: PipelineSnapshot | None, now: datetime, row: Deployment | None = None) -> Step:
    return step(row or make.deployment(), seen=Seen(pipeline=pipeline, owners=OWNERS), acts=(), now=now)


@pytest.mark.parametrize(
    ("pipeline", "since", "budget", "stall"),
    [
        (None, NOON, stalls.BEGIN_WITHIN, Stall(kind=StallKind.NOT_BEGUN, since=NOON, owner="#argo")),
        (
            running(phase=PipelinePhase.WAITING, started_at=None),
            NOON,
            stalls.BEGIN_WITHIN,
            Stall(kind=StallKind.NOT_BEGUN, since=NOON, owner="#argo"),
        ),
        (
            running(phase=PipelinePhase.WAITING, waits_for="shop-staging-141"),
            NOON,
            stalls.LOCK_WITHIN,
            Stall(kind=StallKind.LOCKED, since=NOON, detail="shop-staging-141", owner="#argo"),
        ),
        (
            running(FETCHED, HELD),
            NOON + MINUTE,
            stalls.POD_WITHIN,
            Stall(
                kind=StallKind.CANNOT_BEGIN,
                since=NOON + MINUTE,
                step="build-image",
                detail="ErrImagePull: no such image",
                owner="#platform-help",
            ),
        ),
        (
            running(FETCHED, BUILDING),
            NOON + 2 * MINUTE,
            timedelta(minutes=21),
            Stall(kind=StallKind.TOO_LONG, since=NOON + 2 * MINUTE, step="build-image", owner="#platform-help"),
        ),
        (
            running(FETCHED, RELEASING),
            NOON + 5 * MINUTE,
            timedelta(minutes=21),
            Stall(kind=StallKind.TOO_LONG, since=NOON + 5 * MINUTE, step="release"),
        ),
        (
            running(FETCHED, replace(BUILDING, name="scan", started_at=None)),
            NOON + MINUTE,
            timedelta(minutes=21),
            Stall(kind=StallKind.TOO_LONG, since=NOON + MINUTE, step="scan"),
        ),
        (
            running(FETCHED),
            NOON + MINUTE,
            stalls.CLOSE_WITHIN,
            Stall(kind=StallKind.NOT_CLOSED, since=NOON + MINUTE, owner="#argo"),
        ),
    ],
)
def test_what_does_not_move_within_its_budget_is_said_to_stand(
    pipeline: PipelineSnapshot | None, since: datetime, budget: timedelta, stall: Stall
) -> None:
    before = look(pipeline, since + budget - timedelta(seconds=1))
    assert before.deployment.stall is None
    assert before.effects[-1] == Wake(since + budget)
    after = look(pipeline, since + budget)
    assert after.deployment.stall == stall
    assert [each.code for each in after.milestones] == [MilestoneCode.STALLED]
    assert not any(isinstance(effect, Wake) for effect in after.effects)


def test_a_stall_is_the_same_however_often_it_is_looked_at_and_is_gone_with_the_next_progress() -> None:
    held = look(running(FETCHED, HELD), NOON + 5 * MINUTE)
    again = look(running(FETCHED, HELD), NOON + 9 * MINUTE, held.deployment)
    assert again.deployment == held.deployment
    assert [each.key for each in again.milestones] == [each.key for each in held.milestones]
    moving = look(running(FETCHED, BUILDING), NOON + 9 * MINUTE, again.deployment)
    assert moving.deployment.stall is None


def test_a_stall_is_gone_when_the_pipeline_ends() -> None:
    row = look(running(FETCHED), NOON + 9 * MINUTE).deployment
    assert row.stall is not None
    done = look(make.pipeline(finished_at=NOON + 9 * MINUTE), NOON + 9 * MINUTE, row).deployment
    assert (done.stage, done.stall) == (Stage.ROLLING_OUT, None)


def restore_of(pipeline: PipelineSnapshot | None, *, now: datetime, row: Deployment | None = None) -> Step:
    row = row or make.deployment(stage=Stage.RESTORING, restore=make.restore(began_at=NOON + MINUTE))
    seen = Seen(restore=pipeline, owners=OWNERS)
    return step(row, seen=seen, acts=(), now=now)


def test_the_release_of_what_ran_before_may_stand_still_as_well() -> None:
    held = running(make.step("release", StepPhase.PENDING, started_at=NOON + 2 * MINUTE, finished_at=None))
    unseen = restore_of(None, now=NOON + MINUTE)
    assert (unseen.deployment.stall, unseen.effects[-1]) == (None, Wake(NOON + MINUTE + stalls.BEGIN_WITHIN))
    never = restore_of(None, now=NOON + MINUTE + stalls.BEGIN_WITHIN).deployment.stall
    assert never == Stall(kind=StallKind.NOT_BEGUN, since=NOON + MINUTE, owner="#argo")
    stuck = restore_of(held, now=NOON + 9 * MINUTE)
    assert stuck.deployment.stall is not None
    assert (stuck.deployment.stall.kind, stuck.deployment.stall.step) == (StallKind.CANNOT_BEGIN, "release")
    assert [each.code for each in stuck.milestones] == [MilestoneCode.STALLED]
    done = restore_of(make.pipeline(finished_at=NOON + 9 * MINUTE), now=NOON + 9 * MINUTE, row=stuck.deployment)
    assert (done.deployment.stage, done.deployment.stall) == (Stage.RESTORING, None)


def test_a_pipeline_that_never_appears_is_still_started_again() -> None:
    assert look(None, NOON + 9 * MINUTE).effects == (SubmitPipeline(),)


def test_the_budgets_are_those_of_the_templates() -> None:
    folder = Path(__file__).parents[3] / "workflow-templates"
    for name, row in {
        "slipway-deploy": make.deployment(),
        "slipway-containerfile": make.deployment(parameters=(("containerfile", "Containerfile"),)),
    }.items():
        spec = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))["spec"]
        steps = {each["name"]: each for each in spec["templates"] if "container" in each}
        assert set(steps) == set(stalls.STEP_MINUTES)
        for step_name, template in steps.items():
            attempts = 1 + int(template.get("retryStrategy", {}).get("limit", 0))
            seconds = int(template["activeDeadlineSeconds"]) * attempts
            assert stalls.minutes_of(row, step_name) * 60 == seconds, step_name
