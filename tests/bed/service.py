"""One long-running part of the bed, as data: how it is started, when it is ready, what it needs before.

The parts are described in `services/`; `supervisor` starts and stops them. Commands run inside the bed's network
namespace, so every address of `places` can be reached from them and from the functions here.
"""

import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LOOK_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A process that stays. Every function may be called again at any time and then changes nothing."""

    name: str
    command: Callable[[], Sequence[str]]
    """The program (a full path) and its arguments; asked after `prepare`."""
    is_ready: Callable[[], bool]
    after: tuple[str, ...] = ()
    """Services that must have settled before this one starts."""
    prepare: Callable[[], None] | None = None
    """Makes files and folders before the start."""
    settle: Callable[[], None] | None = None
    """Fills it with what the bed starts from, once it is ready."""
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    as_nobody: bool = False
    """Run as nobody:nogroup, for programs that refuse root; its folders must belong to that user (see `own`)."""
    nice: int = 0
    patience_seconds: float = 120
    stop_seconds: float = 10
    """How long it may take to end by itself; then it is killed. 0: it never ends by itself."""


def answers(url: str) -> bool:
    """Say whether a GET of `url` is answered with 2xx, without a proxy and without following anything odd."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=LOOK_SECONDS) as answer:
            return bool(200 <= answer.status < 300)
    except (OSError, urllib.error.URLError, ValueError):
        return False


def succeeds(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> bool:
    """Say whether a command ends with 0 in time."""
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=LOOK_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def own(*folders: Path) -> None:
    """Give folders and all in them to nobody:nogroup, who runs the services that refuse root; others run them alone."""
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "nobody:nogroup", *map(str, folders)], check=True)
