"""The steps of a canary and their durations, as Argo Rollouts spells them. Pure; used by `rollouts`."""

import re
from datetime import timedelta

from commands.core.observed import CanaryStep, CanaryStepKind
from integrations.kubernetes.fields import Obj, at, digits, mappings, number

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")
_WHOLE_WEIGHT = 100
_LONGEST = 1_000_000_000  # seconds: thirty years, so that a date can be reckoned with it


def canary_steps(rollout: Obj) -> tuple[CanaryStep, ...]:
    """Translate spec.strategy.canary.steps."""
    return tuple(_step(each) for each in mappings(rollout, "spec", "strategy", "canary", "steps"))


def seconds_of(value: object) -> timedelta | None:
    """Read a number of seconds, or a duration like "5m" or "1h30m"; None for anything else."""
    seconds = _seconds(value)
    return timedelta(seconds=seconds) if seconds is not None and 0 <= seconds <= _LONGEST else None


def _seconds(value: object) -> float | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or digits(value) is not None:
        return digits(value) if isinstance(value, str) else None
    if not _WHOLE.fullmatch(value):
        return None
    return sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(value))


def _step(step: Obj) -> CanaryStep:
    weight = number(step, "setWeight")
    if weight is not None:
        weight = min(max(weight, 0), _WHOLE_WEIGHT)  # The controller calls anything else an invalid spec.
        return CanaryStep(kind=CanaryStepKind.WEIGHT, weight=weight, label=f"{weight} %")
    if "pause" in step:
        duration = seconds_of(at(step, "pause", "duration"))
        words = f"pause {_words(duration)}" if duration is not None else "pause"
        return CanaryStep(kind=CanaryStepKind.PAUSE, duration=duration, label=words)
    return CanaryStep(kind=CanaryStepKind.OTHER, label=next(iter(step), "step"))


def _words(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
