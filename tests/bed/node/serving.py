"""The part of the kubelet's HTTPS interface that the API server needs: logs, and commands that are signals.

Only the API server's own certificate is let in. `__main__` starts it.
"""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.bed.certificates import CLIENTS
from tests.bed.node.cluster import PORT
from tests.bed.node.pods import Pods
from tests.bed.node.steps import MAIN, killed_by
from tests.bed.places import ADDRESS, Places

CALLER: Final = CLIENTS["apiserver-kubelet"][0]


async def serve(places: Places, pods: Pods, tasks: asyncio.TaskGroup) -> None:
    """Begin to listen; the interface closes with the tasks."""
    runner = web.AppRunner(_application(pods))
    await runner.setup()
    await web.TCPSite(runner, ADDRESS, PORT, ssl_context=_tls(places)).start()
    tasks.create_task(_close_at_the_end(runner))


def _application(pods: Pods) -> web.Application:
    async def log(request: web.Request) -> web.Response:
        where = request.match_info
        written = await asyncio.to_thread(pods.log, where["namespace"], where["pod"])
        if written is None:
            raise web.HTTPNotFound(text=f'container "{where["container"]}" in pod "{where["pod"]}" is not available')
        # What the other container of a step's pod writes is for nobody here.
        is_its_own = where["container"] not in {"init", "wait"}
        return web.Response(body=cut(written if is_its_own else b"", request.query), content_type="text/plain")

    async def execute(request: web.Request) -> web.Response:
        number = killed_by(request.query.getall("command", []))
        if number is not None and request.match_info["container"] == MAIN:
            pods.signal(request.match_info["namespace"], request.match_info["pod"], number)
        # Argo does not heed the answer, and nobody else runs commands in pods here.
        raise web.HTTPNotImplemented(text="no command runs in a pod of a stand-in node")

    application = web.Application(middlewares=[_only_the_api_server])
    application.router.add_get("/containerLogs/{namespace}/{pod}/{container}", log)
    application.router.add_route("*", "/exec/{namespace}/{pod}/{container}", execute)
    return application


def cut(written: bytes, asked: Mapping[str, str]) -> bytes:
    """Return the last lines, and of these the first bytes, as many as were asked for."""
    if "tailLines" in asked:
        lines, wanted = written.splitlines(keepends=True), int(asked["tailLines"])
        written = b"".join(lines[len(lines) - min(wanted, len(lines)) :])
    return written[: int(asked["limitBytes"])] if "limitBytes" in asked else written


@web.middleware
async def _only_the_api_server(request: web.Request, handler: Handler) -> web.StreamResponse:
    certificate = request.get_extra_info("peercert") or {}
    names = {value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"}
    if CALLER not in names:
        raise web.HTTPForbidden(text="only the API server asks here")
    return await handler(request)


def _tls(places: Places) -> ssl.SSLContext:
    folder = places.run / "pki"
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / "kubelet-server.crt", folder / "kubelet-server.key")
    return context


async def _close_at_the_end(runner: web.AppRunner) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
