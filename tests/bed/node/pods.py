"""The pods of the stand-in node from their binding to their end, and what the API server asks about them.

`cluster` tells of the pods, `serving` asks for logs and hands signals on. A pod of an app is a status and nothing else;
a step's pod is a process.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any, Final

from commands.core.errors import SystemFailure
from playground.argo import pod_status
from playground.argo.names import Obj, dig
from tests.bed.node import pulling, statuses, steps
from tests.bed.node.cluster import NodeApi
from tests.bed.node.rooms import Room, Rooms
from tests.bed.node.running import Running

START_SECONDS: Final = 0.5
STOP_SECONDS: Final = 0.3
LAST_WORDS_SECONDS: Final = 10
"""How long a step's report and last status may take when its pod is deleted."""
DONE: Final = frozenset({"Succeeded", "Failed"})
NOTHING_RUNS: Final = "a stand-in plays the node: nothing runs in this pod\n"

logger = logging.getLogger(__name__)

Act = Callable[[], Coroutine[Any, Any, None]]


@dataclass(slots=True)
class _Life:
    """What is under way for a pod: first its life, then its end."""

    room: Room
    task: asyncio.Task[None] | None = None
    running: Running | None = None
    is_ending: bool = False


class Pods:
    """All pods of the node."""

    def __init__(self, api: NodeApi, rooms: Rooms, tasks: asyncio.TaskGroup) -> None:
        self._api, self._rooms, self._tasks = api, rooms, tasks
        self._lives: dict[str, _Life] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._addresses = (f"10.244.{number // 250 % 250}.{number % 250 + 1}" for number in count())

    def hear(self, kind: str, pod: Obj) -> None:
        """Take up what the cluster says of a pod."""
        life = self._lives.get(pod["metadata"]["uid"])
        if kind == "DELETED":
            self._forget(pod)
        elif life is None:
            self._begin(pod)
        elif "deletionTimestamp" in pod["metadata"] and not life.is_ending:
            self._end(pod, life)

    def log(self, namespace: str, name: str) -> bytes | None:
        """Return what a pod's container has written; None when it has not begun, or there is no such pod."""
        life = self._known(namespace, name)
        return life.room.log.read_bytes() if life and life.room.log.exists() else None

    def signal(self, namespace: str, name: str, number: int) -> None:
        """Send a signal to a step."""
        life = self._known(namespace, name)
        if life and life.running:
            life.running.program.signal(number)

    def _known(self, namespace: str, name: str) -> _Life | None:
        return self._lives.get(self._names.get((namespace, name), ""))

    def _begin(self, pod: Obj) -> None:
        meta, phase = pod["metadata"], dig(pod, "status", "phase")
        life = self._lives[meta["uid"]] = _Life(self._rooms.of(pod))
        self._names[meta["namespace"], meta["name"]] = meta["uid"]
        if "deletionTimestamp" in meta:
            self._end(pod, life)
        elif phase == "Pending":
            life.task = self._start(partial(self._live, pod, life))
        elif phase not in DONE and steps.is_step(pod):
            # It was a process of an earlier node, which is no more.
            lost = statuses.step_ended(pod, statuses.LOST, None, _now())
            life.task = self._start(partial(self._api.write_status, pod, lost))

    def _end(self, pod: Obj, life: _Life) -> None:
        before, life.is_ending = life.task, True
        life.task = self._start(partial(self._leave, pod, life, before))

    def _forget(self, pod: Obj) -> None:
        meta = pod["metadata"]
        life = self._lives.pop(meta["uid"], None)
        if self._names.get((meta["namespace"], meta["name"])) == meta["uid"]:
            del self._names[meta["namespace"], meta["name"]]
        if life is None:
            return
        if life.task is not None:
            life.task.cancel()
        if life.running is not None:
            life.running.program.signal(signal.SIGKILL)
        life.room.clear()

    def _start(self, act: Act) -> asyncio.Task[None]:
        return self._tasks.create_task(_surviving(act))

    async def _live(self, pod: Obj, life: _Life) -> None:
        image = steps.container(pod, steps.MAIN).get("image") or pod_status.images(pod).split()[0]
        if not await pulling.can_be_had(image):
            await self._fail_to_pull(pod, image)
            return
        life.room.make()
        if steps.is_step(pod):
            life.running = Running(self._api, self._rooms, pod, life.room)
            await life.running.run(next(self._addresses))
        else:
            await self._live_as_app(pod, life.room)

    async def _live_as_app(self, pod: Obj, room: Room) -> None:
        await self._api.write_status(pod, pod_status.waiting(pod, _now(), "ContainerCreating"))
        await asyncio.sleep(START_SECONDS)
        room.log.write_text(NOTHING_RUNS, encoding="utf-8")
        await self._api.write_status(pod, statuses.app_running(pod, next(self._addresses), _now()))

    async def _fail_to_pull(self, pod: Obj, image: str) -> None:
        for reason, message, seconds in pod_status.pulls(image):
            status = pod_status.waiting(pod, _now(), reason, message, sandbox=True)
            await self._api.write_status(pod, status)
            await asyncio.sleep(seconds)

    async def _leave(self, pod: Obj, life: _Life, before: asyncio.Task[None] | None) -> None:
        """End what runs, and let the pod go."""
        grace = dig(pod, "metadata", "deletionGracePeriodSeconds") or 0
        if life.running is not None:
            await life.running.program.stop(grace)
        if before is not None:
            await asyncio.wait([before], timeout=LAST_WORDS_SECONDS if life.running else 0)
            before.cancel()
        if life.running is None:
            await asyncio.sleep(min(STOP_SECONDS, grace))
            await self._api.write_status(pod, pod_status.ended(pod, _now()))
        await self._api.remove(pod)


async def _surviving(act: Act) -> None:
    """Let a pod alone with which the server refuses something; the node and its other pods go on."""
    try:
        await act()
    except SystemFailure as failure:
        logger.warning("A pod is left as it is: %s", failure)


def _now() -> datetime:
    return datetime.now(UTC)
