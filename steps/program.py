"""The frame of every step program: arguments in, one line of JSON and an exit code out, whatever happens between.

Used by the `main` of each step. It knows nothing of what steps do.
"""

import errno
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, Never, TypeVar

from steps import parameters
from steps.outcome import EXIT_CODES, Cause, Done, Fact, StepFailed
from steps.settings import Settings

NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_LINE_LENGTH: Final = 480
"""Who reads the last line may cut lines at 500 characters, and half an object says nothing."""

Parameters = TypeVar("Parameters")


def say(line: str) -> None:
    """Show progress: one line on standard error."""
    sys.stderr.write(" ".join(line.split()) + "\n")
    sys.stderr.flush()


def main(
    kind: type[Parameters],
    step: Callable[[Parameters, Settings], Done],
    arguments: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run one step and return its exit code; the last line on standard output says how it went."""
    started = time.monotonic()
    given = sys.argv[1:] if arguments is None else arguments
    settings = Settings(environment=os.environ if environment is None else environment)
    try:
        with _stoppable():
            done = step(parameters.read(given, kind), settings)
            _write(settings.outputs, done.outputs)
    except StepFailed as failure:
        return _fail(failure, started)
    except OSError as exc:
        return _fail(_of_system(exc), started)
    except Exception as exc:  # noqa: BLE001  # The last line is read by machine: a traceback must never stand there.
        return _fail(StepFailed(Cause.UNEXPECTED, _where(exc)), started)
    _close("ok", "", done.evidence, started, {**done.outputs, **done.facts})
    return 0


@contextmanager
def _stoppable() -> Iterator[None]:
    """Turn the signal that stops a pod into a failure like any other."""

    def stop(_signal: int, _frame: FrameType | None) -> Never:
        raise StepFailed(Cause.CANCELLED, "The step was stopped before it was done.")

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _write(folder: Path, outputs: Mapping[str, str]) -> None:
    """Write each output parameter; a name is never there half-written."""
    for name, value in outputs.items():
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{name}"
        part.write_text(value, encoding="utf-8")
        part.replace(folder / name)


def _of_system(exc: OSError) -> StepFailed:
    if exc.errno in NO_ROOM:
        return StepFailed(Cause.DISK_FULL, "There is no room left on the step's scratch volume.")
    return StepFailed(Cause.UNEXPECTED, _where(exc))


def _where(exc: Exception) -> str:
    """Name an error that nobody expected, and the line of ours that it came from."""
    frames = traceback.extract_tb(exc.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).parent.name == "steps"]
    place = f" ({Path(ours[-1].filename).name}:{ours[-1].lineno})" if ours else ""
    return f"Something unexpected happened: {type(exc).__name__}: {exc}{place}"


def _fail(failure: StepFailed, started: float) -> int:
    _close("failed", failure.cause, failure.evidence, started, failure.facts)
    return EXIT_CODES[failure.cause]


def _close(outcome: str, cause: str, evidence: str, started: float, facts: Mapping[str, Fact]) -> None:
    line = {
        "outcome": outcome,
        "cause": cause,
        "evidence": " ".join(evidence.split()),
        "seconds": round(time.monotonic() - started, 1),
        **facts,
    }
    text = json.dumps(line, ensure_ascii=False)
    while len(text) > _LINE_LENGTH and len(str(line["evidence"])) > 1:
        line["evidence"] = f"{str(line['evidence'])[: -1 - max(1, (len(text) - _LINE_LENGTH) // 2)]}…"
        text = json.dumps(line, ensure_ascii=False)
    sys.stderr.flush()
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
