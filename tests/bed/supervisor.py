"""Starts the bed's services, each as soon as what it needs has settled, and stops them the other way round."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.bed import processes
from tests.bed.places import CLUSTER, Cluster, Places
from tests.bed.service import Service
from tests.bed.services.programs import as_nobody

LOG_LINES: Final = 15
LOOK_AGAIN_SECONDS: Final = 0.05
LEADER: Final = 'trap "kill -TERM \\$child" TERM; "$@" & child=$!; wait "$child"; wait "$child"'
"""Stays while its child runs, and hands the request to end on; the first wait ends when it comes, the second after."""


class StartError(Exception):
    """A service did not come up; the text has its name and the end of its log."""


@dataclass(slots=True)
class Watch:
    """A stopwatch that prints."""

    begun: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.begun:7.2f} s  {text}", flush=True)  # noqa: T201  # a program's output


class Supervisor:
    """Runs the services of one bed."""

    def __init__(self, places: Places, services: Sequence[Service], *, say: Callable[[str], None]) -> None:
        self._places = places
        self._services: Mapping[str, Service] = {each.name: each for each in services}
        self._say = say

    def up(self) -> None:
        """Start what is not running, in order; return when everything has settled. StartError names what did not."""
        running = processes.leaders(self._places.home)
        failed = threading.Event()
        with ThreadPoolExecutor(max_workers=len(self._services)) as pool:
            started: dict[str, Future[None]] = {}
            for service in self._in_order():
                before = [started[name] for name in service.after if name in started]
                pid = running[service.name].pid if service.name in running else None
                started[service.name] = pool.submit(self._bring_up, service, before, pid, failed)
            for future in started.values():
                future.exception()
        errors = [error for future in started.values() if (error := future.exception())]
        if errors:
            raise next((each for each in errors if isinstance(each, StartError)), errors[0])

    def _bring_up(
        self, service: Service, before: Iterable["Future[None]"], pid: int | None, failed: threading.Event
    ) -> None:
        for each in before:
            each.result()
        try:
            if pid is None:
                pid = self._start(service)
            self._await(service, pid, failed)
            if service.settle:
                service.settle()
        except BaseException:
            failed.set()
            raise
        self._say(service.name)

    def _start(self, service: Service) -> int:
        if service.prepare:
            service.prepare()
        user = _as_nobody() if service.as_nobody else ()
        nice = ["nice", f"-n{service.nice}"] if service.nice else []
        return processes.start(
            service.name,
            [*nice, *user, *service.command()],
            home=self._places.home,
            log=self.log(service.name),
            environment=service.environment,
            directory=service.directory,
        )

    def _await(self, service: Service, pid: int, failed: threading.Event) -> None:
        end = time.monotonic() + service.patience_seconds
        while not service.is_ready():
            if not processes.is_alive(pid):
                raise StartError(f"{service.name} ended at once:\n{self.tail(service.name)}")
            if time.monotonic() > end:
                raise StartError(
                    f"{service.name} was not ready within {service.patience_seconds:.0f} s:\n{self.tail(service.name)}"
                )
            if failed.wait(LOOK_AGAIN_SECONDS):
                raise RuntimeError(f"{service.name} was given up because another service did not come up")

    def down(self, *, before_node: Callable[[], None], gently: bool = True) -> None:
        """Stop the services that run, the last started first; `before_node` ends containers while that can be done."""
        running = processes.leaders(self._places.home)
        for service in reversed(self._in_order()):
            if service.name == "containerd":
                before_node()
            if service.name in running:
                processes.stop(running[service.name].pid, seconds=service.stop_seconds if gently else 0)
                self._say(f"{service.name} stopped")

    def status(self) -> list[tuple[str, int | None, int]]:
        """Return for each service its name, its pid when it runs, and its memory in MiB with all that it started."""
        found = list(processes.marked(self._places.home))
        running = processes.leaders(self._places.home)
        used = {name: sum(each.memory for each in found if each.service == name) for name in self._services}
        return [(name, running[name].pid if name in running else None, used[name]) for name in self._services]

    def log(self, name: str) -> Path:
        return self._places.logs / f"{name}.log"

    def tail(self, name: str, lines: int = LOG_LINES) -> str:
        if not self.log(name).exists():
            return "(no log)"
        return "\n".join(self.log(name).read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _in_order(self) -> list[Service]:
        """Order services so that each comes after what it needs, otherwise as they are listed."""
        ordered: list[Service] = []

        def visit(service: Service) -> None:
            if service not in ordered:
                for name in service.after:
                    if name in self._services:
                        visit(self._services[name])
                ordered.append(service)

        for service in self._services.values():
            visit(service)
        return ordered


def _as_nobody() -> tuple[str, ...]:
    """Return what a command begins with to run as nobody.

    Where root has no CAP_SYS_PTRACE, it cannot see the marks of others' processes. So there the leader is root's.
    """
    if CLUSTER is Cluster.NODELESS and (user := as_nobody()):
        return ("/bin/sh", "-c", LEADER, "leader", user[0], "--pdeathsig=KILL", *user[1:])
    return as_nobody()


def program_path(places: Places) -> str:
    """Return a PATH that finds the bed's programs first."""
    return f"{places.bin}{os.pathsep}{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
