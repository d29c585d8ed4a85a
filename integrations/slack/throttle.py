"""Spaces calls out so that a burst queues here instead of being refused by Slack. Called by the client only.

Limits: Slack's rate limits per method, workspace and app; posting counts per channel too.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Sleep = Callable[[float], Awaitable[None]]
Time = Callable[[], float]

_CHANNELS_REMEMBERED = 500


@dataclass(slots=True)
class Bucket:
    """A token bucket: `burst` calls at once, then `per_second`; callers are served in the order in which they came."""

    per_second: float
    burst: int
    time: Time
    _next: float = 0.0

    def reserve(self) -> float:
        """Take the next place in the queue and return how many seconds to wait for it."""
        now = self.time()
        interval = 1 / self.per_second
        self._next = max(self._next, now - (self.burst - 1) * interval)
        wait = self._next - now
        self._next += interval
        return max(wait, 0.0)

    def hold(self, seconds: float) -> None:
        """Let nobody through for a while: Slack said so."""
        self._next = max(self._next, self.time() + seconds)

    @property
    def is_idle(self) -> bool:
        return self._next <= self.time() - (self.burst - 1) / self.per_second


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a method may be called."""

    per_second: float
    burst: int


PACES = {
    "chat.update": Pace(50 / 60, 20),
    "chat.postMessage": Pace(5.0, 20),
    "chat.postEphemeral": Pace(100 / 60, 30),
}
PER_CHANNEL = {"chat.postMessage": Pace(1.0, 5)}


@dataclass(slots=True)
class Throttle:
    """The buckets of all methods, and of the channels that were posted to lately."""

    sleep: Sleep = asyncio.sleep
    time: Time = time.monotonic
    _buckets: dict[str, Bucket] = field(default_factory=dict)

    async def wait(self, method: str, channel: str) -> None:
        """Return when the method may be called for that channel."""
        wait = max((bucket.reserve() for bucket in self._of(method, channel)), default=0.0)
        if wait > 0:
            await self.sleep(wait)

    def hold(self, method: str, channel: str, *, seconds: float) -> None:
        """Hold a method back after Slack refused it; a limit per channel holds that channel only."""
        for bucket in self._of(method, channel)[-1:]:
            bucket.hold(seconds)

    def _of(self, method: str, channel: str) -> list[Bucket]:
        found = []
        if method in PACES:
            found.append(self._bucket(method, PACES[method]))
        if method in PER_CHANNEL:
            found.append(self._bucket(f"{method} {channel}", PER_CHANNEL[method]))
        return found

    def _bucket(self, key: str, pace: Pace) -> Bucket:
        if key not in self._buckets:
            self._forget_idle()
            self._buckets[key] = Bucket(pace.per_second, pace.burst, self.time)
        return self._buckets[key]

    def _forget_idle(self) -> None:
        """Drop buckets that are full again: a new one would be the same."""
        if len(self._buckets) >= _CHANNELS_REMEMBERED:
            self._buckets = {key: bucket for key, bucket in self._buckets.items() if not bucket.is_idle}
