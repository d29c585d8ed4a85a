"""The work queue of one controller: keys whose pass is due, each at most once, a moment after the change that asked.

Used by every controller here. A pass looks at everything anew, so requests may be merged but are never lost: one that
comes while a pass runs asks for the next. It knows no objects.
"""

import asyncio
import logging
from collections.abc import Callable

from playground.kubernetes.errors import ApiError
from playground.pace import Pace

Key = tuple[str, str]
_log = logging.getLogger(__name__)
RETRY_SECONDS = 1.0


class Runner:
    """Calls `work(key)` for each requested key. `latency` is what a real controller needs to see a change."""

    def __init__(self, work: Callable[[Key], None], pace: Pace, *, latency: float = 0.01) -> None:
        self._work = work
        self._pace = pace
        self._latency = latency
        self._due: dict[Key, asyncio.TimerHandle] = {}
        self._later: dict[Key, asyncio.TimerHandle] = {}
        self._started = False

    def start(self) -> None:
        self._started = True

    def stop(self) -> None:
        self._started = False
        for handle in (*self._due.values(), *self._later.values()):
            handle.cancel()
        self._due.clear()
        self._later.clear()

    def add(self, key: Key) -> None:
        """Ask for a pass soon; asking again before it ran changes nothing."""
        if self._started and key not in self._due:
            self._due[key] = self._call(self._latency, self._pass, key)

    def wake(self, key: Key, seconds: float | None) -> None:
        """Ask for one pass in that many seconds of stand-in time, instead of any later one asked for before."""
        if handle := self._later.pop(key, None):
            handle.cancel()
        if self._started and seconds is not None:
            self._later[key] = self._call(max(seconds, 0.0), self._ring, key)

    def _call(self, seconds: float, callback: Callable[[Key], None], key: Key) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._pace.scale(seconds), callback, key)

    def _ring(self, key: Key) -> None:
        self._later.pop(key, None)
        self.add(key)

    def _pass(self, key: Key) -> None:
        self._due.pop(key, None)
        try:
            self._work(key)
        except ApiError as error:
            _log.warning("a pass over %s/%s was refused: %s", *key, error)
            self.wake(key, RETRY_SECONDS)
