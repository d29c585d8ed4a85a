"""Record what the real controllers do: python -m tests.bed.recording [NAME…], on the cluster that KUBECONFIG names.

Each scenario gets a namespace of its own, which is removed again. A recording that goes through the same states as the
file that is there leaves that file alone; of every other the new one is written and its differences are printed.
"""

import argparse
import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from tests.bed.recording.cluster import Cluster
from tests.bed.recording.lines import packed, stable
from tests.bed.recording.recording import NeverCameError, Recording
from tests.bed.recording.scenarios import SCENARIOS, hidden_in, kinds_of
from tests.bed.recording.sequence import differences, sequence_of
from tests.bed.recording.workflow_scenarios import WORKFLOWS
from tests.recordings import FOLDER


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was asked for."""

    names: tuple[str, ...]
    folder: Path
    jobs: int
    anew: bool
    shared: str | None


def read(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(prog="python -m tests.bed.recording", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to record; all when none is named")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the recordings lie (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=4, help="scenarios at a time (default: %(default)s)")
    parser.add_argument("--anew", action="store_true", help="write also what goes through the same states as before")
    shared = "a namespace that exists, for workflows: where the controller looks at one only"
    parser.add_argument("--workflows-in", metavar="NAMESPACE", help=shared)
    known = parser.parse_args(arguments)
    if unknown := sorted(set(known.names) - set(SCENARIOS)):
        parser.error(f"no scenario {', '.join(unknown)}; there are: {', '.join(SCENARIOS)}")
    if not os.environ.get("KUBECONFIG"):
        parser.error("KUBECONFIG is not set; it names the cluster to record, such as the bed's")
    names = tuple(known.names or SCENARIOS)
    return Options(names, known.folder, known.jobs, known.anew, known.workflows_in)


async def main(options: Options) -> int:
    """Record everything asked for; return how many scenarios could not be gone through."""
    free = asyncio.Semaphore(options.jobs)
    async with Cluster.from_environment() as cluster:

        async def one(name: str) -> bool:
            async with free:
                return await record(cluster, name, options)

        done = await asyncio.gather(*map(one, options.names))
    return done.count(False)


async def record(cluster: Cluster, name: str, options: Options) -> bool:
    """Go through a scenario and keep its file if it says anything new; False when it could not be gone through."""
    began = time.monotonic()
    shared = options.shared if name in WORKFLOWS else None
    recording = Recording(cluster, name, kinds=kinds_of(name), shared=shared, hidden=hidden_in(name))
    try:
        async with recording:
            for step in SCENARIOS[name]:
                await step(recording)
    except (NeverCameError, httpx.HTTPError) as error:
        say(f"{name}: not recorded: {error}")
        return False
    text = packed(stable(recording.lines, recording.started))
    say(f"{name}: {keep(name, text, options)} ({time.monotonic() - began:.0f} s)")
    return True


def keep(name: str, text: str, options: Options) -> str:
    """Write the file unless the one that is there tells of the same states; say what is new."""
    path = options.folder / f"{name}.jsonl"
    with TemporaryDirectory() as place:
        (Path(place) / path.name).write_text(text)
        now = sequence_of(name, Path(place))
    told = differences(sequence_of(name, options.folder), now) if path.exists() else ["recorded for the first time"]
    if told or options.anew:
        path.write_text(text)
    if not told:
        return "the same states"
    return "\n  ".join(["other states:", *told])


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(min(asyncio.run(main(read(sys.argv[1:]))), 1))
