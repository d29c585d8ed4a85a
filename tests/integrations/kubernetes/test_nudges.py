"""A promote or an abort that the controller lost: noticed, nudged with patience, and never promoted again."""

import asyncio
import logging
from pathlib import Path

import pytest
from typing_extensions import override

from commands.core.errors import Temporary
from integrations.kubernetes.fields import Obj
from integrations.kubernetes.nudges import ANNOTATION, Nudges
from tests.integrations.kubernetes.bench import put_rollout, running
from tests.integrations.kubernetes.scripted import Naps


class Clock:
    def __init__(self) -> None:
        self.now = 0.0


class Ticking(Naps):
    """A sleep that moves a clock."""

    def __init__(self, limit: int, clock: Clock) -> None:
        super().__init__(limit)
        self.clock = clock

    @override
    async def __call__(self, seconds: float) -> None:
        self.clock.now += seconds
        await super().__call__(seconds)


async def nudged(ticks: int, *, failure: Exception | None = None, acts_at: float = 1e9) -> list[float]:
    """Return when nudges were sent for one pending promote, over so many looks."""
    clock, sent = Clock(), list[float]()

    async def send(_name: str, patch: Obj) -> None:
        assert list(patch) == ["metadata"]
        sent.append(clock.now)
        if clock.now >= acts_at:
            nudges.observe("shop", is_pending=False)
        if failure is not None:
            raise failure

    naps = Ticking(ticks, clock)
    nudges = Nudges(send, sleep=naps, monotonic=lambda: clock.now)
    nudges.observe("shop", is_pending=True)
    nudges.observe("shop", is_pending=True)
    task = asyncio.create_task(nudges.run())
    if acts_at == 1e9:
        await naps.enough.wait()
    else:
        while nudges._pending:  # noqa: ASYNC110  # nothing tells when the last one is gone
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return sent


async def test_a_late_promote_is_nudged_ever_more_rarely() -> None:
    assert await nudged(40) == [2, 6, 14, 30, 62]


async def test_a_nudge_that_fails_is_said_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assert await nudged(5, failure=Temporary("Kubernetes", "no answer")) == [2, 6]
    assert "no answer" in caplog.text


async def test_nobody_is_nudged_once_the_controller_has_acted() -> None:
    assert await nudged(40, acts_at=6) == [2, 6]


async def test_one_that_was_acted_on_while_another_was_nudged_is_left_alone() -> None:
    sent: list[str] = []

    async def send(name: str, _patch: Obj) -> None:
        sent.append(name)
        nudges.observe("second", is_pending=False)

    naps = Naps(2)
    nudges = Nudges(send, sleep=naps, monotonic=lambda: len(naps.taken) * 10.0)
    nudges.observe("first", is_pending=True)
    nudges.observe("second", is_pending=True)
    task = asyncio.create_task(nudges.run())
    await naps.enough.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert sent == ["first"]


async def test_a_promote_that_is_acted_on_in_time_is_left_alone() -> None:
    nudges = Nudges(_never)
    nudges.observe("shop", is_pending=True)
    nudges.observe("shop", is_pending=False)
    assert nudges._late() == []


async def _never(_name: str, _patch: Obj) -> None:
    raise AssertionError


@pytest.mark.parametrize(
    "act",
    [{"op": "remove", "path": "/status/pauseConditions"}, {"op": "add", "path": "/status/abort", "value": True}],
    ids=["promote", "abort"],
)
async def test_a_lost_act_gets_an_annotation_and_nothing_else(
    act: Obj, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.kubernetes.nudges.PATIENCE", 0.01)
    async with running(tmp_path) as bench:
        made = put_rollout(bench.store)
        bench.store.json_patch("Rollout", "staging", "shop", [act], subresource="status")
        annotated = asyncio.Event()

        def look(_event: object) -> None:
            rollout = bench.store.get("Rollout", "staging", "shop")
            if rollout is not None and ANNOTATION in rollout["metadata"]["annotations"]:
                annotated.set()

        bench.store.subscribe(look)
        async with asyncio.timeout(20):
            await annotated.wait()
        rollout = bench.store.get("Rollout", "staging", "shop")
        assert rollout is not None
        assert rollout["spec"] == made["spec"]
        assert rollout["status"]["currentStepIndex"] == made["status"]["currentStepIndex"]
