"""Advance a waiting rollout: `/rollout promote|advance <app> [environment] [full]`.

Moves a canary to its next step, or switches the traffic to green. With `full`, skips all the steps that are left.
The same as the card's buttons; a second promote of the same pause has no effect and says who was first.
"""

from commands.core.catalog import Catalog
from commands.core.model import Action, ChatUser
from commands.core.ports import Deployments
from commands.core.reasons import Notice
from commands.core.requests import PromoteRequest
from commands.flow.ask import Ask
from commands.flow.find import in_motion


async def run(
    request: PromoteRequest, *, user: ChatUser, catalog: Catalog, deployments: Deployments, ask: Ask
) -> Notice:
    """Ask for the next step of whatever is in motion there."""
    row = await in_motion(request.app, request.environment, catalog=catalog, deployments=deployments)
    if isinstance(row, Notice):
        return row
    action = Action.FULL if request.is_full else Action.PROMOTE
    return await ask.on(row, action=action, gate=None, user=user, catalog=catalog)
