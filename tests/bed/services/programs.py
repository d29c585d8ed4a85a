"""How the services run their one-off programs: as whom, and with what is said when one fails.

Used by every service that calls a vendor's own tool while it is built, prepared or filled.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

AS_NOBODY: Final = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
KEPT_CHARACTERS: Final = 2000


class ServiceError(Exception):
    """A service could not be built, prepared or filled; the text says what was tried and how it ended."""


def as_nobody() -> tuple[str, ...]:
    """Return what begins a command of a program that refuses root: nothing, where this is not root anyway."""
    return AS_NOBODY if os.geteuid() == 0 else ()


def run(command: Sequence[str], *, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> str:
    """Run a program to its end, in the caller's environment and `environment`, and return what it printed.

    Raises
    ------
    ServiceError
        It ended with something else than 0.
    """
    done = subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stdout.strip()[-KEPT_CHARACTERS:]
        raise ServiceError(f"{Path(command[0]).name} ended with {done.returncode}: {said or 'it said nothing'}")
    return done.stdout
