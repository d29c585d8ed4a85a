"""The port Images on Harbor: a repository's artifacts, all pages at once; handed out again for half a minute.

Built by `bot.wiring` with an HTTP client that the caller keeps. Many who ask at once for one name share one list. Who
asks waits a second at the most; the list is made to its end all the same, for who asks next.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final
from urllib.parse import quote

import httpx

from commands.core.errors import Temporary
from commands.core.finding import Finding
from commands.core.ports import Image
from commands.core.versions import tag
from integrations.harbor import checks
from integrations.harbor.answers import is_harbors, read_artifacts, total
from integrations.harbor.distribution import Distribution
from integrations.harbor.server import NOT_FOUND, SYSTEM, Answer, Server
from integrations.harbor.settings import HarborSettings

API: Final = "/api/v2.0"
PAGE: Final = 100
MAX_PAGES: Final = 50
AT_ONCE: Final = 5
MAX_KEPT: Final = 1000
BY_NAME: Final = {"X-Is-Resource-Name": "true"}
"""Without it a project that is called 2026 would be the one with that number."""

Images = tuple[Image, ...]


class HarborImages:
    """Images that are kept on one Harbor, or on one plain registry.

    Parameters
    ----------
    settings
        Where it is.
    client
        The HTTP client to use; closing it is its owner's task.
    monotonic
        Seconds that only go forward, for the age of what is kept.
    """

    def __init__(
        self, settings: HarborSettings, client: httpx.AsyncClient, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._server = Server(settings, client)
        self._distribution = Distribution(self._server)
        self._monotonic = monotonic
        self._kept: dict[str, tuple[float, Images]] = {}
        self._running: dict[str, asyncio.Task[Images]] = {}

    async def search(self, image: str) -> Sequence[Image] | None:
        """List the images of a name; empty where none was built, None where it is kept elsewhere."""
        name = self._name(image)
        if name is None:
            return None
        kept = self._kept.get(name)
        if kept is not None and self._monotonic() - kept[0] < self._settings.max_age.total_seconds():
            return kept[1]
        task = self._running.get(name)
        if task is None:
            task = asyncio.create_task(self._refresh(name), name=f"images of {name}")
            self._running[name] = task
            task.add_done_callback(lambda done: self._forget(name, done))
        try:
            async with asyncio.timeout(self._settings.patience.total_seconds()):
                # One who gives up must not take the others' list along.
                return await asyncio.shield(task)
        except TimeoutError as exc:
            seconds = self._settings.patience.total_seconds()
            raise Temporary(SYSTEM, f"{self._server.base} has not listed {name} within {seconds:g} s.") from exc

    async def digest(self, image: str, *, version: str) -> str | None:
        """Ask for the digest behind a version's tag."""
        name = self._name(image)
        if name is None:
            return None
        async with self._server.budget():
            return await self._distribution.digest(name, tag=tag(version))

    async def check(self, images: Iterable[str]) -> tuple[Finding, ...]:
        """Try the server and the projects of the images that are kept there."""
        names = [name for image in images if (name := self._name(image)) is not None]
        return await checks.examine(self._settings, self._server, self._distribution, names=names)

    async def aclose(self) -> None:
        """End the lists that are still being made; the client stays open."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _name(self, image: str) -> str | None:
        """Return a repository's name on this registry, or nothing where the image begins with another host."""
        host, _, name = image.partition("/")
        return name if name and host.lower() == self._settings.host else None

    def _forget(self, name: str, done: asyncio.Task[Images]) -> None:
        self._running.pop(name, None)
        if not done.cancelled():
            done.exception()  # Whoever waited has it; when all gave up nobody else will ask.

    async def _refresh(self, name: str) -> Images:
        began = self._monotonic()
        async with self._server.budget():
            found = await self._artifacts(name)
            if found is None:
                found = await self._distribution.tags(name)
        before = self._kept.get(name)
        if before is not None and before[1] == found:
            found = before[1]  # The same object tells whoever builds on it that nothing has changed.
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        self._kept[name] = (began, found)
        return found

    async def _artifacts(self, name: str) -> Images | None:
        """Read all pages, the newest images first; None where there is no Harbor, as on a plain registry."""
        project, _, repository = name.partition("/")
        # A name with slashes is encoded twice: the server in front of Harbor decodes a path once.
        inner = quote(quote(repository, safe=""), safe="")
        url = f"{self._server.base}{API}/projects/{quote(project, safe='')}/repositories/{inner}/artifacts"
        first = await self._page(url, 1)
        if first.status == NOT_FOUND:
            return () if is_harbors(first.body) else None
        found = self._read(url, first)
        last = min(-(-total(first.headers.get("X-Total-Count", "")) // PAGE), MAX_PAGES)
        for start in range(2, last + 1, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, last + 1))
            for answer in await asyncio.gather(*(self._page(url, number) for number in numbers)):
                found += self._read(url, answer)
        return tuple(found)

    async def _page(self, url: str, number: int) -> Answer:
        query = {
            "page": str(number),
            "page_size": str(PAGE),
            "sort": "-push_time",
            "with_tag": "true",
            "with_scan_overview": "true",
        }
        return await self._server.send(
            url, params=query, headers=BY_NAME, authorization=self._server.basic, accept=frozenset({NOT_FOUND})
        )

    def _read(self, url: str, answer: Answer) -> list[Image]:
        if answer.status == NOT_FOUND:
            return []  # It was deleted while its pages were read.
        try:
            return list(read_artifacts(answer.body, portal=self._settings.portal))
        except (ValueError, RecursionError) as exc:
            raise self._server.odd(url) from exc
