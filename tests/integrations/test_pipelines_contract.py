"""What every Pipelines promises: the fake and the real adapter pass the same tests."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest

from commands.core.errors import Permanent, Temporary
from commands.core.model import Place
from commands.core.observed import PipelinePhase
from commands.core.ports import PipelineOrder, Pipelines
from integrations.kubernetes.scopes import Scope
from playground.faults import Fault
from tests.fakes.pipelines import FakePipelines
from tests.integrations.kubernetes.bench import Bench, put_pod, put_template, running

SHOP = Place(cluster="main", namespace="staging", app="shop")
NOWHERE = Place(cluster="main", namespace="nowhere", app="shop")
NAME = "shop-staging-142"
ORDER = PipelineOrder(
    name=NAME,
    template="slipway-deploy",
    owner="d142",
    place=SHOP,
    environment="staging",
    number=142,
    parameters=(("app", "shop"),),
)


class World(Protocol):
    """The cluster behind the port, to be changed by a test."""

    @property
    def pipelines(self) -> Pipelines: ...
    def write_log(self, step: str, *lines: str) -> None: ...
    def delete(self) -> None: ...
    def go_down(self) -> None: ...
    async def until(self, condition: Callable[[], bool]) -> None: ...
    def count(self) -> int: ...
    def was_stopped(self) -> bool: ...


class InMemory(FakePipelines):
    def __init__(self) -> None:
        super().__init__(unsynced={NOWHERE}, templates={"slipway-deploy"})

    @property
    def pipelines(self) -> Pipelines:
        return self

    def write_log(self, step: str, *lines: str) -> None:
        self.logs[NAME, step] = lines

    def delete(self) -> None:
        self.remove(SHOP, name=NAME)

    def go_down(self) -> None:
        self.failure = Temporary("Kubernetes", "no answer")

    async def until(self, condition: Callable[[], bool]) -> None:
        assert condition()

    def count(self) -> int:
        return len(self.known)

    def was_stopped(self) -> bool:
        return NAME in self.stopped


@dataclass
class OnKubernetes:
    bench: Bench

    @property
    def pipelines(self) -> Pipelines:
        return self.bench.pipelines

    def write_log(self, step: str, *lines: str) -> None:
        put_pod(self.bench.store, f"{NAME}-{step}-1", node=f"{NAME}.{step}")
        self.bench.logs[f"{NAME}-{step}-1"] = "".join(f"{line}\n" for line in lines)

    def delete(self) -> None:
        self.bench.store.delete("Workflow", "staging", NAME)

    def go_down(self) -> None:
        self.bench.faults.add(Fault(system="kubernetes", kind="status", options={"status": 503}))

    async def until(self, condition: Callable[[], bool]) -> None:
        await self.bench.until(condition)

    def count(self) -> int:
        return len(self.bench.store.list("Workflow", "staging"))

    def was_stopped(self) -> bool:
        workflow = self.bench.store.get("Workflow", "staging", NAME)
        return workflow is not None and workflow["spec"].get("shutdown") == "Stop"


@pytest.fixture(params=["fake", *Scope])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    if request.param == "fake":
        yield InMemory()
        return
    async with running(tmp_path, scope=request.param) as bench:
        put_template(bench.store, scope=request.param)
        yield OnKubernetes(bench)


async def submitted(world: World) -> None:
    await world.pipelines.submit(ORDER)
    await world.until(lambda: world.pipelines.snapshot(SHOP, name=NAME) is not None)


async def test_there_is_nothing_before_anything_was_submitted(world: World) -> None:
    assert world.pipelines.is_synced(SHOP)
    assert world.pipelines.snapshot(SHOP, name=NAME) is None


async def test_a_place_that_is_not_watched_is_not_known_to_be_empty(world: World) -> None:
    assert not world.pipelines.is_synced(NOWHERE)
    assert world.pipelines.snapshot(NOWHERE, name=NAME) is None


async def test_what_was_submitted_is_seen_to_wait_for_its_owner(world: World) -> None:
    await submitted(world)
    seen = world.pipelines.snapshot(SHOP, name=NAME)
    assert seen is not None
    assert (seen.name, seen.owner, seen.phase) == (NAME, "d142", PipelinePhase.WAITING)
    assert seen.uid


async def test_submitting_the_same_order_again_starts_nothing(world: World) -> None:
    await submitted(world)
    await world.pipelines.submit(ORDER)
    assert world.count() == 1


async def test_a_name_that_belongs_to_another_deployment_is_refused(world: World) -> None:
    await submitted(world)
    with pytest.raises(Permanent, match="belongs to another"):
        await world.pipelines.submit(replace(ORDER, owner="d7"))


async def test_a_template_that_is_not_installed_is_refused(world: World) -> None:
    with pytest.raises(Permanent, match=r"no (cluster )?workflow template nightly"):
        await world.pipelines.submit(replace(ORDER, template="nightly"))
    assert world.count() == 0


async def test_a_pipeline_is_stopped(world: World) -> None:
    await submitted(world)
    await world.pipelines.stop(SHOP, name=NAME)
    assert world.was_stopped()
    await world.pipelines.stop(SHOP, name=NAME)


async def test_stopping_what_has_vanished_does_nothing(world: World) -> None:
    await submitted(world)
    world.delete()
    await world.pipelines.stop(SHOP, name=NAME)
    await world.until(lambda: world.pipelines.snapshot(SHOP, name=NAME) is None)


async def test_the_log_of_a_step_is_read_and_that_of_another_is_empty(world: World) -> None:
    await submitted(world)
    world.write_log("build-image", "compiling", "3 tests failed")
    assert await world.pipelines.log(SHOP, name=NAME, step="build-image") == ("compiling", "3 tests failed")
    assert await world.pipelines.log(SHOP, name=NAME, step="image") == ()


async def test_a_cluster_that_is_down_is_a_temporary_failure(world: World) -> None:
    world.go_down()
    with pytest.raises(Temporary):
        await world.pipelines.submit(ORDER)
