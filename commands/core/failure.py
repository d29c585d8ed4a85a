"""Why a pipeline step failed, from its last lines: the cause it names itself, or the raw facts.

The step programs end with one JSON line (`steps`); what is not understood is shown as it is, never guessed.
"""

import json

from commands.core.model import Failure
from commands.core.observed import StepSnapshot

SHOWN_LINES = 8


def explain(step: StepSnapshot | None, *, message: str, log: tuple[str, ...]) -> Failure:
    """Explain a failed pipeline: the step, one sentence, the exit code, the decisive lines."""
    if step is None:
        return Failure(step="", message=message or "The workflow failed without naming a step.")
    cause, evidence = _own_words(log)
    lines = tuple(line for line in log if not line.startswith("{"))[-SHOWN_LINES:]
    return Failure(
        step=step.name,
        message=evidence or step.message or message,
        exit_code=step.exit_code,
        cause=cause,
        lines=lines,
    )


def _own_words(log: tuple[str, ...]) -> tuple[str, str]:
    """Return (cause, evidence) from the last JSON line; empty where there is none."""
    for line in reversed(log):
        if not line.startswith("{"):
            continue
        try:
            said = json.loads(line)
        except ValueError:
            continue
        return str(said.get("cause", "")), str(said.get("evidence", ""))
    return "", ""
