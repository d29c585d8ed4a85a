"""Show what would be typed in place of a card and its buttons: Copy command behind its dots.

The line that asks for the same deployment, and a line for each thing that can be done to it now. Needs no role.
"""

from commands.core.acts import names, possible
from commands.core.lines import render_act, render_deployment
from commands.core.ports import Deployments, Rollouts
from commands.core.reasons import Notice, ReasonCode
from commands.core.requests import LookRequest
from commands.flow.standing import newest


async def run(request: LookRequest, *, deployments: Deployments, rollouts: Rollouts) -> Notice:
    """Write the lines, the deployment's own first."""
    row = await deployments.load(request.deployment)
    if row is None:
        return Notice(code=ReasonCode.STALE)
    row = newest(row, rollouts)
    acts = (render_act(each.action, app=row.app, environment=row.environment) for each in possible(row))
    lines = (render_deployment(row), *filter(None, acts))
    return Notice(code=ReasonCode.COMMAND, facts=names(row), commands=tuple(dict.fromkeys(lines)))
