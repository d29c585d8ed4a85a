"""All controllers of the playground's cluster in one: start, stop, logs. The world and the tests use this."""

from collections.abc import Mapping

from playground.argo.analysis_runs import AnalysisRunsController
from playground.argo.kubelet import Kubelet
from playground.argo.release import apply
from playground.argo.replica_sets import ReplicaSetsController
from playground.argo.rollouts import RolloutsController
from playground.argo.step_runs import StepBehaviour, StepRuns
from playground.argo.steps import BuiltHere, Images, Pipeline, Versions, every_version
from playground.argo.workflows import WorkflowsController
from playground.faults import Faults
from playground.kubernetes.store import Store
from playground.pace import Pace


class Controllers:
    """Rollouts, Workflows, ReplicaSets and the kubelet over one store.

    `versions` says which artifacts exist and `images` keeps what is built; `behaviours` adds to the pipeline's steps by
    template name.
    """

    def __init__(
        self,
        store: Store,
        *,
        pace: Pace,
        faults: Faults,
        versions: Versions = every_version,
        images: Images | None = None,
        behaviours: Mapping[str, StepBehaviour] | None = None,
        pod_start_seconds: float = 1.5,
    ) -> None:
        self._store = store
        pipeline = Pipeline(store, versions, images or BuiltHere())
        self.runs = StepRuns(store, pace, faults, {**pipeline.behaviours(), **(behaviours or {})})
        self._kubelet = Kubelet(store, pace, faults, pod_start_seconds=pod_start_seconds)
        self._parts = (
            RolloutsController(store, pace),
            AnalysisRunsController(store, pace, faults),
            ReplicaSetsController(store, pace),
            self._kubelet,
            WorkflowsController(store, pace, self.runs),
        )

    async def start(self) -> None:
        for part in self._parts:
            await part.start()

    async def stop(self) -> None:
        for part in self._parts:
            await part.stop()

    def logs(self, namespace: str, pod: str, container: str | None = None) -> str | None:
        """What a pod's container has written so far; None when it has not started or there is no such pod."""
        of_step = self.runs.log(namespace, pod) if container in {None, "main"} else None
        return of_step if of_step is not None else self._kubelet.logs(namespace, pod, container)

    async def release(self, parameters: Mapping[str, str]) -> None:
        """Release an app as the pipeline's last step does; `digest` is wanted too."""
        await apply(self._store, parameters)
