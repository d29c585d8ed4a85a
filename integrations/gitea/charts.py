"""The port Charts on Gitea: the commit behind a reference, and the files of a commit.

Built by `bot.wiring` with an HTTP client that the caller keeps. Repositories elsewhere than in the Gitea of the
settings are not asked: a catalog must not send the bot, or its token, to other places.
"""

import json
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, urlsplit

import httpx

from commands.core.catalog import Chart
from commands.core.errors import Permanent, SystemFailure
from commands.core.finding import Finding
from integrations.gitea.server import SYSTEM, Server
from integrations.gitea.settings import GiteaSettings

MEBIBYTE: Final = 2**20
LIST_BYTES: Final = MEBIBYTE
ARCHIVE_BYTES: Final = 16 * MEBIBYTE
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_PORTS: Final = {"http": 80, "https": 443}


class GiteaCharts:
    """Charts in the repositories of one Gitea.

    Parameters
    ----------
    settings
        Where it is; without an address every chart is out of reach.
    client
        The HTTP client to use; closing it is its owner's task.
    """

    def __init__(self, settings: GiteaSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._server = Server(settings, client)

    async def commit(self, chart: Chart) -> str:
        """Return the commit that the chart's reference stands for now."""
        path = self._repository(chart)
        # The newest of a list: there a reference is a query and may hold a slash (tried on Gitea 1.26).
        query = {"sha": chart.ref, "limit": "1", "stat": "false", "verification": "false", "files": "false"}
        body = await self._server.get(f"{path}/commits", query, limit=LIST_BYTES)
        if body is None:
            raise self._server.missing(f"{chart.ref} of {chart.repository}")
        return self._read_commit(body)

    async def archive(self, chart: Chart, *, commit: str) -> bytes:
        """Return the repository at a commit."""
        body = await self._server.get(f"{self._repository(chart)}/archive/{commit}.tar.gz", limit=ARCHIVE_BYTES)
        if body is None:
            raise self._server.missing(f"commit {commit[:12]} of {chart.repository}")
        return body

    async def check(self, charts: Iterable[Chart]) -> tuple[Finding, ...]:
        """Try each chart's reference; nothing is said where there is no Gitea."""
        if not self._settings.url:
            return ()
        ours = sorted({chart for chart in charts if self._is_ours(chart)}, key=str)
        return tuple([await self._try(chart) for chart in ours])

    async def _try(self, chart: Chart) -> Finding:
        subject = f"Gitea chart {chart.path} {chart.ref} of {chart.repository}"
        try:
            commit = await self.commit(chart)
        except SystemFailure as failure:
            return Finding(subject=subject, is_ok=False, message=failure.message)
        return Finding(subject=subject, is_ok=True, message=f"is commit {commit[:12]}")

    def _is_ours(self, chart: Chart) -> bool:
        return chart.repository.count("/") > 1 and _place(_split(chart)[0]) == _place(self._settings.url)

    def _repository(self, chart: Chart) -> str:
        """Return the path of a chart's repository in the API."""
        if not self._settings.url:
            raise Permanent(SYSTEM, "where charts are is not set. Set SLIPWAY_GITEA__URL to compare manifests.")
        if not self._is_ours(chart):
            raise Permanent(SYSTEM, f"{chart.repository} is not in the Gitea of SLIPWAY_GITEA__URL, so it is not read.")
        _, owner, name = _split(chart)
        if not (_SEGMENT.fullmatch(owner) and _SEGMENT.fullmatch(name)):
            raise Permanent(SYSTEM, f"{chart.repository} is no address of a repository. Check the catalog's chart.")
        return f"/repos/{quote(owner)}/{quote(name)}"

    def _read_commit(self, body: bytes) -> str:
        try:
            commit = json.loads(body)[0]["sha"]
        except (ValueError, LookupError, TypeError, RecursionError) as exc:
            raise self._server.odd() from exc
        if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            raise self._server.odd()
        return commit


def _split(chart: Chart) -> tuple[str, str, str]:
    base, owner, name = chart.repository.rstrip("/").rsplit("/", 2)
    return base, owner, name.removesuffix(".git")


def _place(address: str) -> tuple[str, str | None, int | None, str]:
    """Name a server and path, the same whatever the case of the host or a default port."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "", None, None, address
    return parts.scheme, parts.hostname, port or _PORTS.get(parts.scheme), parts.path.rstrip("/")
