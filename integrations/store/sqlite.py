"""Everything that is true of SQLite only: its URL, its connection settings, how it begins, what its error codes mean.

A second database gets a module like this one; nothing else in the package may speak SQLite.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from commands.core.errors import Permanent, SystemFailure, Temporary

SYSTEM: Final = "the database"
READERS: Final = 4
DRIVER_THREAD: Final = "_connection_worker_thread"
LAST_WORDS_SECONDS: Final = 0.2
PRIMARY_CODE: Final = 0xFF  # An extended result code carries its primary code in the lowest byte.

# What each failure means for a retry, and what somebody can do about it.
REMEDIES: Final[Mapping[int, tuple[type[SystemFailure], str]]] = MappingProxyType(
    {
        sqlite3.SQLITE_BUSY: (Temporary, "another process holds its lock: end whatever has the file open"),
        sqlite3.SQLITE_LOCKED: (Temporary, "another process holds its lock: end whatever has the file open"),
        sqlite3.SQLITE_PROTOCOL: (Temporary, "another process holds its lock: end whatever has the file open"),
        sqlite3.SQLITE_FULL: (Temporary, "its disk is full: make room, nothing that was answered is lost"),
        sqlite3.SQLITE_IOERR: (
            Temporary,
            "its disk failed to read or write: look at the volume and at the space on it",
        ),
        sqlite3.SQLITE_NOMEM: (Temporary, "there is no memory left for it: raise the memory limit"),
        sqlite3.SQLITE_READONLY: (
            Permanent,
            "its file cannot be written: mount the volume writable and check its owner",
        ),
        sqlite3.SQLITE_CANTOPEN: (Permanent, "its file cannot be opened: its folder must exist and be writable"),
        sqlite3.SQLITE_PERM: (Permanent, "its file may not be used: check the owner of the file and of its folder"),
        sqlite3.SQLITE_NOTADB: (Permanent, "the file is not a database: point the URL elsewhere or restore a copy"),
        sqlite3.SQLITE_ERROR: (Permanent, "its tables are not Slipway's: point the URL at a file of its own"),
        sqlite3.SQLITE_CORRUPT: (Permanent, "the file is damaged: stop Slipway and restore a copy"),
    }
)


def parse(url: str) -> URL:
    """Return the URL with its driver, or say what is wrong with it."""
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise Permanent(SYSTEM, "its URL cannot be read: write sqlite:///<file>") from exc
    if parsed.get_backend_name() != "sqlite":
        raise Permanent(SYSTEM, f"{parsed.get_backend_name()} is not supported: write sqlite:///<file>")
    if parsed.database in {None, "", ":memory:"}:
        raise Permanent(SYSTEM, "its URL names no file, so a restart would forget everything: write sqlite:///<file>")
    return parsed.set(drivername="sqlite+aiosqlite")


def file_of(url: URL) -> Path:
    """Return the file that a URL names."""
    return Path(str(url.database).removeprefix("file:")).absolute()


async def until_drivers_end() -> None:
    """Wait for the driver's threads of connections that failed to open.

    They still report to the event loop once, which must not be closed by then. Threads of other connections do not
    end, so the wait is short.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + LAST_WORDS_SECONDS
    while loop.time() < end and any(DRIVER_THREAD in thread.name for thread in threading.enumerate()):  # noqa: ASYNC110  # threads set no event
        await asyncio.sleep(0)


def reader(url: URL, *, busy_timeout_seconds: float) -> AsyncEngine:
    """Make an engine whose transactions see one moment of the database and never wait for a writer."""
    return _engine(url, begin="BEGIN", connections=READERS, busy_timeout_seconds=busy_timeout_seconds)


def writer(url: URL, *, busy_timeout_seconds: float) -> AsyncEngine:
    """Make an engine that takes the write lock when it begins.

    A transaction that starts by reading could not be upgraded once somebody else wrote. There is one connection, so
    that this process's writers queue in order instead of polling for the file's lock.
    """
    return _engine(url, begin="BEGIN IMMEDIATE", connections=1, busy_timeout_seconds=busy_timeout_seconds)


def _engine(url: URL, *, begin: str, connections: int, busy_timeout_seconds: float) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"timeout": busy_timeout_seconds},
    )

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", start)
    return engine


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    # The driver would begin by itself, but neither before reads nor before DDL, and never IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            cursor.execute(f"PRAGMA {pragma}")
    finally:
        cursor.close()


def remedy(error: BaseException | None) -> tuple[type[SystemFailure], str] | None:
    """Say whether trying again may help and what to do; None for an error that is not one of the file's."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else REMEDIES.get(code & PRIMARY_CODE)
