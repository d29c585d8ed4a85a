"""The one ASGI application: probes now; metrics and Slack's HTTP mode will live here too.

`/healthz` says that the process turns, `/readyz` that it can do its work, naming what it waits for.
"""

import contextlib
from collections.abc import Callable, Generator, Mapping

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from typing_extensions import override

Readiness = Callable[[], Mapping[str, bool]]
OK = 200
UNAVAILABLE = 503


def application(readiness: Readiness) -> Starlette:
    """Build the application; `readiness` names each condition and whether it holds."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        conditions = dict(readiness())
        return JSONResponse(conditions, status_code=OK if all(conditions.values()) else UNAVAILABLE)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz)])


class QuietServer(uvicorn.Server):
    """A server that leaves the process's signals to the process."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def serve(app: Starlette, *, host: str, port: int) -> None:
    """Serve until cancelled."""
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, lifespan="off")
    server = QuietServer(config)
    try:
        await server.serve()
    finally:
        server.should_exit = True
