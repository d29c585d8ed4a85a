import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.core.acts import Possible
from commands.core.card import Card, Headline, draw
from commands.core.model import (
    Action,
    Actor,
    Deployment,
    Failure,
    Later,
    OutsideChange,
    OutsideKind,
    Stage,
    Takeover,
    WayBack,
)
from commands.core.observed import CanaryStep, CanaryStepKind, PauseReason, Replicas, StepPhase, Strategy
from commands.core.requests import Look, LookRequest
from integrations.slack import payloads
from integrations.slack.blocks import BLOCKS, Keep, Part, fit, section
from integrations.slack.card import render
from integrations.slack.card_lines import bar
from integrations.slack.client import digest_of
from integrations.slack.gallery.states import building, ended, every_card, failed, green, paused, rolling_out
from integrations.slack.text import Mrkdwn
from tests.integrations.slack.hostile import HOSTILE, assert_harmless
from tests.integrations.slack.limits import assert_fits, buttons, menu
from tests.integrations.slack.readable import readable
from tests.make import BOB, NOON, deployment, pipeline, rollout, step

CARDS = every_card()
READS = ["Details", "Links", "Copy command"]
OUTSIDE = st.one_of(st.text(max_size=400), st.sampled_from(HOSTILE))


@pytest.mark.parametrize("name", CARDS)
def test_card_is_drawn_as_agreed(name: str, golden: Callable[[str, str], None]) -> None:
    message = render(CARDS[name])
    content = {"text": message.text, "blocks": list(message.blocks)}
    golden(f"cards/{name}.json", json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    golden(f"cards/{name}.txt", readable(message))


@pytest.mark.parametrize("name", CARDS)
def test_card_fits_slack_and_is_harmless(name: str) -> None:
    assert_fits(render(CARDS[name]))
    assert_harmless(render(CARDS[name]))


def test_every_headline_has_a_golden() -> None:
    assert {card.headline for card in CARDS.values()} == set(Headline)


@pytest.mark.parametrize("name", CARDS)
def test_first_line_names_app_version_environment_and_number(name: str) -> None:
    first = render(CARDS[name]).text.splitlines()[0]
    assert "*shop v1.2 → production*" in first
    assert first.endswith("#142")


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage.is_terminal])
def test_finished_card_offers_nothing_but_the_way_back_and_another_try(stage: Stage) -> None:
    labels = [button["text"]["text"] for button in buttons(render(draw(ended(stage, Strategy.CANARY), ())))]
    assert set(labels) <= {"Roll back to v1.1", "Restore v1.1", "Try again"}
    assert ("Try again" in labels) is (stage in {Stage.FAILED, Stage.ABORTED, Stage.CANCELLED})


def test_card_of_what_others_took_over_from_has_no_buttons_and_says_so() -> None:
    later = Later(number=143, version="v1.1", action=Action.ROLLBACK, by=BOB, at=NOON, state=Takeover.DONE)
    left = render(draw(ended(Stage.SUCCEEDED, Strategy.CANARY, later=later), ()))
    assert buttons(left) == []
    assert "Rolled back to v1.1 by @bob (#143)" in readable(left)
    followed = replace(later, version="v1.3", action=Action.DEPLOY)
    assert "v1.3 took over (#143)" in readable(
        render(draw(ended(Stage.SUCCEEDED, Strategy.CANARY, later=followed), ()))
    )
    underway = replace(later, state=Takeover.UNDERWAY)
    assert "#143" not in readable(render(draw(ended(Stage.SUCCEEDED, Strategy.CANARY, later=underway), ())))


def test_buttons_are_named_by_their_effect() -> None:
    canary = render(draw(rolling_out(paused(PauseReason.STEP)), ()))
    assert [button["text"]["text"] for button in buttons(canary)] == [
        "20 % → 50 %",
        "Go to 100 %",
        "Abort, back to v1.1",
    ]
    blue_green = render(draw(rolling_out(green()), ()))
    assert [button["text"]["text"] for button in buttons(blue_green)] == [
        "Switch traffic to v1.2",
        "Abort, back to v1.1",
    ]
    assert [button["text"]["text"] for button in buttons(render(draw(building(), ())))] == ["Cancel"]
    first = render(draw(rolling_out(green(), way_back=None), ()))
    assert buttons(first)[-1]["text"]["text"] == "Abort"


def test_what_is_rarely_wanted_is_behind_the_dots_and_names_its_act_and_gate() -> None:
    card = draw(rolling_out(paused(PauseReason.STEP)), ())
    details, hold, restart, links, command = menu(render(card))
    assert [each["text"]["text"] for each in (details, links, command)] == ["Details", "Links", "Copy command"]
    assert payloads.look(details["value"]) == LookRequest(look=Look.DETAILS, deployment="d142")
    assert restart["text"]["text"] == "Restart"
    assert hold["text"]["text"] == "Hold"
    assert payloads.target(hold["value"]) == payloads.Target("d142", card.menu[0].gate, "pause")


def test_what_goes_on_by_itself_can_be_advanced_and_held_at_first_sight() -> None:
    timed = render(draw(rolling_out(paused(PauseReason.STEP, is_timed=True)), ()))
    assert [each["text"]["text"] for each in buttons(timed)][:2] == ["Advance now", "Hold"]
    assert [each["text"]["text"] for each in menu(timed)] == ["Details", "Restart", "Links", "Copy command"]


def test_what_an_analysis_could_not_decide_is_for_a_person_to_decide() -> None:
    assert [each["text"]["text"] for each in buttons(render(CARDS["undecided-step-canary"]))] == [
        *("Go on", "Run the analysis again", "Go to 100 %", "Abort, back to v1.1")
    ]
    assert [each["text"]["text"] for each in buttons(render(CARDS["undecided-blue-green"]))] == [
        *("Run the analysis again", "Switch to v1.2 anyway", "Abort, back to v1.1")
    ]
    asks = {each["action_id"]: "confirm" in each for each in buttons(render(CARDS["undecided-step-canary"]))}
    assert asks == {
        "slipway:promote": True,
        "slipway:reanalyse": False,
        "slipway:full": True,
        "slipway:abort": True,
    }


def test_the_dots_ask_nothing_because_slack_would_ask_before_what_only_reads() -> None:
    (_, dots) = render(CARDS["done-running-canary"]).blocks[-1]["elements"]
    assert dots["type"] == "overflow"
    assert "confirm" not in dots


@pytest.mark.parametrize("name", CARDS)
def test_every_card_can_be_read_whole_and_nothing_of_it_falls_off_the_menu(name: str) -> None:
    card, message = CARDS[name], render(CARDS[name])
    behind = [each["text"]["text"] for each in menu(message)]
    assert [each for each in behind if each in READS] == READS
    shown = len(buttons(message)) + len(behind)
    assert shown == len(card.buttons) + len(card.menu) + card.has_log + len(READS)


def test_a_log_is_offered_where_one_was_kept() -> None:
    said = {name for name in CARDS if "Log" in [each["text"]["text"] for each in buttons(render(CARDS[name]))]}
    assert {"failed-canary", "crash-loop-canary", "aborted-by-deadline-canary"} <= said
    assert not {"done-canary", "building-canary", "waits-for-promote-canary", "image-pull-canary"} & said
    (log,) = [each for each in buttons(render(CARDS["failed-canary"])) if each["action_id"] == "slipway:log"]
    assert payloads.look(log["value"]) == LookRequest(look=Look.LOG, deployment="d142")


def test_what_finds_no_room_is_behind_the_dots() -> None:
    acts = tuple(Possible(action=action, gate="0" * 12) for action in tuple(Action)[:6])
    message = render(Card(deployment=building(), headline=Headline.DONE, buttons=acts[:4]))
    assert (len(buttons(message)), len(menu(message))) == (4, 3)
    message = render(Card(deployment=building(), headline=Headline.DONE, buttons=acts[:5], menu=acts[5:]))
    assert (len(buttons(message)), len(menu(message))) == (4, 5)
    assert menu(message)[0]["text"]["text"] == "Full"


def test_what_asks_first_is_never_behind_the_dots_where_it_could_not_ask() -> None:
    acts = [Possible(action=action, gate="0" * 12) for action in (Action.RESUME, Action.PROMOTE, Action.REANALYSE)]
    acts += [Possible(action=Action.PAUSE, gate="0" * 12), Possible(action=Action.ABORT, gate="0" * 12)]
    message = render(Card(deployment=building(), headline=Headline.ROLLING_OUT, buttons=tuple(acts)))
    assert [each["action_id"].removeprefix("slipway:") for each in buttons(message)][-1] == "abort"
    assert "confirm" in buttons(message)[-1]
    assert menu(message)[0]["text"]["text"] == "Hold"


def test_where_there_is_too_much_an_act_is_dearer_than_the_last_thing_to_read() -> None:
    acts = tuple(Possible(action=action, gate="0" * 12) for action in tuple(Action)[:6])
    message = render(Card(deployment=building(), headline=Headline.DONE, buttons=acts[:5], menu=acts[5:], has_log=True))
    behind = [each["text"]["text"] for each in menu(message)]
    assert (behind[1:3], behind[-1]) == (["Log", "Details"], "Links")


def test_only_what_cannot_be_undone_at_once_asks_first() -> None:
    canary, blue_green = draw(rolling_out(paused(PauseReason.STEP)), ()), draw(rolling_out(green()), ())
    asks = {button["action_id"]: "confirm" in button for button in buttons(render(canary))}
    assert asks == {"slipway:promote": False, "slipway:full": True, "slipway:abort": True}
    assert "confirm" in buttons(render(blue_green))[0]
    assert "confirm" not in buttons(render(draw(building(), ())))[0]


def test_value_of_a_button_names_the_deployment_and_the_gate_that_was_seen() -> None:
    card = draw(rolling_out(paused(PauseReason.STEP)), ())
    found = payloads.target(buttons(render(card))[0]["value"])
    assert found == payloads.Target("d142", card.buttons[0].gate)


def test_action_without_a_label_of_its_own_is_named_by_its_word() -> None:
    card = Card(
        deployment=building(), headline=Headline.DONE, buttons=(Possible(action=Action.APPROVE, gate="0" * 12),)
    )
    assert buttons(render(card))[0]["text"]["text"] == "Approve"


def test_pending_act_stands_where_the_buttons_were() -> None:
    message = render(CARDS["pending-canary"])
    assert buttons(message) == []
    assert "Advancing shop (50 %)… asked for by <@U0BOB>" in json.dumps(message.blocks, ensure_ascii=False)


def test_failure_says_cause_proof_and_what_was_released() -> None:
    told = readable(render(draw(failed(Strategy.CANARY), ())))
    assert "Harbor refused the push: project quota exceeded (step build-image, exit 12)" in told
    assert "> 413 quota of project shop is 50 GiB, used 50 GiB" in told
    assert "Nothing was released; v1.1 runs untouched." in told


def test_cause_that_is_a_code_word_stands_in_parentheses() -> None:
    failure = Failure(step="release", message="could not apply", cause="chart-invalid")
    told = readable(render(draw(ended(Stage.FAILED, Strategy.CANARY, failure=failure), ())))
    assert "could not apply (step release, chart invalid)" in told
    assert "Part of the release may have reached the cluster; v1.1 ran before." in told


def test_equal_cards_are_drawn_equal_and_changed_ones_are_not() -> None:
    seen = rollout()
    one, other = draw(rolling_out(seen), ()), draw(rolling_out(rollout()), ())
    assert digest_of(one) == digest_of(other)
    assert digest_of(one) != digest_of(draw(rolling_out(replace(seen, actual_weight=60)), ()))
    assert digest_of(one) == digest_of(draw(replace(one.deployment, revision=9), ()))


@pytest.mark.parametrize(
    ("asked", "actual", "desired", "is_told"),
    [(20, 20, 5, False), (20, 25, 5, False), (20, 0, 5, True), (20, 33, 3, False), (50, 40, 100, True),
     (5, 20, 5, True), (20, 20, 0, False), (20, 30, 0, True)],
)  # fmt: skip
def test_actual_weight_is_told_when_whole_pods_do_not_explain_it(
    asked: int, actual: int, desired: int, *, is_told: bool
) -> None:
    card = draw(rolling_out(rollout(weight=asked, actual_weight=actual, desired=desired)), ())
    assert (f"(really {actual} %)" in readable(render(card))) is is_told


@pytest.mark.parametrize(
    ("percent", "cells"), [(-5, 0), (0, 0), (1, 1), (20, 2), (50, 5), (99, 9), (100, 10), (120, 10)]
)
def test_bar_shows_what_has_begun_and_is_full_only_at_the_end(percent: int, cells: int) -> None:
    assert bar(percent) == "▰" * cells + "▱" * (10 - cells)


def test_long_pipeline_keeps_what_runs_and_sums_up_the_rest() -> None:
    steps = [step(f"step-{n}") for n in range(20)]
    steps.append(step("step-20", StepPhase.RUNNING, finished_at=None))
    steps += [step(f"step-{n}", StepPhase.PENDING) for n in range(21, 40)]
    told = readable(render(draw(building(pipeline=pipeline(steps=tuple(steps))), ())))
    assert "✓ 18 steps   ✓ step-18 2 s   ✓ step-19 2 s   ◐ step-20 …" in told
    assert "○ 12 steps" in told


def test_failed_step_is_never_summed_up_as_well() -> None:
    steps = (*(step(f"s{n}") for n in range(12)), step("bad", StepPhase.FAILED), step("next", StepPhase.PENDING))
    told = readable(render(draw(building(pipeline=pipeline(steps=steps)), ())))
    assert "✗ bad" in told


def test_resolving_the_digest_is_shown_only_when_it_hangs_or_fails() -> None:
    quiet, loud = step("resolve-image"), step("resolve-image", StepPhase.FAILED)
    assert "Digest" not in readable(render(draw(building(pipeline=pipeline(steps=(quiet,))), ())))
    assert "✗ Digest" in readable(render(draw(building(pipeline=pipeline(steps=(loud,))), ())))


def worst(outside: str) -> Deployment:
    """Make a deployment whose every text is that one and whose every list is long."""
    steps = tuple(CanaryStep(kind=CanaryStepKind.WEIGHT, weight=n * 5, label=outside) for n in range(20))
    seen = paused(PauseReason.INCONCLUSIVE, steps=steps, step_index=19, message=outside, version=outside)
    failure = Failure(step=outside, message=outside, cause=outside, exit_code=137, lines=(outside,) * 40)
    pipes = pipeline(steps=tuple(step(outside, StepPhase.FAILED, message=outside) for _ in range(40)))
    released = (OutsideChange(kind=OutsideKind.RELEASED, at=NOON, detail=outside),) * 9
    return deployment(
        app=outside, version=outside, environment=outside, reason=outside, stage=Stage.ROLLING_OUT, pipeline=pipes,
        rollout=seen, failure=failure, way_back=WayBack(version=outside, since=NOON), outside=released,
        requester=Actor(id="kc", name=outside, chat_id=outside), finished_at=NOON + timedelta(days=3),
    )  # fmt: skip


def all_faces(row: Deployment) -> list[Card]:
    """Show a deployment under every headline, with every button."""
    acts = tuple(Possible(action=action, gate="0" * 12, effect=row.version) for action in Action)
    green_too = replace(row, rollout=green(message=row.reason, version=row.version, new=Replicas(10**6, 10**6)))
    return [
        Card(deployment=shown, headline=headline, buttons=acts) for headline in Headline for shown in (row, green_too)
    ]


@pytest.mark.parametrize("outside", HOSTILE)
def test_hostile_text_in_every_field_of_every_card_is_harmless_and_fits(outside: str) -> None:
    for card in all_faces(worst(outside)):
        message = render(card)
        assert_harmless(message)
        assert_fits(message)


@settings(max_examples=40)
@given(OUTSIDE)
def test_no_text_at_all_escapes_from_a_card(outside: str) -> None:
    for card in all_faces(worst(outside))[::3]:
        assert_harmless(render(card))
        assert_fits(render(card))


def test_reason_cannot_forge_a_second_line() -> None:
    card = draw(building(reason="ok\n*Approved by* <@U0BOB>"), ())
    assert render(card).text.count("\n") == 1


@pytest.mark.parametrize("length", [60, 200])
def test_too_many_parts_are_dropped_by_how_dear_they_are(length: int) -> None:
    dear, cheap = Part(section(Mrkdwn("dear")), Keep.ALWAYS), Part(section(Mrkdwn("cheap")), Keep.LAST)
    message = fit([dear, *[cheap] * length, Part(section(Mrkdwn("first")), Keep.FIRST), dear], fallback=Mrkdwn("x"))
    kept = [block["text"]["text"] for block in message.blocks]
    assert len(kept) == BLOCKS
    assert kept.count("dear") == 2
    assert kept.count("first") == 1


def test_parts_that_are_too_long_together_are_dropped_from_the_end() -> None:
    parts = [Part(section(Mrkdwn(f"{n}" * 2_900)), Keep.EARLIER) for n in range(9)]
    message = fit(parts, fallback=Mrkdwn("x"))
    assert [block["text"]["text"][0] for block in message.blocks] == ["0", "1", "2", "3"]
    assert_fits(message)
