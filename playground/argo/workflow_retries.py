"""Whether a failed attempt at a step is followed by another: limit, policy, expression, the wait between them. Pure.

Called by workflow_tree. As in the real controller the wait comes first, also where the expression then says no.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from playground.argo.names import Obj, dig, seconds_of
from playground.argo.workflow_spec import holds

ALWAYS, ON_FAILURE = "Always", "OnFailure"
POLICIES: Final = {
    ALWAYS: frozenset({"Failed", "Error"}),
    ON_FAILURE: frozenset({"Failed"}),
    "OnError": frozenset({"Error"}),
    "OnTransientError": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Over:
    """No further attempt, with the reason that the node of the task gets."""

    why: str


def backoff_seconds(strategy: Obj, made: int) -> float:
    """How long to wait after so many attempts; nothing without a backoff or when no attempt is left."""
    backoff = strategy.get("backoff")
    if not backoff or made > _limit(strategy, made):
        return 0.0
    wait = seconds_of(backoff.get("duration", 0)) * float(backoff.get("factor") or 1) ** (made - 1)
    return min(wait, seconds_of(backoff["cap"])) if "cap" in backoff else wait


def backoff_message(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    words = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in ((minutes, "minute"), (rest, "second"))]
    return f"Backoff for {' '.join(words if minutes else words[1:])}"


def verdict(strategy: Obj, attempts: Sequence[Obj]) -> Over | None:
    """Why there is no further attempt, None when there is one."""
    last = attempts[-1]
    policy = strategy.get("retryPolicy") or (ALWAYS if strategy.get("expression") else ON_FAILURE)
    if last["phase"] not in POLICIES[policy]:
        return Over(str(last.get("message", "")))
    if len(attempts) > _limit(strategy, len(attempts)):
        return Over("No more retries left")
    if not holds(_filled(str(strategy.get("expression") or ""), last)):
        return Over("retryStrategy.expression evaluated to false")
    return None


def _limit(strategy: Obj, made: int) -> int:
    """Without a limit there is always one more."""
    return int(strategy["limit"]) if strategy.get("limit") is not None else made


def _filled(expression: str, last: Obj) -> str:
    """The expression with what it may ask of the last attempt."""
    known = {
        "asInt(lastRetry.exitCode)": dig(last, "outputs", "exitCode") or "-1",
        "lastRetry.exitCode": dig(last, "outputs", "exitCode") or "-1",
        "lastRetry.status": last["phase"],
    }
    for name, value in known.items():
        expression = expression.replace(name, str(value))
    return expression
