"""Trigger ids and response URLs: the two short-lived rights that an interaction hands to the app.

Made by the people's acts, spent by `views.*` and by posts to `/response/…`. The clock is injected; no server here.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from playground.slack.model import SlackError

Monotonic = Callable[[], float]
TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 30 * 60.0
RESPONSE_POSTS = 5


@dataclass(slots=True)
class Trigger:
    user: str
    until: float
    spent: bool = False


class Triggers:
    """Trigger ids: good for three seconds and for one use."""

    def __init__(self, *, seconds: float = TRIGGER_SECONDS, clock: Monotonic = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._issued: dict[str, Trigger] = {}

    def issue(self, user: str) -> str:
        trigger_id = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        self._issued[trigger_id] = Trigger(user, self._clock() + self._seconds)
        return trigger_id

    def exchange(self, trigger_id: str) -> str:
        """Spend a trigger id and return whose it was."""
        trigger = self._issued.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.spent:
            raise SlackError("exchanged_trigger_id")
        if self._clock() > trigger.until:
            raise SlackError("expired_trigger_id")
        trigger.spent = True
        return trigger.user


@dataclass(slots=True)
class ResponseUrl:
    """Where the posts of one response URL go: the person, the channel, and the message that was clicked."""

    user: str
    channel: str
    source_ts: str | None
    thread_ts: str | None
    until: float
    posts: int = 0


class ResponseUrls:
    """Response URLs: five posts within thirty minutes."""

    def __init__(self, *, seconds: float = RESPONSE_SECONDS, clock: Monotonic = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._issued: dict[str, ResponseUrl] = {}

    def issue(self, user: str, channel: str, *, source_ts: str | None = None, thread_ts: str | None = None) -> str:
        """Make a response URL and return its path below the server's address."""
        key = secrets.token_hex(12)
        self._issued[key] = ResponseUrl(user, channel, source_ts, thread_ts, self._clock() + self._seconds)
        return f"/response/{key}"

    def use(self, key: str) -> ResponseUrl:
        """Count one post to a response URL and return where it goes."""
        url = self._issued.get(key)
        if url is None:
            raise SlackError("invalid_url", status=404)
        if self._clock() > url.until:
            raise SlackError("expired_url", status=404)
        if url.posts >= RESPONSE_POSTS:
            raise SlackError("used_url", status=404)
        url.posts += 1
        return url
