"""Restart what runs: `/rollout restart <app> [environment]`.

Replaces its pods one after the other, with the same version: for a new certificate, or memory that ran full. Works on
what was deployed last, also long after it has finished, and on what is in motion. The card's Restart asks first.
"""

from commands.core.acts import names
from commands.core.catalog import Catalog
from commands.core.lines import render_act
from commands.core.model import Action, ChatUser, Deployment, Stage
from commands.core.ports import Deployments
from commands.core.reasons import Choice, Notice, ReasonCode
from commands.core.requests import RestartRequest
from commands.flow.ask import Ask


async def run(
    request: RestartRequest, *, user: ChatUser, catalog: Catalog, deployments: Deployments, ask: Ask
) -> Notice:
    """Ask to restart what runs there."""
    row = await _running(request, catalog=catalog, deployments=deployments)
    if isinstance(row, Notice):
        return row
    return await ask.on(row, action=Action.RESTART, gate=None, user=user, catalog=catalog)


async def press(row: Deployment | None, *, gate: str, user: ChatUser, catalog: Catalog, ask: Ask) -> Notice:
    """Ask back whoever may restart: on the card it lies among what only reads, where one touches it by mistake."""
    found = await ask.could(row, action=Action.RESTART, gate=gate, user=user, catalog=catalog)
    return found if isinstance(found, Notice) else _question(found)


def _question(row: Deployment) -> Notice:
    app, environment = row.app, row.environment
    line = render_act(Action.RESTART, app=app, environment=environment)
    choice = Choice(label=f"Restart {app} in {environment}", command=line, is_confirmation=True)
    return Notice(code=ReasonCode.CONFIRM_RESTART, facts=names(row), choices=(choice,))


async def _running(request: RestartRequest, *, catalog: Catalog, deployments: Deployments) -> Deployment | Notice:
    """Find what is in motion there, or what was deployed last; a protected environment must be named."""
    app = catalog.app(request.app)
    if app is None:
        return Notice(code=ReasonCode.UNKNOWN_APP, facts={"word": request.app, "guess": ""})
    usual = catalog.default_environment(app)
    name = request.environment or (usual.name if usual and not usual.is_protected else "")
    if not name:
        return Notice(code=ReasonCode.ENVIRONMENT_NEEDED, facts={"app": app.name, "version": "", "environment": ""})
    moving = await deployments.holder(app=app.name, environment=name)
    if moving is not None:
        return moving
    ended = await deployments.recent(app=app.name, environment=name, stage=Stage.SUCCEEDED, limit=1)
    facts = {"app": app.name, "environment": name}
    return ended[0] if ended else Notice(code=ReasonCode.NOTHING_TO_RESTART, facts=facts)
