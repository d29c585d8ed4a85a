"""Socket Mode: tickets, connections, and the delivery of each envelope to exactly one of them.

The people's acts deliver through here and await the acknowledgement. It does not know what the envelopes mean.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import time
import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from playground.slack.changes import Changes
    from playground.slack.model import Obj

ACK_SECONDS = 3.0
CONNECTIONS = 10
HEARTBEAT = 10.0
WARNED_BEFORE = 10.0
LEAVE_SECONDS = 3.0
CLOSE = "close"


class Outcome(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    TIMED_OUT = "operation_timeout"
    NO_SOCKET = "dispatch_failed"


@dataclass(frozen=True, slots=True)
class Ack:
    """What became of an envelope; `payload` is what the app sent back with its acknowledgement."""

    outcome: Outcome
    seconds: float
    payload: Obj = field(default_factory=dict)

    @property
    def acknowledged(self) -> bool:
        return self.outcome is Outcome.ACKNOWLEDGED

    def to_json(self) -> Obj:
        body: Obj = {"acknowledged": self.acknowledged, "ms": round(self.seconds * 1000, 1)}
        return body if self.acknowledged else body | {"reason": str(self.outcome)}


class Sockets:
    """The Socket Mode connections of one app."""

    def __init__(
        self,
        app_id: str,
        changes: Changes,
        *,
        ack_seconds: float = ACK_SECONDS,
        refresh_seconds: float | None = None,
        leave_seconds: float = LEAVE_SECONDS,
    ) -> None:
        self._app_id = app_id
        self._changes = changes
        self._ack_seconds = ack_seconds
        self._refresh_seconds = refresh_seconds
        self._leave_seconds = leave_seconds
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Obj]] = {}
        self.late_acks = 0

    @property
    def count(self) -> int:
        return len(self._open)

    def ticket(self) -> str:
        """Issue a ticket that opens one connection."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle one connection from its ticket to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPGone(text="This ticket was used or never issued. Call apps.connections.open for a new one.")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT)
        await socket.prepare(request)
        if self.count >= CONNECTIONS:
            await self._follow(socket, [(0.0, "too_many_websockets"), (self._leave_seconds, CLOSE)])
        else:
            await self._hold(socket)
        return socket

    async def _hold(self, socket: web.WebSocketResponse) -> None:
        self._open.append(socket)
        self._changes.record("connection", connections=self.count)
        try:
            await socket.send_json(self._hello())
            await self._follow(socket, self._course())
        except ConnectionError:
            # The peer went away while being greeted; there is nothing left to tell it.
            return
        finally:
            self._forget(socket)

    def _course(self) -> list[tuple[float, str]]:
        """List what a connection is told after how many seconds: a warning, then the request to come back anew."""
        if self._refresh_seconds is None:
            return []
        warned = min(WARNED_BEFORE, self._refresh_seconds / 2)
        refreshed = [(self._refresh_seconds - warned, "warning"), (warned, "refresh_requested")]
        return [*refreshed, (self._leave_seconds, CLOSE)]

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self._open:
            self._open.remove(socket)
            self._changes.record("connection", connections=self.count)

    def _hello(self) -> Obj:
        return {
            "type": "hello",
            "num_connections": self.count,
            "connection_info": {"app_id": self._app_id},
            "debug_info": {
                "host": "applink-playground",
                "build_number": 1,
                "approximate_connection_time": int(self._refresh_seconds or 18060),
            },
        }

    async def _follow(self, socket: web.WebSocketResponse, course: list[tuple[float, str]]) -> None:
        for seconds, reason in course:
            if not await self._listen(socket, seconds):
                return
            await self._tell(socket, reason)
        await self._listen(socket, None)

    async def _listen(self, socket: web.WebSocketResponse, seconds: float | None) -> bool:
        """Take acknowledgements for so long; tell whether the connection still stands."""
        try:
            async with asyncio.timeout(seconds):
                while (message := await socket.receive()).type is WSMsgType.TEXT:
                    self._acknowledge(message.data)
        except TimeoutError:
            return True
        return False

    async def _tell(self, socket: web.WebSocketResponse, reason: str) -> None:
        """Send a disconnect message, or close; a connection that was told to go gets no more envelopes."""
        if reason != "warning":
            self._forget(socket)
        try:
            await (socket.close() if reason == CLOSE else socket.send_json(self._goodbye(reason)))
        except ConnectionError:
            return

    def _acknowledge(self, text: str) -> None:
        try:
            body = json.loads(text)
            waiting = self._waiting.pop(body["envelope_id"], None)
        except (ValueError, TypeError, KeyError):
            # What is no acknowledgement is dropped, and the envelope stays unanswered.
            return
        if waiting is None or waiting.done():
            self.late_acks += 1
            return
        waiting.set_result(body.get("payload") or {})

    async def deliver(self, kind: str, payload: Obj, *, takes_answer: bool = True) -> Ack:
        """Send an envelope to one connection, whichever, and wait for its acknowledgement."""
        start = time.monotonic()
        envelope_id = str(uuid.uuid4())
        envelope = {
            "envelope_id": envelope_id,
            "type": kind,
            "accepts_response_payload": takes_answer,
            "payload": payload,
        }
        answer: asyncio.Future[Obj] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = answer
        try:
            if not await self._send(envelope):
                return Ack(Outcome.NO_SOCKET, time.monotonic() - start)
            given = await asyncio.wait_for(answer, self._ack_seconds)
            return Ack(Outcome.ACKNOWLEDGED, time.monotonic() - start, given)
        except TimeoutError:
            return Ack(Outcome.TIMED_OUT, time.monotonic() - start)
        finally:
            self._waiting.pop(envelope_id, None)

    async def _send(self, envelope: Obj) -> bool:
        alive = [socket for socket in self._open if not socket.closed]
        random.shuffle(alive)
        for socket in alive:
            try:
                await socket.send_json(envelope)
            except ConnectionError:
                continue
            return True
        return False

    async def disconnect(self, reason: str = "refresh_requested", *, at_once: bool = False) -> None:
        """Tell every connection to go; close those that stay. Acknowledgements on the way still count."""
        leaving = tuple(self._open)
        for socket in leaving:
            await self._tell(socket, reason)
        await asyncio.sleep(0 if at_once else self._leave_seconds)
        for socket in leaving:
            await self._tell(socket, CLOSE)

    def _goodbye(self, reason: str) -> Obj:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-playground"}}
