"""A Slack of a few lines on loopback, for what the stand-in workspace is too honest for: odd answers, dead tickets."""

import asyncio
import json
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from integrations.slack.connection import SlackSettings

BOT_TOKEN = "xoxb-" + "demo-planted-bot-token"
APP_TOKEN = "xapp-" + "demo-planted-app-token"
RESPONSE_URL = "https://hooks.slack.com/commands/T0SLIPWAY/1/" + "demo-planted-response"

Answer = Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse]]


def ok(body: dict[str, Any] | None = None, **headers: str) -> Answer:
    return lambda _: web.json_response({"ok": True, **(body or {})}, headers=headers)


def error(code: str, *, status: int = 200, **headers: str) -> Answer:
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: web.json_response({"ok": False, "error": code}, status=status, headers=shown)


def page(status: int) -> Answer:
    return lambda _: web.Response(status=status, text="<html>upstream said no</html>", content_type="text/html")


def drop(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def hang(_: web.Request) -> web.StreamResponse:
    """Give no answer as long as anybody waits for one."""
    await asyncio.Event().wait()
    return web.Response()


@dataclass(slots=True)
class Slack:
    """What was asked, and what will be answered: each call takes the next answer of its method, else plain ok."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    tokens: list[str] = field(default_factory=list)
    tickets: set[str] = field(default_factory=set)
    ticket_url: str = ""
    refuse_dials: int = 0
    dials: list[str] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    received: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    connected: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def settings(self) -> SlackSettings:
        return SlackSettings(bot_token=BOT_TOKEN, app_token=APP_TOKEN, team="T0SLIPWAY", api_url=self.url)

    def sent(self, method: str) -> list[dict[str, Any]]:
        return [body for name, body in self.calls if name == method]

    async def call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.tokens.append(request.headers.get("Authorization", ""))
        text = await request.text()
        self.calls.append((method, json.loads(text) if text.startswith("{") else {}))
        if self.answers[method]:
            answer = self.answers[method].pop(0)(request)
            return await answer if isinstance(answer, Awaitable) else answer
        if method == "apps.connections.open":
            return web.json_response({"ok": True, "url": self._ticket()})
        return web.json_response({"ok": True, "channel": "C0DEPLOYS", "ts": f"1700000000.{len(self.calls):06}"})

    def _ticket(self) -> str:
        ticket = secrets.token_hex(4)
        self.tickets.add(ticket)
        return self.ticket_url or f"{self.url.replace('http', 'ws', 1).removesuffix('api/')}link?ticket={ticket}"

    async def link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query["ticket"]
        self.dials.append(ticket)
        is_good = ticket in self.tickets
        self.tickets.discard(ticket)
        if self.refuse_dials or not is_good:
            self.refuse_dials = max(self.refuse_dials - 1, 0)
            raise web.HTTPGone
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        await socket.send_json({"type": "hello", "num_connections": len(self.sockets)})
        self.connected.set()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.received.put_nowait(json.loads(message.data))
        self.sockets.remove(socket)
        return socket

    async def deliver(self, kind: str, payload: dict[str, Any]) -> None:
        """Send an envelope over the newest connection."""
        await self.sockets[-1].send_json({"envelope_id": secrets.token_hex(4), "type": kind, "payload": payload})

    async def hang_up(self) -> None:
        self.connected.clear()
        for socket in list(self.sockets):
            await socket.close()


@asynccontextmanager
async def slack_server() -> AsyncIterator[Slack]:
    slack, app = Slack(), web.Application()
    app.router.add_post("/api/{method}", slack.call)
    app.router.add_get("/link", slack.link)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    try:
        yield slack
    finally:
        await slack.hang_up()
        await runner.cleanup()


def command_payload(**changes: Any) -> dict[str, Any]:
    return {
        "token": "demo-verification",
        "team_id": "T0SLIPWAY",
        "team_domain": "slipway",
        "channel_id": "C0DEPLOYS",
        "channel_name": "deploys",
        "user_id": "U0ALICE",
        "user_name": "alice",
        "command": "/deploy",
        "text": "shop v1.2 canary",
        "api_app_id": "A0SLIPWAY",
        "is_enterprise_install": "false",
        "response_url": RESPONSE_URL,
        "trigger_id": "1.2.abcdef",
        **changes,
    }


def click_payload(**changes: Any) -> dict[str, Any]:
    action = {
        "type": "button",
        "action_id": "slipway:promote",
        "block_id": "b1",
        "text": {"type": "plain_text", "text": "20 % → 50 %"},
        "value": "d142:0123456789ab",
        "action_ts": "1700000001.000200",
    }
    return {
        "type": "block_actions",
        "user": {"id": "U0BOB", "username": "bob", "name": "bob", "team_id": "T0SLIPWAY"},
        "api_app_id": "A0SLIPWAY",
        "token": "demo-verification",
        "container": {
            "type": "message",
            "message_ts": "1700000000.000100",
            "channel_id": "C0DEPLOYS",
            "is_ephemeral": False,
        },
        "trigger_id": "3.4.abcdef",
        "team": {"id": "T0SLIPWAY", "domain": "slipway"},
        "channel": {"id": "C0DEPLOYS", "name": "deploys"},
        "message": {"type": "message", "ts": "1700000000.000100", "text": "card", "bot_id": "B0SLIPWAY"},
        "response_url": RESPONSE_URL,
        "actions": [action],
        **changes,
    }


def view_payload(**changes: Any) -> dict[str, Any]:
    return {
        "type": "view_submission",
        "team": {"id": "T0SLIPWAY", "domain": "slipway"},
        "user": {"id": "U0ALICE", "username": "alice", "name": "alice", "team_id": "T0SLIPWAY"},
        "api_app_id": "A0SLIPWAY",
        "token": "demo-verification",
        "trigger_id": "5.6.abcdef",
        "view": {
            "id": "V0FORM",
            "hash": "1700000000.abc",
            "type": "modal",
            "callback_id": "slipway:deploy",
            "private_metadata": "C0DEPLOYS",
            "state": {
                "values": {
                    "b1": {"app": {"type": "static_select", "selected_option": {"value": "shop"}}},
                    "b2": {"reason": {"type": "plain_text_input", "value": None}},
                }
            },
        },
        "response_urls": [],
        **changes,
    }
