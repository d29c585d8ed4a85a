"""The log that speaks for what went wrong with a deployment: whose it is, and what of it was kept. Pure.

Used by the card, which offers it only where there is some, and by whoever shows it. No secret is in what was kept.
"""

from dataclasses import dataclass

from commands.core.model import Deployment, Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The lines that were kept, and the step of which workflow wrote them; without a step an app's pod did."""

    lines: tuple[str, ...]
    workflow: str = ""
    step: str = ""


def evidence(deployment: Deployment) -> Evidence | None:
    """Find the log of what went wrong last; None where none was kept, as after what failed before it could begin."""
    restore = deployment.restore
    if restore is not None and restore.failure is not None and _lines(restore.failure):
        failure = restore.failure
        return Evidence(lines=_lines(failure), workflow=restore.workflow, step=failure.step)
    if deployment.failure is not None and _lines(deployment.failure):
        failure = deployment.failure
        return Evidence(lines=_lines(failure), workflow=deployment.workflow, step=failure.step)
    rollout = deployment.rollout
    return Evidence(lines=rollout.pod_log) if rollout is not None and rollout.pod_log else None


def _lines(failure: Failure) -> tuple[str, ...]:
    return failure.tail or failure.lines
