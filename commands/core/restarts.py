"""Restarts of what runs: begun by an act, seen through to their end, also after their deployment has ended. Pure.

Called by the lifecycle, and by whoever closes the act. A restart moves no deployment: it changes pods, not content.
"""

from dataclasses import replace

from commands.core.acts import restart_text
from commands.core.model import Act, Action, Deployment, Restart
from commands.core.observed import RolloutSnapshot
from commands.core.reasons import Milestone, MilestoneCode


def is_asked(act: Act, rollout: RolloutSnapshot | None) -> bool:
    """Say whether the cluster knows of the restart that an act stands for."""
    return rollout is not None and act.expected is not None and rollout.restart_at == act.expected.restart_to


def begun(deployment: Deployment, act: Act) -> Deployment:
    """Write into the row that an act was accepted; for acts other than a restart there is nothing to write."""
    if act.action is not Action.RESTART:
        return deployment
    restart = Restart(at=act.at, by=act.by)
    return replace(deployment, restart=restart, restarts=deployment.restarts + (deployment.restart != restart))


def follow(deployment: Deployment, rollout: RolloutSnapshot | None) -> tuple[Deployment, tuple[Milestone, ...]]:
    """Say when a restart is through; one that was overtaken, or whose rollout is another by now, is forgotten.

    Parameters
    ----------
    rollout
        The newest view; None where the rollout is gone or somebody else's.
    """
    restart = deployment.restart
    if restart is None:
        return deployment, ()
    asked = restart_text(restart.at)
    if rollout is None or rollout.restart_at > asked:
        return replace(deployment, restart=None), ()
    row = replace(deployment, rollout=rollout)
    if rollout.restart_at != asked or rollout.restarting_since:
        return row, ()
    key = f"restarted:{asked}"
    return replace(row, restart=None), (Milestone(key=key, code=MilestoneCode.RESTART_FINISHED),)
