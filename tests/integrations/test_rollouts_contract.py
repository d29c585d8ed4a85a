"""What every Rollouts promises: the fake and the real adapter pass the same tests."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from commands.core.acts import expected_of
from commands.core.errors import SystemFailure, Temporary
from commands.core.model import Action, Place
from commands.core.observed import PauseReason, RolloutSnapshot
from commands.core.ports import PatchOutcome, Rollouts
from integrations.kubernetes.rollouts import project_replica_set, project_rollout, snapshot_of
from playground.faults import Fault
from tests.fakes.rollouts import FakeRollouts
from tests.integrations.kubernetes.bench import Bench, at_first_pause, put_app_pod, put_rollout, running

SHOP = Place(cluster="main", namespace="staging", app="shop")
NOWHERE = Place(cluster="main", namespace="nowhere", app="shop")


class World(Protocol):
    """The cluster behind the port, to be changed by a test."""

    @property
    def rollouts(self) -> Rollouts: ...
    def pause_canary(self) -> None: ...
    def observe(self) -> None: ...
    def delete(self) -> None: ...
    def go_down(self) -> None: ...
    def write_log(self, pod: str, text: str) -> None: ...
    async def until(self, condition: Callable[[], bool]) -> None: ...


class InMemory(FakeRollouts):
    def __init__(self) -> None:
        super().__init__(unsynced={NOWHERE})

    @property
    def rollouts(self) -> Rollouts:
        return self

    def pause_canary(self) -> None:
        rollout, sets = at_first_pause()
        views = (project_replica_set(each) for each in sets)
        self.put(SHOP, snapshot_of(project_rollout(rollout), [view for view in views if view is not None]))

    def observe(self) -> None:
        """Do nothing: in memory the controller is never late."""

    def delete(self) -> None:
        self.remove(SHOP)

    def write_log(self, pod: str, text: str) -> None:
        self.logs[SHOP, pod, "app"] = tuple(text.splitlines())

    def go_down(self) -> None:
        self.failure = Temporary("Kubernetes", "no answer")

    async def until(self, condition: Callable[[], bool]) -> None:
        assert condition()


@dataclass
class OnKubernetes:
    bench: Bench

    @property
    def rollouts(self) -> Rollouts:
        return self.bench.rollouts

    def pause_canary(self) -> None:
        put_rollout(self.bench.store)

    def observe(self) -> None:
        """Do what the controller does first: see the newest spec."""
        known = self.bench.store.get("Rollout", "staging", "shop")
        assert known is not None
        status = {"observedGeneration": str(known["metadata"]["generation"])}
        self.bench.store.merge_patch("Rollout", "staging", "shop", {"status": status}, subresource="status")

    def delete(self) -> None:
        self.bench.store.delete("Rollout", "staging", "shop")

    def write_log(self, pod: str, text: str) -> None:
        put_app_pod(self.bench.store, pod)
        self.bench.logs[pod] = text

    def go_down(self) -> None:
        self.bench.faults.add(Fault(system="kubernetes", kind="status", options={"status": 503}))

    async def until(self, condition: Callable[[], bool]) -> None:
        await self.bench.until(condition)


@pytest.fixture(params=["fake", "kubernetes"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    if request.param == "fake":
        yield InMemory()
        return
    async with running(tmp_path) as bench:
        yield OnKubernetes(bench)


async def paused(world: World) -> RolloutSnapshot:
    world.pause_canary()
    await world.until(lambda: (seen := world.rollouts.snapshot(SHOP)) is not None and seen.is_current)
    seen = world.rollouts.snapshot(SHOP)
    assert seen is not None
    return seen


async def test_there_is_nothing_where_nothing_was_released(world: World) -> None:
    assert world.rollouts.is_synced(SHOP)
    assert world.rollouts.snapshot(SHOP) is None
    assert await world.rollouts.read(SHOP) is None


async def test_a_place_that_is_not_watched_is_not_known_to_be_empty(world: World) -> None:
    assert not world.rollouts.is_synced(NOWHERE)
    assert world.rollouts.snapshot(NOWHERE) is None


async def test_what_is_watched_and_what_is_read_are_the_same(world: World) -> None:
    seen = await paused(world)
    assert seen.pause is not None
    assert seen.pause.reason is PauseReason.STEP
    assert seen.weight == 25
    assert await world.rollouts.read(SHOP) == seen


@pytest.mark.parametrize("action", [Action.PROMOTE, Action.FULL, Action.ABORT])
async def test_an_act_on_what_was_seen_is_applied(action: Action, world: World) -> None:
    seen = await paused(world)
    outcome = await world.rollouts.patch(SHOP, action=action, expected=expected_of(seen, action))
    assert outcome is PatchOutcome.APPLIED
    after = await world.rollouts.read(SHOP)
    assert after is not None
    assert (after.pause is None) == (action is Action.PROMOTE)
    assert after.is_full == (action is Action.FULL)
    assert after.is_aborted == (action is Action.ABORT)


async def test_the_second_of_two_promotes_changes_nothing(world: World) -> None:
    expected = expected_of(await paused(world), Action.PROMOTE)
    outcomes = [await world.rollouts.patch(SHOP, action=Action.PROMOTE, expected=expected) for _ in range(2)]
    assert outcomes == [PatchOutcome.APPLIED, PatchOutcome.CHANGED]


@pytest.mark.parametrize("action", [Action.PROMOTE, Action.FULL, Action.ABORT])
async def test_an_act_on_another_template_changes_nothing(action: Action, world: World) -> None:
    seen = await paused(world)
    other = replace(expected_of(seen, action), current_hash="another")
    assert await world.rollouts.patch(SHOP, action=action, expected=other) is PatchOutcome.CHANGED
    assert await world.rollouts.read(SHOP) == seen


async def test_what_was_aborted_is_not_shipped(world: World) -> None:
    seen = await paused(world)
    await world.rollouts.patch(SHOP, action=Action.ABORT, expected=expected_of(seen, Action.ABORT))
    outcome = await world.rollouts.patch(SHOP, action=Action.FULL, expected=expected_of(seen, Action.FULL))
    assert outcome is PatchOutcome.CHANGED


async def test_there_is_nothing_to_abort_when_it_has_arrived(world: World) -> None:
    seen = await paused(world)
    arrived = replace(expected_of(seen, Action.ABORT), stable_hash=seen.current_hash)
    assert await world.rollouts.patch(SHOP, action=Action.ABORT, expected=arrived) is PatchOutcome.CHANGED


async def held(world: World) -> RolloutSnapshot:
    seen = await paused(world)
    outcome = await world.rollouts.patch(SHOP, action=Action.PAUSE, expected=expected_of(seen, Action.PAUSE))
    assert outcome is PatchOutcome.APPLIED
    world.observe()
    after = await world.rollouts.read(SHOP)
    assert after is not None
    assert (after.is_held, after.generation) == (True, seen.generation + 1)
    await world.until(lambda: world.rollouts.snapshot(SHOP) == after)
    return after


async def test_what_is_held_is_not_held_again(world: World) -> None:
    seen = await held(world)
    for expected in (expected_of(seen, Action.PAUSE), replace(expected_of(seen, Action.PAUSE), is_held=False)):
        outcome = await world.rollouts.patch(SHOP, action=Action.PAUSE, expected=replace(expected, generation=1))
        assert outcome is PatchOutcome.CHANGED


async def test_what_was_held_is_let_go_of_once(world: World) -> None:
    expected = expected_of(await held(world), Action.RESUME)
    outcomes = [await world.rollouts.patch(SHOP, action=Action.RESUME, expected=expected) for _ in range(2)]
    assert outcomes == [PatchOutcome.APPLIED, PatchOutcome.CHANGED]
    after = await world.rollouts.read(SHOP)
    assert after is not None
    assert (after.is_held, after.generation) == (False, expected.generation + 1)


@pytest.mark.parametrize("action", [Action.PROMOTE, Action.FULL, Action.ABORT])
async def test_an_act_on_what_is_held_lets_go_of_it_first(action: Action, world: World) -> None:
    seen = await held(world)
    assert await world.rollouts.patch(SHOP, action=action, expected=expected_of(seen, action)) is PatchOutcome.APPLIED
    world.observe()
    after = await world.rollouts.read(SHOP)
    assert after is not None
    assert (after.is_held, after.generation) == (False, seen.generation + 1)
    assert (after.pause is None, after.is_full, after.is_aborted) == (
        action is Action.PROMOTE,
        action is Action.FULL,
        action is Action.ABORT,
    )


@pytest.mark.parametrize("action", [Action.PROMOTE, Action.FULL, Action.ABORT])
async def test_what_was_let_go_of_meanwhile_is_left_alone(action: Action, world: World) -> None:
    seen = await held(world)
    await world.rollouts.patch(SHOP, action=Action.RESUME, expected=expected_of(seen, Action.RESUME))
    assert await world.rollouts.patch(SHOP, action=action, expected=expected_of(seen, action)) is PatchOutcome.CHANGED


async def test_a_restart_is_asked_for_once_and_again_only_after_it(world: World) -> None:
    seen = await paused(world)
    first = expected_of(seen, Action.RESTART, at=datetime(2026, 11, 2, 12, 30, tzinfo=UTC))
    assert await world.rollouts.patch(SHOP, action=Action.RESTART, expected=first) is PatchOutcome.APPLIED
    world.observe()
    after = await world.rollouts.read(SHOP)
    assert after is not None
    assert (after.restart_at, after.restarting_since) == ("2026-11-02T12:30:00Z", "2026-11-02T12:30:00Z")
    assert await world.rollouts.patch(SHOP, action=Action.RESTART, expected=first) is PatchOutcome.CHANGED
    # The same restart, asked for again after a crash, changes nothing.
    again = replace(expected_of(after, Action.RESTART), restart_to=first.restart_to)
    assert await world.rollouts.patch(SHOP, action=Action.RESTART, expected=again) is PatchOutcome.APPLIED
    assert (await world.rollouts.read(SHOP)) == after


async def test_an_analysis_is_made_again_by_ending_its_pause(world: World) -> None:
    expected = expected_of(await paused(world), Action.REANALYSE)
    outcomes = [await world.rollouts.patch(SHOP, action=Action.REANALYSE, expected=expected) for _ in range(2)]
    assert outcomes == [PatchOutcome.APPLIED, PatchOutcome.CHANGED]


async def test_an_act_on_what_was_deleted_finds_nothing(world: World) -> None:
    seen = await paused(world)
    world.delete()
    await world.until(lambda: world.rollouts.snapshot(SHOP) is None)
    outcome = await world.rollouts.patch(SHOP, action=Action.ABORT, expected=expected_of(seen, Action.ABORT))
    assert outcome is PatchOutcome.GONE


async def test_a_cluster_that_is_down_is_a_temporary_failure_and_the_last_view_stays(world: World) -> None:
    seen = await paused(world)
    world.go_down()
    with pytest.raises(SystemFailure) as caught:
        await world.rollouts.read(SHOP)
    assert isinstance(caught.value, Temporary)
    assert world.rollouts.snapshot(SHOP) == seen
    assert world.rollouts.is_synced(SHOP)


async def test_the_last_lines_of_a_container_are_read(world: World) -> None:
    world.write_log("shop-1", "starting\nboom\n")
    assert await world.rollouts.log(SHOP, pod="shop-1", container="app") == ("starting", "boom")


async def test_a_pod_that_is_gone_has_taken_its_log_along(world: World) -> None:
    assert await world.rollouts.log(SHOP, pod="shop-1", container="app") == ()


async def test_a_log_cannot_be_read_while_the_cluster_is_down(world: World) -> None:
    world.go_down()
    with pytest.raises(SystemFailure):
        await world.rollouts.log(SHOP, pod="shop-1", container="app")
