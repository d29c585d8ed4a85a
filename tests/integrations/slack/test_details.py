"""The lines of what a card's dots lead to, one by one; whole answers are among the gallery's pictures."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.core.card import draw
from commands.core.model import Act, Action, ActState, Stage, Stall, StallKind
from commands.core.observed import PipelinePhase, StepPhase, Strategy
from commands.core.reading import Details, Link, LinkKind
from commands.core.reasons import Fact, Notice, ReasonCode
from integrations.slack import details, notices
from integrations.slack.card import render
from integrations.slack.gallery.looks import FAILED, NOW, PAST, WAITING
from integrations.slack.gallery.states import building, ended
from tests.integrations.slack.hostile import HOSTILE, assert_harmless
from tests.integrations.slack.limits import assert_fits
from tests.make import BOB, NOON, pipeline, restore, step


def said(shown: Details) -> str:
    return "\n".join(details.paragraphs(shown, home=""))


def act(action: Action, label: str, *, state: ActState = ActState.APPLIED) -> Act:
    at = NOON + timedelta(minutes=1)
    return Act(id="a", deployment="d142", action=action, gate="0" * 12, by=BOB, at=at, label=label, state=state)


@pytest.mark.parametrize(
    ("deed", "line"),
    [
        (act(Action.PROMOTE, "50"), "advanced (50 %) by <@U0BOB>"),
        (act(Action.FULL, "100"), "taken to 100 % by <@U0BOB>"),
        (act(Action.ABORT, "v1.1"), "aborted (v1.1) by <@U0BOB>"),
        (act(Action.PAUSE, "", state=ActState.REQUESTED), "held by <@U0BOB> · under way"),
    ],
)
def test_a_deed_says_what_it_led_to_and_who_did_it(deed: Act, line: str) -> None:
    (found,) = [each for each in said(Details(deployment=WAITING, acts=(deed,))).splitlines() if "<@U0BOB>" in each]
    assert found.endswith(f"> {line}")


def test_what_happened_is_told_in_its_order_and_the_oldest_of_much_is_counted() -> None:
    acts = tuple(replace(act(Action.PAUSE, ""), at=NOON + timedelta(minutes=n)) for n in range(30))
    lines = said(Details(deployment=replace(WAITING, outside=()), acts=acts)).splitlines()
    at = lines.index("*Who did what*")
    assert lines[at + 1] == "20 earlier things"
    assert sum("held by" in line for line in lines) == 10


def test_what_stands_still_is_said_as_on_the_card() -> None:
    stall = Stall(kind=StallKind.TOO_LONG, since=NOON, step="build-image", owner="@platform")
    row = building(stall=stall)
    on_card = [
        line for block in render(draw(row, ())).blocks for line in block.get("text", {}).get("text", "").splitlines()
    ]
    (line,) = [each for each in on_card if each.startswith("⏳ No progress at")]
    assert line in said(Details(deployment=row)).splitlines()
    assert "No progress" not in said(Details(deployment=replace(row, stage=Stage.CANCELLED)))


def test_steps_tell_when_they_began_and_how_long_they_took() -> None:
    steps = (
        step("fetch-artifact"),
        step("build-image", StepPhase.SKIPPED),
        step("fetch-chart", StepPhase.RUNNING, finished_at=None),
        step("release", StepPhase.PENDING),
    )
    row = building(pipeline=pipeline(phase=PipelinePhase.RUNNING, steps=steps, finished_at=None))
    (line,) = [each for each in said(Details(deployment=row)).splitlines() if each.startswith("*Pipeline*")]
    first, skipped, running, waiting = line.removeprefix("*Pipeline* ").split(" · ")
    assert first.startswith("✓ Artifact <!date")
    assert first.endswith("(2 s)")
    assert skipped.endswith("Image skipped")
    assert running.startswith("◐ Chart since <!date")
    assert waiting == "○ Release"


def test_a_long_pipeline_keeps_its_end() -> None:
    row = building(pipeline=pipeline(steps=tuple(step(f"step-{n}") for n in range(40))))
    assert "30 earlier steps · " in said(Details(deployment=row))
    assert "step-39" in said(Details(deployment=row))


def test_before_its_workflow_is_seen_there_is_no_pipeline_to_tell_of() -> None:
    assert "*Pipeline*" not in said(Details(deployment=building(pipeline=None)))


def test_a_restore_that_failed_is_told_as_on_the_card() -> None:
    failure = FAILED.failure
    assert failure is not None
    why = replace(failure, message="no room for it", cause="chart-values")
    row = ended(Stage.ABORTED, Strategy.CANARY, restore=restore(failure=why))
    told = said(Details(deployment=row))
    assert "no room for it" in told
    assert "/deploy shop v1.1 to production" in told, "to mend it is to deploy what ran before"


def test_what_runs_there_now_is_said_of_the_past() -> None:
    assert "*Now* 🟢 *production* · `v1.3`" in said(Details(deployment=PAST, now=NOW))


@pytest.mark.parametrize("outside", HOSTILE)
def test_outside_text_stays_text_wherever_it_is_shown(outside: str) -> None:
    row = replace(WAITING, reason=outside, workflow=outside, version=outside, app=outside)
    facts: dict[str, Fact] = {
        "app": outside,
        "version": outside,
        "environment": outside,
        "deployment": 1,
        "step": "",
        "is_kept": "",
    }
    link = Link(kind=LinkKind.WORKFLOW, address="https://argo.example.com/x", name=outside)
    for notice in (
        Notice(
            code=ReasonCode.DETAILS, facts=facts, details=Details(deployment=row, acts=(act(Action.ABORT, outside),))
        ),
        Notice(code=ReasonCode.LINKS, facts=facts, links=(link, replace(link, address=outside))),
        Notice(code=ReasonCode.COMMAND, facts=facts, commands=(outside, outside)),
        Notice(code=ReasonCode.LOG, facts=facts, log=(outside,) * 300),
    ):
        message = notices.render(notice)
        assert_fits(message)
        assert_harmless(message)
