"""What people are offered of what was found: each version with the environments that it runs in, as last observed.

Used by the form and by the answer to a version that is not there.
"""

from collections.abc import Sequence

from commands.core.catalog import App, Catalog
from commands.core.ports import Available, Rollouts
from commands.core.reasons import Offer
from commands.core.versions import offers


def running(app: App, environment: str, *, catalog: Catalog, rollouts: Rollouts) -> str:
    """Return the version that is out there in full, empty where that is not known."""
    rollout = rollouts.snapshot(catalog.place(app, catalog.environments[environment]))
    return rollout.version if rollout is not None and rollout.is_done else ""


def offered(
    app: App, found: Sequence[Available], *, catalog: Catalog, rollouts: Rollouts, limit: int | None = None
) -> tuple[Offer, ...]:
    """Describe the versions that were found, in their order.

    Parameters
    ----------
    limit
        The most that can be shown. What runs somewhere is among them, however old it is: it is the way back.
    """
    places: dict[str, list[str]] = {}
    for name in app.environments:
        places.setdefault(running(app, name, catalog=catalog, rollouts=rollouts), []).append(name)
    if limit is None or len(found) <= limit:
        return offers(found, running=places)
    old = [one for one in found[limit:] if one.version in places][:limit]
    return offers([*found[: limit - len(old)], *old], running=places)
