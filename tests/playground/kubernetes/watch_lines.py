"""A reader of raw watch answers for the tests: one line at a time, bounded in time."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

Obj = dict[str, Any]
ROLLOUTS = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts"
MAPS = "/api/v1/namespaces/shop/configmaps"


class WatchLines:
    """The lines of one open watch."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self) -> Obj | None:
        """Return the next line, None at the end of the answer."""
        line = await asyncio.wait_for(self._response.content.readline(), 10)
        return json.loads(line) if line else None

    async def take(self, count: int) -> list[tuple[str, str]]:
        """Return type and name of the next lines."""
        lines = [await self.next() for _ in range(count)]
        return [(line["type"], line["object"]["metadata"]["name"]) for line in lines if line is not None]

    async def rest(self) -> list[Obj]:
        """Return all lines up to the end of the answer."""
        lines = []
        while (line := await self.next()) is not None:
            lines.append(line)
        return lines


@asynccontextmanager
async def open_watch(http: aiohttp.ClientSession, path: str, **query: str) -> AsyncIterator[WatchLines]:
    async with http.get(path, params={"watch": "1"} | query) as response:
        assert response.status == 200
        yield WatchLines(response)
