"""The port Rollouts on Kubernetes: what the watches saw, a read past them, and acts as atomic patches."""

from dataclasses import replace

from commands.core.model import Action, Expected, Place
from commands.core.observed import RolloutSnapshot
from commands.core.ports import PatchOutcome
from integrations.kubernetes import paths
from integrations.kubernetes.cluster import KubernetesClusters
from integrations.kubernetes.fields import count, mappings
from integrations.kubernetes.labels import HASH_LABEL
from integrations.kubernetes.logs import TAIL, own_lines
from integrations.kubernetes.patches import OF_SPEC, is_pointless, patch_for
from integrations.kubernetes.rollouts import project_replica_set, project_rollout, snapshot_of
from integrations.kubernetes.transport import BAD_REQUEST, NOT_FOUND, OK, Answer


class KubernetesRollouts:
    """Implements `Rollouts`."""

    def __init__(self, clusters: KubernetesClusters) -> None:
        self._clusters = clusters

    def snapshot(self, place: Place) -> RolloutSnapshot | None:
        watch = self._clusters.watch(place)
        return watch.rollout(place.app) if watch is not None else None

    def is_synced(self, place: Place) -> bool:
        watch = self._clusters.watch(place)
        return watch is not None and watch.has_rollouts

    async def read(self, place: Place) -> RolloutSnapshot | None:
        connection = self._clusters.connection(place)
        answer = await connection.get(paths.rollouts(place.namespace, place.app))
        if answer.status == NOT_FOUND:
            return None
        rollout = project_rollout(answer.body)
        # Read after the Rollout, so that they are no older: the set that its status names is among them.
        selector = ",".join([HASH_LABEL, *(f"{name}={value}" for name, value in rollout.selector)])
        sets = await connection.list_page(paths.replica_sets(place.namespace), params={"labelSelector": selector})
        views = (project_replica_set(each) for each in mappings(sets.body, "items"))
        # Pods and analyses explain and decide nothing, so what the watches saw of them will do.
        watch = self._clusters.watch(place)
        return snapshot_of(
            rollout,
            [view for view in views if view is not None],
            pods=watch.pods(place.app) if watch is not None else (),
            runs=watch.runs(place.app) if watch is not None else (),
        )

    async def patch(self, place: Place, *, action: Action, expected: Expected) -> PatchOutcome:
        """Patch the rollout, one that is held after letting go of it.

        The controller forgets a promote that it sees while the rollout is held, and takes nothing back then. So it is
        let go of first: who dies between the two has resumed it, and the act is still to be done.
        """
        if is_pointless(action, expected):
            return PatchOutcome.CHANGED
        if expected.is_held and action not in OF_SPEC:
            answer = await self._send(place, Action.RESUME, expected)
            if answer.status != OK:
                return _outcome(answer)
            expected = replace(
                expected, generation=count(answer.body, "metadata", "generation"), observed_generation=""
            )
        return _outcome(await self._send(place, action, expected))

    async def _send(self, place: Place, action: Action, expected: Expected) -> Answer:
        part = () if action in OF_SPEC else ("status",)
        path = paths.rollouts(place.namespace, place.app, *part)
        return await self._clusters.connection(place).json_patch(path, patch_for(action, expected))

    async def log(self, place: Place, *, pod: str, container: str) -> tuple[str, ...]:
        # A container that was started again has written nothing yet: what counts is what the one before it wrote.
        return await self._log(place, pod, container, previous=True) or await self._log(place, pod, container)

    async def _log(self, place: Place, pod: str, container: str, *, previous: bool = False) -> tuple[str, ...]:
        answer = await self._clusters.connection(place).request(
            "GET",
            paths.pods(place.namespace, pod, "log"),
            params={"container": container, "tailLines": str(TAIL), **({"previous": "true"} if previous else {})},
            # 400 is said of a container that has not started, or that there was no earlier one.
            values={NOT_FOUND, BAD_REQUEST},
        )
        return own_lines(answer.text) if answer.status == OK else ()


def _outcome(answer: Answer) -> PatchOutcome:
    if answer.status == OK:
        return PatchOutcome.APPLIED
    return PatchOutcome.GONE if answer.status == NOT_FOUND else PatchOutcome.CHANGED
