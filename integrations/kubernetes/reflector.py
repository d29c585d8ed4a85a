"""A live copy of the objects of one resource in one namespace: list, watch, and start over where the past is gone.

`watching` runs one per kind and namespace. It keeps a projection of each object only and says when one has changed;
what that means is for others. It never gives up and never hurries: every end but a long watch's own waits.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Generic, TypeVar

from commands.core.errors import Permanent, SystemFailure, Temporary
from integrations.kubernetes.fields import Obj, mapping, mappings, number, parsed, text
from integrations.kubernetes.outage import Outage
from integrations.kubernetes.transport import GONE, SYSTEM, Answer, Connection

logger = logging.getLogger(__name__)

T = TypeVar("T")
Change = Callable[[str, T | None, T | None], None]
"""Called with the object's name, its projection before and its projection now; None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things may take. `silence` exceeds the minute after which a quiet watch gets its bookmark."""

    page: int = 500
    watch: timedelta = timedelta(seconds=240)
    watch_spread: timedelta = timedelta(seconds=60)
    silence: timedelta = timedelta(seconds=150)
    healthy: timedelta = timedelta(seconds=10)
    first_wait: timedelta = timedelta(milliseconds=250)
    longest_wait: timedelta = timedelta(seconds=30)


PACE = Pace()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is watched: the path of the collection, a label selector, and what people call it."""

    path: str
    selector: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether it is in touch with the server, and when it last was."""

    is_up: bool
    last_contact: datetime | None
    failure: str = ""


class _StartOver(Exception):
    """The watch cannot go on from where it is: list again."""


class Reflector(Generic[T]):
    """Keeps `items` equal to the server's objects.

    Parameters
    ----------
    project
        What to keep of an object; None for one to leave out. Equal projections are no change.
    on_change
        A hint, called synchronously; must return at once and must not raise.
    outage
        Where to say that the server cannot be reached, shared by all reflectors of a cluster.
    sleep, jitter, monotonic
        The waiting, a number in [0, 1) for its spread, and the clock that measures a watch's life.
    """

    def __init__(
        self,
        connection: Connection,
        source: Source,
        *,
        project: Callable[[Obj], T | None],
        on_change: Change[T],
        outage: Outage,
        pace: Pace = PACE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection, self._source, self._outage = connection, source, outage
        self._project, self._on_change = project, on_change
        self._pace, self._sleep, self._jitter, self._monotonic = pace, sleep, jitter, monotonic
        self._items: dict[str, T] = {}
        self._version = ""
        self._is_paged = True
        self._failures = 0
        self._is_open = False
        self._last_contact: datetime | None = None
        self._failure = ""
        self.synced = asyncio.Event()
        self.tried = asyncio.Event()
        """Set once it has listed, or has learned that it cannot for now."""

    @property
    def items(self) -> Mapping[str, T]:
        return MappingProxyType(self._items)

    @property
    def is_synced(self) -> bool:
        return self.synced.is_set()

    @property
    def health(self) -> Health:
        is_up = self.is_synced and not self._failure
        return Health(is_up=is_up, last_contact=self._last_contact, failure=self._failure)

    async def run(self) -> None:
        """List and watch until cancelled."""
        try:
            while True:
                await self._sleep(await self._round())
        finally:
            self._outage.forget(self)

    async def _round(self) -> float:
        """List if needed, watch once, and return how long to wait in seconds."""
        began, wanted, is_clean = self._monotonic(), timedelta(), False
        self._is_open = False
        try:
            if not self._version:
                await self._list()
            began = self._monotonic()
            await self._watch()
            is_clean = True
        except _StartOver:
            self._version = ""
        except SystemFailure as failure:
            wanted = (isinstance(failure, Temporary) and failure.retry_after) or wanted
            self._end(failure)
        is_healthy = self._is_open and self._monotonic() - began >= self._pace.healthy.total_seconds()
        self._failures = 0 if is_healthy else self._failures
        return 0.0 if is_healthy and is_clean else self._backoff(wanted)

    def _end(self, failure: SystemFailure) -> None:
        # An open watch that breaks is an ordinary end; it is an outage when it cannot be opened again.
        if not self._is_open:
            if isinstance(failure, Permanent):
                # The version itself may be what is refused, after a restored backup for instance.
                self._version = ""
            self._failure = failure.message
            self.tried.set()
            self._outage.down(self, failure, title=self._source.title)

    def _backoff(self, wanted: timedelta) -> float:
        longest = self._pace.longest_wait.total_seconds()
        doubled = self._pace.first_wait.total_seconds() * 2 ** min(self._failures, 16)
        self._failures += 1
        waiting = min(doubled, longest) * (0.5 + self._jitter() / 2)
        return float(max(waiting, min(wanted.total_seconds(), longest)))

    async def _list(self) -> None:
        seen: set[str] = set()
        continued, version = "", ""
        while True:
            answer = await self._connection.list_page(self._source.path, params=self._page(continued))
            if answer.status == GONE:
                # Others write faster than we turn pages: read everything at once next time.
                self._is_paged = False
                raise _StartOver
            for obj in mappings(answer.body, "items"):
                seen.add(self._keep(obj))
            continued = text(answer.body, "metadata", "continue")
            version = text(answer.body, "metadata", "resourceVersion")
            if not continued:
                break
        if not version:
            raise Temporary(SYSTEM, f"LIST {self._source.path} on cluster {self._connection.name}: no list came back")
        for name in self._items.keys() - seen:
            self._drop(name)
        self._version = version
        self._is_paged = True
        self._last_contact = datetime.now(UTC)
        self.synced.set()
        self.tried.set()

    def _page(self, continued: str) -> dict[str, str]:
        params = {"labelSelector": self._source.selector}
        if self._is_paged:
            params["limit"] = str(self._pace.page)
        return {**params, "continue": continued} if continued else params

    async def _watch(self) -> None:
        seconds = self._pace.watch + self._jitter() * self._pace.watch_spread
        params = {
            "watch": "true",
            "labelSelector": self._source.selector,
            "resourceVersion": self._version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(round(seconds.total_seconds())),
        }
        opened = self._connection.stream(self._source.path, params=params, silence=self._pace.silence)
        async with opened as lines:
            if isinstance(lines, Answer):
                raise _StartOver
            self._is_open = True
            self._up()
            await self._read(lines)

    async def _read(self, lines: AsyncIterator[bytes]) -> None:
        try:
            async for line in lines:
                self._last_contact = datetime.now(UTC)
                self._take(line)
        except TimeoutError:
            # Not even a bookmark came: the connection is dead, or it was opened at a version that never will be.
            logger.debug("The watch of %s fell silent and starts over", self._source.title)
            raise _StartOver from None

    def _take(self, line: bytes) -> None:
        event = parsed(line)
        obj = mapping(event, "object")
        match text(event, "type"):
            case "ADDED" | "MODIFIED":
                self._keep(obj)
            case "DELETED":
                self._drop(text(obj, "metadata", "name"))
            case "BOOKMARK":
                pass
            case "ERROR" if number(obj, "code") == GONE:
                raise _StartOver
            case _:
                self._version = ""
                said = text(obj, "message") or "a line that is no watch event"
                raise Temporary(SYSTEM, f"WATCH {self._source.path} on cluster {self._connection.name}: {said[:300]}")
        self._version = text(obj, "metadata", "resourceVersion") or self._version

    def _keep(self, obj: Obj) -> str:
        name = text(obj, "metadata", "name")
        if not name:
            return ""
        new, old = self._project(obj), self._items.get(name)
        if new is None:
            self._drop(name)
        elif new != old:
            self._items[name] = new
            self._on_change(name, old, new)
        return name

    def _drop(self, name: str) -> None:
        old = self._items.pop(name, None)
        if old is not None:
            self._on_change(name, old, None)

    def _up(self) -> None:
        self._last_contact, self._failure = datetime.now(UTC), ""
        self._outage.up(self)
