"""Who holds a rollout: holds are counted from what is seen, so that one hold is never taken for the next. Pure.

Called for every new view of a rollout, by the lifecycle and by whoever judges an act.
"""

from dataclasses import replace
from datetime import datetime

from commands.core.acts import gate_of
from commands.core.model import Act, Action, Actor, ActState, Deployment, Hold
from commands.core.reasons import Fact, Milestone, MilestoneCode

ENDING = frozenset({Action.PROMOTE, Action.FULL, Action.ABORT})
"""The acts that let go of a rollout before they do what they are for."""


def observe(deployment: Deployment, *, acts: tuple[Act, ...], now: datetime) -> Deployment:
    """Put into a row that has a new view of its rollout the hold that this begins or ends."""
    rollout = deployment.rollout
    if rollout is None or rollout.is_held == is_held(deployment):
        return deployment
    if rollout.is_held:
        by = _who(deployment, Action.PAUSE, acts)
        return replace(deployment, hold=Hold(count=count(deployment) + 1, at=now, by=by))
    return replace(deployment, hold=replace(deployment.hold, is_over=True) if deployment.hold else None)


def is_held(deployment: Deployment) -> bool:
    """Say whether the row knows of a hold that stands."""
    return deployment.hold is not None and not deployment.hold.is_over


def count(deployment: Deployment) -> int:
    """Return how many holds there have been."""
    return deployment.hold.count if deployment.hold else 0


def milestones(before: Deployment, after: Deployment, acts: tuple[Act, ...]) -> tuple[Milestone, ...]:
    """Say who held it and who let go of it; one that was let go of to promote or abort has its own line."""
    if is_held(before) == is_held(after) or after.hold is None:
        return ()
    if is_held(after):
        return (_said("held", after.hold, MilestoneCode.HELD, MilestoneCode.HELD_OUTSIDE, by=after.hold.by),)
    by = _who(before, Action.RESUME, acts)
    if by is None and _was_ended_by_another(after.hold, acts):
        return ()
    return (_said("resumed", after.hold, MilestoneCode.RESUMED, MilestoneCode.RESUMED_OUTSIDE, by=by),)


def _said(
    key: str, hold: Hold, by_somebody: MilestoneCode, by_nobody_here: MilestoneCode, *, by: Actor | None
) -> Milestone:
    facts: dict[str, Fact] = {"by": by.chat_id} if by else {}
    return Milestone(key=f"{key}:{hold.count}", code=by_somebody if by else by_nobody_here, facts=facts)


def _who(deployment: Deployment, action: Action, acts: tuple[Act, ...]) -> Actor | None:
    gate = gate_of(deployment, action)
    return next((act.by for act in acts if act.gate == gate and act.state is not ActState.REFUSED), None)


def _was_ended_by_another(hold: Hold, acts: tuple[Act, ...]) -> bool:
    return any(act.action in ENDING and act.at >= hold.at and act.state is not ActState.REFUSED for act in acts)
