"""The whole of this package against the stand-in workspace: people type and press, cards and whispers come back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from commands.core.card import draw
from commands.core.model import ChatUser
from commands.core.observed import PauseReason
from commands.core.reasons import Choice, Notice, ReasonCode
from integrations.slack import payloads
from integrations.slack.client import SlackChat
from integrations.slack.connection import SlackSettings, new_session, web_client
from integrations.slack.gallery.states import paused, rolling_out
from integrations.slack.listeners import CHOICE, register
from integrations.slack.notices import is_confirmation
from integrations.slack.payloads import Click, Invocation
from integrations.slack.socket import SlackSocket, bolt_app
from playground.slack.model import Channel, Person
from playground.slack.server import SlackStandIn

LINE = "/deploy shop v1.2 to production"
CONFIRM = Notice(
    code=ReasonCode.CONFIRM,
    facts={"app": "shop", "version": "v1.2", "environment": "production", "strategy": "canary", "running": "v1.1"},
    choices=(Choice(label="Deploy shop v1.2 to production", command=LINE, is_confirmation=True),),
)


@dataclass
class Desk:
    """People at the stand-in's driver, and a bot that answers each line with a question and each press with nothing."""

    url: str
    http: aiohttp.ClientSession
    chat: SlackChat
    typed: asyncio.Queue[Invocation]
    pressed: asyncio.Queue[Click]

    async def on_command(self, invocation: Invocation) -> None:
        await self.chat.whisper(channel=invocation.channel, user=invocation.user.id, notice=CONFIRM)
        self.typed.put_nowait(invocation)

    async def on_click(self, click: Click) -> None:
        self.pressed.put_nowait(click)

    async def act(self, name: str, **fields: Any) -> dict[str, Any]:
        async with self.http.post(f"{self.url}/_drive/{name}", json=fields) as answer:
            body: dict[str, Any] = await answer.json()
        return body


@asynccontextmanager
async def working(slack: SlackStandIn) -> AsyncIterator[Desk]:
    settings = SlackSettings(bot_token="xoxb-demo", app_token="xapp-demo", team="T0SLIPWAY", api_url=slack.api_url)
    client = web_client(settings, new_session())
    app, chat = bolt_app(client, settings), SlackChat(client)
    async with aiohttp.ClientSession() as http:
        desk = Desk(slack.page_url, http, chat, asyncio.Queue(), asyncio.Queue())
        commands = {"/deploy": desk.on_command}
        register(
            app,
            commands=commands,
            actions={"slipway:promote": desk.on_click, CHOICE: desk.on_click},
            views={},
            chat=chat,
        )
        socket = SlackSocket(app, settings, heal_seconds=0.02)
        await socket.start()
        async with asyncio.timeout(20):
            while not socket.state.is_connected:  # noqa: ASYNC110  # the state is the vendor's: it gives no event
                await asyncio.sleep(0.005)
        try:
            yield desk
        finally:
            await socket.aclose()
            await chat.aclose()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    people = [Person("U0ALICE", "alice"), Person("U0BOB", "bob")]
    slack = SlackStandIn(people=people, channels=[Channel("C0DEPLOYS", "deploys")])
    await slack.start()
    async with working(slack) as at_work:
        yield at_work
    await slack.stop()


async def test_typed_line_is_acknowledged_and_its_question_can_be_answered(desk: Desk) -> None:
    answer = await desk.act("command", user="alice", channel="#deploys", text=LINE)
    assert answer["acknowledged"]
    typed = await desk.typed.get()
    assert (typed.command, typed.text, typed.channel) == ("/deploy", "shop v1.2 to production", "C0DEPLOYS")
    assert typed.user == ChatUser(id="U0ALICE", team="T0SLIPWAY")
    pressed = await desk.act("click", user="alice", channel="#deploys", label="Deploy shop v1.2 to production")
    assert pressed["acknowledged"], pressed
    click = await desk.pressed.get()
    assert (click.value, click.is_ephemeral, is_confirmation(click.action)) == (LINE, True, True)


async def test_button_of_a_card_names_its_deployment(desk: Desk) -> None:
    card = draw(rolling_out(paused(PauseReason.STEP)), ())
    ref = await desk.chat.post("#deploys", card)
    answer = await desk.act("click", user="bob", channel="#deploys", ts=ref.ts, label="20 % → 50 %")
    assert answer["acknowledged"], answer
    click = await desk.pressed.get()
    assert (click.user.id, click.ts, click.is_ephemeral) == ("U0BOB", ref.ts, False)
    assert payloads.target(click.value) == payloads.Target("d142", card.buttons[0].gate)


async def test_two_presses_have_two_keys(desk: Desk) -> None:
    ref = await desk.chat.post("#deploys", draw(rolling_out(paused(PauseReason.STEP)), ()))
    for _ in range(2):
        await desk.act("click", user="bob", channel="#deploys", ts=ref.ts, label="20 % → 50 %")
    assert (await desk.pressed.get()).key != (await desk.pressed.get()).key
