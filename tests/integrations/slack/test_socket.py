"""The real Bolt and the real Socket Mode client against a small Slack."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from typing_extensions import override

from commands.core.errors import Permanent
from commands.core.reasons import Notice, ReasonCode
from integrations.slack import payloads
from integrations.slack.connection import new_session, web_client
from integrations.slack.gate import Gate
from integrations.slack.listeners import CHOICE, Answers, register
from integrations.slack.payloads import Click, Invocation, Submission
from integrations.slack.socket import GRACE_SECONDS, SlackSocket, bolt_app
from tests.fakes.chat import FakeChat
from tests.integrations.slack.server import (
    APP_TOKEN,
    BOT_TOKEN,
    RESPONSE_URL,
    Slack,
    click_payload,
    command_payload,
    error,
    slack_server,
    view_payload,
)
from tests.integrations.slack.test_throttle import Hands

RETRY = 0.5
Received = Invocation | Click | Submission


@dataclass
class Bot:
    """A bot that remembers what reached its handlers."""

    socket: SlackSocket
    chat: FakeChat
    gate: Gate
    got: asyncio.Queue[Received] = field(default_factory=asyncio.Queue)
    behave: Callable[[Received], Awaitable[None]] | None = None

    async def handle(self, payload: Received) -> None:
        self.got.put_nowait(payload)
        if self.behave is not None:
            await self.behave(payload)


@asynccontextmanager
async def running(
    slack: Slack, *, gate: Gate | None = None, ping: float = 2.0, hands: Hands | None = None
) -> AsyncIterator[Bot]:
    async with new_session() as session:
        app = bolt_app(web_client(slack.settings, session), slack.settings)
        bot = Bot(
            socket=SlackSocket(
                app, slack.settings, ping_seconds=ping, heal_seconds=0.02, clock=(hands or Hands()).time
            ),
            chat=FakeChat(),
            gate=gate or Gate(),
        )
        register(
            app,
            commands={"/deploy": bot.handle},
            actions={"slipway:promote": bot.handle, CHOICE: bot.handle},
            views={"slipway:deploy": bot.handle},
            chat=bot.chat,
            gate=bot.gate,
        )
        await bot.socket.start()
        try:
            yield bot
        finally:
            await bot.socket.aclose()


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with slack_server() as server:
        yield server


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that the connection's own tasks bring about."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # the state is the vendor's: it gives no event to wait for
            await asyncio.sleep(0.005)


async def test_command_is_acknowledged_and_handed_over(slack: Slack) -> None:
    async with running(slack) as bot:
        await slack.connected.wait()
        await slack.deliver("slash_commands", command_payload())
        acknowledged = await slack.received.get()
        assert "payload" not in acknowledged or not acknowledged["payload"]
        got = await bot.got.get()
        assert isinstance(got, Invocation)
        assert got.text == "shop v1.2 canary"
    assert slack.sent("auth.test") == []


async def test_click_choice_and_form_reach_their_handlers(slack: Slack) -> None:
    choice = click_payload()
    choice["actions"][0] |= {"action_id": "slipway:confirm:3", "value": "/deploy shop v1.2"}
    async with running(slack) as bot:
        await slack.connected.wait()
        for payload in (click_payload(), choice, view_payload()):
            await slack.deliver("interactive", payload)
            await slack.received.get()
        got = [await bot.got.get() for _ in range(3)]
    assert [type(payload) for payload in got] == [Click, Click, Submission]


async def test_acknowledgement_does_not_wait_for_the_handler(slack: Slack) -> None:
    release = asyncio.Event()

    async def stay(_: Received) -> None:
        await release.wait()

    async with running(slack) as bot:
        bot.behave = stay
        await slack.connected.wait()
        await slack.deliver("slash_commands", command_payload())
        await slack.received.get()
        assert not release.is_set()
        release.set()


@pytest.mark.parametrize("action", ["slipway:promote:x", "xslipway:promote", "slipway:choice:123", "other"])
async def test_unknown_button_reaches_nobody(slack: Slack, action: str) -> None:
    strange = click_payload()
    strange["actions"][0]["action_id"] = action
    async with running(slack) as bot:
        await slack.connected.wait()
        await slack.deliver("interactive", strange)
        await slack.deliver("interactive", click_payload())
        got = await bot.got.get()
        assert isinstance(got, Click)
        assert got.action == "slipway:promote"
        assert bot.got.empty()


async def test_command_of_another_program_is_acknowledged_and_dropped(slack: Slack) -> None:
    async with running(slack) as bot:
        await slack.connected.wait()
        await slack.deliver("slash_commands", command_payload(bot_id="B0OTHER"))
        await slack.received.get()
        await slack.deliver("slash_commands", command_payload(text="mine"))
        got = await bot.got.get()
        assert isinstance(got, Invocation)
        assert got.text == "mine"
        assert bot.chat.whispers == []


async def test_handler_that_fails_gives_the_person_an_error_id_that_is_in_the_log(
    slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: Received) -> None:
        raise RuntimeError("something of ours")

    async with running(slack) as bot:
        bot.behave = fail
        await slack.connected.wait()
        await slack.deliver("slash_commands", command_payload())
        await until(lambda: bool(bot.chat.whispers))
    whisper = bot.chat.whispers[0]
    assert (whisper.code, whisper.user, whisper.channel) == (ReasonCode.INTERNAL, "U0ALICE", "C0DEPLOYS")
    assert f"error id {whisper.notice.facts['error']}" in caplog.text


async def test_flood_is_answered_and_not_kept(slack: Slack) -> None:
    release = asyncio.Event()

    async def stay(_: Received) -> None:
        await release.wait()

    async with running(slack, gate=Gate(running=1, waiting=1)) as bot:
        bot.behave = stay
        await slack.connected.wait()
        for number in range(6):
            await slack.deliver("slash_commands", command_payload(trigger_id=f"1.{number}"))
        await until(lambda: len(bot.chat.whispers) == 4)
        assert {whisper.code for whisper in bot.chat.whispers} == {ReasonCode.OVERLOADED}
        release.set()
        await until(lambda: bot.got.qsize() == 2)


async def test_answers_to_a_flood_are_bounded_too(caplog: pytest.LogCaptureFixture) -> None:
    release = asyncio.Event()

    class SlowChat(FakeChat):
        @override
        async def whisper(self, *, channel: str, user: str, notice: Notice) -> None:
            await release.wait()

    answers = Answers(SlowChat())
    invocation = payloads.invocation(command_payload())
    assert invocation is not None
    tasks = [asyncio.create_task(answers.say(invocation, Notice(code=ReasonCode.OVERLOADED))) for _ in range(20)]
    await asyncio.gather(*tasks[16:])
    assert caplog.text.count("dropped without an answer") == 4
    release.set()
    await asyncio.gather(*tasks)


async def test_answer_that_cannot_be_given_is_logged(slack: Slack, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_: Received) -> None:
        raise RuntimeError("something of ours")

    async with running(slack) as bot:
        bot.behave, bot.chat.trouble = fail, Permanent("Slack", "gone")
        await slack.connected.wait()
        await slack.deliver("interactive", view_payload())
        await until(lambda: "could not be given" in caplog.text)


async def test_state_tells_whether_and_how_often_it_is_connected(slack: Slack) -> None:
    async with running(slack) as bot:
        assert not bot.socket.state.is_connected
        await until(lambda: bot.socket.state.is_connected)
        assert (bot.socket.state.connections, bot.socket.state.hellos) == (1, 1)
        assert bot.socket.state.seconds >= 0
    assert not bot.socket.state.is_connected


async def test_refused_ticket_is_replaced_by_a_new_one(slack: Slack) -> None:
    slack.refuse_dials = 2
    async with running(slack, ping=RETRY) as bot:
        await until(lambda: bot.socket.state.is_connected)
    assert len(set(slack.dials)) >= 2
    assert len(slack.sent("apps.connections.open")) >= 2


async def test_lost_connection_comes_back_with_one_warning_each_way(
    slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    hands = Hands()
    async with running(slack, ping=RETRY, hands=hands) as bot:
        await until(lambda: bot.socket.state.is_connected)
        slack.refuse_dials = 10**6
        await slack.hang_up()
        await until(lambda: not bot.socket.state.is_connected)
        assert caplog.text == ""
        hands.now += GRACE_SECONDS
        await until(lambda: "not connected" in caplog.text)
        slack.refuse_dials = 0
        await until(lambda: bot.socket.state.is_connected)
        await slack.deliver("slash_commands", command_payload())
        assert isinstance(await bot.got.get(), Invocation)
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert warnings == [
        "Slack is not connected, so commands and clicks do not arrive",
        "Slack is connected again",
    ]


async def test_slack_that_is_down_from_the_start_is_told_with_its_reason(
    slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    slack.answers["apps.connections.open"] = [error("invalid_auth")] * 1000
    hands = Hands()
    async with running(slack, ping=RETRY, hands=hands) as bot:
        await until(lambda: "invalid_auth" in bot.socket.state.trouble)
        hands.now += GRACE_SECONDS
        await until(lambda: "not connected" in caplog.text)
        slack.answers.clear()
        await until(lambda: bot.socket.state.is_connected)
        assert bot.socket.state.trouble == ""
    assert caplog.text.count("Slack is not connected") == 1
    assert "apps.connections.open: invalid_auth" in caplog.text


async def test_connection_that_leads_elsewhere_is_never_dialled(slack: Slack) -> None:
    slack.ticket_url = "ws://169.254.169.254/link"
    async with running(slack, ping=RETRY) as bot:
        await until(lambda: "is not an address of Slack" in bot.socket.state.trouble)
        assert not bot.socket.state.is_connected
    assert slack.dials == []


async def test_requested_refresh_reconnects(slack: Slack) -> None:
    async with running(slack) as bot:
        await until(lambda: bot.socket.state.is_connected)
        await slack.sockets[-1].send_json({"type": "disconnect", "reason": "refresh_requested"})
        await until(lambda: bot.socket.state.hellos == 2)


async def test_stopping_before_the_first_connection_leaves_nothing_behind(slack: Slack) -> None:
    slack.refuse_dials = 1000
    async with running(slack, ping=RETRY):
        await until(lambda: len(slack.dials) > 1)
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("slack-")] == []


async def test_nothing_that_is_logged_at_any_level_shows_a_token_or_where_to_answer(
    slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(("slack", "aiohttp", "asyncio")):
            caplog.set_level(logging.DEBUG, name)

    async def fail(payload: Received) -> None:
        raise RuntimeError(type(payload).__name__)

    slack.refuse_dials = 1
    async with running(slack, ping=RETRY) as bot:
        bot.behave = fail
        await until(lambda: bot.socket.state.is_connected)
        await slack.deliver("slash_commands", command_payload(text="secret\n CRITICAL forged"))
        await slack.deliver("interactive", click_payload())
        await slack.deliver("interactive", click_payload(user="broken"))
        await until(lambda: len(bot.chat.whispers) == 2)
        await slack.hang_up()
        await until(lambda: bot.socket.state.hellos >= 2)
    printed = caplog.text + json.dumps([record.__dict__ for record in caplog.records], default=str)
    assert "a handler failed" in printed
    for secret in (
        BOT_TOKEN,
        APP_TOKEN,
        RESPONSE_URL,
        "demo-planted",
        "hooks.slack.com",
        "forged",
        "demo-verification",
    ):
        assert secret not in printed
    assert not re.search(r"ticket=[0-9a-f]", printed)
