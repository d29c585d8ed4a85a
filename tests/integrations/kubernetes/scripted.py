"""A scripted API server on loopback for one collection, and sleeps that record instead of waiting."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from commands.core.catalog import Cluster

Obj = dict[str, Any]
Watch = Callable[[web.StreamResponse], Awaitable[None]]
TOKEN = "demo-token-that-nobody-may-see"
PATH = "/apis/argoproj.io/v1alpha1/namespaces/staging/rollouts"


def thing(name: str, value: str = "1", version: str = "1") -> Obj:
    return {"metadata": {"name": name, "resourceVersion": version}, "value": value}


def page(*items: Obj, version: str = "10", more: str = "") -> Obj:
    return {"kind": "List", "metadata": {"resourceVersion": version, "continue": more}, "items": list(items)}


def status(code: int, message: str = "as scripted") -> tuple[int, Obj]:
    return code, {"kind": "Status", "code": code, "message": message}


def line(kind: str, obj: Obj) -> bytes:
    return json.dumps({"type": kind, "object": obj}).encode() + b"\n"


def sends(*lines: bytes) -> Watch:
    """Script a watch that sends these and ends."""

    async def script(response: web.StreamResponse) -> None:
        for each in lines:
            await response.write(each)

    return script


def stays(*lines: bytes) -> Watch:
    """Script a watch that sends these and stays open."""

    async def script(response: web.StreamResponse) -> None:
        await sends(*lines)(response)
        await asyncio.Event().wait()

    return script


class Scripted:
    """Answers lists and watches from two queues; when a queue is empty its last entry is repeated."""

    def __init__(self) -> None:
        self.lists: deque[Any] = deque([page()])
        self.watches: deque[Any] = deque([stays()])
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    @property
    def queries(self) -> list[dict[str, str]]:
        return [query for kind, query in self.asked if kind == "watch"]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        is_watch = "watch" in request.query
        self.asked.append(("watch" if is_watch else "list", dict(request.query)))
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        queue = self.watches if is_watch else self.lists
        script = queue.popleft() if len(queue) > 1 else queue[0]
        if isinstance(script, web.Response):
            return script
        if not callable(script):
            code, body = script if isinstance(script, tuple) else (200, script)
            return web.json_response(body, status=code, headers=self.headers)
        response = web.StreamResponse()
        await response.prepare(request)
        await script(response)
        return response

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["Scripted"]:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()


def kubeconfig(folder: Path, url: str, **user: Any) -> Cluster:
    """Write a kubeconfig for the server and return the cluster of the catalog that uses it."""
    path = folder / "kubeconfig"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "demo",
        "contexts": [{"name": "demo", "context": {"cluster": "demo", "user": "slipway"}}],
        "clusters": [{"name": "demo", "cluster": {"server": url}}],
        "users": [{"name": "slipway", "user": user or {"token": TOKEN}}],
    }
    path.write_text(yaml.safe_dump(config))
    return Cluster(name="main", kubeconfig=str(path))


class Naps:
    """A sleep that only records, and after `limit` of them never returns."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken: list[float] = []
        self.enough = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        if len(self.taken) >= self.limit:
            self.enough.set()
            await asyncio.Event().wait()
        await asyncio.sleep(0)
