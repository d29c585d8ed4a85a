"""Let go of what is held: `/rollout resume <app> [environment]`.

It goes on from where it stood, also where somebody held it outside Slipway. A step whose pause has ended meanwhile goes
on at once. The same as the card's Resume.
"""

from commands.core.catalog import Catalog
from commands.core.model import Action, ChatUser
from commands.core.ports import Deployments
from commands.core.reasons import Notice
from commands.core.requests import ResumeRequest
from commands.flow.ask import Ask
from commands.flow.find import in_motion


async def run(
    request: ResumeRequest, *, user: ChatUser, catalog: Catalog, deployments: Deployments, ask: Ask
) -> Notice:
    """Ask to let go of whatever is in motion there."""
    row = await in_motion(request.app, request.environment, catalog=catalog, deployments=deployments)
    if isinstance(row, Notice):
        return row
    return await ask.on(row, action=Action.RESUME, gate=None, user=user, catalog=catalog)
