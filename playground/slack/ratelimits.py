"""Slack's rate limits: one token bucket per method, and for `chat.postMessage` one per channel as well.

Asked by the Web API before each call. The numbers are Slack's published tiers; `speed` refills faster for tests.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls per minute on average, and so many at once."""

    per_minute: float
    burst: float


TIER_1 = Limit(1, 10)
TIER_2 = Limit(20, 20)
TIER_3 = Limit(50, 50)
TIER_4 = Limit(100, 100)
POSTS_PER_WORKSPACE = Limit(300, 300)
POSTS_PER_CHANNEL = Limit(60, 10)
SPECIAL = Limit(600, 600)

LIMITS: dict[str, Limit] = {
    "apps.connections.open": TIER_1,
    "auth.test": SPECIAL,
    "blocks.validate": SPECIAL,
    "chat.delete": TIER_3,
    "chat.getPermalink": SPECIAL,
    "chat.postEphemeral": TIER_4,
    "chat.postMessage": POSTS_PER_WORKSPACE,
    "chat.update": TIER_3,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.list": TIER_2,
    "conversations.open": TIER_3,
    "conversations.replies": TIER_3,
    "files.completeUploadExternal": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "reactions.add": TIER_3,
    "users.info": TIER_4,
    "users.lookupByEmail": TIER_3,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
}


class Bucket:
    """A token bucket that starts full."""

    def __init__(self, limit: Limit, *, now: float, speed: float) -> None:
        self._burst = limit.burst
        self._per_second = limit.per_minute / MINUTE * speed
        self._tokens = limit.burst
        self._at = now

    def take(self, now: float) -> float:
        """Take one token; return 0, or the seconds until there is one again."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._per_second


class RateLimits:
    """The buckets of one app in one workspace."""

    def __init__(
        self, *, enforced: bool = True, speed: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._enforced = enforced
        self._speed = speed
        self._clock = clock
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def wait_for(self, method: str, channel: str = "") -> int:
        """Count one call; return 0 when it may go on, or the whole seconds for `Retry-After`."""
        if not self._enforced or method not in LIMITS:
            return 0
        waits = [self._take((method, ""), LIMITS[method])]
        if method == "chat.postMessage" and channel:
            waits.append(self._take((method, channel), POSTS_PER_CHANNEL))
        return math.ceil(max(waits))

    def _take(self, key: tuple[str, str], limit: Limit) -> float:
        now = self._clock()
        bucket = self._buckets.setdefault(key, Bucket(limit, now=now, speed=self._speed))
        return bucket.take(now)
