"""An event loop whose clock jumps: when nothing is left to do, the next timer is due at once; nothing really waits."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from typing_extensions import override

Result = TypeVar("Result")
A_MOMENT = 0.000_1


class JumpingClock(selectors.DefaultSelector):
    """Counts the time that would have been waited instead of waiting."""

    now = 1_000.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing is left that could ever happen"
        self.now += max(timeout, 0)
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop on that clock."""

    def __init__(self) -> None:
        self._jumping = JumpingClock()
        super().__init__(self._jumping)

    @override
    def time(self) -> float:
        return self._jumping.now


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end on a loop of this kind."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)


def now() -> float:
    """Return the loop's time in seconds."""
    return asyncio.get_running_loop().time()


async def settle() -> None:
    """Let everything happen that needs no time: the clock only moves when nothing else is left to do."""
    await asyncio.sleep(A_MOMENT)
