"""Stop what is in motion: `/rollout abort <app> [environment]`.

While the rollout moves, the traffic goes back to the version that ran before. While the pipeline still builds,
the pipeline is stopped and nothing was released. The same as the card's buttons.
"""

from dataclasses import replace

from commands.core.catalog import Catalog
from commands.core.model import Action, ChatUser, Stage
from commands.core.ports import Deployments
from commands.core.reasons import Notice, ReasonCode
from commands.core.requests import AbortRequest
from commands.flow.ask import Ask
from commands.flow.find import in_motion


async def run(request: AbortRequest, *, user: ChatUser, catalog: Catalog, deployments: Deployments, ask: Ask) -> Notice:
    """Ask to stop whatever is in motion there."""
    row = await in_motion(request.app, request.environment, catalog=catalog, deployments=deployments)
    if isinstance(row, Notice):
        is_over = row.code is ReasonCode.NOTHING_IN_MOTION
        return replace(row, code=ReasonCode.NOTHING_TO_ABORT) if is_over else row
    action = Action.CANCEL if row.stage is Stage.BUILDING else Action.ABORT
    return await ask.on(row, action=action, gate=None, user=user, catalog=catalog)
