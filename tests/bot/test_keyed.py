import asyncio
import itertools
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.keyed import FIRST_DELAY, LONGEST_DELAY, KeyedQueue
from commands.core.errors import Permanent, SystemFailure, Temporary
from tests.bot import loops
from tests.bot.loops import now, settle

Handler = Callable[[str], Awaitable[None]]


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda _low, _high: 1.0)


@asynccontextmanager
async def running(handler: Handler, *, workers: int = 2) -> AsyncIterator[KeyedQueue]:
    queue = KeyedQueue("test", handler, workers=workers)
    task = asyncio.create_task(queue.run())
    try:
        yield queue
        assert not task.done(), "the queue has ended"
    finally:
        task.cancel()
        await asyncio.wait({task})


class Work:
    """A handler that notes when it was called, fails as told and can be held inside."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.calls: list[tuple[str, float]] = []
        self.outcomes = list(outcomes)
        self.door = asyncio.Event()
        self.door.set()
        self.inside: Counter[str] = Counter()

    async def __call__(self, key: str) -> None:
        self.calls.append((key, now()))
        self.inside[key] += 1
        try:
            await self.door.wait()
            outcome = self.outcomes.pop(0) if self.outcomes else None
            if outcome is not None:
                raise outcome
        finally:
            self.inside[key] -= 1

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.calls]

    @property
    def pauses(self) -> list[float]:
        times = [at for _, at in self.calls]
        return [round(later - earlier, 2) for earlier, later in itertools.pairwise(times)]


def down(**options: timedelta) -> Temporary:
    return Temporary("Slack", "chat.update: no answer in time", **options)


def test_hints_for_a_key_that_waits_count_once() -> None:
    async def main() -> None:
        work = Work()
        async with running(work) as queue:
            for _ in range(5):
                queue.add("a")
            queue.add("b")
            await settle()
        assert sorted(work.keys) == ["a", "b"]

    loops.run(main())


def test_hints_for_a_key_that_is_being_handled_have_it_handled_once_more() -> None:
    async def main() -> None:
        work = Work()
        work.door.clear()
        async with running(work) as queue:
            queue.add("a")
            await settle()
            for _ in range(5):
                queue.add("a")
            await settle()
            assert work.keys == ["a"]
            work.door.set()
            await settle()
        assert work.keys == ["a", "a"]

    loops.run(main())


def test_a_key_that_is_being_handled_holds_no_other_key_up() -> None:
    async def main() -> None:
        work = Work()
        work.door.clear()
        async with running(work, workers=2) as queue:
            for key in ("a", "a", "b", "c"):
                queue.add(key)
            await settle()
            assert sorted(work.keys) == ["a", "b"]
            work.door.set()
            await settle()
            assert sorted(work.keys) == ["a", "b", "c"]

    loops.run(main())


def test_failures_are_tried_again_at_growing_intervals_up_to_the_longest(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> Work:
        work = Work(*(down() for _ in range(9)))
        async with running(work) as queue:
            queue.add("a")
            await asyncio.sleep(300)
        return work

    work = loops.run(main())
    assert work.pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert [record.getMessage() for record in caplog.records] == [
        "test: a will be tried again in 0.5 s: Slack: chat.update: no answer in time"
    ]


def test_an_outage_of_any_length_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> Work:
        work = Work(*(down() for _ in range(3000)))
        async with running(work) as queue:
            queue.add("a")
            await asyncio.sleep(3100 * LONGEST_DELAY)
        return work

    assert len(loops.run(main()).calls) == 3001


def test_intervals_vary_so_that_keys_do_not_come_back_together(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, float]] = []

    def longest(low: float, high: float) -> float:
        asked.append((low, high))
        return high

    monkeypatch.setattr(random, "uniform", longest)

    async def main() -> list[float]:
        work = Work(down())
        async with running(work) as queue:
            queue.add("a")
            await asyncio.sleep(5)
        return work.pauses

    assert loops.run(main()) == [round(FIRST_DELAY * 1.25, 2)]
    assert asked == [(0.75, 1.25)]


def test_success_makes_the_next_interval_short_again() -> None:
    async def main() -> Work:
        work = Work(down(), down(), None, down())
        async with running(work) as queue:
            queue.add("a")
            await asyncio.sleep(10)
            queue.add("a")
            await asyncio.sleep(10)
        return work

    assert loops.run(main()).pauses == [0.5, 1.0, 8.5, 0.5]


@pytest.mark.parametrize(("asked", "kept"), [(7.0, 7.0), (120.0, 120.0), (0.0, FIRST_DELAY)])
def test_what_the_other_system_says_about_when_counts(asked: float, kept: float) -> None:
    async def main() -> list[float]:
        work = Work(down(retry_after=timedelta(seconds=asked)))
        async with running(work) as queue:
            queue.add("a")
            await asyncio.sleep(300)
        return work.pauses

    assert loops.run(main()) == [kept]


def test_what_cannot_be_mended_by_trying_is_tried_rarely() -> None:
    async def main() -> list[float]:
        work = Work(Permanent("Slack", "channel_not_found"), Permanent("Slack", "channel_not_found"))
        async with running(work) as queue:
            queue.add("a")
            await asyncio.sleep(200)
        return work.pauses

    assert loops.run(main()) == [LONGEST_DELAY, LONGEST_DELAY]


def test_a_fault_of_ours_is_logged_with_its_trace_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> list[float]:
        work = Work(KeyError("shop"), TimeoutError())
        async with running(work) as queue:
            queue.add("a")
            queue.add("b")
            await asyncio.sleep(30)
        return work.pauses

    assert len(loops.run(main())) == 3
    first = caplog.records[0]
    assert (first.levelno, first.getMessage()) == (logging.ERROR, "test: a could not be handled")
    assert first.exc_info is not None


def test_a_hint_during_the_wait_after_a_failure_is_followed_at_once() -> None:
    async def main() -> Work:
        work = Work(down(retry_after=timedelta(seconds=60)))
        async with running(work) as queue:
            queue.add("a")
            await asyncio.sleep(1)
            queue.add("a")
            await settle()
            assert work.keys == ["a", "a"]
            await asyncio.sleep(100)
        return work

    # What had been planned happens too: looking once too often costs nothing.
    assert loops.run(main()).pauses == [1.0, 59.0]


def test_the_earliest_of_several_times_counts_whatever_the_order() -> None:
    async def main() -> list[float]:
        work = Work()
        async with running(work) as queue:
            start = now()
            for seconds in (9, 3, 5):
                queue.add_later("a", timedelta(seconds=seconds))
            queue.add_later("b", timedelta(seconds=4))
            await asyncio.sleep(20)
        return [round(at - start) for _, at in work.calls]

    assert loops.run(main()) == [3, 4]


def test_a_time_that_has_passed_means_now() -> None:
    async def main() -> list[str]:
        work = Work()
        async with running(work) as queue:
            queue.add_later("a", timedelta(seconds=-5))
            await settle()
        return work.keys

    assert loops.run(main()) == ["a"]


def test_a_time_that_comes_while_the_key_is_being_handled_is_not_lost() -> None:
    async def main() -> list[str]:
        work = Work()
        work.door.clear()
        async with running(work) as queue:
            queue.add("a")
            await settle()
            queue.add_later("a", timedelta(seconds=1))
            await asyncio.sleep(2)
            work.door.set()
            await settle()
        return work.keys

    assert loops.run(main()) == ["a", "a"]


def test_a_time_asked_for_by_the_handler_itself_is_kept_when_it_then_fails() -> None:
    async def main() -> list[float]:
        times: list[float] = []

        async def handle(key: str) -> None:
            times.append(now())
            if len(times) == 1:
                queue.add_later(key, timedelta(seconds=0.2))
                raise down(retry_after=timedelta(seconds=50))

        async with running(handle) as queue:
            queue.add("a")
            await asyncio.sleep(100)
        return [round(later - earlier, 2) for earlier, later in itertools.pairwise(times)]

    assert loops.run(main()) == [0.2]


def test_cancelling_ends_the_handlers_and_leaves_no_timer_behind() -> None:
    async def main() -> Work:
        work = Work(down(), None)
        async with running(work) as queue:
            queue.add("a")
            await settle()
            work.door.clear()
            queue.add_later("b", timedelta(seconds=0.1))
            await asyncio.sleep(0.2)
            assert work.inside["b"] == 1
            queue.add("b")
        assert work.inside["b"] == 0
        assert [timer.cancelled() for timer in queue._timers.values()] == [True]
        seen = len(work.calls)
        await asyncio.sleep(100)
        assert len(work.calls) == seen
        return work

    assert loops.run(main()).keys == ["a", "b"]


STEP = st.one_of(
    st.tuples(st.just("add"), st.sampled_from("abc"), st.just(0.0)),
    st.tuples(st.just("later"), st.sampled_from("abc"), st.floats(0, 3)),
    st.tuples(st.just("wait"), st.just(""), st.floats(0, 2)),
)
RESULT = st.tuples(st.floats(0, 1.5), st.sampled_from(["ok", "ok", "temporary", "after", "permanent", "bug"]))


def failure(kind: str) -> Exception | None:
    known: dict[str, SystemFailure] = {
        "temporary": down(),
        "after": down(retry_after=timedelta(seconds=2)),
        "permanent": Permanent("Slack", "is_archived"),
    }
    return ValueError("a bug") if kind == "bug" else known.get(kind)


@given(steps=st.lists(STEP, max_size=25), results=st.lists(RESULT, max_size=25), workers=st.integers(1, 3))
def test_no_hint_is_lost_and_no_key_is_ever_handled_twice_at_a_time(
    steps: list[tuple[str, str, float]], results: list[tuple[float, str]], workers: int
) -> None:
    async def main() -> None:
        inside: Counter[str] = Counter()
        crowds: list[tuple[int, int]] = []
        left = list(results)
        begun: dict[str, list[float]] = {key: [] for key in "abc"}
        done: dict[str, float] = {}
        hinted: dict[str, float] = {}

        async def handle(key: str) -> None:
            begun[key].append(now())
            inside[key] += 1
            try:
                crowds.append((inside[key], inside.total()))
                length, kind = left.pop(0) if left else (0.0, "ok")
                await asyncio.sleep(length)
                outcome = failure(kind)
                if outcome is not None:
                    raise outcome
                done[key] = begun[key][-1]
            finally:
                inside[key] -= 1

        async with running(handle, workers=workers) as queue:
            for kind, key, seconds in steps:
                if kind == "wait":
                    await asyncio.sleep(seconds)
                elif kind == "add":
                    queue.add(key)
                    hinted[key] = max(hinted.get(key, 0), now())
                else:
                    queue.add_later(key, timedelta(seconds=seconds))
                    hinted.setdefault(key, now())
            await asyncio.sleep(25 * LONGEST_DELAY * 2)
            assert all(of_key == 1 and of_all <= workers for of_key, of_all in crowds)
            # After every hint, a look that began no earlier than the hint has come to a good end.
            for key, at in hinted.items():
                assert done[key] >= at
            assert not queue._waiting | queue._running | queue._again
            assert not queue._timers
            assert not queue._failures
            assert queue._ready.empty()

    loops.run(main())


@given(asked=st.lists(st.floats(0, 10), min_size=1, max_size=8))
def test_a_key_is_looked_at_no_later_than_the_earliest_time_asked_for(asked: list[float]) -> None:
    async def main() -> None:
        work = Work()
        async with running(work) as queue:
            start = now()
            for seconds in asked:
                queue.add_later("a", timedelta(seconds=seconds))
            await asyncio.sleep(20)
            assert len(work.calls) == 1
            assert work.calls[0][1] == pytest.approx(start + min(asked), abs=0.01)

    loops.run(main())
