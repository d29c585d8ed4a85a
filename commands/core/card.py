"""What the card says, before anybody puts it in words: a pure function of the row and its open acts.

`integrations.slack` draws it; two equal cards are drawn equal, so an unchanged card is never sent again.
"""

from dataclasses import dataclass
from enum import StrEnum

from commands.core.acts import Possible, is_ours, next_gate, possible
from commands.core.evidence import evidence
from commands.core.model import Act, Action, ActState, Deployment, Stage
from commands.core.observed import PauseReason, RolloutPhase, RolloutSnapshot


class Headline(StrEnum):
    """The state that the first line tells."""

    QUEUED = "queued"
    BUILDING = "building"
    RELEASING = "releasing"
    ROLLING_OUT = "rolling-out"
    WAITS_FOR_PROMOTE = "waits-for-promote"
    TIMED_PAUSE = "timed-pause"
    GREEN_READY = "green-ready"
    HELD = "held"
    INCONCLUSIVE = "inconclusive"
    UNHEALTHY = "unhealthy"
    ABORTING = "aborting"
    RESTORING = "restoring"
    DONE = "done"
    FAILED = "failed"
    ABORTED = "aborted"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything that is shown; `pending` is an act that was asked for and is not yet seen in the cluster.

    `buttons` are in sight, `menu` is what lies behind the dots, besides what can always be read there. `has_log` says
    that there is a log of what went wrong.
    """

    deployment: Deployment
    headline: Headline
    buttons: tuple[Possible, ...]
    menu: tuple[Possible, ...] = ()
    pending: Act | None = None
    has_log: bool = False


def draw(deployment: Deployment, acts: tuple[Act, ...]) -> Card:
    """Make the card of a deployment; `acts` are all of its acts, oldest first."""
    pending = next((act for act in reversed(acts) if act.state is ActState.REQUESTED), None)
    acts_possible = () if pending else possible(deployment)
    return Card(
        deployment=deployment,
        headline=headline_of(deployment),
        buttons=tuple(each for each in acts_possible if not _is_minor(each, deployment)),
        menu=tuple(each for each in acts_possible if _is_minor(each, deployment)),
        pending=None if deployment.stage.is_terminal else pending,
        has_log=evidence(deployment) is not None,
    )


def _is_minor(act: Possible, deployment: Deployment) -> bool:
    """Say whether an act is rarely wanted; to hold is, unless it goes on by itself at a time that people can see."""
    if act.action is Action.RESTART:
        return True
    pause = deployment.rollout.pause if deployment.rollout else None
    return act.action is Action.PAUSE and (pause is None or pause.until is None)


_BY_STAGE = {
    Stage.AWAITING_APPROVAL: Headline.QUEUED,
    Stage.QUEUED: Headline.QUEUED,
    Stage.BUILDING: Headline.BUILDING,
    Stage.RELEASING: Headline.RELEASING,
    Stage.RESTORING: Headline.RESTORING,
    Stage.SUCCEEDED: Headline.DONE,
    Stage.FAILED: Headline.FAILED,
    Stage.ABORTED: Headline.ABORTED,
    Stage.CANCELLED: Headline.CANCELLED,
    Stage.REJECTED: Headline.ENDED,
    Stage.EXPIRED: Headline.ENDED,
    Stage.SUPERSEDED: Headline.SUPERSEDED,
}


def headline_of(deployment: Deployment) -> Headline:
    """Say in one word where a deployment stands."""
    known = _BY_STAGE.get(deployment.stage)
    if known is not None:
        return known
    if deployment.rollout is None or not is_ours(deployment, deployment.rollout) or next_gate(deployment):
        return Headline.ROLLING_OUT
    return _of_rollout(deployment.rollout)


def _of_rollout(rollout: RolloutSnapshot) -> Headline:
    if not rollout.is_current:
        return Headline.ROLLING_OUT  # What it says may be about the release before this one.
    if rollout.is_aborted:
        return Headline.ABORTING
    if rollout.is_held:
        return Headline.HELD
    if rollout.pause is not None:
        return _of_pause(rollout)
    is_sick = rollout.phase is RolloutPhase.DEGRADED or bool(rollout.problems)
    return Headline.UNHEALTHY if is_sick else Headline.ROLLING_OUT


def _of_pause(rollout: RolloutSnapshot) -> Headline:
    pause = rollout.pause
    match pause.reason if pause else None:
        case PauseReason.GREEN:
            return Headline.GREEN_READY
        case PauseReason.INCONCLUSIVE:
            return Headline.INCONCLUSIVE
        case PauseReason.STEP:
            return Headline.TIMED_PAUSE if pause and pause.until else Headline.WAITS_FOR_PROMOTE
        case _:
            return Headline.HELD
