"""A store, a server on loopback over it, a raw HTTP session and the official asynchronous client."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from kubernetes import aio as kubernetes

from playground.faults import Faults
from playground.kubernetes.server import KubernetesServer
from playground.kubernetes.store import Store


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
async def server(store: Store, faults: Faults) -> AsyncIterator[KubernetesServer]:
    served = KubernetesServer(store, faults=faults)
    yield served
    await served.stop()


@pytest.fixture
async def url(server: KubernetesServer) -> str:
    return await server.start()


@pytest.fixture
async def http(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base_url=url, timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield session


@pytest.fixture
async def client(url: str) -> AsyncIterator[kubernetes.client.ApiClient]:
    async with kubernetes.client.ApiClient(kubernetes.client.Configuration(host=url)) as api_client:
        yield api_client
