"""The feed of what changed in the workspace, in order: what the page and the tests wait on instead of sleeping.

Everything that changes state records here; the driver's `/_drive/events` reads.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playground.slack.model import Obj

KEPT = 2000


class Changes:
    """A bounded list of numbered changes with a wait for the next one."""

    def __init__(self) -> None:
        self.last = 0
        self._kept: deque[Obj] = deque(maxlen=KEPT)
        self._moved = asyncio.Event()

    def record(self, kind: str, **about: Any) -> None:
        """Note that something of this kind changed; `about` names what (channel, ts, user)."""
        self.last += 1
        self._kept.append({"seq": self.last, "kind": kind, **about})
        # Each wait holds the event that was current when it began, so nobody misses a change made in between.
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def since(self, seq: int) -> list[Obj]:
        return [change for change in self._kept if change["seq"] > seq]

    async def wait(self, seq: int, seconds: float) -> list[Obj]:
        """Return the changes after `seq`, at once if there are some, else after at most `seconds`."""
        moved = self._moved
        if self.last <= seq and seconds > 0:
            try:
                await asyncio.wait_for(moved.wait(), seconds)
            except TimeoutError:
                return []
        return self.since(seq)
