"""One step's pod under way: its program is started in its room, its statuses are written, its outputs reported.

Used by `pods`. It stands for the kubelet and for the containers that Argo puts around the step's own.
"""

import signal
from collections.abc import Coroutine
from datetime import UTC, datetime

import httpx

from playground.argo.names import Obj, timestamp
from tests.bed.node import results, statuses, steps
from tests.bed.node.cluster import NodeApi
from tests.bed.node.program import Program
from tests.bed.node.results import Reporter, Unreported
from tests.bed.node.rooms import SCRATCH, Room, Rooms
from tests.bed.node.statuses import Ending
from tests.bed.node.steps import Refused, Step


class Running:
    """A step's pod."""

    def __init__(self, api: NodeApi, rooms: Rooms, pod: Obj, room: Room) -> None:
        self._api, self._rooms, self._pod, self._room = api, rooms, pod, room
        self.program = Program(room.log)

    async def run(self, address: str) -> None:
        """Run the step to its end, and say how it ended."""
        await self._write(statuses.step_preparing(self._pod, _now()))
        try:
            step = steps.read(self._pod)
            await self._rooms.furnish(self._pod, self._room)
            variables = await self._rooms.variables(self._pod, step, self._room)
        except Refused as why:
            await self._write(statuses.step_refused(self._pod, str(why)))
            return
        await self._run(step, variables, address)

    async def _run(self, step: Step, variables: dict[str, str], address: str) -> None:
        token = await self._api.token(self._pod)
        reporter = Reporter(step, self._pod["metadata"]["namespace"], token, self._rooms.authority)
        try:
            trouble = await _trouble(reporter.begin())
            started = timestamp(_now())
            await self.program.start(step.command, variables, self._room.inside(SCRATCH))
            await self._write(statuses.step_running(self._pod, address, _now()))
            ending = await self._end(step, trouble, reporter)
            await self._write(statuses.step_ended(self._pod, ending, started, _now()))
        finally:
            self.program.signal(signal.SIGKILL)
            await reporter.aclose()

    async def _end(self, step: Step, trouble: str, reporter: Reporter) -> Ending:
        """Wait for the program, then read what it gives back and report it."""
        grace = self._pod["spec"].get("terminationGracePeriodSeconds", 30)
        code, is_late = await self.program.end(step.deadline_seconds, grace)
        outputs, missing = results.collect(step, self._room.inside)
        unsaid = await _trouble(reporter.end(outputs))
        return Ending(code=code, trouble=trouble or missing or unsaid, is_late=is_late)

    async def _write(self, status: Obj) -> None:
        await self._api.write_status(self._pod, status)


async def _trouble(report: Coroutine[None, None, None]) -> str:
    """Return why a report failed, or nothing."""
    try:
        await report
    except Unreported as why:
        return str(why)
    except httpx.TransportError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _now() -> datetime:
    return datetime.now(UTC)
