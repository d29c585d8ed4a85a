"""What the tests of this folder wait for: states of a Rollout and of a Workflow, read from the raw objects.

Pure. Each is strict about what was observed, because a status may speak of the template before.
"""

from integrations.kubernetes.fields import Obj, at, mappings, text
from integrations.kubernetes.phases import is_observed
from tests.bed.facts.objects import Check


def phase(obj: Obj) -> str:
    return text(obj, "status", "phase")


def message(obj: Obj) -> str:
    return text(obj, "status", "message")


def step(obj: Obj) -> object:
    return at(obj, "status", "currentStepIndex")


def current(obj: Obj) -> str:
    return text(obj, "status", "currentPodHash")


def stable(obj: Obj) -> str:
    return text(obj, "status", "stableRS")


def reasons(obj: Obj) -> list[str]:
    """Return why a Rollout pauses."""
    return [text(each, "reason") for each in mappings(obj, "status", "pauseConditions")]


def is_healthy(obj: Obj) -> bool:
    return is_observed(obj) and phase(obj) == "Healthy" and current(obj) == stable(obj)


def is_degraded(obj: Obj) -> bool:
    return is_observed(obj) and phase(obj) == "Degraded"


def is_gone(version: str) -> Check:
    """Look for the template with that hash having gone: another one is the current."""
    return lambda obj: is_observed(obj) and current(obj) not in {"", version}


def paused(index: int | None = None, *, unlike: str = "") -> Check:
    """Look for a pause that a promote ends, at that step, of a template other than the one with hash `unlike`."""
    return lambda obj: (
        is_observed(obj)
        and phase(obj) == "Paused"
        and bool(reasons(obj))
        and current(obj) != unlike
        and index in {None, step(obj)}
    )


def ended(obj: Obj) -> bool:
    """Look for a Workflow that has ended, however."""
    return phase(obj) in {"Succeeded", "Failed", "Error"}


def nodes(obj: Obj) -> list[Obj]:
    found = at(obj, "status", "nodes")
    return list(found.values()) if isinstance(found, dict) else []


def node(obj: Obj, name: str) -> Obj:
    """Return the node of that display name; empty when there is none yet."""
    return next((each for each in nodes(obj) if text(each, "displayName") == name), {})
