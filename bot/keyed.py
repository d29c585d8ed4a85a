"""A queue of keys: each key is handled by one worker at a time, many hints while it waits count once, none is lost.

The worker's engine. It knows nothing of deployments.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

from commands.core.errors import Permanent, SystemFailure, Temporary

log = logging.getLogger(__name__)

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
MOST_DOUBLINGS = 16  # Without an end, two to the power of the failures would one day be too large for a number.


class KeyedQueue:
    """Handles keys as they come in, retries failures later.

    Parameters
    ----------
    name
        For the log.
    handler
        Handles one key; a `SystemFailure` means "try again", with growing pauses.
    workers
        How many keys are handled at the same time.
    """

    def __init__(self, name: str, handler: Callable[[str], Awaitable[None]], *, workers: int) -> None:
        self._name = name
        self._handler = handler
        self._workers = workers
        self._ready: asyncio.Queue[str] = asyncio.Queue()
        self._waiting: set[str] = set()
        self._running: set[str] = set()
        self._again: set[str] = set()
        self._failures: dict[str, int] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def add(self, key: str) -> None:
        """Have a key handled as soon as possible; while it is being handled, have it handled once more."""
        if key in self._running:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._ready.put_nowait(key)

    def add_later(self, key: str, delay: timedelta) -> None:
        """Have a key handled after a while; the earliest time that was asked for counts."""
        loop = asyncio.get_running_loop()
        when = loop.time() + max(0.0, delay.total_seconds())
        known = self._timers.get(key)
        if known is not None and not known.cancelled() and known.when() <= when:
            return
        if known is not None:
            known.cancel()
        self._timers[key] = loop.call_at(when, self._due, key)

    def _due(self, key: str) -> None:
        self._timers.pop(key, None)
        self.add(key)

    async def run(self) -> None:
        """Handle keys until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(self._work())
        finally:
            for timer in self._timers.values():
                timer.cancel()

    async def _work(self) -> None:
        while True:
            key = await self._ready.get()
            self._waiting.discard(key)
            self._running.add(key)
            try:
                await self._handle(key)
            finally:
                self._running.discard(key)
                if key in self._again:
                    self._again.discard(key)
                    self.add(key)

    async def _handle(self, key: str) -> None:
        try:
            await self._handler(key)
        except SystemFailure as failure:
            self._retry(key, failure)
        except Exception:
            log.exception("%s: %s could not be handled", self._name, key)
            self._retry(key, None)
        else:
            self._failures.pop(key, None)

    def _retry(self, key: str, failure: SystemFailure | None) -> None:
        count = self._failures.get(key, 0)
        self._failures[key] = count + 1
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(count, MOST_DOUBLINGS)) * random.uniform(0.75, 1.25)  # noqa: S311  # jitter
        if isinstance(failure, Temporary) and failure.retry_after is not None:
            delay = max(FIRST_DELAY, failure.retry_after.total_seconds())
        if isinstance(failure, Permanent):
            delay = LONGEST_DELAY
        if failure is not None and count == 0:
            log.warning("%s: %s will be tried again in %.1f s: %s", self._name, key, delay, failure)
        self.add_later(key, timedelta(seconds=delay))
