"""The parts that need no server: rate limits, triggers, response URLs, changes, rendering, forms."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from playground.slack import forms
from playground.slack.api import METHODS
from playground.slack.changes import Changes
from playground.slack.model import Channel, Person, SlackError
from playground.slack.ratelimits import LIMITS, RateLimits
from playground.slack.render import plain_text, pressables, rendered
from playground.slack.server import Options
from playground.slack.triggers import ResponseUrls, Triggers
from playground.slack.workspace import Workspace
from tests.playground.slack.rig import actions, button, option, section, text

Obj = dict[str, Any]


class Hands:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_the_defaults_are_slacks_own_three_seconds() -> None:
    assert (Options().ack_seconds, Options().trigger_seconds, Options().rate_limits) == (3.0, 3.0, True)


def test_every_method_has_a_rate_limit() -> None:
    assert set(LIMITS) == set(METHODS)


def test_a_tier_three_method_takes_fifty_at_once_and_then_one_every_1_2_seconds() -> None:
    clock = Hands()
    limits = RateLimits(clock=clock)
    assert [limits.wait_for("chat.update") for _ in range(50)] == [0] * 50
    assert limits.wait_for("chat.update") == 2
    clock.at += 1.2
    assert limits.wait_for("chat.update") == 0
    assert limits.wait_for("chat.update") == 2


def test_posts_to_one_channel_are_limited_and_others_are_free() -> None:
    limits = RateLimits(clock=Hands())
    waits = [limits.wait_for("chat.postMessage", "C1") for _ in range(11)]
    assert waits == [0] * 10 + [1]
    assert limits.wait_for("chat.postMessage", "C2") == 0


def test_methods_do_not_share_a_bucket() -> None:
    limits = RateLimits(clock=Hands())
    for _ in range(51):
        limits.wait_for("chat.update")
    assert limits.wait_for("chat.delete") == 0


def test_speed_refills_faster() -> None:
    clock = Hands()
    limits = RateLimits(speed=60, clock=clock)
    for _ in range(10):
        limits.wait_for("apps.connections.open")
    assert limits.wait_for("apps.connections.open") == 1
    clock.at += 1
    assert limits.wait_for("apps.connections.open") == 0


def test_rate_limits_can_be_switched_off() -> None:
    limits = RateLimits(enforced=False, clock=Hands())
    assert [limits.wait_for("chat.update") for _ in range(200)] == [0] * 200


def test_a_trigger_is_good_for_three_seconds() -> None:
    clock = Hands()
    triggers = Triggers(clock=clock)
    early, late = triggers.issue("U1"), triggers.issue("U1")
    clock.at += 3.0
    assert triggers.exchange(early) == "U1"
    clock.at += 0.1
    with pytest.raises(SlackError, match="expired_trigger_id"):
        triggers.exchange(late)


def test_a_trigger_is_good_for_one_use() -> None:
    triggers = Triggers(clock=Hands())
    trigger = triggers.issue("U1")
    triggers.exchange(trigger)
    with pytest.raises(SlackError, match="exchanged_trigger_id"):
        triggers.exchange(trigger)
    with pytest.raises(SlackError, match="invalid_trigger_id"):
        triggers.exchange("made.up.id")


def test_a_response_url_takes_five_posts() -> None:
    urls = ResponseUrls(clock=Hands())
    key = urls.issue("U1", "C1").rpartition("/")[2]
    assert [urls.use(key).posts for _ in range(5)] == [1, 2, 3, 4, 5]
    with pytest.raises(SlackError, match="used_url"):
        urls.use(key)


def test_a_response_url_is_good_for_thirty_minutes() -> None:
    clock = Hands()
    urls = ResponseUrls(clock=clock)
    key = urls.issue("U1", "C1").rpartition("/")[2]
    clock.at += 1800
    urls.use(key)
    clock.at += 1
    with pytest.raises(SlackError, match="expired_url"):
        urls.use(key)
    with pytest.raises(SlackError, match="invalid_url"):
        urls.use("never-issued")


def test_timestamps_never_repeat_and_always_grow() -> None:
    space = Workspace([Person("U1", "ann")], [Channel("C1", "one")], Changes())
    stamps = [space.next_ts() for _ in range(5000)]
    assert stamps == sorted(set(stamps))
    assert all(len(stamp.partition(".")[2]) == 6 for stamp in stamps)


async def test_a_wait_for_changes_ends_with_the_change() -> None:
    changes = Changes()
    waiting = asyncio.ensure_future(changes.wait(0, 30))
    await asyncio.sleep(0)
    changes.record("message", channel="C1")
    assert await waiting == [{"seq": 1, "kind": "message", "channel": "C1"}]


async def test_a_wait_for_changes_that_were_already_made_returns_at_once() -> None:
    changes = Changes()
    changes.record("message")
    changes.record("edit")
    assert [change["kind"] for change in await changes.wait(1, 30)] == ["edit"]


async def test_a_wait_without_changes_returns_nothing_in_the_end() -> None:
    assert await Changes().wait(0, 0.01) == []


@pytest.mark.parametrize(
    ("mrkdwn", "plain"),
    [
        ("*bold* and _italic_ and ~gone~", "bold and italic and gone"),
        ("_*both*_", "both"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("`code` and ```a\nb```", "code and a\nb"),
        ("<@U1> in <#C1> and <@U9|nine>", "@ann in #one and @U9"),
        ("<https://example.com|here> or <https://example.com>", "here or https://example.com"),
        ("at <!date^1392734382^{time}|14:02>", "at 14:02"),
        ("<!here> and <!subteam^S1|@ops>", "@here and @ops"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
    ],
)
def test_mrkdwn_becomes_plain_text(mrkdwn: str, plain: str) -> None:
    names = {"U1": "ann", "C1": "one"}
    assert plain_text(mrkdwn, lambda some_id: names.get(some_id, some_id)) == plain


def test_all_blocks_become_text_and_the_fallback_text_is_not_shown() -> None:
    blocks = [
        {"type": "header", "text": text("Head", "plain_text")},
        {**section("*Words*"), "fields": [text("one"), text("two")], "accessory": button("Go", "go")},
        {"type": "context", "elements": [text("small"), {"type": "image", "image_url": "x", "alt_text": "logo"}]},
        {"type": "divider"},
        actions(
            button("Yes", "yes"),
            {"type": "overflow", "options": [option("More")]},
            {"type": "static_select", "placeholder": text("Pick", "plain_text"), "options": [option("A")]},
        ),
        {"type": "image", "image_url": "x", "alt_text": "a chart"},
        {"type": "markdown", "text": "plain"},
        {
            "type": "input",
            "label": text("Name", "plain_text"),
            "element": {"type": "static_select", "options": [option("A")], "initial_option": option("A")},
        },
        {"type": "rich_text", "elements": []},
    ]
    shown = rendered("fallback", blocks, str)
    assert shown.split("\n") == [
        "Head",
        "Words",
        "one",
        "two",
        "[Go]",
        "small logo",
        "---",
        "[Yes]  [⋯]  [Pick]",
        "[image: a chart]",
        "plain",
        "Name: [A]",
        "[rich_text]",
    ]
    assert rendered("only *text*", [], str) == "only text"


def test_buttons_overflow_and_select_options_can_be_pressed_and_inputs_cannot() -> None:
    blocks = [
        {**section("x"), "accessory": {"type": "overflow", "options": [option("Details")]}, "block_id": "a"},
        {
            **actions(
                button("Go", "go"),
                {"type": "static_select", "action_id": "s", "options": [option("A")]},
                {"type": "static_select", "option_groups": [{"label": {}, "options": [option("B")]}]},
            ),
            "block_id": "b",
        },
        {"type": "input", "block_id": "c", "element": {"type": "static_select", "options": [option("C")]}},
    ]
    assert [(found.block_id, found.label) for found in pressables(blocks)] == [
        ("a", "Details"),
        ("b", "Go"),
        ("b", "A"),
        ("b", "B"),
    ]


def field(block_id: str, element: Obj, **more: Any) -> Obj:
    labelled = {"label": text(block_id.title(), "plain_text"), "element": {"action_id": "a", **element}}
    return {"type": "input", "block_id": block_id, **labelled, **more}


FORM: Obj = {
    "blocks": [
        field("name", {"type": "plain_text_input", "min_length": 2, "max_length": 5}),
        field("size", {"type": "static_select", "options": [option("Small", "s"), option("Large", "l")]}),
        field("tags", {"type": "checkboxes", "options": [option("x"), option("y")]}, optional=True),
        field("day", {"type": "datepicker", "initial_date": "2026-01-05"}),
        section("words between"),
    ]
}


def filled(**values: Any) -> forms.Filled:
    return forms.fill(FORM, forms.by_block(FORM, values))


def test_a_form_is_filled_by_block_id_or_label_and_keeps_its_initial_values() -> None:
    done = filled(Name="shop", size="Large", tags=["y"])
    assert done.errors == {}
    assert done.values == {
        "name": {"a": {"type": "plain_text_input", "value": "shop"}},
        "size": {"a": {"type": "static_select", "selected_option": option("Large", "l")}},
        "tags": {"a": {"type": "checkboxes", "selected_options": [option("y")]}},
        "day": {"a": {"type": "datepicker", "selected_date": "2026-01-05"}},
    }


def test_a_form_refuses_what_the_client_would_refuse() -> None:
    assert filled().errors == {
        "name": "Please complete this required field.",
        "size": "Please complete this required field.",
    }
    assert filled(name="x", size="s").errors == {"name": "Must be at least 2 characters."}
    assert filled(name="x" * 6, size="s", day="2026-02-01").errors == {"name": "Must be at most 5 characters."}


@pytest.mark.parametrize(
    ("values", "choices"), [({"colour": 1}, ["Name", "Size", "Tags", "Day"]), ({"size": "Huge"}, ["Small", "Large"])]
)
def test_a_value_that_fits_nothing_names_what_would(values: Obj, choices: list[str]) -> None:
    with pytest.raises(forms.NoSuchChoiceError) as caught:
        filled(**values)
    assert caught.value.choices == choices
