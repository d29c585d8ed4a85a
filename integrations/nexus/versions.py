"""The port Versions on Nexus: searched page by page, newest first; handed out again for a few seconds.

Built by `bot.wiring` with an HTTP client that the caller keeps. Many who ask at once for one app share one search.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote

import httpx

from commands.core.catalog import App, Artifact
from commands.core.finding import Finding
from commands.core.ordering import order
from commands.core.ports import Available
from integrations.nexus import checks
from integrations.nexus.answers import read_metadata, read_page
from integrations.nexus.repository import NOT_FOUND, Repository
from integrations.nexus.settings import NexusSettings

SEARCH: Final = "/service/rest/v1/search/assets"
MAX_PAGES: Final = 20
MAX_KEPT: Final = 1000

Versions = tuple[Available, ...]


class NexusVersions:
    """Versions of the apps in one repository.

    Parameters
    ----------
    settings
        Where the repository is.
    client
        The HTTP client to use; closing it is its owner's task.
    monotonic
        Seconds that only go forward, for the age of what is kept.
    """

    def __init__(
        self, settings: NexusSettings, client: httpx.AsyncClient, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._repository = Repository(settings, client)
        self._monotonic = monotonic
        self._kept: dict[Artifact, tuple[float, Versions]] = {}
        self._running: dict[Artifact, asyncio.Task[Versions]] = {}

    async def search(self, app: App) -> Sequence[Available]:
        """List an app's versions, newest first; empty where there are none."""
        artifact = app.artifact
        kept = self._kept.get(artifact)
        if kept is not None and self._monotonic() - kept[0] < self._settings.max_age.total_seconds():
            return kept[1]
        task = self._running.get(artifact)
        if task is None:
            task = asyncio.create_task(self._refresh(artifact), name=f"versions of {artifact.group}:{artifact.name}")
            self._running[artifact] = task
            task.add_done_callback(lambda done: self._forget(artifact, done))
        # One who gives up must not take the others' search along.
        return await asyncio.shield(task)

    async def check(self) -> tuple[Finding, ...]:
        """Try the server and the repository."""
        return await checks.examine(self._settings, self._repository)

    async def aclose(self) -> None:
        """End the searches that still run; the client stays open."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _forget(self, artifact: Artifact, done: asyncio.Task[Versions]) -> None:
        self._running.pop(artifact, None)
        if not done.cancelled():
            done.exception()  # Whoever waited has it; when all gave up nobody else will ask.

    async def _refresh(self, artifact: Artifact) -> Versions:
        began = self._monotonic()
        async with self._repository.budget():
            found = await self._search(artifact)
            if found is None:
                found = await self._metadata(artifact)
        versions = _sorted(found)
        before = self._kept.get(artifact)
        if before is not None and before[1] == versions:
            versions = before[1]  # The same object tells whoever builds on it that nothing has changed.
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        self._kept[artifact] = (began, versions)
        return versions

    async def _search(self, artifact: Artifact) -> list[Available] | None:
        """Read all pages; None where there is no search, as on a plain Maven repository."""
        found: list[Available] = []
        query = {
            "repository": self._settings.repository,
            "group": artifact.group,
            "name": artifact.name,
            "maven.extension": artifact.packaging,
            "sort": "version",
        }
        for _ in range(MAX_PAGES):
            answer = await self._repository.get(SEARCH, query, accept=frozenset({NOT_FOUND}))
            if answer.status == NOT_FOUND:
                return None
            try:
                page = read_page(answer.body, artifact)
            except (ValueError, RecursionError) as exc:
                raise self._repository.odd(SEARCH) from exc
            found += page.versions
            if not page.token:
                return found
            query["continuationToken"] = page.token
        # What is older than all those pages is listed without its times rather than not at all.
        return [*found, *await self._metadata(artifact)]

    async def _metadata(self, artifact: Artifact) -> list[Available]:
        """Read maven-metadata.xml, below /repository as on Nexus or directly below the address."""
        folder = "/".join(quote(part, safe="") for part in (*artifact.group.split("."), artifact.name))
        for prefix in ("/repository", ""):
            path = f"{prefix}/{self._settings.repository}/{folder}/maven-metadata.xml"
            answer = await self._repository.get(path, accept=frozenset({NOT_FOUND}))
            if answer.status != NOT_FOUND:
                try:
                    return list(read_metadata(answer.body))
                except ValueError as exc:
                    raise self._repository.odd(path) from exc
        return []


def _sorted(found: list[Available]) -> Versions:
    """Put the newest first, each version once, with the time at which it last changed."""
    known: dict[str, Available] = {}
    for one in found:
        there = known.get(one.version)
        if there is None or _is_later(one, there):
            known[one.version] = one
    return tuple(sorted(known.values(), key=lambda one: order(one.version), reverse=True))


def _is_later(one: Available, there: Available) -> bool:
    return one.published_at is not None and (there.published_at is None or one.published_at > there.published_at)
