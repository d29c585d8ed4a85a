"""Whether an act can be done now, and if not, why not: one reason for each state, never a mere no. Pure.

Called by `commands.flow.ask` with the newest view of the rollout in the row.
"""

from datetime import datetime

from commands.core.acts import Possible, already, is_ours, is_undecided, names, possible
from commands.core.model import Act, Action, Deployment, Stage
from commands.core.observed import RolloutSnapshot, Strategy
from commands.core.reasons import Fact, Notice, ReasonCode


def judge(
    deployment: Deployment, *, action: Action, gate: str | None, acts: tuple[Act, ...], now: datetime
) -> Possible | Notice:
    """Say what an action would do now, or why it cannot be done.

    Parameters
    ----------
    deployment
        The row, with the newest rollout in it.
    action
        What was asked for.
    gate
        The gate on the button that was pressed; None when the action was typed.
    acts
        Every act of the deployment, to name who was first.
    now
        Aware UTC.
    """
    wanted = next((act for act in possible(deployment) if act.action is action), None)
    if wanted is not None and gate in {None, wanted.gate}:
        return wanted
    earlier = next((act for act in acts if gate is not None and act.gate == gate), None)
    if earlier is not None:
        return already(earlier, now=now)
    if wanted is not None:
        return Notice(code=ReasonCode.STALE)
    return Notice(code=_why_not(deployment, action), facts={**names(deployment), **_held_by(deployment)})


def _held_by(deployment: Deployment) -> dict[str, Fact]:
    hold = deployment.hold
    return {"by": hold.by.chat_id if hold and hold.by else ""}


def _why_not(deployment: Deployment, action: Action) -> ReasonCode:
    if deployment.stage.is_terminal:
        return _why_not_afterwards(deployment, action)
    if deployment.stage is Stage.BUILDING:
        return ReasonCode.STILL_BUILDING
    if action is Action.CANCEL:
        return ReasonCode.NOT_REVERSIBLE
    if deployment.stage is Stage.RESTORING:
        return ReasonCode.GOING_BACK
    rollout = deployment.rollout
    if deployment.stage is Stage.RELEASING or rollout is None or not is_ours(deployment, rollout):
        return ReasonCode.STILL_RELEASING
    return _why_not_now(rollout, action)


def _why_not_afterwards(deployment: Deployment, action: Action) -> ReasonCode:
    if action is Action.ABORT:
        return ReasonCode.NOTHING_TO_ABORT
    if action is not Action.RESTART:
        return ReasonCode.ALREADY_FINISHED
    rollout = deployment.rollout
    is_seen = rollout is not None and is_ours(deployment, rollout) and bool(rollout.restarting_since)
    is_restarting = deployment.stage is Stage.SUCCEEDED and (deployment.restart is not None or is_seen)
    return ReasonCode.RESTARTING if is_restarting else ReasonCode.NOTHING_TO_RESTART


def _why_not_now(rollout: RolloutSnapshot, action: Action) -> ReasonCode:
    if action is Action.PAUSE and rollout.is_held:
        return ReasonCode.ALREADY_HELD
    if not rollout.is_current:
        return ReasonCode.SETTLING
    if action is Action.RESUME:
        return ReasonCode.NOT_HELD
    if rollout.is_aborted:
        return ReasonCode.GOING_BACK
    if action is Action.RESTART:
        return ReasonCode.RESTARTING
    return ReasonCode.ARRIVING if rollout.current_hash == rollout.stable_hash else _why_no_move(rollout, action)


def _why_no_move(rollout: RolloutSnapshot, action: Action) -> ReasonCode:
    match action:
        case Action.PAUSE:
            return ReasonCode.CANNOT_HOLD
        case Action.PROMOTE | Action.FULL if rollout.is_full:
            return ReasonCode.GOING_FULL
        case Action.FULL:
            return ReasonCode.NO_STEPS if _has_no_steps(rollout) else ReasonCode.LAST_STEP
        case Action.PROMOTE if is_undecided(rollout):
            return ReasonCode.UNDECIDED
        case Action.PROMOTE if rollout.is_held:
            return ReasonCode.HELD_BETWEEN
        case _:
            return ReasonCode.NOT_WAITING


def _has_no_steps(rollout: RolloutSnapshot) -> bool:
    """Say whether there is nothing that could be skipped, at any time."""
    return rollout.strategy is not Strategy.CANARY or not rollout.steps
