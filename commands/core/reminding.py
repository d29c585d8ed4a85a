"""When people are reminded of a pause that they let stand: once for each pause, after the environment's time.

Pure; called by `commands.flow.advance` with every move. Whom it names is looked up when it is due.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from commands.core.acts import awaited, gate_of
from commands.core.model import Act, Action, ActState, Deployment
from commands.core.moves import Remind, Step, Wake
from commands.core.reasons import Fact, Milestone, MilestoneCode


def remind(moved: Step, *, after: timedelta | None, acts: Sequence[Act], now: datetime) -> Step:
    """Add to a move the reminder that is due, or the time to look again.

    Parameters
    ----------
    after
        How long a pause may stand; None where nobody is reminded.
    acts
        Every act of the deployment: while one is on its way, nobody has to be asked for it.
    """
    row = moved.deployment
    since = row.rollout.pause.since if row.rollout and row.rollout.pause else None
    if after is None or since is None or awaited(row) is None or row.reminded == pause_of(row):
        return moved
    if any(act.state is ActState.REQUESTED for act in acts):
        return moved
    due = since + after
    return replace(moved, effects=(*moved.effects, Remind() if now >= due else Wake(due)))


def pause_of(row: Deployment) -> str:
    """Name the pause that a deployment stands at: the gate that the next promote would move."""
    return gate_of(row, Action.PROMOTE)


def reminder(row: Deployment, *, people: Sequence[str], roles: Sequence[str], now: datetime) -> Milestone:
    """Say how long it has stood, to those who may act; where nobody knows who they are, which role it takes."""
    since = row.rollout.pause.since if row.rollout and row.rollout.pause else None
    facts: dict[str, Fact] = {
        "seconds": int((now - (since or now)).total_seconds()),
        "people": ", ".join(people),
        "role": "" if people else ", ".join(roles),
    }
    return Milestone(key=f"reminder:{pause_of(row)}", code=MilestoneCode.REMINDER, facts=facts)
