import asyncio
import math
from datetime import UTC, timedelta

import pytest

from playground.pace import Pace


@pytest.mark.parametrize(("speed", "seconds", "real"), [(1, 3, 3), (10, 3, 0.3), (0.5, 3, 6)])
def test_speed_divides_waits(speed: float, seconds: float, real: float) -> None:
    assert math.isclose(Pace(speed).scale(seconds), real)


@pytest.mark.parametrize("speed", [0, -1, math.nan, math.inf])
def test_a_speed_that_cannot_divide_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Pace(speed)


async def test_sleep_takes_the_scaled_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def note(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", note)
    await Pace(20).sleep(10)
    assert slept == [0.5]


def test_now_is_aware_wall_clock_time() -> None:
    assert Pace(1000).now().tzinfo is UTC
    assert abs(Pace(1000).now() - Pace(1).now()) < timedelta(seconds=5)
