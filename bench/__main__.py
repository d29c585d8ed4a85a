"""`python -m bench`: run the measurements, print JSON, write docs/benchmarks.md after a whole run.

The only module of the bench that reads the command line and writes files.
"""

import argparse
import asyncio
import json
import os
import platform
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import aiohttp
import psutil

from bench import acknowledgement, events, memory, search, startup, table, throughput
from bench.figures import Result
from bench.plan import Plan
from bench.processes import ROOT, BenchError

MEASUREMENTS: Final[Mapping[str, Callable[[Plan], Awaitable[Result]]]] = {
    "acknowledgement": acknowledgement.measure,
    "events": events.measure,
    "memory": memory.measure,
    "startup": startup.measure,
    "throughput": throughput.measure,
    "search": search.measure,
}
PAGE: Final = ROOT / "docs" / "benchmarks.md"
RUNS: Final = 3
CANNOT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The command line: what to measure, how often, and where the JSON goes."""

    plan: Plan
    names: tuple[str, ...]
    json: Path | None
    command: str

    @property
    def is_whole(self) -> bool:
        """Say whether the figures are worth a new page."""
        return not self.plan.is_quick and set(self.names) == set(MEASUREMENTS)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; the exit code is 1 when something could not be measured."""
    asked = read_command_line(sys.argv[1:] if argv is None else argv)
    machine = {"cores": os.cpu_count(), "Python": platform.python_version(), "system": platform.system()}
    try:
        results = asyncio.run(_measure_all(asked))
    except (BenchError, psutil.Error, aiohttp.ClientError, asyncio.CancelledError, KeyboardInterrupt) as error:
        print(f"The bench stopped: {str(error) or 'it was told to'}", file=sys.stderr)
        return CANNOT
    report = {"machine": machine, "results": {name: result.to_json() for name, result in results.items()}}
    _write_json(json.dumps(report, indent=2), asked.json)
    page = table.document(list(results.values()), command=asked.command, machine=machine)
    print(page, file=sys.stderr)
    if asked.is_whole:
        PAGE.write_text(page, encoding="utf-8")
    return 0


def read_command_line(words: Sequence[str]) -> Asked:
    options = _parser().parse_args(words)
    return Asked(
        plan=Plan(runs=options.runs or (1 if options.quick else RUNS), is_quick=options.quick),
        names=tuple(options.only or MEASUREMENTS),
        json=options.json,
        command=" ".join(["python -m bench", *_told(options)]),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run of under a minute; writes no page")
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, help="this measurement; may be repeated")
    parser.add_argument("--runs", type=_positive, metavar="N", help=f"of each measurement; {RUNS} unless quick")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON there instead of to stdout")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of runs; give 1 or more")
    return int(text)


def _told(options: argparse.Namespace) -> list[str]:
    """Repeat what changes the figures; where the JSON goes does not."""
    only = [word for name in options.only or [] for word in ("--only", name)]
    runs = ["--runs", str(options.runs)] if options.runs else []
    return [*(["--quick"] if options.quick else []), *only, *runs]


async def _measure_all(asked: Asked) -> dict[str, Result]:
    # SIGTERM ends it as Ctrl-C does: through the ends of all that was started.
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    results = {}
    for name in asked.names:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        before = os.getloadavg()[0]
        result = await MEASUREMENTS[name](asked.plan)
        results[name] = replace(result, load=(before, os.getloadavg()[0]))
    return results


def _write_json(text: str, file: Path | None) -> None:
    if file is None:
        print(text, flush=True)
    else:
        file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
