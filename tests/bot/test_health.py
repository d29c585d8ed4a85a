import asyncio
import socket
from collections.abc import Iterator, Mapping

import httpx
import pytest

from bot import health
from commands.core.errors import Permanent


async def get(path: str, conditions: Mapping[str, bool]) -> httpx.Response:
    transport = httpx.ASGITransport(app=health.application(lambda: conditions))
    async with httpx.AsyncClient(transport=transport, base_url="http://slipway") as client:
        return await client.get(path)


async def test_the_process_is_alive_whatever_it_waits_for() -> None:
    answer = await get("/healthz", {"slack": False})
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"slack": True, "main": True}, 200),
        ({"slack": False, "main": True}, 503),
        ({"slack": True, "main": False}, 503),
        ({"slack": False, "main": False}, 503),
    ],
)
async def test_it_is_ready_when_every_condition_holds_and_names_them_all(
    conditions: dict[str, bool], status: int
) -> None:
    answer = await get("/readyz", conditions)
    assert (answer.status_code, answer.json()) == (status, conditions)


async def test_nothing_else_is_served() -> None:
    assert (await get("/", {})).status_code == 404


@pytest.fixture
def port() -> Iterator[int]:
    """Hold a port that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


async def test_probes_are_served_until_cancelled_and_the_port_is_free_again(port: int) -> None:
    async def served() -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            while True:
                try:
                    return await client.get(f"http://127.0.0.1:{free}/healthz")
                except httpx.ConnectError:
                    await asyncio.sleep(0.01)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    for _ in range(2):
        serving = asyncio.create_task(health.serve(health.application(dict), host="127.0.0.1", port=free))
        async with asyncio.timeout(20):
            assert (await served()).is_success
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving


async def test_a_port_that_is_taken_is_told_and_does_not_end_the_process(port: int) -> None:
    with pytest.raises(Permanent, match=f"127.0.0.1, port {port}, cannot be listened on. Free it, or set SLIPWAY_HTTP"):
        await health.serve(health.application(dict), host="127.0.0.1", port=port)
