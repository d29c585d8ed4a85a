"""A step's program as a process of this machine, with its log. Used by `running`; knows nothing of Kubernetes.

What Argo's executor does around it in its pod is done here: the last lines of the log, the codes of killed programs.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from playground.argo.workflow_pods import log_line

NOT_STARTED: Final = 64
_BY_SIGNAL: Final = 128


class Program:
    """One program, from its start to its end."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._is_unwanted = False

    async def start(self, command: Sequence[str], variables: Mapping[str, str], folder: Path) -> None:
        """Start it; one that cannot be started says so in the log, and has ended, as one that was stopped before."""
        if self._is_unwanted:
            return
        with self._log.open("ab") as output:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *command,
                    env=variables,
                    cwd=folder,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    # So that a signal reaches all that it starts.
                    start_new_session=True,
                )
            except OSError as error:
                self._say(f"Error: failed to find name in PATH: {error}")

    def signal(self, number: int) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def stop(self, grace_seconds: float) -> None:
        """Ask it to end, and kill it when it has not in time."""
        self._is_unwanted = True
        self.signal(signal.SIGTERM)
        if self._process is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), grace_seconds)
        self.signal(signal.SIGKILL)

    async def end(self, deadline_seconds: float | None, grace_seconds: float) -> tuple[int, bool]:
        """Wait for its end; return the exit code of its container, and whether it was stopped at its deadline."""
        if self._process is None:
            return NOT_STARTED, False
        is_late = False
        try:
            await asyncio.wait_for(self._process.wait(), deadline_seconds)
        except TimeoutError:
            is_late = True
            await self.stop(grace_seconds)
        code = await self._process.wait()
        code = code if code >= 0 else _BY_SIGNAL - code
        more = f' error="exit status {code}"' if code else " error=<nil>"
        self._say(log_line(datetime.now(UTC), "sub-process exited", more))
        if code:
            self._say(f"Error: exit status {code}")
        return code, is_late

    def _say(self, line: str) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{line}\n")
