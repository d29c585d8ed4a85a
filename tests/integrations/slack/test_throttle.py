from dataclasses import dataclass, field

import pytest

from integrations.slack import throttle
from integrations.slack.throttle import Bucket, Throttle


@dataclass
class Hands:
    """A clock that moves only when somebody sleeps."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_burst_passes_and_then_calls_are_spaced() -> None:
    hands = Hands()
    bucket = Bucket(2.0, 3, hands.time)
    assert [bucket.reserve() for _ in range(6)] == [0.0, 0.0, 0.0, 0.5, 1.0, 1.5]


def test_bucket_fills_again_but_not_beyond_its_burst() -> None:
    hands = Hands()
    bucket = Bucket(1.0, 2, hands.time)
    assert [bucket.reserve() for _ in range(3)] == [0.0, 0.0, 1.0]
    hands.now += 1000
    assert bucket.is_idle
    assert [bucket.reserve() for _ in range(3)] == [0.0, 0.0, 1.0]
    assert not bucket.is_idle


def test_held_bucket_lets_nobody_through_until_the_time_that_slack_named() -> None:
    hands = Hands()
    bucket = Bucket(10.0, 5, hands.time)
    bucket.hold(30)
    assert bucket.reserve() == 30.0
    assert bucket.reserve() == pytest.approx(30.1)


async def test_fifty_updates_in_a_minute_and_no_more_than_slack_allows() -> None:
    hands = Hands()
    paced = Throttle(sleep=hands.sleep, time=hands.time)
    begun = hands.now
    for _ in range(70):
        await paced.wait("chat.update", "C0DEPLOYS")
    assert hands.now - begun == pytest.approx(60.0)


async def test_posts_are_spaced_per_channel() -> None:
    hands = Hands()
    paced = Throttle(sleep=hands.sleep, time=hands.time)
    for channel in ("C0A", "C0B", "C0C"):
        for _ in range(5):
            await paced.wait("chat.postMessage", channel)
    assert hands.slept == []
    await paced.wait("chat.postMessage", "C0A")
    assert hands.slept == [1.0]


async def test_methods_without_a_known_limit_are_not_spaced() -> None:
    hands = Hands()
    paced = Throttle(sleep=hands.sleep, time=hands.time)
    for _ in range(100):
        await paced.wait("auth.test", "")
    assert hands.slept == []


async def test_hold_on_a_channel_leaves_other_channels_alone() -> None:
    hands = Hands()
    paced = Throttle(sleep=hands.sleep, time=hands.time)
    paced.hold("chat.postMessage", "C0A", seconds=20)
    await paced.wait("chat.postMessage", "C0B")
    assert hands.slept == []
    await paced.wait("chat.postMessage", "C0A")
    assert hands.slept == [20]


async def test_buckets_of_quiet_channels_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_CHANNELS_REMEMBERED", 10)
    hands = Hands()
    paced = Throttle(sleep=hands.sleep, time=hands.time)
    for n in range(200):
        await paced.wait("chat.postMessage", f"C{n}")
        hands.now += 60
    assert len(paced._buckets) <= 10
