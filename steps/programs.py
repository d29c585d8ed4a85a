"""Runs the programs that the steps drive, crane and helm: arguments as a list, no shell, stopped when the step is.

Used by registry and helm.
"""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
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


def run(command: Sequence[str], settings: Settings, *, seconds: float, is_work: bool = False) -> Finished:
    """Run a program to its end; it gets the time to end by itself when this step is stopped.

    What a look writes is for the caller alone, since its errors may be good news; what `is_work` writes is shown.
    """
    scratch = settings.scratch
    environment = {
        **settings.environment,
        "HOME": str(scratch),
        "DOCKER_CONFIG": str(settings.registry_folder),
        "HELM_CACHE_HOME": str(scratch / "helm/cache"),
        "HELM_CONFIG_HOME": str(scratch / "helm/config"),
        "HELM_DATA_HOME": str(scratch / "helm/data"),
    }
    environment.setdefault("PATH", os.defpath)
    try:
        process = subprocess.Popen(  # noqa: S603  # no shell; every argument has been checked against its form
            command,
            env=environment,
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
    except FileNotFoundError as exc:
        raise StepFailed(Cause.UNEXPECTED, f"The program {command[0]} is not in the steps' image.") from exc
    with process:
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as exc:
            _stop(process)
            raise StepFailed(Cause.TIMEOUT, f"{command[0]} was not done within {seconds:.0f} s.") from exc
        except BaseException:
            _stop(process)
            raise
    for line in errors.splitlines() if is_work else ():
        say(f"{command[0]}: {line}")
    return Finished(code=process.returncode, output=output, errors=errors)


def _stop(process: subprocess.Popen[str]) -> None:
    """Ask first: helm writes down that its release failed, which saves the next run a repair."""
    process.terminate()
    try:
        process.communicate(timeout=GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
