"""How long the versions of an app with thousands of them take to be listed, beside the bare requests that it takes."""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from bench.figures import Result, Series
from bench.plan import Plan
from bench.processes import BenchError, Child, child
from bench.shelf import GROUP, IMAGE, NAME, REPOSITORY
from commands.core.catalog import App, Artifact, Chart
from commands.flow.search import Search
from integrations.harbor import HarborImages, HarborSettings
from integrations.nexus import NexusSettings, NexusVersions

TITLE = "Versions of one app"
COUNT = 5_000
GOAL = 1.0
START_SECONDS = 60.0
APP = App(
    name=NAME,
    artifact=Artifact(group=GROUP, name=NAME),
    image=IMAGE,
    base_image="harbor.example.com/base/jre",
    chart=Chart(repository="https://gitea.example.com/platform/charts.git", path="app", ref="v1.4.0"),
    environments=("staging",),
)


async def measure(plan: Plan) -> Result:
    """Search anew with fresh adapters in each run; the bare requests are those that the search made."""
    series = Series()
    async with _shelf() as (nexus, harbor):
        await _search(nexus, harbor)  # The stand-ins work out their answers, which they keep.
        for _ in range(plan.runs * (1 if plan.is_quick else 3)):
            requests, first, again = await _search(nexus, harbor)
            bare = await _bare(requests)
            series.add("first search", first, "s", goal=GOAL)
            series.add("the same requests, bare", bare, "s")
            series.add("first search / bare", first / bare, "")
            series.add("again while it is kept", again * 1000, "ms")
    return Result(
        title=TITLE,
        method=(
            f"{COUNT} versions, each published in the stand-in Nexus and built in the stand-in Harbor, which are one "
            "process of their own and keep their answers ready; listed as for the form, newest first, with their ages "
            "and whether they are built. The bare requests are the very same ones, sent again over a new connection "
            "with nothing done to the answers: what the servers and the network take."
        ),
        figures=series.figures(),
    )


async def _search(nexus: str, harbor: str) -> tuple[list[httpx.Request], float, float]:
    requests: list[httpx.Request] = []

    async def note(request: httpx.Request) -> None:
        requests.append(request)

    budget = timedelta(seconds=30)
    async with httpx.AsyncClient(event_hooks={"request": [note]}, trust_env=False) as client:
        published = NexusVersions(NexusSettings(url=nexus, repository=REPOSITORY, budget=budget), client)
        settings = HarborSettings(url=harbor, registry=IMAGE.partition("/")[0], budget=budget, patience=budget)
        images = HarborImages(settings, client)
        search = Search(published=published, images=images)
        began = time.perf_counter()
        found = await search.search(APP)
        first = time.perf_counter() - began
        began = time.perf_counter()
        await search.search(APP)
        again = time.perf_counter() - began
        await published.aclose()
        await images.aclose()
    if len(found) != COUNT or not all(each.is_built for each in found):
        raise BenchError(f"{len(found)} of {COUNT} versions were found, or not all of them as built")
    return requests, first, again


async def _bare(requests: list[httpx.Request]) -> float:
    async with httpx.AsyncClient(trust_env=False) as client:
        began = time.perf_counter()
        await asyncio.gather(*(_each(client, requests, host) for host in {each.url.netloc for each in requests}))
        return time.perf_counter() - began


async def _each(client: httpx.AsyncClient, requests: list[httpx.Request], host: bytes) -> None:
    for request in requests:
        if request.url.netloc == host:
            await client.get(request.url, headers=request.headers)


@asynccontextmanager
async def _shelf() -> AsyncIterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        async with child("-m", "bench.shelf", str(COUNT), log=Path(folder) / "shelf.log") as shelf:
            nexus, harbor = await _addresses(shelf)
            yield nexus, harbor


async def _addresses(shelf: Child) -> tuple[str, str]:
    async with asyncio.timeout(START_SECONDS):
        while not (written := shelf.log.read_text(encoding="utf-8")).endswith("]\n"):
            if shelf.process.returncode is not None:
                raise BenchError(f"the stand-ins ended: {written}")
            await asyncio.sleep(0.05)
    nexus, harbor = json.loads(written)
    return nexus, harbor
