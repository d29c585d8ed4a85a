"""A stand-in Harbor on loopback for these tests, with one project and one client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from integrations.harbor import HarborImages, HarborSettings
from playground.faults import Fault, Faults
from playground.harbor import Harbor, Project

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
REGISTRY = "harbor.example.com"
SHOP = f"{REGISTRY}/shop/shop"
ROBOT = "robot$slipway"
PASSWORD = "demo-harbor-password"


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


@dataclass(slots=True)
class Bench:
    """The stand-in, what it was asked, and adapters that are closed at the end."""

    harbor: Harbor
    faults: Faults
    server: TestServer
    client: httpx.AsyncClient
    requests: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    opened: list[HarborImages] = field(default_factory=list)

    @property
    def url(self) -> str:
        return str(self.server.make_url("/"))

    def push(self, *tags: str, image: str = SHOP, at: datetime = NOON, **more: Any) -> None:
        for tag in tags:
            self.harbor.push(image, tag, more.pop("digest", digest(abs(hash(tag)))), at=at, **more)

    def fault(self, kind: str, *, match: str = "", count: int | None = None, **options: Any) -> None:
        self.faults.add(Fault(system="harbor", kind=kind, match=match, count=count, options=options))

    def images(self, *, monotonic: Any = None, **changes: Any) -> HarborImages:
        # A busy machine is not what these tests are about.
        patient = {"max_age": timedelta(0), "budget": timedelta(seconds=30), "patience": timedelta(seconds=30)}
        known = {"username": ROBOT, "password": SecretStr(PASSWORD), "registry": REGISTRY}
        settings = HarborSettings(**{"url": self.url, **known, **patient, **changes})
        clock = {"monotonic": monotonic} if monotonic else {}
        images = HarborImages(settings, self.client, **clock)
        self.opened.append(images)
        return images


@asynccontextmanager
async def running(*, credentials: tuple[str, str] | None = (ROBOT, PASSWORD)) -> AsyncIterator[Bench]:
    faults = Faults()
    harbor = Harbor(faults=faults, credentials=credentials)
    harbor.add(Project("shop"))
    served = harbor.app()
    requests: list[str] = []
    arrived = asyncio.Event()

    @web.middleware
    async def record(request: web.Request, handler: Any) -> web.StreamResponse:
        requests.append(request.raw_path)
        arrived.set()
        answer: web.StreamResponse = await handler(request)
        return answer

    served.middlewares.insert(0, record)
    server = TestServer(served)
    async with server, httpx.AsyncClient() as client:
        bench = Bench(harbor=harbor, faults=faults, server=server, client=client, requests=requests, arrived=arrived)
        try:
            yield bench
        finally:
            faults.clear()
            for images in bench.opened:
                await images.aclose()
