"""See what runs where: `/rollout status [app] [environment]`.

Without words, everything in motion; with an app, what it runs in each environment. Needs no role.
"""

from commands.core.catalog import Catalog
from commands.core.model import Deployment
from commands.core.observed import RolloutSnapshot
from commands.core.ports import Deployments, Rollouts
from commands.core.reasons import Fact, Notice, ReasonCode
from commands.core.requests import StatusRequest


async def run(request: StatusRequest, *, catalog: Catalog, deployments: Deployments, rollouts: Rollouts) -> Notice:
    """List what was asked for, one row per app and environment."""
    is_everything = request.app is None and request.environment is None
    rows = []
    for app in catalog.apps.values():
        for name in app.environments:
            if request.app not in {None, app.name} or request.environment not in {None, name}:
                continue
            holder = await deployments.holder(app=app.name, environment=name)
            if is_everything and holder is None:
                continue
            snapshot = rollouts.snapshot(catalog.place(app, catalog.environments[name]))
            rows.append(_row(app.name, name, snapshot, holder))
    facts: dict[str, Fact] = {"app": request.app or "", "environment": request.environment or "", "count": len(rows)}
    return Notice(code=ReasonCode.STATUS, facts=facts, rows=tuple(rows))


def _row(app: str, environment: str, rollout: RolloutSnapshot | None, holder: Deployment | None) -> str:
    parts = [app, environment]
    if rollout is None:
        parts.append("nothing runs")
    elif rollout.is_done:
        parts += [rollout.version, f"{rollout.new.ready}/{rollout.desired} ready"]
    else:
        parts += [rollout.version, rollout.phase.value.lower(), f"{rollout.weight} %"]
    if holder is not None:
        parts.append(f"#{holder.number} {holder.version} {holder.stage.value.replace('_', ' ')}")
    return " · ".join(parts)
