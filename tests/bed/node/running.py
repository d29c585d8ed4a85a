"""One step's process: started in its room, watched, signalled, reported. Used by `pods`.

It stands for the three containers of Argo's pod: the one that prepares, the step, and the one that reports.
"""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Coroutine
from datetime import UTC, datetime

import httpx

from playground.argo.names import Obj, timestamp
from playground.argo.workflow_pods import log_line
from tests.bed.node import results, statuses, steps
from tests.bed.node.cluster import NodeApi
from tests.bed.node.results import Reporter, Unreported
from tests.bed.node.rooms import Room, Rooms, Unfurnished
from tests.bed.node.statuses import KILLED, Ending

logger = logging.getLogger(__name__)


class Running:
    """A step's pod under way."""

    def __init__(self, api: NodeApi, rooms: Rooms, pod: Obj, room: Room) -> None:
        self._api, self._rooms, self._pod, self._room = api, rooms, pod, room
        self._step = steps.read(pod)
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, address: str) -> None:
        """Run the step to its end, and say how it ended."""
        await self._api.write_status(self._pod, statuses.step_preparing(self._pod, _now()))
        try:
            await self._rooms.furnish(self._pod, self._room)
            variables = await self._rooms.variables(self._pod, self._step, self._room)
        except Unfurnished as why:
            await self._api.write_status(self._pod, statuses.step_refused(self._pod, str(why)))
            return
        token = await self._api.token(self._pod)
        reporter = Reporter(self._step, self._pod["metadata"]["namespace"], token, self._rooms.authority)
        try:
            trouble = await _trouble(reporter.begin())
            started = timestamp(_now())
            await self._start(variables)
            await self._api.write_status(self._pod, statuses.step_running(self._pod, address, _now()))
            ending = await self._await(trouble, reporter)
            await self._api.write_status(self._pod, statuses.step_ended(self._pod, ending, started, _now()))
        finally:
            self.kill()
            await reporter.aclose()

    async def say_lost(self) -> None:
        """Say that the process is no more, and that nobody has reported for it."""
        lost = Ending(code=KILLED, trouble="the node was started anew")
        await self._api.write_status(self._pod, statuses.step_ended(self._pod, lost, None, _now()))

    def signal(self, number: int) -> None:
        """Send a signal to the step and all that it has started."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    async def stop(self, grace_seconds: float) -> None:
        """Ask the step to end, and kill it when it has not in time."""
        self.signal(signal.SIGTERM)
        if self._process is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), grace_seconds)
        self.kill()

    async def _start(self, variables: dict[str, str]) -> None:
        with self._room.log.open("ab") as output:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._step.command,
                    env=variables,
                    cwd=self._room.inside("/tmp"),  # noqa: S108  # of the container
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            except OSError as error:
                self._say(f"failed to find name in PATH: {error}")

    async def _await(self, trouble: str, reporter: Reporter) -> Ending:
        """Wait for the process, then read what it gives back and report it."""
        if self._process is None:
            code, is_late = statuses.EXECUTOR_FAILED, False
        else:
            code, is_late = await self._end_of(self._process)
        self._close_log(code)
        outputs, missing = results.collect(self._step, self._room.inside)
        trouble = trouble or await _trouble(reporter.end(outputs)) or missing
        return Ending(code=code, trouble=trouble, is_late=is_late)

    async def _end_of(self, process: asyncio.subprocess.Process) -> tuple[int, bool]:
        """Return a process's exit code, as Argo's executor passes it on, and whether it was killed at its deadline."""
        is_late = False
        try:
            code = await asyncio.wait_for(process.wait(), self._step.deadline_seconds)
        except TimeoutError:
            is_late = True
            self.kill()
            code = await process.wait()
        return (code if code >= 0 else KILLED), is_late

    def _close_log(self, code: int) -> None:
        """Write what Argo's executor writes around the step's own lines."""
        more = f' error="exit status {code}"' if code else " error=<nil>"
        self._say(log_line(_now(), "sub-process exited", more))
        if code:
            self._say(f"Error: exit status {code}")

    def _say(self, line: str) -> None:
        with self._room.log.open("a", encoding="utf-8") as log:
            log.write(f"{line}\n")


async def _trouble(act: Coroutine[None, None, None]) -> str:
    """Return why a report failed, or nothing."""
    try:
        await act
    except Unreported as why:
        return str(why)
    except httpx.TransportError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _now() -> datetime:
    return datetime.now(UTC)
