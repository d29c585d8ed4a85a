"""Show all of one deployment: Details behind its card's dots.

What was asked, how long each part took, its content, who did what to it, and what runs there now. Needs no role.
"""

from commands.core.acts import is_ours, names
from commands.core.catalog import Catalog
from commands.core.model import ActState, Deployment
from commands.core.ports import Deployments, Rollouts
from commands.core.reading import Details, StatusRow
from commands.core.reasons import Notice, ReasonCode
from commands.flow.standing import Standing, newest


async def run(row: Deployment, *, catalog: Catalog, deployments: Deployments, rollouts: Rollouts) -> Notice:
    """Gather all that is known of a deployment."""
    acts = tuple(act for act in await deployments.acts(row.id) if act.state is not ActState.REFUSED)
    is_live = is_ours(row, rollouts.snapshot(row.place))
    row = newest(row, rollouts)
    now = None if is_live else await _now(row, catalog=catalog, deployments=deployments, rollouts=rollouts)
    details = Details(deployment=row, acts=acts, is_live=is_live, now=now)
    return Notice(code=ReasonCode.DETAILS, facts=names(row), details=details)


async def _now(row: Deployment, *, catalog: Catalog, deployments: Deployments, rollouts: Rollouts) -> StatusRow | None:
    """Say what is in its place, as the status does; what moves there by itself is its own card's to tell."""
    app, environment = catalog.apps.get(row.app), catalog.environments.get(row.environment)
    if app is None or environment is None or catalog.place(app, environment) != row.place:
        return None
    holder = await deployments.holder(app=row.app, environment=row.environment)
    moving = {(row.app, row.environment): newest(holder, rollouts)} if holder and holder.id != row.id else {}
    recent = await deployments.recent(app=row.app, environment=row.environment)
    return Standing(catalog=catalog, rollouts=rollouts, moving=moving).row(app, environment.name, recent)
