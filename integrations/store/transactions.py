"""Opens transactions for reading and writing, and says in the log when the database stops and starts working.

Used by `deployments`; knows no table.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from commands.core.errors import SystemFailure
from integrations.store import sqlite
from integrations.store.failures import Conflict, translated
from integrations.store.migrating import upgrade
from integrations.store.settings import StoreSettings

W = TypeVar("W")
R = TypeVar("R")

ATTEMPTS: Final = 5
_log = logging.getLogger(__name__)


class Transactions:
    """Every block is one transaction: it commits at its end, or nothing of it happened."""

    def __init__(self, *, reader: AsyncEngine, writer: AsyncEngine) -> None:
        self.reader = reader
        self.writer = writer
        self._is_down = False

    @classmethod
    async def open(cls, settings: StoreSettings) -> "Transactions":
        """Connect and bring the tables up to date."""
        url = sqlite.parse(settings.url)
        wait = settings.busy_timeout_seconds
        opened = cls(
            reader=sqlite.reader(url, busy_timeout_seconds=wait), writer=sqlite.writer(url, busy_timeout_seconds=wait)
        )
        try:
            await upgrade(opened.reader, opened.writer)
        except BaseException:
            await opened.aclose()
            await sqlite.until_drivers_end()
            raise
        return opened

    async def aclose(self) -> None:
        await self.reader.dispose()
        await self.writer.dispose()

    @asynccontextmanager
    async def reading(self, what: str) -> AsyncIterator[AsyncConnection]:
        async with self._on(self.reader, what) as connection:
            yield connection

    @asynccontextmanager
    async def writing(self, what: str) -> AsyncIterator[AsyncConnection]:
        async with self._on(self.writer, what) as connection:
            yield connection

    async def first(
        self,
        what: str,
        *,
        write: Callable[[AsyncConnection], Awaitable[W]],
        read: Callable[[AsyncConnection], Awaitable[R | None]],
    ) -> W | R:
        """Insert what may be there only once, or read back the winner.

        The winner may go away between the two; then there is another try.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                async with self.writing(what) as connection:
                    return await write(connection)
            except Conflict:
                async with self.reading(what) as connection:
                    winner = await read(connection)
                if winner is not None:
                    return winner
        async with self.writing(what) as connection:
            return await write(connection)

    @asynccontextmanager
    async def _on(self, engine: AsyncEngine, what: str) -> AsyncIterator[AsyncConnection]:
        try:
            with translated(what):
                async with engine.begin() as connection:
                    yield connection
        except Conflict:
            raise
        except SystemFailure as failure:
            self._note_down(failure)
            raise
        self._note_up()

    def _note_down(self, failure: SystemFailure) -> None:
        if not self._is_down:
            self._is_down = True
            _log.warning("%s", failure)

    def _note_up(self) -> None:
        if self._is_down:
            self._is_down = False
            _log.warning("%s works again", sqlite.SYSTEM)
