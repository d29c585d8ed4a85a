import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from playground import child as module
from playground.child import CannotStart, Child, child_environment

STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: open(sys.argv[1], "w").close())
open(sys.argv[1] + ".ready", "w").close()
while True: time.sleep(60)
"""


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def become(condition: Callable[[], bool]) -> None:
    """Wait until another process has done something: it tells nobody here."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.01)


def test_the_child_gets_the_settings_and_no_other_slipways() -> None:
    inherited = {"PATH": "/bin", "SLIPWAY_CATALOG": "/etc/other", "SLIPWAY_EXTRA": "1", "NO_PROXY": "acme.example"}
    environment = child_environment({"SLIPWAY_CATALOG": "/tmp/c"}, inherited)  # noqa: S108  # a value only
    assert environment == {
        "PATH": "/bin",
        "SLIPWAY_CATALOG": "/tmp/c",  # noqa: S108  # a value only
        "NO_PROXY": "acme.example,127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


async def test_the_child_runs_with_its_environment_in_a_group_of_its_own(tmp_path: Path) -> None:
    script = (
        "import os, sys; open(sys.argv[1], 'w').write(os.environ['SLIPWAY_X']); sys.exit(os.getpgrp() != os.getpid())"
    )
    child = await Child.start([sys.executable, "-c", script, str(tmp_path / "out")], {"SLIPWAY_X": "yes"})
    assert await child.wait() == 0
    assert (tmp_path / "out").read_text() == "yes"
    await child.stop()


async def test_a_killed_child_has_the_exit_code_of_a_shell() -> None:
    child = await Child.start([sys.executable, "-c", "import time; time.sleep(60)"], {})
    os.kill(child.pid, signal.SIGKILL)
    assert await child.wait() == 137


async def test_stop_ends_a_child_that_listens(tmp_path: Path) -> None:
    child = await Child.start([sys.executable, "-c", "import time; time.sleep(60)"], {})
    await child.stop()
    assert await child.wait() in {128 + signal.SIGTERM, 128 + signal.SIGKILL}
    assert not is_running(child.pid)


async def test_stop_kills_a_child_that_ignores_it_after_the_grace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.05)
    asked = tmp_path / "asked"
    child = await Child.start([sys.executable, "-c", STUBBORN, str(asked)], {})
    await become((tmp_path / "asked.ready").exists)
    await child.stop()
    assert await child.wait() == 128 + signal.SIGKILL


async def test_asking_twice_cuts_the_grace_short(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    child = await Child.start([sys.executable, "-c", STUBBORN, str(asked)], {})
    await become((tmp_path / "asked.ready").exists)
    stopping = asyncio.ensure_future(child.stop())
    await become(asked.exists)
    child.hurry()
    async with asyncio.timeout(module.GRACE_SECONDS - 1):
        await stopping
    assert await child.wait() == 128 + signal.SIGKILL


async def test_stop_takes_down_what_the_child_left_behind(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "open(sys.argv[1], 'w').write(str(p.pid)); p.returncode = 0"
    )
    child = await Child.start([sys.executable, "-c", script, str(tmp_path / "pid")], {})
    assert await child.wait() == 0
    left = int((tmp_path / "pid").read_text())
    await child.stop()
    await become(lambda: not is_running(left))


@pytest.mark.parametrize("command", ["no-such-program-anywhere", "/"])
async def test_a_command_that_cannot_start_says_so(command: str) -> None:
    with pytest.raises(CannotStart, match=r"did not start: .*Check its name"):
        await Child.start([command], {})
