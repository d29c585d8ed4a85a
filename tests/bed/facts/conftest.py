"""What the tests of facts stand on: a namespace per module on the bed's cluster, and the product's ports to it."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from commands.core.catalog import Cluster, Environment
from integrations.kubernetes.cluster import KubernetesClusters
from integrations.kubernetes.fields import Obj
from integrations.kubernetes.transport import Connection
from tests.bed.facts.manifests import executor_account
from tests.bed.facts.objects import Space
from tests.bed.facts.product import Product
from tests.bed.places import Places

NAMESPACES = "/api/v1/namespaces"


@pytest.fixture(scope="session")
def kubeconfig() -> Path:
    """Of KUBECONFIG, else of the bed."""
    path = Path(os.environ.get("KUBECONFIG") or Places.from_environment().kubeconfig)
    assert path.exists(), f"there is no cluster to test on: {path} does not exist; run make bed, or set KUBECONFIG"
    return path


@pytest.fixture(scope="module")
def namespace(kubeconfig: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Make a namespace for the tests of one module, and remove it with all that is in it."""
    subject = request.module.__name__.rpartition(".")[2].removeprefix("test_").replace("_", "-")
    name = f"{subject}-{uuid.uuid4().hex[:6]}"
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"slipway/test": subject}}}
    _with_connection(kubeconfig, lambda connection: connection.create(NAMESPACES, made))
    yield name
    _with_connection(kubeconfig, lambda connection: connection.request("DELETE", f"{NAMESPACES}/{name}", values=set()))


@pytest.fixture(scope="module")
def put(kubeconfig: Path, namespace: str) -> Callable[[Obj], None]:
    """Make an object that stays as long as the namespace."""

    def make(obj: Obj) -> None:
        _with_connection(kubeconfig, lambda connection: Space(connection, namespace).create(obj))

    return make


@pytest.fixture(scope="module")
def executor(put: Callable[[Obj], None]) -> None:
    """Make the account that workflow pods run as."""
    for each in executor_account():
        put(each)


@pytest.fixture
async def space(kubeconfig: Path, namespace: str) -> AsyncIterator[Space]:
    connection = _connection(kubeconfig)
    space = Space(connection, namespace)
    yield space
    await space.tidy()
    await connection.aclose()


@pytest.fixture
async def product(kubeconfig: Path, namespace: str) -> AsyncIterator[Product]:
    """Run the product's watches and ports on the namespace of the test."""
    environment = Environment(name="facts", cluster="bed", namespace=namespace)
    clusters = KubernetesClusters(clusters={"bed": _cluster(kubeconfig)}, environments=[environment])
    async with _running(clusters.run()):
        await clusters.until_synced()
        yield Product(clusters, namespace)
    await clusters.aclose()


@asynccontextmanager
async def _running(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _with_connection(kubeconfig: Path, use: Callable[[Connection], Coroutine[None, None, object]]) -> None:
    async def once() -> None:
        connection = _connection(kubeconfig)
        await use(connection)
        await connection.aclose()

    asyncio.run(once())


def _connection(kubeconfig: Path) -> Connection:
    return Connection(_cluster(kubeconfig))


def _cluster(kubeconfig: Path) -> Cluster:
    return Cluster(name="bed", kubeconfig=str(kubeconfig))
