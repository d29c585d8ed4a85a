from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pytest

from commands.core.catalog import Artifact
from commands.core.errors import Temporary
from commands.core.ports import Published
from commands.flow.search import Search
from tests.fakes.versions import FakeVersions
from tests.integrations.harbor.bench import running as with_harbor
from tests.integrations.nexus.bench import NOON, SHOP, Bench, app, running


class World(Protocol):
    """The artifact store behind the port, to be changed by a test."""

    @property
    def versions(self) -> Published: ...
    def publish(self, artifact: Artifact, version: str, *, at: datetime) -> None: ...
    def go_down(self) -> None: ...
    def come_back(self) -> None: ...


class InMemory(FakeVersions):
    @property
    def versions(self) -> Published:
        return self

    def go_down(self) -> None:
        self.failure = Temporary("Nexus", "no answer")

    def come_back(self) -> None:
        self.failure = None


@dataclass
class OnNexus:
    bench: Bench
    versions: Published

    def publish(self, artifact: Artifact, version: str, *, at: datetime) -> None:
        self.bench.publish(version, artifact=artifact, at=at)

    def go_down(self) -> None:
        self.bench.fault("down")

    def come_back(self) -> None:
        self.bench.faults.clear()


@pytest.fixture(params=["fake", "nexus", "search over nexus and harbor"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "fake":
        yield InMemory()
        return
    async with running() as bench, with_harbor() as harbor:
        nexus = bench.versions()
        is_alone = request.param == "nexus"
        yield OnNexus(bench, nexus if is_alone else Search(published=nexus, images=harbor.images()))


async def listed(world: World, artifact: Artifact = SHOP) -> list[str]:
    return [one.version for one in await world.versions.search(app(artifact))]


async def test_an_app_without_versions_has_none(world: World) -> None:
    assert await listed(world) == []


async def test_the_newest_version_comes_first_whenever_it_was_published(world: World) -> None:
    for version in ("v1.2.0", "v1.10.0", "v1.9.0", "v1.10.0-rc.1"):
        world.publish(SHOP, version, at=NOON)
    assert await listed(world) == ["v1.10.0", "v1.10.0-rc.1", "v1.9.0", "v1.2.0"]


async def test_a_version_knows_when_it_was_published(world: World) -> None:
    world.publish(SHOP, "v1.2", at=NOON)
    assert [one.published_at for one in await world.versions.search(app())] == [NOON]


async def test_versions_of_other_artifacts_are_not_listed(world: World) -> None:
    for artifact in (
        Artifact(group="com.acme", name="shop-api"),
        Artifact(group="com.acme.shop", name="shop"),
        Artifact(group="com.acme", name="shop", packaging="war"),
    ):
        world.publish(artifact, "v9.9" if artifact.packaging == "jar" else "v8.8", at=NOON)
    world.publish(SHOP, "v1.2", at=NOON)
    assert await listed(world) == ["v1.2"]


async def test_what_is_published_later_is_listed(world: World) -> None:
    world.publish(SHOP, "v1.2", at=NOON)
    assert await listed(world) == ["v1.2"]
    world.publish(SHOP, "v1.3", at=NOON)
    assert await listed(world) == ["v1.3", "v1.2"]


async def test_an_outage_is_temporary_and_nothing_old_is_served(world: World) -> None:
    world.publish(SHOP, "v1.2", at=NOON)
    await listed(world)
    world.go_down()
    with pytest.raises(Temporary):
        await listed(world)
    world.come_back()
    assert await listed(world) == ["v1.2"]
