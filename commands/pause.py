"""Hold what is in motion: `/rollout pause|hold <app> [environment]`.

It stays where it is: no step, no switch, no new pods, until it is resumed. The clock of a timed pause runs on. Resume,
promote and abort let go of it. The same as the card's Hold.
"""

from commands.core.catalog import Catalog
from commands.core.model import Action, ChatUser
from commands.core.ports import Deployments
from commands.core.reasons import Notice
from commands.core.requests import PauseRequest
from commands.flow.ask import Ask
from commands.flow.find import in_motion


async def run(request: PauseRequest, *, user: ChatUser, catalog: Catalog, deployments: Deployments, ask: Ask) -> Notice:
    """Ask to hold whatever is in motion there."""
    row = await in_motion(request.app, request.environment, catalog=catalog, deployments=deployments)
    if isinstance(row, Notice):
        return row
    return await ask.on(row, action=Action.PAUSE, gate=None, user=user, catalog=catalog)
