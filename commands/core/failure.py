"""Why a step failed or a rollout does not come up: the cause that is named, or what the cluster says, or raw facts.

The step programs end with one JSON line (`steps`); what is not understood is shown as it is, never guessed.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from commands.core.decisive import decisive
from commands.core.model import Failure
from commands.core.observed import PipelineSnapshot, StepPhase, StepSnapshot
from commands.core.redaction import mask, mask_lines

TAIL = 40


class Cause(StrEnum):
    """What the cluster says of a step or of an app's pods. The steps name their own; the two lists share a style.

    The causes of an app's pods stand in the order of their weight: the first is what a reader should hear first.
    """

    # Of a step
    STEP_IMAGE_PULL = "step-image-pull"
    QUOTA_EXCEEDED = "quota-exceeded"
    UNSCHEDULABLE = "unschedulable"
    POD_EVICTED = "pod-evicted"
    POD_DELETED = "pod-deleted"
    OUT_OF_MEMORY = "out-of-memory"
    DEADLINE_EXCEEDED = "deadline-exceeded"
    CANCELLED = "cancelled"
    # Of an app's pods
    APP_OUT_OF_MEMORY = "app-out-of-memory"
    CRASH_LOOP = "crash-loop"
    CANNOT_START = "cannot-start"
    CONFIG_ERROR = "config-error"
    APP_IMAGE_PULL = "app-image-pull"
    APP_UNSCHEDULABLE = "app-unschedulable"
    PROBE_FAILING = "probe-failing"
    # Of the whole release
    APP_QUOTA = "app-quota"
    PODS_REFUSED = "pods-refused"
    INVALID_SPEC = "invalid-spec"
    ANALYSIS_FAILED = "analysis-failed"
    ANALYSIS_ERROR = "analysis-error"
    PROGRESS_DEADLINE = "progress-deadline"


_OVERTAKEN = frozenset({Cause.DEADLINE_EXCEEDED, Cause.CANCELLED, ""})


def keep_what_held(before: PipelineSnapshot | None, now: PipelineSnapshot) -> PipelineSnapshot:
    """Keep why a step could not begin, once it fails: then the cluster speaks of nothing but the time that ran out."""
    held = {step.name: step for step in before.steps if step.cause} if before else {}
    return replace(now, steps=tuple(_with_reason(step, held.get(step.name)) for step in now.steps))


def _with_reason(step: StepSnapshot, held: StepSnapshot | None) -> StepSnapshot:
    is_overtaken = step.phase is StepPhase.FAILED and step.cause in _OVERTAKEN
    if held is None or not is_overtaken or held.cause in _OVERTAKEN:
        return step
    return replace(step, cause=held.cause, message=held.message)


def explain(step: StepSnapshot | None, *, message: str, log: tuple[str, ...]) -> Failure:
    """Explain a failed pipeline: the step, one sentence, the exit code, the decisive lines; no secret is kept."""
    if step is None:
        return Failure(step="", message=mask(message) or "The workflow failed without naming a step.")
    cause, evidence = _own_words(log)
    lines = said(log)
    return Failure(
        step=step.name,
        message=mask(evidence or step.message or message),
        exit_code=step.exit_code,
        cause=mask(cause or step.cause),
        lines=decisive(lines),
        tail=lines[-TAIL:],
    )


def said(log: Iterable[str]) -> tuple[str, ...]:
    """Return what a log says to people, without secrets and without what a step ends with for machines."""
    return mask_lines(line for line in log if not _is_last_word(line))


def _is_last_word(line: str) -> bool:
    """Say whether it is what a step ends with, for machines; an app may well log such objects of its own."""
    return line.startswith(('{"outcome"', '{"cause"', '{"evidence"'))


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
