"""`make bed-run`: the bot on the real bed, with the stand-in Slack's page in the browser; Ctrl-C ends both.

Run outside, this forwards the page's port into the bed's network namespace and runs itself again in there.
"""

import contextlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.bed import namespace
from tests.bed.places import CLUSTER, NETNS_FILE, Cluster
from tests.scenarios.bed_ground import BedGround
from tests.scenarios.world import playing

PORT: Final = 8400


def main() -> None:
    # Also where a shell started it in the background, which makes a program deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if CLUSTER is not Cluster.OWN or namespace.is_inside():
        _play()
        return
    with _forwarded():
        inside = subprocess.Popen(["nsenter", f"--net={NETNS_FILE}", sys.executable, "-m", "tests.scenarios"])
        while inside.poll() is None:
            try:
                inside.wait()
            except KeyboardInterrupt:
                inside.terminate()


def _play() -> None:
    with tempfile.TemporaryDirectory() as folder:
        _say("Making namespaces and releasing what runs at the start…")
        ground = BedGround(Path(folder), options=("--page-port", str(PORT)))
        with playing(Path(folder), ground) as world:
            bot = world.start_bot()
            _say(f"The bot is connected. Open http://127.0.0.1:{PORT} and type `/deploy shop v1.2`. Ctrl-C ends it.")
            _say(f"Its log: {folder}/bot.log; its namespaces: {', '.join(ground.namespaces)}")
            try:
                bot.wait()
            except KeyboardInterrupt:
                _say("Ending…")


@contextlib.contextmanager
def _forwarded() -> Iterator[None]:
    inner = f"nsenter --net={NETNS_FILE} socat STDIO TCP\\:127.0.0.1\\:{PORT}"
    listen = f"TCP-LISTEN:{PORT},bind=127.0.0.1,reuseaddr,fork"
    forwarder = subprocess.Popen(["socat", listen, f"EXEC:{inner}"], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        forwarder.terminate()
        forwarder.wait()


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # a program's output


if __name__ == "__main__":
    main()
