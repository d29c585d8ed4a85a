"""`python -m playground`: start all stand-ins, run a command beside them, stop everything with Ctrl-C.

The words people see are here; what starts is in `world`, what runs beside it in `child`.
"""

import argparse
import asyncio
import contextlib
import json
import math
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from playground.child import CannotStart, Child
from playground.world import HOST, PlaygroundError, World

DEFAULT_PORT: Final = 8400
HIGHEST_PORT: Final = 65535
CANNOT_START: Final = 2
DESCRIPTION: Final = (
    "Stand-ins for Slack (with a web page), Kubernetes with Argo, Keycloak, Nexus and Harbor on this machine. "
    "COMMAND, usually the bot, runs beside them with the settings that point it here."
)


def main(argv: Sequence[str] | None = None) -> int:
    return asyncio.run(run(read_arguments(sys.argv[1:] if argv is None else argv)))


def read_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line; what stands after `--` is the command, word for word."""
    own, _, command = _split(argv)
    options = _parser().parse_args(own)
    options.command = command
    return options


def _split(argv: Sequence[str]) -> tuple[list[str], str, list[str]]:
    words = list(argv)
    at = words.index("--") if "--" in words else len(words)
    return words[:at], "--", words[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m playground", description=DESCRIPTION, usage="%(prog)s [options] [-- COMMAND ...]"
    )
    parser.add_argument("--host", type=_host, default=HOST, help=f"only {HOST}: there is no login here")
    parser.add_argument(
        "--page-port", type=_port, default=DEFAULT_PORT, metavar="PORT", help="of the page; 0: any free"
    )
    parser.add_argument("--speed", type=_speed, default=1.0, help="divides the waits of the stand-ins, such as 20")
    parser.add_argument("--state", type=Path, metavar="DIR", help="kept afterwards; default: a temporary one, removed")
    parser.add_argument("--json", action="store_true", help="print one JSON line with all addresses and settings")
    parser.add_argument("--slack-only", action="store_true", help="for a bot whose cluster and other systems are real")
    parser.add_argument("--exit-with-command", action="store_true", help="stop when COMMAND ends, with its exit code")
    return parser


def _host(text: str) -> str:
    if text != HOST:
        raise argparse.ArgumentTypeError(
            f"there is no login in the playground, so it listens on {HOST} only; leave it out"
        )
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number from 0 to {HIGHEST_PORT}")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not (math.isfinite(speed) and speed > 0):
        raise argparse.ArgumentTypeError(f"{text!r} cannot divide waits; give a number above 0, such as 20")
    return speed


async def run(options: argparse.Namespace) -> int:
    """Serve until a signal, or until the command ends with --exit-with-command; return the exit code."""
    stop = asyncio.Event()
    child: list[Child] = []

    def ask_to_stop() -> None:
        if stop.is_set():
            for one in child:
                one.hurry()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ask_to_stop)
    world = World(speed=options.speed, slack_only=options.slack_only)
    try:
        with state_directory(options.state) as state:
            await world.start(state, page_port=options.page_port)
            try:
                tell_where(world, state, options)
                return await serve(world, options, stop, child)
            finally:
                await world.stop()
    except (PlaygroundError, CannotStart) as error:
        _complain(str(error))
        return CANNOT_START


async def serve(world: World, options: argparse.Namespace, stop: asyncio.Event, children: list[Child]) -> int:
    """Run the command, if any, until it is time to stop."""
    if not options.command:
        await stop.wait()
        return 0
    child = await Child.start(options.command, world.environment)
    children.append(child)
    try:
        return await _until_end(child, stop, exit_with_command=options.exit_with_command)
    finally:
        await child.stop()


async def _until_end(child: Child, stop: asyncio.Event, *, exit_with_command: bool) -> int:
    ended, stopped = asyncio.ensure_future(child.wait()), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stopped.done():
            return 0
        if exit_with_command:
            return ended.result()
        _complain(f"The command ended by itself with code {ended.result()}. The playground goes on; Ctrl-C stops it.")
        await stopped
        return 0
    finally:
        stopped.cancel()
        ended.cancel()


@contextlib.contextmanager
def state_directory(given: Path | None) -> Iterator[Path]:
    """Yield the directory asked for, made if need be, or a temporary one that is removed at the end."""
    if given is None:
        with tempfile.TemporaryDirectory(prefix="slipway-playground-", ignore_cleanup_errors=True) as temporary:
            yield Path(temporary)
        return
    try:
        given.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlaygroundError(
            f"The state directory {given} cannot be made: {error.strerror}. Choose another with --state."
        ) from error
    yield given.resolve()


def tell_where(world: World, state: Path, options: argparse.Namespace) -> None:
    """Say what listens where: one JSON line for programs, a short greeting for people."""
    if options.json:
        _say(json.dumps(world.describe(state)))
        return
    urls = world.urls
    _say(
        "The playground is up: Slack, Kubernetes with Argo, Keycloak, Nexus and Harbor, all stand-ins here.\n"
        f"  page        {urls.page}\n  Slack API   {urls.slack}\n  Kubernetes  {urls.kubernetes}\n"
        f"  Keycloak    {urls.keycloak}\n  Nexus       {urls.nexus}\n  Harbor      {urls.harbor}\n"
        f"  settings    {state / 'env'}  (KEY=value lines for a bot that you start yourself)"
    )
    if options.command:
        _say(f"Open {urls.page} and type /deploy shop v1.2 canary; Ctrl-C stops all")
    else:
        _say(f"No bot runs yet: start one with those settings, then open {urls.page}; Ctrl-C stops all")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
