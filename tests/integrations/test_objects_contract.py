"""What every Objects promises: the fake and the real adapter pass the same tests."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from commands.core.manifest import Manifest, read
from commands.core.model import Place
from commands.core.rendering import Objects
from integrations.kubernetes.objects_port import KubernetesObjects
from tests.fakes.rendering import FakeObjects
from tests.integrations.kubernetes.bench import running

SHOP = Place(cluster="main", namespace="staging", app="shop")
World = tuple[Objects, Callable[[dict[str, Any]], object]]


def config(name: str, *, kind: str = "ConfigMap") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "staging"}, "data": {"a": "b"}}


@pytest.fixture(params=["fake", "kubernetes"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    if request.param == "fake":
        fake = FakeObjects()
        yield fake, lambda document: fake.put(SHOP, document)
        return
    async with running(tmp_path) as bench:
        yield KubernetesObjects(bench.clusters), bench.store.create


async def test_each_object_is_answered_in_its_turn(world: World) -> None:
    objects, put = world
    put(config("there"))
    there, absent = await objects.read(SHOP, [read(config("there")), read(config("absent"))])
    assert isinstance(there, Manifest)
    assert there.fields["data.a"] == "b"
    assert absent is None


async def test_a_secret_counts_as_not_there(world: World) -> None:
    assert await world[0].read(SHOP, [read(config("there", kind="Secret"))]) == (None,)
    assert await world[0].read(SHOP, []) == ()
