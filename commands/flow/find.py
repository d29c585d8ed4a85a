"""Finds the deployment that a typed act means: the one that holds the app's slot where it was named."""

from commands.core.catalog import Catalog
from commands.core.model import Deployment
from commands.core.ports import Deployments
from commands.core.reasons import Notice, ReasonCode


async def in_motion(
    name: str, environment: str | None, *, catalog: Catalog, deployments: Deployments
) -> Deployment | Notice:
    """Return the deployment in motion; without an environment the only one there is, else the default one's."""
    app = catalog.app(name)
    if app is None:
        return Notice(code=ReasonCode.UNKNOWN_APP, facts={"word": name, "guess": ""})
    places = [environment] if environment else list(app.environments)
    found = [row for place in places if (row := await deployments.holder(app=app.name, environment=place)) is not None]
    if len(found) == 1:
        return found[0]
    if not found:
        facts = {"app": app.name, "environment": environment or ", ".join(app.environments)}
        return Notice(code=ReasonCode.NOTHING_IN_MOTION, facts=facts)
    return Notice(code=ReasonCode.ENVIRONMENT_NEEDED, facts={"app": app.name, "version": "", "environment": ""})
