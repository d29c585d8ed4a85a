"""What stands in a place and what moves there: the rows that the verbs which read make of it.

Shared by them. Facts only; what is asked of the database is asked by the verb.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from commands.core import plan
from commands.core.acts import awaited, is_ours
from commands.core.catalog import App, Catalog
from commands.core.model import Deployment, Stage, WayBack
from commands.core.observed import RolloutSnapshot
from commands.core.outside import runs_otherwise
from commands.core.policy import roles_for
from commands.core.ports import Rollouts
from commands.core.reading import StatusRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a row is made of: what moves, by app and environment, and what the clusters say."""

    catalog: Catalog
    rollouts: Rollouts
    moving: Mapping[tuple[str, str], Deployment]

    def row(self, app: App, environment: str, recent: Sequence[Deployment] = ()) -> StatusRow:
        """Make the row of a place; `recent` are its deployments, newest first."""
        place = self.catalog.place(app, self.catalog.environments[environment])
        rollout, moving = self.rollouts.snapshot(place), self.moving.get((app.name, environment))
        runs = _runs(rollout, moving, recent)
        return StatusRow(
            app=app.name,
            environment=environment,
            is_known=rollout is not None or self.rollouts.is_synced(place),
            running=runs.version if runs else "",
            since=runs.since if runs else None,
            rollout=rollout,
            moving=moving,
            waits_for=self._waits_for(moving),
            is_changed=moving is None and runs_otherwise(_last(recent), rollout),
        )

    def forgotten(self, moving: Deployment) -> StatusRow:
        """Make the row of something in motion that the catalog no longer names."""
        return StatusRow(
            app=moving.app,
            environment=moving.environment,
            running=moving.ran_before,
            rollout=self.rollouts.snapshot(moving.place),
            moving=moving,
            waits_for=self._waits_for(moving),
        )

    def _waits_for(self, moving: Deployment | None) -> tuple[str, ...]:
        action = awaited(moving) if moving is not None else None
        if moving is None or action is None:
            return ()
        return tuple(roles_for(self.catalog, action=action, app=moving.app, environment=moving.environment))


def _last(recent: Sequence[Deployment]) -> Deployment | None:
    return next((row for row in recent if row.stage is Stage.SUCCEEDED), None)


def newest(row: Deployment, rollouts: Rollouts) -> Deployment:
    """Tell what the cluster says now, not what the row remembers; a log that was kept goes with it."""
    live = rollouts.snapshot(row.place)
    if live is None or not is_ours(row, live):
        return row
    return replace(row, rollout=replace(live, pod_log=row.rollout.pod_log if row.rollout else ()))


def _runs(rollout: RolloutSnapshot | None, moving: Deployment | None, recent: Sequence[Deployment]) -> WayBack | None:
    """Say what people are served; while something moves, that is what ran when it began."""
    if rollout is None:
        return None
    if moving is not None and not rollout.is_done:
        return moving.way_back
    return plan.way_back(rollout, recent)
