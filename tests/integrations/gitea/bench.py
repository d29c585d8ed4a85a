"""A stand-in Gitea on loopback with one repository, and archives made in memory."""

import io
import tarfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from aiohttp import web
from aiohttp.test_utils import TestServer

from commands.core.catalog import Chart
from integrations.gitea import GiteaCharts, GiteaSettings

URL = "https://gitea.example.com"
TOKEN = "demo-planted-gitea"
COMMIT = "c" * 40


class Secret:
    def get_secret_value(self) -> str:
        return TOKEN


def chart(ref: str = "v1.4.0", *, repository: str = f"{URL}/platform/charts.git") -> Chart:
    return Chart(repository=repository, path="app", ref=ref)


def archive(files: Mapping[str, bytes], *, top: str = "charts") -> bytes:
    """Make an archive as Gitea makes it: all below one folder."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return made.getvalue()


@dataclass(slots=True)
class Bench:
    """The stand-in: references, archives, and an answer for everything while there is one."""

    client: httpx.AsyncClient
    server: TestServer | None = None
    refs: dict[str, str] = field(default_factory=lambda: {"v1.4.0": COMMIT, "feature/x": "d" * 40})
    archives: dict[str, bytes] = field(default_factory=lambda: {COMMIT: archive({"app/Chart.yaml": b"name: app"})})
    answer: tuple[int, bytes] | None = None
    is_public: bool = False
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def charts(self, **changes: Any) -> GiteaCharts:
        assert self.server is not None
        inner = str(self.server.make_url("/"))
        settings = {"url": URL, "internal_url": inner, "token": Secret(), "budget": timedelta(seconds=30), **changes}
        return GiteaCharts(GiteaSettings(**settings), self.client)

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, dict(request.headers)))
        if self.answer is not None:
            status, body = self.answer
            return web.Response(status=status, body=body, headers={"Location": "http://127.0.0.1:9/elsewhere"})
        if not self.is_public and request.headers.get("Authorization") != f"token {TOKEN}":
            return web.json_response({"message": "not found"}, status=404)
        if request.path == "/api/v1/repos/platform/charts/commits":
            commit = self.refs.get(request.query["sha"])
            return web.json_response([{"sha": commit}] if commit else {"message": "no"}, status=200 if commit else 404)
        name = request.path.removeprefix("/api/v1/repos/platform/charts/archive/").removesuffix(".tar.gz")
        content = self.archives.get(name)
        return web.Response(body=content, status=200) if content is not None else web.Response(status=404)


@asynccontextmanager
async def running() -> AsyncIterator[Bench]:
    async with httpx.AsyncClient(trust_env=False) as client:
        bench = Bench(client)
        app = web.Application()
        app.router.add_get("/{path:.*}", bench.serve)
        bench.server = TestServer(app)
        async with bench.server:
            yield bench
