"""A stand-in Slack with an HTTP client for its driver and real bolt apps connected to it.

The tests of playground/slack build on it; waits follow the workspace's own feed of changes, never a sleep.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from playground.faults import Faults
from playground.slack.model import Channel, Person
from playground.slack.server import Options, SlackStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from playground.pace import Pace
    from playground.slack.model import App

Obj = dict[str, Any]

PEOPLE = (Person("U0ALICE", "alice", "may deploy"), Person("U0BOB", "bob", "may approve"))
CHANNELS = (
    Channel("C0DEPLOYS", "deploys"),
    Channel("C0RANDOM", "random"),
    Channel("C0SECRET", "secret", has_bot=False),
)
PATIENCE = 20.0
# Slack's own three seconds are kept by the product's defaults and tested with a clock in hand; here a machine that
# stalls for a moment must not turn an answer into a late one.
UNHURRIED = Options(ack_seconds=PATIENCE, trigger_seconds=PATIENCE)


class Rig:
    """One running stand-in and what a test needs to act on it."""

    def __init__(self, standin: SlackStandIn, http: aiohttp.ClientSession, faults: Faults) -> None:
        self.standin = standin
        self.slack = standin.slack
        self.http = http
        self.faults = faults
        self.sockets: list[aiohttp.ClientWebSocketResponse] = []
        self._handlers: list[AsyncSocketModeHandler] = []
        self.web = AsyncWebClient("xoxb-demo", base_url=standin.api_url, session=http)

    async def post(self, what: str, **body: Any) -> Obj:
        """Call the driver and expect success."""
        status, answer = await self.try_post(what, **body)
        assert status == 200, answer
        return answer

    async def try_post(self, what: str, **body: Any) -> tuple[int, Obj]:
        async with self.http.post(f"{self.standin.page_url}/_drive/{what}", json=body) as response:
            return response.status, await response.json()

    async def get(self, what: str, **query: str) -> Obj:
        async with self.http.get(f"{self.standin.page_url}/_drive/{what}", params=query) as response:
            answer: Obj = await response.json()
            assert response.status == 200, answer
            return answer

    async def command(self, text: str, user: str = "alice", channel: str = "deploys") -> Obj:
        return await self.post("command", user=user, channel=channel, text=text)

    async def click(self, label: str, user: str = "alice", channel: str = "deploys", **more: Any) -> Obj:
        return await self.post("click", user=user, channel=channel, label=label, **more)

    async def texts(self, channel: str = "deploys", **query: str) -> list[str]:
        listed = await self.get("messages", channel=channel, **query)
        return [message["text_rendered"] for message in listed["messages"]]

    async def whispers(self, user: str = "alice") -> list[str]:
        return [one["text_rendered"] for one in (await self.get("ephemerals", user=user))["ephemerals"]]

    def bolt(self) -> AsyncApp:
        """Make a bolt app that talks to this stand-in, not yet connected."""
        client = AsyncWebClient("xoxb-demo", base_url=self.standin.api_url, session=self.http)
        return AsyncApp(client=client, logger=quiet_logger())

    async def connect(self, app: AsyncApp) -> AsyncSocketModeHandler:
        """Connect a bolt app and wait until the stand-in has greeted it."""
        handler = AsyncSocketModeHandler(app, "xapp-demo", ping_interval=1)
        self._handlers.append(handler)
        wanted = self.slack.sockets.count + 1
        await handler.connect_async()  # type: ignore[no-untyped-call]  # bolt leaves its handlers untyped
        await self.until(lambda: self.slack.sockets.count >= wanted)
        return handler

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true, looking again at each change of the workspace."""
        end = time.monotonic() + PATIENCE
        while not true():
            news = await self.standin.changes.wait(self.standin.changes.last, end - time.monotonic())
            # A condition that turns true without a change would pass only by running out of time, so that fails too.
            assert news, "nothing changed any more, and what the test waits for had not happened"

    async def close(self) -> None:
        for handler in self._handlers:
            await handler.close_async()  # type: ignore[no-untyped-call]  # same


def quiet_logger() -> logging.Logger:
    """Give a logger of its own: reconnects are expected here and are no news."""
    logger = logging.getLogger("tests.bolt")
    logger.setLevel(logging.CRITICAL)
    return logger


@contextlib.asynccontextmanager
async def running(
    *,
    options: Options | None = None,
    pace: Pace | None = None,
    app: App | None = None,
    cluster: Callable[[], Obj] = dict,
    acts: Mapping[str, Callable[[Obj], Obj]] | None = None,
) -> AsyncIterator[Rig]:
    """Run a stand-in for the length of a test."""
    faults = Faults()
    standin = SlackStandIn(
        people=PEOPLE,
        channels=CHANNELS,
        faults=faults,
        options=options or UNHURRIED,
        pace=pace,
        app=app,
        cluster=cluster,
        acts=acts,
    )
    await standin.start()
    async with aiohttp.ClientSession() as http:
        rig = Rig(standin, http, faults)
        try:
            yield rig
        finally:
            await rig.close()
            await standin.stop()
            # The SDK's receivers end with their sockets one turn later.
            await asyncio.sleep(0)


def text(words: str, kind: str = "mrkdwn") -> Obj:
    return {"type": kind, "text": words}


def section(words: str) -> Obj:
    return {"type": "section", "text": text(words)}


def button(label: str, action_id: str, **more: Any) -> Obj:
    return {"type": "button", "text": text(label, "plain_text"), "action_id": action_id, **more}


def actions(*elements: Obj) -> Obj:
    return {"type": "actions", "elements": list(elements)}


def option(label: str, value: str | None = None) -> Obj:
    return {"text": text(label, "plain_text"), "value": value or label}
