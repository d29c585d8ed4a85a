from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import pytest

from commands.core.errors import Temporary
from commands.core.observed import Scan
from commands.core.ports import Image, Images
from tests.fakes.images import FakeImages
from tests.integrations.harbor.bench import NOON, SHOP, Bench, digest, running

LATER = NOON + timedelta(days=1)


class World(Protocol):
    """The registry behind the port, to be changed by a test."""

    @property
    def images(self) -> Images: ...
    def push(self, image: str, name: str, *, digest: str, at: datetime, scan: Scan | None = None) -> None: ...
    def go_down(self) -> None: ...
    def come_back(self) -> None: ...


class InMemory(FakeImages):
    @property
    def images(self) -> Images:
        return self

    def go_down(self) -> None:
        self.failure = Temporary("Harbor", "no answer")

    def come_back(self) -> None:
        self.failure = None


@dataclass
class OnHarbor:
    bench: Bench
    images: Images

    def push(self, image: str, name: str, *, digest: str, at: datetime, scan: Scan | None = None) -> None:
        counts = {"Critical": scan.critical, "High": scan.high} if scan else None
        self.bench.harbor.push(image, name, digest, at=at, scan=counts)

    def go_down(self) -> None:
        self.bench.fault("down")

    def come_back(self) -> None:
        self.bench.faults.clear()


@pytest.fixture(params=["fake", "harbor"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "fake":
        yield InMemory()
        return
    async with running() as bench:
        yield OnHarbor(bench, bench.images())


async def listed(world: World, image: str = SHOP) -> set[Image]:
    """List what any registry says; a page for people is one registry's own, and its own tests have it."""
    found = await world.images.search(image)
    assert found is not None
    return {replace(each, page="") for each in found}


async def test_an_app_without_images_has_none(world: World) -> None:
    assert await listed(world) == set()
    assert await world.images.digest(SHOP, version="v1.2") is None


async def test_an_image_knows_its_tags_its_digest_when_it_was_pushed_and_what_a_scan_found(world: World) -> None:
    world.push(SHOP, "v1.1", digest=digest(1), at=NOON)
    world.push(SHOP, "v1.2", digest=digest(2), at=LATER, scan=Scan(critical=2, high=5))
    assert await listed(world) == {
        Image(tags=("v1.1",), digest=digest(1), pushed_at=NOON),
        Image(tags=("v1.2",), digest=digest(2), pushed_at=LATER, scan=Scan(critical=2, high=5)),
    }


async def test_an_image_may_have_several_tags(world: World) -> None:
    world.push(SHOP, "v1.2", digest=digest(1), at=NOON)
    world.push(SHOP, "stable", digest=digest(1), at=LATER)
    assert await listed(world) == {Image(tags=("v1.2", "stable"), digest=digest(1), pushed_at=NOON)}


async def test_a_tag_that_moved_is_where_it_is_now_and_an_image_without_tags_is_not_listed(world: World) -> None:
    world.push(SHOP, "v1.2", digest=digest(1), at=NOON)
    world.push(SHOP, "v1.2", digest=digest(2), at=LATER)
    assert await listed(world) == {Image(tags=("v1.2",), digest=digest(2), pushed_at=LATER)}
    assert await world.images.digest(SHOP, version="v1.2") == digest(2)


async def test_a_name_may_have_more_than_one_slash(world: World) -> None:
    world.push(f"{SHOP}/web", "v1.2", digest=digest(1), at=NOON)
    assert {image.digest for image in await listed(world, f"{SHOP}/web")} == {digest(1)}
    assert await world.images.digest(f"{SHOP}/web", version="v1.2") == digest(1)
    assert await listed(world) == set()


async def test_the_digest_of_a_version_with_a_plus_sign_is_that_of_its_tag(world: World) -> None:
    world.push(SHOP, "1.0_build.7", digest=digest(7), at=NOON)
    assert await world.images.digest(SHOP, version="1.0+build.7") == digest(7)
    assert await world.images.digest(SHOP, version="1.0") is None


async def test_images_that_are_kept_elsewhere_are_nothing_to_say_about(world: World) -> None:
    world.go_down()
    for image in ("other.example.com/shop/shop", "shop/shop", "harbor.example.com.evil.example/shop/shop", "shop"):
        assert await world.images.search(image) is None
        assert await world.images.digest(image, version="v1.2") is None


async def test_an_unchanged_list_is_the_same_object_again(world: World) -> None:
    world.push(SHOP, "v1.2", digest=digest(1), at=NOON)
    first = await world.images.search(SHOP)
    assert await world.images.search(SHOP) is first
    world.push(SHOP, "v1.3", digest=digest(2), at=LATER)
    assert await world.images.search(SHOP) is not first


async def test_an_outage_is_temporary_and_ends(world: World) -> None:
    world.push(SHOP, "v1.2", digest=digest(1), at=NOON)
    await listed(world)
    world.go_down()
    with pytest.raises(Temporary):
        await listed(world)
    with pytest.raises(Temporary):
        await world.images.digest(SHOP, version="v1.2")
    world.come_back()
    assert len(await listed(world)) == 1
