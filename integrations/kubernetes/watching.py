"""Everything watched in one namespace of one cluster: five watches in all, however many deployments there are.

Rollouts, ReplicaSets and Workflows say where a deployment stands. Pods and AnalysisRuns only explain it: where they may
not be watched, everything works and the card explains less. Held by `clusters`; the ports read from it.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar

from commands.core.model import Place
from commands.core.observed import PipelineSnapshot, RolloutSnapshot
from integrations.kubernetes import paths
from integrations.kubernetes.analyses import RunView, project_run
from integrations.kubernetes.fields import Obj
from integrations.kubernetes.grouped import Grouped
from integrations.kubernetes.labels import HASH_LABEL
from integrations.kubernetes.nudges import Nudges
from integrations.kubernetes.outage import Outage
from integrations.kubernetes.pods import PodView, project_pod
from integrations.kubernetes.reflector import PACE, Change, Health, Pace, Reflector, Source
from integrations.kubernetes.rollouts import (
    ReplicaSetView,
    RolloutView,
    project_replica_set,
    project_rollout,
    snapshot_of,
)
from integrations.kubernetes.transport import Connection
from integrations.kubernetes.workflows import APP_LABEL, WorkflowView, project_workflow

T = TypeVar("T")


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
        self._outage, self._pace = outage, pace
        self._sets = Grouped[ReplicaSetView](lambda view: view.owner)
        self._pods = Grouped[PodView](lambda view: view.replica_set)
        self._runs = Grouped[RunView](lambda view: view.owner)
        self._nudges = Nudges(self._annotate)
        self._rollouts = self._watch("rollouts", paths.rollouts, APP_LABEL, project_rollout, self._rollout_changed)
        self._replica_sets = self._watch(
            "replica sets", paths.replica_sets, HASH_LABEL, project_replica_set, self._replica_set_changed
        )
        self._workflows = self._watch("workflows", paths.workflows, APP_LABEL, project_workflow, self._workflow_changed)
        self._explaining = (
            self._watch("pods", paths.pods, HASH_LABEL, project_pod, self._pod_changed),
            self._watch("analysis runs", paths.analysis_runs, HASH_LABEL, project_run, self._run_changed),
        )

    def _watch(
        self,
        title: str,
        path: Callable[[str], str],
        selector: str,
        project: Callable[[Obj], T | None],
        on_change: Change[T],
    ) -> Reflector[T]:
        return Reflector(
            self._connection,
            Source(path=path(self._namespace), selector=selector, title=f"{title} in {self._namespace}"),
            project=project,
            on_change=on_change,
            outage=self._outage,
            pace=self._pace,
        )

    @property
    def has_rollouts(self) -> bool:
        """Say whether Rollouts and ReplicaSets have been listed, and what explains them too, if it may be."""
        is_explained = all(reflector.tried.is_set() for reflector in self._explaining)
        return self._rollouts.is_synced and self._replica_sets.is_synced and is_explained

    @property
    def has_workflows(self) -> bool:
        return self._workflows.is_synced

    @property
    def health(self) -> tuple[Health, ...]:
        """Return the health of what cannot be done without."""
        return self._rollouts.health, self._replica_sets.health, self._workflows.health

    def rollout(self, app: str) -> RolloutSnapshot | None:
        view = self._rollouts.items.get(app)
        if view is None:
            return None
        return snapshot_of(view, self._sets.of(app), pods=self.pods(app), runs=self.runs(app))

    def pods(self, app: str) -> tuple[PodView, ...]:
        """List the pods of all ReplicaSets of an app."""
        return tuple(pod for replica_set in self._sets.of(app) for pod in self._pods.of(replica_set.name))

    def runs(self, app: str) -> tuple[RunView, ...]:
        """List the AnalysisRuns of an app."""
        return tuple(self._runs.of(app))

    def pipeline(self, name: str) -> PipelineSnapshot | None:
        view = self._workflows.items.get(name)
        return view.pipeline if view is not None else None

    async def until_synced(self) -> None:
        for reflector in (self._rollouts, self._replica_sets, self._workflows):
            await reflector.synced.wait()
        for explaining in self._explaining:
            await explaining.tried.wait()

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rollouts.run())
            group.create_task(self._replica_sets.run())
            group.create_task(self._workflows.run())
            for reflector in self._explaining:
                group.create_task(reflector.run())
            group.create_task(self._nudges.run())

    def _rollout_changed(self, name: str, _old: RolloutView | None, new: RolloutView | None) -> None:
        self._nudges.observe(name, is_pending=new is not None and new.is_act_pending)
        self._changed(name)

    def _replica_set_changed(self, name: str, old: ReplicaSetView | None, new: ReplicaSetView | None) -> None:
        self._tell_owners(self._sets.put(name, old, new))

    def _pod_changed(self, name: str, old: PodView | None, new: PodView | None) -> None:
        self._pods.put(name, old, new)
        # A pod that comes up or goes in good health changes nothing that is shown: its ReplicaSet counts it.
        if (old.trouble if old else None) != (new.trouble if new else None):
            sets = {view.replica_set for view in (old, new) if view is not None}
            self._tell_owners(owner for name in sets if (owner := self._releasing(name)))

    def _releasing(self, replica_set: str) -> str:
        """Name the Rollout whose newest template a ReplicaSet has: of older ones no trouble is shown."""
        view = self._replica_sets.items.get(replica_set)
        rollout = self._rollouts.items.get(view.owner) if view is not None else None
        return rollout.name if view is not None and rollout is not None and rollout.current_hash == view.hash else ""

    def _run_changed(self, name: str, old: RunView | None, new: RunView | None) -> None:
        self._tell_owners(self._runs.put(name, old, new))

    def _tell_owners(self, owners: Iterable[str]) -> None:
        for owner in owners:
            # What belongs to Rollouts that are not ours is nobody's business.
            if owner in self._rollouts.items:
                self._changed(owner)

    def _workflow_changed(self, _name: str, old: WorkflowView | None, new: WorkflowView | None) -> None:
        for app in {each.app for each in (old, new) if each is not None}:
            self._changed(app)

    def _changed(self, app: str) -> None:
        self._tell(Place(cluster=self._connection.name, namespace=self._namespace, app=app))

    async def _annotate(self, name: str, patch: Obj) -> None:
        await self._connection.merge_patch(paths.rollouts(self._namespace, name), patch)
