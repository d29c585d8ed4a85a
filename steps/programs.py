"""Runs the programs that the steps drive: arguments as a list, no shell, stopped when the step is.

Used by registry, helm and buildah.
"""

import os
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steps.outcome import Cause, StepFailed
from steps.program import say
from steps.settings import Settings

GRACE_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a program ended and what it wrote."""

    code: int
    output: str
    errors: str


def run(
    command: Sequence[str],
    settings: Settings,
    *,
    seconds: float,
    is_work: bool = False,
    together: bool = False,
    logins: Path | None = None,
    output_file: Path | None = None,
) -> Finished:
    """Run a program to its end; it gets the time to end by itself when this step is stopped.

    What a look writes is for the caller alone, since its errors may be good news; what `is_work` writes is shown.
    `together` takes all that it writes, in its order, for errors.
    `logins` is the folder of the docker `config.json` to use; `output_file` takes what is no text.
    """
    scratch = settings.scratch
    environment = {
        **settings.environment,
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "DOCKER_CONFIG": str(logins or settings.registry_folder),
        "HELM_CACHE_HOME": str(scratch / "helm/cache"),
        "HELM_CONFIG_HOME": str(scratch / "helm/config"),
        "HELM_DATA_HOME": str(scratch / "helm/data"),
    }
    environment.setdefault("PATH", os.defpath)
    with ExitStack() as stack:
        written = stack.enter_context(output_file.open("wb")) if output_file else subprocess.PIPE
        try:
            process = subprocess.Popen(  # noqa: S603  # no shell; every argument has been checked against its form
                command,
                env=environment,
                cwd=scratch,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT if together else subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
            )
        except FileNotFoundError as exc:
            raise StepFailed(Cause.UNEXPECTED, f"The program {command[0]} is not in the steps' image.") from exc
        stack.enter_context(process)
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as exc:
            _stop(process)
            raise StepFailed(Cause.TIMEOUT, f"{command[0]} was not done within {seconds:.0f} s.") from exc
        except BaseException:
            _stop(process)
            raise
    if together:
        output, errors = "", output
    for line in filter(str.strip, errors.splitlines() if is_work else ()):
        say(f"{command[0]}: {line}")
    return Finished(code=process.returncode, output=output or "", errors=errors)


def _stop(process: subprocess.Popen[str]) -> None:
    """Ask first: helm writes down that its release failed, which saves the next run a repair."""
    process.terminate()
    try:
        process.communicate(timeout=GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
