"""The whole bot in the test's own loop, beside the playground; the scenarios run it as a process."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot import health, running
from bot.running import run
from bot.settings import HarborSection, NexusSection, Settings, load
from bot.wiring import harbor_settings, nexus_settings, outside
from commands.core.errors import Permanent, SlipwayError, Temporary
from playground.world import World

PATIENCE_SECONDS = 20


@pytest.fixture
async def settings(tmp_path: Path) -> AsyncIterator[Settings]:
    """Give the settings of a bot whose systems are stand-ins."""
    world = World(speed=50)
    await world.start(tmp_path)
    yield load(world.environment)
    await world.stop()


async def until_ready(settings: Settings, bot: "asyncio.Task[None]") -> dict[str, bool]:
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(trust_env=False) as client:
        while True:
            assert not bot.done(), "the bot has ended"
            try:
                answer = await client.get(f"http://127.0.0.1:{settings.http.port}/readyz")
            except httpx.TransportError:
                await asyncio.sleep(0.01)
                continue
            conditions: dict[str, bool] = answer.json()
            if answer.is_success:
                return conditions
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_runs_until_it_is_told_to_stop(settings: Settings, number: signal.Signals) -> None:
    bot = asyncio.create_task(run(settings))
    assert await until_ready(settings, bot) == {"slack": True, "main": True}
    os.kill(os.getpid(), number)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await bot


async def test_a_port_that_is_taken_ends_it_with_one_text(settings: Settings) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", settings.http.port))
        held.listen()
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises(Permanent, match=f"the probes: 127.0.0.1, port {settings.http.port}, cannot be"):
                await run(settings)


def group(*failures: Exception) -> ExceptionGroup[Exception]:
    return ExceptionGroup("unhandled errors in a TaskGroup", [*failures])


OURS = Temporary("the database", "it is busy")


@pytest.mark.parametrize(
    ("failures", "told"),
    [
        (group(OURS), OURS),
        (group(group(OURS)), OURS),
        (group(group(OURS), SlipwayError("later")), OURS),
        (group(ValueError("a fault of ours")), None),
        (group(OURS, ValueError("a fault of ours")), None),
    ],
)
def test_a_known_failure_of_a_task_is_told_and_a_fault_of_ours_is_not_hidden(
    failures: ExceptionGroup[Exception], told: SlipwayError | None
) -> None:
    assert running._known(failures) is told


async def test_a_fault_of_ours_in_a_task_ends_it_with_everything_there_is_to_know(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(health, "serve", fail)
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(ExceptionGroup) as ended:
            await run(settings)
    assert [str(each) for each in ended.value.exceptions] == ["a fault of ours"]


@pytest.mark.parametrize(("username", "has_password"), [("", False), ("reader", True)])
def test_nexus_is_asked_anonymously_without_a_username(username: str, *, has_password: bool) -> None:
    section = NexusSection(url="https://nexus.example.com", username=username)
    made = nexus_settings(section)
    assert (made.username, made.password is not None) == (username, has_password)


@pytest.mark.parametrize(("username", "has_password"), [("", False), ("robot$slipway", True)])
def test_harbor_is_asked_anonymously_without_a_username(username: str, *, has_password: bool) -> None:
    made = harbor_settings(HarborSection(url="https://harbor.example.com", username=username))
    assert (made.username, made.password is not None) == (username, has_password)


async def test_without_its_address_there_is_no_harbor(settings: Settings) -> None:
    async with outside(settings) as parts:
        assert parts.harbor is not None
        assert parts.versions.images is parts.harbor
    without = settings.model_copy(update={"harbor": HarborSection(registry="harbor.example.com", username="robot")})
    async with outside(without) as parts:
        assert parts.harbor is None
        assert parts.versions.images is None
