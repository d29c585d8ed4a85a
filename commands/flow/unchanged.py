"""Finds out whether a deploy would change nothing at all, so that it need not run; a doubt means that it runs.

Used by the deploy. It asks the registry and Git only where the same version runs already.
"""

import asyncio

from commands.core.back import runs_exactly
from commands.core.catalog import App
from commands.core.model import Content
from commands.core.ports import Deployments, Images, NewDeployment, Rollouts
from commands.core.rendering import Charts
from commands.flow import returning
from commands.flow.comparing import asked

LOOK_UP_SECONDS = 2.0
MUTABLE = "-SNAPSHOT"
"""What ends so may have other content tomorrow under the same name."""


async def is_unchanged(
    new: NewDeployment,
    *,
    app: App,
    rollouts: Rollouts,
    deployments: Deployments,
    images: Images | None,
    charts: Charts,
) -> bool:
    """Say whether image, chart, values and strategy are those that run, healthy and as they were released."""
    seen = rollouts.snapshot(new.place)
    if images is None or seen is None or not seen.is_done:
        return False
    if seen.version != new.version or new.version.endswith(MUTABLE):
        return False
    here = await returning.look(app, new.environment, place=new.place, rollouts=rollouts, deployments=deployments)
    digest, commit = await asyncio.gather(
        asked("the registry", images.digest(app.image, version=new.version), seconds=LOOK_UP_SECONDS),
        asked("Gitea", charts.commit(app.chart), seconds=LOOK_UP_SECONDS),
    )
    if not isinstance(digest, str) or not isinstance(commit, str):
        return False
    return runs_exactly(here, new.parameters, Content(digest=digest, chart_commit=commit))
