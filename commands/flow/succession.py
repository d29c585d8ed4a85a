"""Keeps the cards of the past true: what came after a deployment, and whether it took over.

Called by `advance` before a deployment begins and before it ends, so that a crash between is made up for by doing it
again. It changes no stage.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from commands.core.back import action_of, left_untouched
from commands.core.model import Action, Deployment, Later, Stage, Takeover
from commands.core.ports import Deployments
from commands.core.reasons import Fact, Milestone, MilestoneCode

REMEMBERED = 10
Change = Callable[[Deployment, Deployment], Later | None]
"""What an earlier deployment is to know of a later one; None where that is what it knows, or none of its business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """The port that it takes."""

    deployments: Deployments

    async def begin(self, row: Deployment) -> tuple[str, ...]:
        """Tell the finished deployments before this one that it has begun; return whose cards that changes."""
        return await self._tell(row, _begun)

    async def end(self, row: Deployment) -> tuple[str, ...]:
        """Tell them what became of it, before its end is written."""
        return await self._tell(row, _ended)

    async def _tell(self, row: Deployment, change: Change) -> tuple[str, ...]:
        recent = await self.deployments.recent(app=row.app, environment=row.environment, limit=REMEMBERED)
        earlier = [each for each in recent if each.number < row.number and each.stage.is_terminal]
        return tuple([each.id for each in earlier if await self._write(each, row, change)])

    async def _write(self, earlier: Deployment, row: Deployment, change: Change) -> bool:
        """Write it until nobody else writes at the same time."""
        known: Deployment | None = earlier
        while known is not None and (later := change(known, row)) is not None:
            if await self.deployments.save(replace(known, later=later), milestones=_said(known, later)) is not None:
                return True
            known = await self.deployments.load(earlier.id)
        return False


def _begun(earlier: Deployment, row: Deployment) -> Later | None:
    known = earlier.later
    if known is not None and (known.state is not Takeover.NOTHING or known.number >= row.number):
        return None
    return Later(number=row.number, version=row.version, action=action_of(row), by=row.requester, at=row.created_at)


def _ended(earlier: Deployment, row: Deployment) -> Later | None:
    state = Takeover.NOTHING if left_untouched(row) else Takeover.DONE
    known = earlier.later
    if known is None or known.number != row.number or known.state is state:
        return None
    # What was on its way back and did not arrive is no rollback: the card of what failed says so.
    action = known.action if row.stage is Stage.SUCCEEDED else Action.DEPLOY
    return replace(known, state=state, action=action)


def _said(earlier: Deployment, later: Later) -> tuple[Milestone, ...]:
    """Say in the thread of what was left that somebody went back from it."""
    is_left = later.state is Takeover.DONE and later.action is Action.ROLLBACK and not left_untouched(earlier)
    if not is_left:
        return ()
    facts: dict[str, Fact] = {"version": later.version, "by": later.by.chat_id, "deployment": later.number}
    key = f"left:{later.number}"
    return (Milestone(key=key, code=MilestoneCode.ROLLED_BACK, facts=facts, is_broadcast=True),)
