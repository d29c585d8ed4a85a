import asyncio
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners import Listeners, connect
from commands.core.acts import gate_of
from commands.core.errors import Permanent, Temporary
from commands.core.model import Action, ActState, Content, Deployment, Stage
from commands.core.reasons import ReasonCode
from commands.core.requests import Look
from integrations.slack.card_buttons import buttons
from integrations.slack.connection import SlackSettings
from integrations.slack.form import CALLBACK
from integrations.slack.notices import render
from integrations.slack.socket import bolt_app
from tests import make
from tests.bot import loops
from tests.bot.loops import now, settle
from tests.bot.office import CHANNEL, HINT, Office
from tests.bot.test_dispatch import Stuck
from tests.commands.desk import Desk
from tests.integrations.slack.server import click_payload, command_payload, view_payload

Obj = dict[str, Any]


class Floor:
    """The real Bolt app over an office: what Slack sends goes in, what people are told comes out."""

    def __init__(self, office: Office | None = None) -> None:
        self.office = office or Office()
        settings = SlackSettings(bot_token="xoxb-demo", app_token="xapp-demo", team="T0SLIPWAY")
        self.app: AsyncApp = bolt_app(AsyncWebClient(token="xoxb-demo"), settings)
        connect(self.app, Listeners(dispatch=self.office.dispatch, chat=self.office.desk.chat))

    async def sends(self, payload: Obj) -> int:
        """Deliver a payload; the status says whether it was acknowledged."""
        answer = await self.app.async_dispatch(AsyncBoltRequest(body=payload, mode="socket_mode"))
        return int(answer.status)

    async def hears(self, payload: Obj) -> list[tuple[str, str, ReasonCode]]:
        """Deliver a payload and return what was whispered: channel, person, code."""
        before = len(self.office.desk.chat.whispers)
        assert await self.sends(payload) == 200
        await settle()
        return [(each.channel, each.user, each.code) for each in self.office.desk.chat.whispers[before:]]


def pressed(action: str, value: str, **changes: Any) -> Obj:
    (button,) = click_payload()["actions"]
    return click_payload(actions=[{**button, "action_id": action, "value": value}], **changes)


def chosen(value: str) -> Obj:
    """Make the choice of an option behind the dots."""
    (button,) = click_payload()["actions"]
    option = {"text": {"type": "plain_text", "text": "Hold"}, "value": value}
    menu = {name: button[name] for name in ("block_id", "action_ts")}
    return click_payload(actions=[{**menu, "type": "overflow", "action_id": "slipway:menu", "selected_option": option}])


def entered(*, metadata: str = CHANNEL, user: str = "U0ALICE", team: str = "T0SLIPWAY", **values: str) -> Obj:
    """Make the form as it is sent; what is not given is left empty."""
    given = {"app": "shop", "version": "v1.2", "strategy": "usual", "environment": "staging", "reason": "", **values}
    view = {
        **view_payload()["view"],
        "callback_id": CALLBACK,
        "private_metadata": metadata,
        "state": {"values": {name: {name: {"value": value}} for name, value in given.items()}},
    }
    return view_payload(view=view, user={"id": user, "team_id": team})


def paused(office: Office) -> Deployment:
    row = make.deployment(stage=Stage.PAUSED, content=Content(digest=make.DIGEST), rollout=make.rollout())
    office.desk.rollouts.put(row.place, make.rollout())
    return office.desk.deployments.put(row)


async def states(office: Office, row: Deployment) -> list[tuple[Action, ActState]]:
    return [(act.action, act.state) for act in await office.desk.deployments.acts(row.id)]


def test_a_typed_deploy_starts_and_its_card_is_the_only_answer() -> None:
    async def main() -> None:
        floor = Floor()
        assert await floor.hears(command_payload()) == []
        (row,) = floor.office.desk.deployments.rows.values()
        assert (row.version, row.requester.name, row.channel) == ("v1.2", "alice", CHANNEL)

    loops.run(main())


def test_the_same_envelope_delivered_twice_starts_once() -> None:
    async def main() -> None:
        floor = Floor()
        assert await floor.hears(command_payload()) == []
        assert await floor.hears(command_payload()) == [(CHANNEL, "U0ALICE", ReasonCode.REPEATED)]
        assert await floor.hears(command_payload(trigger_id="9.9.zz")) == [(CHANNEL, "U0ALICE", ReasonCode.BUSY)]

    loops.run(main())


@pytest.mark.parametrize("command", ["/deploy", "/rollout"])
def test_both_commands_answer_the_person_who_asked(command: str) -> None:
    async def main() -> None:
        payload = command_payload(command=command, text="help", channel_id="C0RANDOM", user_id="U0EVE")
        assert await Floor().hears(payload) == [("C0RANDOM", "U0EVE", ReasonCode.HELP)]

    loops.run(main())


def test_the_acknowledgement_comes_before_the_answer_even_when_that_never_comes() -> None:
    async def main() -> None:
        floor = Floor(Office(desk=Desk(versions=Stuck())))
        begun = now()
        assert await floor.sends(command_payload()) == 200
        assert now() - begun < 1
        assert floor.office.desk.chat.whispers == []
        await asyncio.sleep(11)
        assert [each.code for each in floor.office.desk.chat.whispers] == [ReasonCode.INTERNAL]

    loops.run(main())


@pytest.mark.parametrize("action", [Action.PROMOTE, Action.FULL, Action.PAUSE, Action.ABORT])
def test_a_buttons_press_is_asked_for_under_the_name_of_whoever_pressed(action: Action) -> None:
    async def main() -> None:
        floor = Floor()
        floor.office.desk.people.set_roles("bob", ["admin"])
        row = paused(floor.office)
        value = f"{row.id}:{gate_of(row, action)}"
        assert await floor.hears(pressed(f"slipway:{action}", value)) == []
        (act,) = await floor.office.desk.deployments.acts(row.id)
        assert (act.action, act.by.name, act.state) == (action, "bob", ActState.REQUESTED)

    loops.run(main())


def test_a_pipeline_can_be_cancelled_by_its_button() -> None:
    async def main() -> None:
        floor = Floor()
        row = floor.office.desk.deployments.put(make.deployment())
        value = f"{row.id}:{gate_of(row, Action.CANCEL)}"
        user = {"id": "U0ALICE", "team_id": "T0SLIPWAY"}
        assert await floor.hears(pressed("slipway:cancel", value, user=user)) == []
        assert await states(floor.office, row) == [(Action.CANCEL, ActState.REQUESTED)]

    loops.run(main())


def test_every_button_that_a_card_can_have_is_listened_to() -> None:
    async def main() -> None:
        floor = Floor()
        floor.office.desk.people.set_roles("bob", ["admin"])
        row = paused(floor.office)
        async with floor.office.working():
            await settle()
            ref = (await floor.office.desk.row(row)).card
            assert ref is not None
            *shown, dots = buttons(floor.office.desk.chat.shown(ref))
            assert len(shown) == 3
            for button in shown:
                assert await floor.sends(pressed(button["action_id"], button["value"])) == 200
            for option in dots["options"]:
                assert await floor.sends(chosen(option["value"])) == 200

    loops.run(main())


def test_what_is_chosen_behind_the_dots_names_its_act_itself() -> None:
    async def main() -> None:
        floor = Floor()
        row = paused(floor.office)
        gate = gate_of(row, Action.PAUSE)
        for value in (f"{row.id}:{gate}", f"dance:{row.id}:{gate}", f"deploy:{row.id}:{gate}", "nonsense"):
            assert await floor.hears(chosen(value)) == [(CHANNEL, "U0BOB", ReasonCode.STALE)]
        assert await floor.hears(chosen(f"pause:{row.id}:{gate}")) == []
        assert await states(floor.office, row) == [(Action.PAUSE, ActState.REQUESTED)]

    loops.run(main())


def test_a_button_cannot_be_taken_for_another_by_its_value() -> None:
    async def main() -> None:
        floor = Floor()
        row = paused(floor.office)
        value = f"pause:{row.id}:{gate_of(row, Action.PAUSE)}"
        assert await floor.hears(pressed("slipway:promote", value)) == [(CHANNEL, "U0BOB", ReasonCode.STALE)]

    loops.run(main())


def test_what_only_reads_is_answered_to_whoever_pressed_it_and_changes_nothing() -> None:
    async def main() -> None:
        floor = Floor()
        row = paused(floor.office)
        eve = {"id": "U0EVE", "team_id": "T0SLIPWAY"}
        for look, code in (
            (Look.DETAILS, ReasonCode.DETAILS),
            (Look.LINKS, ReasonCode.NO_LINKS),
            (Look.COMMAND, ReasonCode.COMMAND),
            (Look.LOG, ReasonCode.NO_LOG),
        ):
            assert await floor.hears(chosen(f"{look}:{row.id}") | {"user": eve}) == [(CHANNEL, "U0EVE", code)]
            assert await floor.hears(chosen(f"{look}:d999") | {"user": eve}) == [(CHANNEL, "U0EVE", ReasonCode.STALE)]
        log = pressed("slipway:log", f"log:{row.id}", user=eve)
        assert await floor.hears(log) == [(CHANNEL, "U0EVE", ReasonCode.NO_LOG)]
        assert await states(floor.office, row) == []

    loops.run(main())


def test_another_team_reads_nothing() -> None:
    async def main() -> None:
        floor = Floor()
        row = paused(floor.office)
        for value in (f"{look}:{row.id}" for look in Look):
            foreign = chosen(value) | {"user": {"id": "U0ALICE", "team_id": "T0ELSEWHERE"}}
            assert await floor.hears(foreign) == [(CHANNEL, "U0ALICE", ReasonCode.OUTSIDE_TEAM)]

    loops.run(main())


def test_the_restart_of_a_card_is_asked_back_and_carried_out_by_the_answer() -> None:
    async def main() -> None:
        floor = Floor()
        floor.office.desk.people.set_roles("bob", ["admin"])
        row = paused(floor.office)
        gate = gate_of(row, Action.RESTART)
        assert await floor.hears(chosen(f"restart:{row.id}:{gate}")) == [(CHANNEL, "U0BOB", ReasonCode.CONFIRM_RESTART)]
        assert await states(floor.office, row) == []
        (button,) = render(floor.office.desk.chat.whispers[-1].notice).blocks[-1]["elements"]
        answer = pressed(button["action_id"], button["value"])
        assert await floor.hears(answer) == [(CHANNEL, "U0BOB", ReasonCode.REQUESTED)]
        assert await states(floor.office, row) == [(Action.RESTART, ActState.REQUESTED)]

    loops.run(main())


@pytest.mark.parametrize("value", ["", "nonsense", "d142", "d142:zz", "d142:0123456789ab:x", "d142:0123456789ab\n"])
def test_a_value_that_is_none_of_ours_is_a_press_on_the_past(value: str) -> None:
    async def main() -> None:
        floor = Floor()
        row = paused(floor.office)
        assert await floor.hears(pressed("slipway:promote", value)) == [(CHANNEL, "U0BOB", ReasonCode.STALE)]
        assert await states(floor.office, row) == []

    loops.run(main())


@pytest.mark.parametrize("value", ["d142:0123456789ab", "d999:0123456789ab"])
def test_a_gate_that_is_not_there_is_a_press_on_the_past(value: str) -> None:
    async def main() -> None:
        floor = Floor()
        row = paused(floor.office)
        assert await floor.hears(pressed("slipway:promote", value)) == [(CHANNEL, "U0BOB", ReasonCode.STALE)]
        assert await states(floor.office, row) == []

    loops.run(main())


def test_the_gate_of_one_button_opens_no_other() -> None:
    async def main() -> None:
        floor = Floor()
        floor.office.desk.people.set_roles("bob", ["admin"])
        row = paused(floor.office)
        value = f"{row.id}:{gate_of(row, Action.PROMOTE)}"
        assert await floor.hears(pressed("slipway:full", value)) == [(CHANNEL, "U0BOB", ReasonCode.STALE)]

    loops.run(main())


@pytest.mark.parametrize(
    "action", ["slipway:deploy", "slipway:approve", "slipway:promote2", "xslipway:promote", "other"]
)
def test_actions_that_no_card_offers_reach_nobody(action: str) -> None:
    async def main() -> None:
        floor = Floor()
        row = paused(floor.office)
        assert await floor.sends(pressed(action, f"{row.id}:{gate_of(row, Action.PROMOTE)}")) == 404
        await settle()
        assert (floor.office.desk.chat.whispers, await states(floor.office, row)) == ([], [])

    loops.run(main())


def test_a_suggestion_is_run_with_the_rights_of_whoever_presses_it() -> None:
    async def main() -> None:
        floor = Floor()
        line = "/deploy shop v1.2"
        assert await floor.hears(pressed("slipway:choice:0", line)) == [(CHANNEL, "U0BOB", ReasonCode.ROLE_MISSING)]
        user = {"id": "U0ALICE", "team_id": "T0SLIPWAY"}
        assert await floor.hears(pressed("slipway:choice:0", line, user=user)) == []
        assert len(floor.office.desk.deployments.rows) == 1

    loops.run(main())


def test_a_question_is_answered_by_its_own_button_and_by_no_other() -> None:
    async def main() -> None:
        floor = Floor()
        user = {"id": "U0ALICE", "team_id": "T0SLIPWAY"}
        asked = await floor.hears(command_payload(text="shop v1.2 to production"))
        assert asked == [(CHANNEL, "U0ALICE", ReasonCode.CONFIRM)]
        drawn = render(floor.office.desk.chat.whispers[-1].notice)
        (button,) = [element for block in drawn.blocks if block["type"] == "actions" for element in block["elements"]]
        assert button["action_id"] == "slipway:confirm:0"
        again = await floor.hears(pressed("slipway:choice:0", button["value"], user=user))
        assert again == [(CHANNEL, "U0ALICE", ReasonCode.CONFIRM)]
        assert floor.office.desk.deployments.rows == {}
        started = await floor.hears(pressed(button["action_id"], button["value"], user=user))
        assert started == [(CHANNEL, "U0ALICE", ReasonCode.STARTED)]
        (row,) = floor.office.desk.deployments.rows.values()
        assert (row.environment, row.channel) == ("production", "#prod-deploys")

    loops.run(main())


@pytest.mark.parametrize(
    "payload",
    [
        command_payload(user_team_id="T0ELSEWHERE"),
        pressed("slipway:promote", "d142:0123456789ab", user={"id": "U0ALICE", "team_id": "T0ELSEWHERE"}),
        pressed("slipway:confirm:0", "/deploy shop v1.2", user={"id": "U0ALICE", "team_id": "T0ELSEWHERE"}),
    ],
)
def test_people_of_another_team_are_refused_whatever_they_do(payload: Obj) -> None:
    async def main() -> None:
        floor = Floor()
        paused(floor.office)
        assert await floor.hears(payload) == [(CHANNEL, "U0ALICE", ReasonCode.OUTSIDE_TEAM)]
        assert floor.office.desk.chat.whispers[0].notice.facts == {"hint": HINT}
        assert floor.office.desk.people.asked == []

    loops.run(main())


@pytest.mark.parametrize("payload", [command_payload(trigger_id=None), click_payload(actions=[]), view_payload()])
def test_what_is_not_as_documented_changes_nothing(payload: Obj) -> None:
    async def main() -> None:
        floor = Floor()
        await floor.sends(payload)
        await settle()
        assert (floor.office.desk.chat.whispers, floor.office.desk.deployments.rows) == ([], {})

    loops.run(main())


@pytest.mark.parametrize("trouble", [Temporary("Slack", "HTTP 503"), Permanent("Slack", "channel_not_found")])
def test_an_answer_that_cannot_be_given_breaks_nothing(trouble: Temporary | Permanent) -> None:
    async def main() -> None:
        floor = Floor()
        floor.office.desk.chat.trouble = trouble
        assert await floor.hears(command_payload(text="help")) == []
        floor.office.desk.chat.trouble = None
        assert len(await floor.hears(command_payload(text="help"))) == 1

    loops.run(main())


@pytest.mark.parametrize(("line", "app"), [("", ""), ("shop", "shop")])
def test_an_unfinished_deploy_opens_the_form_with_its_own_trigger(line: str, app: str) -> None:
    async def main() -> None:
        floor = Floor()
        assert await floor.hears(command_payload(text=line, channel_id="C0RANDOM")) == []
        (opened,) = floor.office.desk.chat.forms
        assert (opened.trigger, opened.channel, opened.form.app) == ("1.2.abcdef", "C0RANDOM", app)

    loops.run(main())


def test_a_suggested_app_opens_the_form_as_well() -> None:
    async def main() -> None:
        floor = Floor()
        user = {"id": "U0ALICE", "team_id": "T0SLIPWAY"}
        assert await floor.hears(pressed("slipway:choice:0", "/deploy shop", user=user)) == []
        (opened,) = floor.office.desk.chat.forms
        assert (opened.trigger, opened.channel, opened.form.app) == ("3.4.abcdef", CHANNEL, "shop")

    loops.run(main())


@pytest.mark.parametrize(
    ("line", "expected", "first"),
    [("", ReasonCode.EMPTY, "/deploy shop"), ("shop", ReasonCode.MISSING_VERSION, "/deploy shop v1.3.0-rc.1")],
)
def test_a_form_that_came_too_late_is_said_in_words(line: str, expected: ReasonCode, first: str) -> None:
    async def main() -> None:
        floor = Floor()
        floor.office.desk.chat.expired.add("1.2.abcdef")
        assert await floor.hears(command_payload(text=line)) == [(CHANNEL, "U0ALICE", expected)]
        assert floor.office.desk.chat.whispers[-1].notice.choices[0].command == first
        assert floor.office.desk.chat.forms == []

    loops.run(main())


def test_a_sent_form_starts_what_was_entered_and_the_card_is_the_only_answer() -> None:
    async def main() -> None:
        floor = Floor()
        assert await floor.hears(entered(strategy="rolling", reason="fix the checkout", metadata="C0RANDOM")) == []
        (row,) = floor.office.desk.deployments.rows.values()
        assert (row.app, row.version, row.environment, row.strategy) == ("shop", "v1.2", "staging", "rolling")
        assert (row.requester.name, row.reason, row.channel) == ("alice", "fix the checkout", "C0RANDOM")

    loops.run(main())


def test_a_form_sent_twice_starts_once() -> None:
    async def main() -> None:
        floor = Floor()
        assert await floor.hears(entered()) == []
        assert await floor.hears(entered()) == [(CHANNEL, "U0ALICE", ReasonCode.REPEATED)]
        assert len(floor.office.desk.deployments.rows) == 1

    loops.run(main())


def test_a_form_is_no_confirmation() -> None:
    async def main() -> None:
        floor = Floor()
        asked = await floor.hears(entered(environment="production", reason="it's time"))
        assert asked == [(CHANNEL, "U0ALICE", ReasonCode.CONFIRM)]
        (choice,) = floor.office.desk.chat.whispers[-1].notice.choices
        assert choice.command == "/deploy shop v1.2 to production because it's time"
        user = {"id": "U0ALICE", "team_id": "T0SLIPWAY"}
        started = await floor.hears(pressed("slipway:confirm:0", choice.command, user=user))
        assert started == [(CHANNEL, "U0ALICE", ReasonCode.STARTED)]

    loops.run(main())


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (entered(user="U0EVE"), (CHANNEL, "U0EVE", ReasonCode.ROLE_MISSING)),
        (entered(team="T0ELSEWHERE"), (CHANNEL, "U0ALICE", ReasonCode.OUTSIDE_TEAM)),
        (entered(version="???"), (CHANNEL, "U0ALICE", ReasonCode.MALFORMED_VERSION)),
        (entered(version="v9"), (CHANNEL, "U0ALICE", ReasonCode.UNKNOWN_VERSION)),
        (entered(app="nothing"), (CHANNEL, "U0ALICE", ReasonCode.UNKNOWN_APP)),
        (entered(app=""), (CHANNEL, "U0ALICE", ReasonCode.MISSING_APP)),
        (entered(environment="vault"), (CHANNEL, "U0ALICE", ReasonCode.WRONG_ENVIRONMENT)),
        (entered(strategy="sideways"), (CHANNEL, "U0ALICE", ReasonCode.UNKNOWN_WORD)),
        (entered(app="", metadata="<!channel>"), ("U0ALICE", "U0ALICE", ReasonCode.MISSING_APP)),
    ],
)
def test_a_sent_form_that_starts_nothing_is_answered_where_it_was_opened(
    payload: Obj, expected: tuple[str, str, ReasonCode]
) -> None:
    async def main() -> None:
        floor = Floor()
        assert await floor.hears(payload) == [expected]
        assert floor.office.desk.deployments.rows == {}

    loops.run(main())
