"""Starts and ends what is measured: the stage and bots, each a process of its own, and speaks to the stage.

Used by every measurement. Whatever is started here is ended here, also when a measurement fails or is interrupted.
"""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import psutil

ROOT: Final = Path(__file__).parents[1]
STAGE_SECONDS: Final = 180.0
READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 10.0
LOOK_AGAIN_SECONDS: Final = 0.005
MEGABYTE: Final = 1e6
STREAM_LIMIT: Final = 2**20


class BenchError(Exception):
    """Something that is measured did not do what it is measured for."""


@dataclass(frozen=True, slots=True)
class Child:
    """A running process and the moment before it was started."""

    process: asyncio.subprocess.Process
    began: float
    log: Path

    @property
    def megabytes(self) -> float:
        """Resident memory now, in millions of bytes."""
        return float(psutil.Process(self.process.pid).memory_info().rss) / MEGABYTE

    @property
    def cpu_seconds(self) -> float:
        """How long it has worked on a core up to now."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def check(self) -> None:
        if self.process.returncode is not None:
            raise BenchError(f"a process ended by itself:\n{self.log.read_text(errors='replace')[-2000:]}")


@contextlib.asynccontextmanager
async def child(*words: str, log: Path, environment: Mapping[str, str] | None = None) -> AsyncIterator[Child]:
    """Run `python words...`, its output in a file, and end it."""
    with log.open("ab") as output:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *words,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield Child(process, began, log)
    finally:
        await end(process)


async def end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The stand-ins as the measurements see them."""

    where: Mapping[str, Any]
    folder: Path
    http: aiohttp.ClientSession

    @property
    def apps(self) -> list[tuple[str, str]]:
        """The added apps, each with its environment."""
        return [(app, environment) for app, environment in self.where["apps"]]

    @property
    def environment(self) -> dict[str, str]:
        return dict(self.where["environment"])

    @contextlib.asynccontextmanager
    async def bot(self, *, database: str = "slipway") -> AsyncIterator[Child]:
        """Run the real bot; it is not waited for."""
        environment = {**self.environment, "SLIPWAY_DATABASE": f"sqlite:///{self.folder / database}.sqlite"}
        log = self.folder / "bot.log"
        async with child("-m", "bot.cli", "run", log=log, environment=environment) as bot:
            yield bot

    async def until_ready(self, bot: Child) -> float:
        """Wait for the first 200 of the readiness probe; return the seconds since the bot was started."""
        address = f"http://127.0.0.1:{self.environment['SLIPWAY_HTTP__PORT']}/readyz"
        while time.monotonic() < bot.began + READY_SECONDS:
            bot.check()
            with contextlib.suppress(aiohttp.ClientError):
                async with self.http.get(address) as answer:
                    if answer.ok:
                        return time.monotonic() - bot.began
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        raise BenchError(f"the bot was not ready within {READY_SECONDS:.0f} s")

    async def type(self, text: str, *, user: str = "alice", channel: str = "deploys", page: str = "") -> float:
        """Type a line and return how many milliseconds the acknowledgement took, as Slack saw it."""
        body = {"user": user, "channel": channel, "text": text}
        answer = await self.ask("POST", f"{page or self.where['urls']['page']}/_drive/command", json=body)
        if not answer.get("acknowledged"):
            raise BenchError(f"{text} was not acknowledged: {answer}")
        return float(answer["ms"])

    async def drive(self, call: str, **query: str) -> dict[str, Any]:
        return await self.ask("GET", f"{self.where['urls']['page']}/_drive/{call}", params=query)

    async def kubernetes(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Ask the stand-in Kubernetes API with the token of the kubeconfig."""
        kubeconfig = json.loads((self.folder / "kubeconfig").read_text(encoding="utf-8"))
        headers = {"Authorization": f"Bearer {kubeconfig['users'][0]['user']['token']}"}
        if method == "PATCH":
            headers["Content-Type"] = "application/merge-patch+json"
            options = {"data": json.dumps(options["json"])}
        return await self.ask(method, f"{self.where['urls']['kubernetes']}{path}", headers=headers, **options)

    async def watches(self) -> int:
        """Count the watches that are open at the stand-in Kubernetes API."""
        return int((await self.ask("GET", f"{self.where['probe']}/watches"))["watches"])

    async def changes(self, since: float) -> list[dict[str, Any]]:
        """List the changes of Rollouts, ReplicaSets and Workflows: at, type, kind, name."""
        found = await self.ask("GET", f"{self.where['probe']}/changes", params={"since": repr(since)})
        return list(found["changes"])

    async def ask(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        async with self.http.request(method, url, **options) as answer:
            if not answer.ok:
                raise BenchError(f"{method} {url}: {answer.status} {(await answer.text())[:300]}")
            found: dict[str, Any] = await answer.json()
            return found

    def stages_of_deployments(self, *, database: str = "slipway") -> list[tuple[str, str]]:
        """Read app and stage of every deployment from the bot's own database."""
        url = f"file:{self.folder / database}.sqlite?mode=ro"
        with contextlib.closing(sqlite3.connect(url, uri=True, timeout=5)) as connection:
            return list(connection.execute("SELECT app, stage FROM deployments"))


@contextlib.asynccontextmanager
async def stage(*, apps: int = 0, are_running: bool = False, speed: float = 20) -> AsyncIterator[Stage]:
    """Set up a stage in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="slipway-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        words = ["-m", "bench.stage", f"--state={folder}", f"--speed={speed}", f"--apps={apps}"]
        log = folder / "stage.log"
        timeout, connector = aiohttp.ClientTimeout(total=60), aiohttp.TCPConnector(limit=0)
        async with (
            child(*words, *(["--running"] if are_running else []), log=log) as process,
            aiohttp.ClientSession(timeout=timeout, connector=connector) as http,
        ):
            yield Stage(where=await _described(process), folder=folder, http=http)


async def _described(process: Child) -> dict[str, Any]:
    """Wait for the line that says where everything is."""
    while time.monotonic() < process.began + STAGE_SECONDS:
        process.check()
        for line in process.log.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.startswith("{") and line.endswith("\n"):
                described: dict[str, Any] = json.loads(line)
                return described
        await asyncio.sleep(0.05)
    raise BenchError(f"the stand-ins were not up within {STAGE_SECONDS:.0f} s")


async def until(seconds: float, what: str, holds: Any, *, every: float = 0.5) -> float:
    """Wait until an async condition holds; return the seconds that took."""
    began = time.monotonic()
    while not await holds():
        if time.monotonic() > began + seconds:
            raise BenchError(f"not within {seconds:.0f} s: {what}")
        await asyncio.sleep(every)
    return time.monotonic() - began


@contextlib.asynccontextmanager
async def peak_of(bot: Child) -> AsyncIterator[list[float]]:
    """Look at the memory of a process all the time; the list given holds the greatest value so far."""
    peak = [bot.megabytes]

    async def look() -> None:
        while True:
            peak[0] = max(peak[0], bot.megabytes)
            await asyncio.sleep(0.05)

    looking = asyncio.create_task(look())
    try:
        yield peak
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
