"""Wires between the bot and a real server: they carry everything, until a test cuts, blocks or closes them.

What an outage of a real system looks like from outside, without touching the system that other tests use too.
"""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from enum import StrEnum
from typing import Any, Final, TypeVar

BLOCK: Final = 65536
SECONDS: Final = 10.0

Result = TypeVar("Result")


class State(StrEnum):
    WHOLE = "whole"
    DOWN = "down"
    """Whoever connects is hung up on."""
    HANGS = "hangs"
    """Whoever connects hears nothing."""


class Wire:
    """A port of this machine that leads to one server."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._state = State.WHOLE
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self, address: str) -> None:
        self._server = await asyncio.start_server(self._carry, address, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def become(self, state: State) -> None:
        """Take a state on; what was connected is cut."""
        self._state = state
        await self.cut()

    async def cut(self) -> None:
        """Hang up on everybody who is connected; they may connect again."""
        for writer in list(self._open):
            writer.close()

    async def lead(self, host: str, port: int) -> None:
        """Lead to another server; what was connected is cut."""
        self._target = (host, port)
        await self.cut()

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        await self.cut()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if self._state is State.HANGS:
                await reader.read()
            elif self._state is State.WHOLE:
                await self._join(reader, writer)
        except (ConnectionError, OSError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._open.add(far_writer)
        try:
            ways = {asyncio.ensure_future(_pump(reader, far_writer)), asyncio.ensure_future(_pump(far_reader, writer))}
            _, pending = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in pending:
                way.cancel()
            await asyncio.wait(ways)
        finally:
            self._open.discard(far_writer)
            far_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, OSError):
        while block := await reader.read(BLOCK):
            writer.write(block)
            await writer.drain()


class Wires:
    """All wires of one world, in a loop and a thread of their own; the methods may be called from any thread."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wires", daemon=True)
        self._thread.start()
        self._wires: list[Wire] = []

    def lay(self, host: str, port: int) -> Wire:
        """Lay a wire to a server and return it, open."""
        wire = Wire(host, port)
        self._run(wire.open(self._address))
        self._wires.append(wire)
        return wire

    def become(self, wire: Wire, state: State) -> None:
        self._run(wire.become(state))

    def cut(self, wire: Wire) -> None:
        self._run(wire.cut())

    def lead(self, wire: Wire, host: str, port: int) -> None:
        """Lead a wire to another server; what was connected is cut."""
        self._run(wire.lead(host, port))

    def mend(self) -> None:
        """Make every wire whole that is not."""
        for wire in self._wires:
            if wire._state is not State.WHOLE:
                self.become(wire, State.WHOLE)

    def close(self) -> None:
        for wire in self._wires:
            self._run(wire.close())
        self._run(self._finish())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS)
        self._loop.close()

    async def _finish(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _run(self, act: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(act, self._loop).result(SECONDS)
