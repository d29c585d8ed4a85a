"""Gathers what is known of an app in an environment: what runs, what ran, and whether it could come back at once."""

import asyncio
from dataclasses import replace

from commands.core import plan
from commands.core.back import Here, seconds_last_time
from commands.core.catalog import App
from commands.core.errors import SystemFailure
from commands.core.model import Place, Stage, WayBack
from commands.core.ports import Deployments, Images, Rollouts
from commands.flow.comparing import asked

REMEMBERED = 50
LOOK_UP_SECONDS = 1.0


async def look(app: App, environment: str, *, place: Place, rollouts: Rollouts, deployments: Deployments) -> Here:
    """Read what runs there and what was deployed there."""
    recent, succeeded = await asyncio.gather(
        deployments.recent(app=app.name, environment=environment),
        deployments.recent(app=app.name, environment=environment, stage=Stage.SUCCEEDED, limit=REMEMBERED),
    )
    return Here(rollout=rollouts.snapshot(place), recent=recent, succeeded=succeeded)


async def way_back(app: App, here: Here, *, images: Images | None) -> WayBack | None:
    """Say what to return to, whether its image is still in the registry, and how long it took the last time."""
    back = plan.way_back(here.rollout, here.recent, here.succeeded)
    if back is None or not back.number:
        return back
    is_built = await _is_built(app.image, back, images)
    return replace(back, is_built=is_built, seconds=seconds_last_time(here.recent))


async def _is_built(image: str, back: WayBack, images: Images | None) -> bool | None:
    """Look an image up by its digest; None where nobody can say."""
    if images is None:
        return None
    try:
        found = await images.search(image)
    except SystemFailure:
        return None  # The adapter has logged it, and a deployment does not wait for an ornament.
    if found is None:
        return None
    if any(one.digest == back.digest for one in found):
        return True
    # The list may be older than the image: what was built a moment ago is not gone.
    digest = await asked("the registry", images.digest(image, version=back.version), seconds=LOOK_UP_SECONDS)
    return None if isinstance(digest, SystemFailure) else digest == back.digest
