"""Why the newest template of a Rollout is not ready: the troubles of its pods by cause, then what its owners say.

Pure; called by `rollouts` for every snapshot.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from commands.core.failure import Cause
from commands.core.observed import PodProblem
from integrations.kubernetes.pods import PodView, Trouble

_ORDER: Final = list(Cause)
_QUOTA: Final = "exceeded quota"


def of_pods(pods: Iterable[PodView]) -> tuple[PodProblem, ...]:
    """Group the pods that are in trouble by its cause, in the order of the causes; the worst pod speaks for its group.

    The worst is the one that started most often; among equals the first by name, so that the card holds still.
    """
    troubled = [(pod.trouble, pod.name) for pod in pods if pod.trouble is not None]
    troubled.sort(key=lambda each: (_ORDER.index(each[0].cause), -each[0].restarts, each[1]))
    groups = (list(group) for _, group in groupby(troubled, key=lambda each: each[0].cause))
    return tuple(_problem(*group[0], pods=len(group)) for group in groups)


def _problem(trouble: Trouble, pod: str, *, pods: int) -> PodProblem:
    return PodProblem(
        cause=trouble.cause,
        message=trouble.message,
        pod=pod,
        container=trouble.container,
        exit_code=trouble.exit_code,
        restarts=trouble.restarts,
        pods=pods,
        since=trouble.since,
    )


def of_refusal(message: str, *, missing: int) -> tuple[PodProblem, ...]:
    """Tell of pods that the cluster does not let be made: `message` is the ReplicaSet's or the Rollout's condition."""
    if not message:
        return ()
    cause = Cause.APP_QUOTA if _QUOTA in message else Cause.PODS_REFUSED
    return (PodProblem(cause=cause, message=message, pod="", pods=missing),)


def of_message(message: str) -> tuple[PodProblem, ...]:
    """Tell of a Rollout that is invalid or took too long: its message says so, a condition may be out of date."""
    if message.startswith("InvalidSpec: "):
        return (PodProblem(cause=Cause.INVALID_SPEC, message=message.removeprefix("InvalidSpec: "), pod="", pods=0),)
    if "has timed out progressing" in message:
        return (PodProblem(cause=Cause.PROGRESS_DEADLINE, message=message, pod="", pods=0),)
    return ()
