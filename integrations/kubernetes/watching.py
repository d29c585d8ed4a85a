"""Everything watched in one namespace of one cluster: Rollouts, ReplicaSets and Workflows, three watches in all.

Held by `clusters`; the ports read from it. However many deployments there are, the number of watches stays.
"""

import asyncio
from collections.abc import Callable

from commands.core.model import Place
from commands.core.observed import PipelineSnapshot, RolloutSnapshot
from integrations.kubernetes import paths
from integrations.kubernetes.fields import Obj
from integrations.kubernetes.nudges import Nudges
from integrations.kubernetes.outage import Outage
from integrations.kubernetes.reflector import PACE, Health, Pace, Reflector, Source
from integrations.kubernetes.rollouts import (
    HASH_LABEL,
    ReplicaSetView,
    RolloutView,
    project_replica_set,
    project_rollout,
    snapshot_of,
)
from integrations.kubernetes.transport import Connection
from integrations.kubernetes.workflows import APP_LABEL, WorkflowView, project_workflow


class NamespaceWatch:
    """The live copy of one namespace.

    Parameters
    ----------
    tell
        Called with the place of everything that changed: a hint to look again.
    """

    def __init__(
        self,
        connection: Connection,
        namespace: str,
        *,
        tell: Callable[[Place], None],
        outage: Outage,
        pace: Pace = PACE,
    ) -> None:
        self._connection, self._namespace, self._tell = connection, namespace, tell
        self._sets: dict[str, dict[str, ReplicaSetView]] = {}
        self._nudges = Nudges(self._annotate)
        self._rollouts = Reflector(
            connection,
            Source(path=paths.rollouts(namespace), selector=APP_LABEL, title=f"rollouts in {namespace}"),
            project=project_rollout,
            on_change=self._rollout_changed,
            outage=outage,
            pace=pace,
        )
        self._replica_sets = Reflector(
            connection,
            Source(path=paths.replica_sets(namespace), selector=HASH_LABEL, title=f"replica sets in {namespace}"),
            project=project_replica_set,
            on_change=self._replica_set_changed,
            outage=outage,
            pace=pace,
        )
        self._workflows = Reflector(
            connection,
            Source(path=paths.workflows(namespace), selector=APP_LABEL, title=f"workflows in {namespace}"),
            project=project_workflow,
            on_change=self._workflow_changed,
            outage=outage,
            pace=pace,
        )

    @property
    def has_rollouts(self) -> bool:
        """Say whether Rollouts and ReplicaSets have been listed."""
        return self._rollouts.is_synced and self._replica_sets.is_synced

    @property
    def has_workflows(self) -> bool:
        return self._workflows.is_synced

    @property
    def health(self) -> tuple[Health, ...]:
        return self._rollouts.health, self._replica_sets.health, self._workflows.health

    def rollout(self, app: str) -> RolloutSnapshot | None:
        view = self._rollouts.items.get(app)
        return snapshot_of(view, self._sets.get(app, {}).values()) if view is not None else None

    def pipeline(self, name: str) -> PipelineSnapshot | None:
        view = self._workflows.items.get(name)
        return view.pipeline if view is not None else None

    async def until_synced(self) -> None:
        for reflector in (self._rollouts, self._replica_sets, self._workflows):
            await reflector.synced.wait()

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rollouts.run())
            group.create_task(self._replica_sets.run())
            group.create_task(self._workflows.run())
            group.create_task(self._nudges.run())

    def _rollout_changed(self, name: str, _old: RolloutView | None, new: RolloutView | None) -> None:
        self._nudges.observe(name, is_pending=new is not None and new.is_act_pending)
        self._changed(name)

    def _replica_set_changed(self, name: str, old: ReplicaSetView | None, new: ReplicaSetView | None) -> None:
        if old is not None:
            of_owner = self._sets.get(old.owner, {})
            of_owner.pop(name, None)
            if not of_owner:
                self._sets.pop(old.owner, None)
        if new is not None:
            self._sets.setdefault(new.owner, {})[name] = new
        for owner in {each.owner for each in (old, new) if each is not None}:
            # ReplicaSets of Rollouts that are not ours are nobody's business.
            if owner in self._rollouts.items:
                self._changed(owner)

    def _workflow_changed(self, _name: str, old: WorkflowView | None, new: WorkflowView | None) -> None:
        for app in {each.app for each in (old, new) if each is not None}:
            self._changed(app)

    def _changed(self, app: str) -> None:
        self._tell(Place(cluster=self._connection.name, namespace=self._namespace, app=app))

    async def _annotate(self, name: str, patch: Obj) -> None:
        await self._connection.merge_patch(paths.rollouts(self._namespace, name), patch)
