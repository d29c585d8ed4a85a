import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.model import ChatUser
from commands.core.requests import Look, LookRequest
from integrations.slack import payloads
from integrations.slack.payloads import Click, Invocation, Submission, Target
from tests.integrations.slack.hostile import HOSTILE
from tests.integrations.slack.server import click_payload, command_payload, view_payload

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def test_slash_command_is_read() -> None:
    assert payloads.invocation(command_payload()) == Invocation(
        key="command:1.2.abcdef",
        user=ChatUser(id="U0ALICE", team="T0SLIPWAY"),
        channel="C0DEPLOYS",
        command="/deploy",
        text="shop v1.2 canary",
        trigger="1.2.abcdef",
    )


def test_team_of_a_command_is_the_persons_own_where_it_is_given() -> None:
    read = payloads.invocation(command_payload(user_team_id="T0OTHER"))
    assert read is not None
    assert read.user.team == "T0OTHER"


def test_click_is_read() -> None:
    assert payloads.click(click_payload()) == Click(
        key="click:3.4.abcdef",
        user=ChatUser(id="U0BOB", team="T0SLIPWAY"),
        channel="C0DEPLOYS",
        ts="1700000000.000100",
        action="slipway:promote",
        value="d142:0123456789ab",
        trigger="3.4.abcdef",
        is_ephemeral=False,
    )


@pytest.mark.parametrize("look", Look)
def test_what_only_reads_names_what_is_wanted_and_of_which_deployment(look: Look) -> None:
    assert payloads.look(f"{look}:d142") == LookRequest(look=look, deployment="d142")
    for value in (
        f"{look}",
        f"{look}:",
        f"{look}:d142\n",
        f"{look}:d142:0123456789ab",
        f"x{look}:d142",
        "d142:details",
    ):
        assert payloads.look(value) is None


def test_choice_behind_the_dots_is_read_as_a_click() -> None:
    (action,) = click_payload()["actions"]
    option = {"text": action.pop("text"), "value": "pause:d142:0123456789ab"}
    action |= {"type": "overflow", "action_id": "slipway:menu", "selected_option": option}
    action.pop("value")
    read = payloads.click(click_payload(actions=[action]))
    assert read is not None
    assert (read.action, read.value) == ("slipway:menu", "pause:d142:0123456789ab")
    assert payloads.target(read.value) == Target("d142", "0123456789ab", "pause")
    action.pop("selected_option")
    assert payloads.click(click_payload(actions=[action])) is None


def test_click_from_a_shared_channel_carries_the_persons_own_team() -> None:
    user = {"id": "U0BOB", "team_id": "T0STRANGER"}
    read = payloads.click(click_payload(user=user, team={"id": "T0SLIPWAY"}))
    assert read is not None
    assert read.user.team == "T0STRANGER"


def test_click_whose_person_has_no_team_is_refused() -> None:
    assert payloads.click(click_payload(user={"id": "U0BOB"})) is None


def test_click_without_a_trigger_has_a_key_of_message_button_person_and_moment() -> None:
    read = payloads.click(click_payload(trigger_id=None))
    assert read is not None
    assert read.key == "click:1700000000.000100:slipway:promote:U0BOB:1700000001.000200"


def test_click_on_an_ephemeral_is_told_apart() -> None:
    container = {"message_ts": "1.2", "channel_id": "D0ALICE", "is_ephemeral": True}
    read = payloads.click(click_payload(container=container))
    assert read is not None
    assert read.is_ephemeral


def test_form_is_read() -> None:
    assert payloads.submission(view_payload()) == Submission(
        key="view:V0FORM:1700000000.abc",
        user=ChatUser(id="U0ALICE", team="T0SLIPWAY"),
        callback="slipway:deploy",
        metadata="C0DEPLOYS",
        values=(("app", "shop"), ("reason", "")),
    )


@pytest.mark.parametrize("value", [7, "x" * 4000, ["a"]])
def test_form_with_an_impossible_value_is_refused(value: object) -> None:
    body = view_payload()
    body["view"]["state"]["values"]["b2"]["reason"]["value"] = value
    assert payloads.submission(body) is None


@pytest.mark.parametrize("mark", ["bot_id", "bot_profile", "subtype"])
def test_what_another_program_says_is_dropped(mark: str) -> None:
    assert payloads.invocation(command_payload(**{mark: "B0OTHER"})) is None
    assert payloads.click(click_payload(**{mark: "B0OTHER"})) is None
    assert payloads.submission(view_payload(**{mark: "B0OTHER"})) is None


@pytest.mark.parametrize("user", ["USLACKBOT", "B0SLIPWAY", "", None, 7, "alice", "U0ALICE\n", "u0alice"])
def test_only_people_speak(user: object) -> None:
    assert payloads.invocation(command_payload(user_id=user)) is None
    assert payloads.click(click_payload(user={"id": user, "team_id": "T0SLIPWAY"})) is None


def test_bot_user_that_clicks_is_dropped() -> None:
    assert payloads.click(click_payload(user={"id": "U0BOT", "team_id": "T0SLIPWAY", "is_bot": True})) is None


@pytest.mark.parametrize("missing", ["user_id", "team_id", "channel_id", "command", "trigger_id"])
def test_command_without_a_field_is_refused(missing: str) -> None:
    body = command_payload()
    del body[missing]
    assert payloads.invocation(body) is None


@pytest.mark.parametrize("missing", ["user", "container", "actions"])
def test_click_without_a_field_is_refused(missing: str) -> None:
    body = click_payload()
    del body[missing]
    assert payloads.click(body) is None


@pytest.mark.parametrize("actions", [[], [{}, {}], [7], "x", [{"action_id": "a b"}], [{"action_id": "a"}]])
def test_click_must_be_one_button(actions: object) -> None:
    assert payloads.click(click_payload(actions=actions)) is None


def test_command_may_have_no_words_and_may_not_have_a_book() -> None:
    read = payloads.invocation(command_payload(text=""))
    assert read is not None
    assert read.text == ""
    assert payloads.invocation(command_payload(text="x" * 12_001)) is None


@pytest.mark.parametrize("value", ["d142:0123456789ab", "0b0c9f8e7d6c4a5b9e8f:abcdefabcdef"])
def test_value_of_a_cards_button_is_read(value: str) -> None:
    deployment, _, gate = value.partition(":")
    assert payloads.target(value) == Target(deployment, gate)


@pytest.mark.parametrize(
    "value",
    ["", "d142", "d142:", "d142:0123456789aB", "d142:0123456789a", "d142:0123456789abc", "d1 42:0123456789ab",
     "d142:0123456789ab\n", ":0123456789ab", "d142:0123456789ab:x", "../x:0123456789ab", *HOSTILE],
)  # fmt: skip
def test_value_that_is_not_exactly_ours_is_refused(value: str) -> None:
    assert payloads.target(value) is None


@given(JSON)
def test_no_body_at_all_makes_a_reader_fail(body: Any) -> None:
    for reader in (payloads.invocation, payloads.click, payloads.submission):
        assert reader(body) is None


@given(st.sampled_from(["user", "container", "actions", "trigger_id", "team"]), JSON)
def test_no_field_at_all_makes_a_reader_fail(name: str, value: Any) -> None:
    payloads.click(click_payload(**{name: value}))
    payloads.submission(view_payload(**{name: value, "view": {"id": "V1", "hash": "h", "state": value}}))


def test_refusal_is_logged_on_one_line_without_the_payload(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    payloads.invocation(command_payload(user_id="U0ALICE\n CRITICAL forged", text="secret-text"))
    payloads.submission(view_payload(view={"id": "V1\x1b[31m"}))
    assert [record.getMessage() for record in caplog.records] == [
        "a slash command from Slack was dropped: its field user_id is not as documented",
        "a form from Slack was dropped: its field id is not as documented",
    ]
