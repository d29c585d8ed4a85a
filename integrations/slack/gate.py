"""Lets a bounded number of handlers run and wait, so that a flood of commands does not grow memory.

Called by the listeners. It decides only whether there is room; what is said when there is none is the caller's.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

RUNNING = 64
WAITING = 256


class Gate:
    """Room for `running` handlers at once and for `waiting` more behind them."""

    def __init__(self, *, running: int = RUNNING, waiting: int = WAITING) -> None:
        self._slots = asyncio.Semaphore(running)
        self._room = running + waiting
        self._inside = 0

    @property
    def is_full(self) -> bool:
        return self._inside >= self._room

    @property
    def inside(self) -> int:
        """Count those that run or wait."""
        return self._inside

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[bool]:
        """Wait for a slot; yields False at once when even the queue is full."""
        if self.is_full:
            yield False
            return
        self._inside += 1
        try:
            async with self._slots:
                yield True
        finally:
            self._inside -= 1
