"""What is still looked at after the end: the blue that stands beside a switch until its time is over.

Pure; called by the lifecycle. It moves no stage: it keeps the card's word on how one goes back true.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from commands.core.acts import is_ours
from commands.core.model import Deployment
from commands.core.moves import Seen, Step, Wake
from commands.core.observed import RolloutSnapshot, Strategy

TELLS_WITHIN = timedelta(minutes=1)
"""The cluster says until when the old version stands a moment after the switch itself."""


def begin(deployment: Deployment, *, now: datetime) -> Deployment:
    """Watch a deployment that has just arrived, if something stands beside it."""
    rollout = deployment.rollout
    if rollout is None or rollout.strategy is not Strategy.BLUE_GREEN or rollout.old.total == 0:
        return deployment
    until = rollout.old_until or now + TELLS_WITHIN
    return replace(deployment, watched_until=until) if until > now else deployment


def step(deployment: Deployment, *, seen: Seen, now: datetime) -> Step:
    """Take in what is seen of a watched deployment; it is over with its time, or with what stood there."""
    until, rollout = deployment.watched_until, deployment.rollout
    if until is None or rollout is None:
        return Step(deployment=deployment)
    live = seen.rollout
    if live is None or not is_ours(deployment, live) or live.old.total == 0:
        return _over(deployment, rollout)
    until = live.old_until or until
    if now >= until:
        return _over(deployment, rollout)
    refreshed = replace(rollout, old=live.old, old_until=live.old_until, kept_images=live.kept_images)
    return Step(deployment=replace(deployment, rollout=refreshed, watched_until=until), effects=(Wake(until),))


def _over(deployment: Deployment, rollout: RolloutSnapshot) -> Step:
    return Step(deployment=replace(deployment, rollout=replace(rollout, old_until=None), watched_until=None))
