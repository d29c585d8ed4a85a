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

from commands.core.errors import Permanent

Readiness = Callable[[], Mapping[str, bool]]
OK = 200
GRACE_SECONDS = 1
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
    """Serve until cancelled.

    Raises
    ------
    Permanent
        The address cannot be listened on.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = QuietServer(config)
    try:
        await server.serve()
    except SystemExit:
        # The vendor would end the whole process here, past everything that still has to be closed.
        remedy = "Free it, or set SLIPWAY_HTTP__HOST and SLIPWAY_HTTP__PORT to another one."
        raise Permanent("the probes", f"{host}, port {port}, cannot be listened on. {remedy}") from None
    finally:
        if server.started:
            await server.shutdown()
