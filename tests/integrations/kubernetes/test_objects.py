"""Objects as they are now: got one by one, each with its own failure; secrets and other namespaces are left alone."""

from pathlib import Path
from typing import Any

import pytest

from commands.core.errors import Permanent, SystemFailure, Temporary
from commands.core.manifest import MAX_NODES, Manifest, read
from commands.core.model import Place
from integrations.kubernetes.objects_port import KubernetesObjects
from playground.faults import Fault
from playground.kubernetes.access import Access
from tests.integrations.kubernetes.bench import Bench, running
from tests.integrations.kubernetes.scripted import TOKEN

SHOP = Place(cluster="main", namespace="staging", app="shop")
SERVICES = "/api/v1/namespaces/staging/services"


def service(name: str = "shop", **metadata: Any) -> dict[str, Any]:
    spec = {"selector": {"app": name}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, **metadata}, "spec": spec}


def wanted(**changes: Any) -> Manifest:
    return read({**service(), **changes})


async def found(bench: Bench, *manifests: Manifest) -> tuple[Manifest | SystemFailure | None, ...]:
    bench.asked.clear()
    return await KubernetesObjects(bench.clusters).read(SHOP, manifests)


async def test_objects_are_read_as_they_are_and_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        bench.store.create(service(namespace="staging"))
        there, absent = await found(bench, wanted(), read(service("other")))
        assert isinstance(there, Manifest)
        assert there.fields["spec.ports[0].port"] == 80
        assert absent is None
        assert sorted(path for _, path, _ in bench.asked) == ["/api/v1", f"{SERVICES}/other", f"{SERVICES}/shop"]
        assert {method for method, _, _ in bench.asked} == {"GET"}


async def test_secrets_are_not_asked_for(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        assert await found(bench, wanted(kind="Secret")) == (None,)
        assert bench.asked == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metadata": {"name": "shop", "namespace": "production"}}, "lies outside of the namespace staging"),
        ({"kind": "Namespace"}, "lies outside of the namespace staging"),
        ({"kind": "Gateway"}, "Gateway of v1 is not installed"),
        ({"apiVersion": "gateway.networking.k8s.io/v1"}, "not installed"),
    ],
)
async def test_what_cannot_be_looked_at_says_why(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    async with running(tmp_path) as bench:
        (failure,) = await found(bench, wanted(**changes))
        assert isinstance(failure, Permanent)
        assert words in failure.message
        assert not [path for _, path, _ in bench.asked if "namespaces" in path]


async def test_a_kind_that_the_account_may_not_get_hides_no_other(tmp_path: Path) -> None:
    access = Access(
        token=TOKEN, allow=[("get", "", "configmaps", ""), *((verb, "*", "*", "*") for verb in ("list", "watch"))]
    )
    async with running(tmp_path, access=access) as bench:
        forbidden, absent = await found(bench, wanted(), wanted(kind="ConfigMap"))
        assert isinstance(forbidden, Permanent)
        assert 'cannot get resource "services"' in forbidden.message
        assert absent is None


async def test_an_object_that_is_too_large_is_not_compared(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        data = {f"k{number}": "x" for number in range(MAX_NODES)}
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop", "namespace": "staging"}}
        bench.store.create({**made, "data": data})
        (failure,) = await found(bench, wanted(kind="ConfigMap"))
        assert isinstance(failure, Permanent)
        assert "larger than what can be compared" in failure.message


async def test_a_cluster_that_does_not_answer_fails_as_a_whole(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        bench.faults.add(Fault(system="kubernetes", kind="down"))
        with pytest.raises(Temporary):
            await found(bench, wanted())


async def test_a_cluster_that_left_the_catalog_is_named(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        elsewhere = Place(cluster="gone", namespace="staging", app="shop")
        with pytest.raises(Permanent, match="no cluster gone"):
            await KubernetesObjects(bench.clusters).read(elsewhere, [wanted()])
