"""How fast stand-in time runs.

Every stand-in waits through one `Pace`, so that tests and demonstrations shorten pod starts and timed pauses together.
Timestamps stay wall clock: `speed` divides waits only, it never moves the clock.
"""

import asyncio
import math
from datetime import UTC, datetime


class Pace:
    """The waits of the stand-ins: `speed` 10 makes ten seconds last one."""

    def __init__(self, speed: float = 1.0) -> None:
        if not (math.isfinite(speed) and speed > 0):
            raise ValueError(f"speed {speed} cannot be used: it divides waits. Give a number above 0, such as 1 or 20.")
        self.speed = speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(self.scale(seconds))

    def scale(self, seconds: float) -> float:
        """Real seconds that `seconds` of stand-in time take."""
        return seconds / self.speed

    def now(self) -> datetime:
        return datetime.now(UTC)
