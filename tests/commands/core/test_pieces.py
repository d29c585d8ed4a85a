"""The small pure pieces: causes of failures, grants, durations, labels of milestones."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core import plan, progress
from commands.core.catalog import Catalog, Grant
from commands.core.decisive import SHOWN_LINES
from commands.core.failure import explain
from commands.core.model import Act, Action, Stage
from commands.core.observed import StepPhase, StepSnapshot, Strategy
from commands.core.policy import Allowed, Cleared, Denied, DeployFacts, decide, permits
from commands.core.ports import Available
from commands.core.reasons import MilestoneCode, ReasonCode
from tests import make
from tests.commands.desk import Desk
from tests.make import BOB, NOON

FAILED = make.step("build-image", StepPhase.FAILED, message="main: Error (exit code 12)", exit_code=12)


@pytest.mark.parametrize(
    ("log", "message", "cause"),
    [
        ((), "main: Error (exit code 12)", ""),
        (("plain",), "main: Error (exit code 12)", ""),
        (('{"cause": "quota", "evidence": "full"}', "later"), "full", "quota"),
        (("{not json", '["a list"]'), "main: Error (exit code 12)", ""),
        (('{"evidence": "old"}', "{broken"), "old", ""),
        (('{"evidence": "old"}', "{}"), "main: Error (exit code 12)", ""),
    ],
)
def test_a_failed_step_speaks_for_itself_where_it_can(log: tuple[str, ...], message: str, cause: str) -> None:
    failure = explain(FAILED, message="", log=log)
    assert (failure.message, failure.cause, failure.exit_code) == (message, cause, 12)


def test_only_the_last_lines_are_shown_and_none_of_the_machines_own() -> None:
    log = (*(f"line {i}" for i in range(30)), '{"evidence": "x"}')
    assert explain(FAILED, message="", log=log).lines == tuple(f"line {i}" for i in range(30 - SHOWN_LINES, 30))


def test_a_pipeline_without_a_failed_step_says_what_it_can() -> None:
    assert explain(None, message="", log=()).message == "The workflow failed without naming a step."


def test_a_step_knows_how_long_it_took() -> None:
    assert FAILED.duration == timedelta(seconds=2)
    assert StepSnapshot(name="x", phase=StepPhase.PENDING).duration is None
    assert make.pipeline(steps=(FAILED,)).step("nothing") is None
    assert make.pipeline(steps=(FAILED,)).failed_step == FAILED


roles = st.frozensets(st.sampled_from(["deployer", "approver", "admin", "other"]))
words = st.frozensets(st.sampled_from([*(action.value for action in Action), "*"]))
places = st.frozensets(st.sampled_from(["staging", "production", "*"]))
grants = st.lists(st.builds(Grant, role=st.sampled_from(["deployer", "approver"]), may=words, environments=places))


@given(roles, grants, st.sampled_from(Action), st.sampled_from(["staging", "production"]))
def test_nobody_may_anything_without_a_role_that_a_grant_names(
    held: frozenset[str], given_grants: list[Grant], action: Action, environment: str
) -> None:
    base = Desk().catalog
    catalog = Catalog(
        clusters=base.clusters, environments=base.environments, apps=base.apps, grants=tuple(given_grants)
    )
    verdict = permits(catalog, make.person(roles=held), action=action, app="shop", environment=environment)
    names = {grant.role for grant in given_grants}
    if not held & names:
        assert isinstance(verdict, Denied)
    if isinstance(verdict, Allowed):
        smaller = permits(catalog, make.person(roles=frozenset()), action=action, app="shop", environment=environment)
        assert isinstance(smaller, Denied)


def facts(**changes: object) -> DeployFacts:
    desk = Desk()
    known: dict[str, object] = {
        "person": make.person(),
        "app": desk.catalog.apps["shop"],
        "environment": desk.catalog.environments["staging"],
        "version": "v1.2",
        "strategy": desk.catalog.apps["shop"].strategy,
        "is_named": False,
        "is_confirmed": False,
        "command": "/deploy shop v1.2",
        "way_back": None,
    }
    return DeployFacts(**{**known, **changes})  # type: ignore[arg-type]  # tests name fields of DeployFacts


def test_the_policy_asks_for_the_role_before_anything_else() -> None:
    catalog = Desk().catalog
    assert isinstance(decide(catalog, facts()), Cleared)
    denied = decide(catalog, facts(person=make.person(roles=frozenset()), strategy=None))
    assert isinstance(denied, Denied)
    assert denied.notice.code is ReasonCode.ROLE_MISSING


@pytest.mark.parametrize("wanted", ["1.9", "latest"])
def test_a_version_that_does_not_exist_is_not_made_up(wanted: str) -> None:
    assert plan.resolve(wanted, []) is None


def test_latest_never_brings_in_a_name_that_nobody_could_type() -> None:
    published = [Available(version=name) for name in ("9.0,image.repository=evil", "$(id)", "v1.2")]
    assert plan.resolve("latest", published) == "v1.2"


def test_where_nothing_ran_there_is_no_way_back() -> None:
    assert plan.way_back(None, ()) is None
    assert plan.way_back(make.healthy(version=""), ()) is None


def test_after_an_abort_the_way_back_is_still_what_it_was() -> None:
    aborted = make.deployment(stage=Stage.ABORTED)
    before = make.deployment(stage=Stage.SUCCEEDED, version="v1.0")
    found = plan.way_back(make.rollout(is_aborted=True), (aborted, before), (before, make.earlier()))
    assert aborted.way_back is not None
    assert found == replace(aborted.way_back, strategy=Strategy.CANARY)


def test_an_abort_is_not_said_when_it_is_asked_for() -> None:
    act = Act(id="a", deployment="d", action=Action.ABORT, gate="g", by=BOB, at=NOON)
    assert progress.acted(act, make.deployment()) is None


def test_an_end_that_took_no_time_counts_as_a_second() -> None:
    said = progress.outcome(make.deployment(stage=Stage.SUCCEEDED), by=None)
    assert (said.code, said.facts) == (MilestoneCode.DONE, {"seconds": 1})
