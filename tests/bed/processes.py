"""The bed's processes, found by a mark in their environment: no file can be stale, no process can be forgotten.

The mark is the bed's home and the service's name. A service's leader is the process that was started; what it started
itself has the same mark and goes when the leader goes, or is killed with it.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HOME_MARK: Final = "SLIPWAY_BED_HOME"
NAME_MARK: Final = "SLIPWAY_BED_SERVICE"
LOOK_AGAIN_SECONDS: Final = 0.05
LOG_BYTES: Final = 200_000_000
"""How long a log may become; a longer one makes place at the next start."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A process of the bed."""

    pid: int
    parent: int
    service: str
    memory: int
    """Resident, in MiB."""


def start(
    name: str, command: Sequence[str], *, home: Path, log: Path, environment: Mapping[str, str], directory: Path | None
) -> int:
    """Start a command in a session of its own, marked, with its output added to a file; return its pid."""
    marks = {HOME_MARK: str(home), NAME_MARK: name}
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size >= LOG_BYTES / 2:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment, **marks},
            cwd=directory or home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    process.returncode = 0  # It outlives this object, which would complain of being forgotten.
    return process.pid


def leaders(home: Path) -> dict[str, Marked]:
    """Return the running leaders by the names of their services."""
    found = list(marked(home))
    owners = {each.pid: each.service for each in found}
    return {
        each.service: each for each in found if _leads_session(each.pid) and owners.get(each.parent) != each.service
    }


def marked(home: Path) -> Iterator[Marked]:
    """Yield every living process with this bed's mark."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError, KeyError, ValueError):
                one = _read(folder, home)
                if one:
                    yield one


def _read(folder: Path, home: Path) -> Marked | None:
    lines = (folder / "environ").read_bytes().split(b"\0")
    if f"{HOME_MARK}={home}".encode() not in lines:
        return None
    start = f"{NAME_MARK}=".encode()
    service = next((line[len(start) :].decode() for line in lines if line.startswith(start)), "")
    status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line)
    if not service or status["State"].startswith("Z"):
        return None
    memory = int(status.get("VmRSS", "0 kB").split()[0]) // 1024
    return Marked(pid=int(folder.name), parent=int(status["PPid"]), service=service, memory=memory)


def _leads_session(pid: int) -> bool:
    try:
        return os.getsid(pid) == pid
    except ProcessLookupError:
        return False


def stop(pid: int, *, seconds: float) -> None:
    """Ask a leader to end, and kill its session when it has not after `seconds`."""
    if seconds and _signal(pid, signal.SIGTERM) and is_gone(pid, seconds):
        return
    kill_session(pid)


def is_gone(pid: int, seconds: float) -> bool:
    """Wait until a process has ended; say whether it has."""
    end = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > end:
            return False
        time.sleep(LOOK_AGAIN_SECONDS)
    return True


def is_alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # When it was started by this very program, its remains are to be collected.
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return False


def kill_session(pid: int) -> None:
    """Kill a leader and everything in its process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    is_gone(pid, 5)


def kill_all(home: Path) -> None:
    """Kill every process with this bed's mark."""
    for each in marked(home):
        _signal(each.pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
