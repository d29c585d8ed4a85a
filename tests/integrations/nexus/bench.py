"""A stand-in Nexus on loopback for these tests, with one repository and one client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from aiohttp import web
from aiohttp.test_utils import TestServer

from commands.core.catalog import App, Artifact, Chart
from integrations.nexus import NexusSettings, NexusVersions
from playground.faults import Fault, Faults
from playground.nexus import Nexus, Repository

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
SHOP = Artifact(group="com.acme", name="shop")


def app(artifact: Artifact = SHOP) -> App:
    return App(
        name=artifact.name,
        artifact=artifact,
        image="harbor.example.com/shop/shop",
        base_image="harbor.example.com/base/jre",
        chart=Chart(repository="https://gitea.example.com/platform/charts.git", path="app", ref="v1.4.0"),
        environments=("staging",),
    )


@dataclass(slots=True)
class Bench:
    """The stand-in, what it was asked, and adapters that are closed at the end."""

    nexus: Nexus
    repository: Repository
    faults: Faults
    server: TestServer
    client: httpx.AsyncClient
    requests: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    opened: list[NexusVersions] = field(default_factory=list)

    def publish(self, *versions: str, artifact: Artifact = SHOP, at: datetime = NOON) -> None:
        for version in versions:
            self.repository.publish(
                group=artifact.group, name=artifact.name, version=version, packaging=artifact.packaging, modified=at
            )

    def fault(self, kind: str, *, match: str = "", count: int | None = None, **options: Any) -> None:
        self.faults.add(Fault(system="nexus", kind=kind, match=match, count=count, options=options))

    def versions(self, *, monotonic: Any = None, **changes: Any) -> NexusVersions:
        url = str(self.server.make_url("/"))
        # A busy machine is not what these tests are about.
        patient = {"max_age": timedelta(0), "budget": timedelta(seconds=30)}
        settings = NexusSettings(**{"url": url, "repository": "releases", **patient, **changes})
        clock = {"monotonic": monotonic} if monotonic else {}
        versions = NexusVersions(settings, self.client, **clock)
        self.opened.append(versions)
        return versions


@asynccontextmanager
async def running(*, credentials: tuple[str, str] | None = None) -> AsyncIterator[Bench]:
    faults = Faults()
    nexus = Nexus(faults=faults, credentials=credentials)
    repository = nexus.add(Repository("releases"))
    served = nexus.app()
    requests: list[str] = []
    arrived = asyncio.Event()

    @web.middleware
    async def record(request: web.Request, handler: Any) -> web.StreamResponse:
        requests.append(request.path_qs)
        arrived.set()
        answer: web.StreamResponse = await handler(request)
        return answer

    served.middlewares.insert(0, record)
    server = TestServer(served)
    async with server, httpx.AsyncClient() as client:
        bench = Bench(nexus=nexus, repository=repository, faults=faults, server=server, client=client)
        bench.requests, bench.arrived = requests, arrived
        try:
            yield bench
        finally:
            faults.clear()
            for versions in bench.opened:
                await versions.aclose()
