"""The command that the playground runs beside itself, usually the bot: a child in a process group of its own.

Called by `__main__`. A group of its own means that Ctrl-C reaches the playground alone, which then ends the child in
order and takes whatever the child started down with it.
"""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Final

GRACE_SECONDS: Final = 5.0
LOOPBACK: Final = "127.0.0.1,localhost"


class CannotStart(Exception):
    """The command could not be started; the text says what to do."""


def child_environment(environment: Mapping[str, str], inherited: Mapping[str, str]) -> dict[str, str]:
    """Return what the child gets: everything inherited, the bot's settings, and no proxy before the loopback.

    Settings of another Slipway that happen to be set in the shell would mix with the playground's, so they stay out.
    """
    kept = {key: value for key, value in inherited.items() if not key.startswith("SLIPWAY_")}
    for key in ("NO_PROXY", "no_proxy"):
        kept[key] = ",".join(filter(None, (kept.get(key, ""), LOOPBACK)))
    return kept | dict(environment)


class Child:
    """A started command. `wait` gives its exit code, `stop` ends it with everything in its group."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._impatient = asyncio.Event()

    @classmethod
    async def start(cls, command: Sequence[str], environment: Mapping[str, str]) -> "Child":
        """Start `command`; CannotStart when there is no such program."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=child_environment(environment, os.environ),
                stdin=asyncio.subprocess.DEVNULL,
                process_group=0,
            )
        except OSError as error:
            raise CannotStart(
                f"The command {command[0]!r} did not start: {error.strerror}. Check its name, or give its whole path."
            ) from error
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait(self) -> int:
        """Return the exit code as a shell would: 128 plus the signal for a killed child."""
        code = await self._process.wait()
        return code if code >= 0 else 128 - code

    def hurry(self) -> None:
        """Cut the grace short: somebody asked twice."""
        self._impatient.set()

    async def stop(self) -> None:
        """Ask with TERM, wait for the grace, then KILL what is left of the group."""
        self._signal(signal.SIGTERM)
        ended = asyncio.ensure_future(self._process.wait())
        hurried = asyncio.ensure_future(self._impatient.wait())
        await asyncio.wait({ended, hurried}, timeout=GRACE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        self._signal(signal.SIGKILL)
        await ended

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return
