"""The port Pipelines on Kubernetes: Workflows started by template, watched, stopped, and the logs of their steps."""

import re
from datetime import datetime

from commands.core.errors import Permanent, Temporary
from commands.core.model import Place
from commands.core.observed import PipelineSnapshot
from commands.core.ports import PipelineOrder
from integrations.kubernetes import paths
from integrations.kubernetes.cluster import KubernetesClusters
from integrations.kubernetes.fields import Obj, annotation, mappings, moment, text
from integrations.kubernetes.logs import TAIL, own_lines
from integrations.kubernetes.orders import check_parameters, workflow_of
from integrations.kubernetes.scopes import Scope
from integrations.kubernetes.transport import BAD_REQUEST, CONFLICT, NOT_FOUND, OK, SYSTEM
from integrations.kubernetes.workflows import OWNER

_NODE = "workflows.argoproj.io/node-name"
_CONTAINER = "kubectl.kubernetes.io/default-container"
_ATTEMPT = re.compile(r"\(\d+\)$")


class KubernetesPipelines:
    """Implements `Pipelines`."""

    def __init__(self, clusters: KubernetesClusters) -> None:
        self._clusters = clusters

    def snapshot(self, place: Place, *, name: str) -> PipelineSnapshot | None:
        watch = self._clusters.watch(place)
        return watch.pipeline(name) if watch is not None else None

    def is_synced(self, place: Place) -> bool:
        watch = self._clusters.watch(place)
        return watch is not None and watch.has_workflows

    async def submit(self, order: PipelineOrder) -> None:
        scope = self._clusters.scope
        workflow = workflow_of(order, scope=scope)
        connection, namespace = self._clusters.connection(order.place), order.place.namespace
        template = await connection.get(scope.path(namespace, order.template))
        if template.status == NOT_FOUND:
            inside = f"namespace {namespace} of " if scope is Scope.NAMESPACE else ""
            where = f"{inside}cluster {order.place.cluster}"
            raise Permanent(SYSTEM, f"there is no {scope.kind} {order.template} in {where}; install it there")
        check_parameters(order, template.body)
        answer = await connection.create(paths.workflows(namespace), workflow)
        if answer.status == CONFLICT:
            await self._compare(order)

    async def stop(self, place: Place, *, name: str) -> None:
        # A workflow that waits for a lock ends only at its turn; Terminate would end it at once, as "Succeeded".
        await self._clusters.connection(place).merge_patch(
            paths.workflows(place.namespace, name), {"spec": {"shutdown": "Stop"}}
        )

    async def log(self, place: Place, *, name: str, step: str) -> tuple[str, ...]:
        connection = self._clusters.connection(place)
        params = {"labelSelector": f"workflows.argoproj.io/workflow={name}"}
        listed = await connection.list_page(paths.pods(place.namespace), params=params)
        pods = [pod for pod in mappings(listed.body, "items") if _is_of(pod, step)]
        if not pods:
            return ()
        last = max(pods, key=_age)
        answer = await connection.request(
            "GET",
            paths.pods(place.namespace, text(last, "metadata", "name"), "log"),
            params={"container": annotation(last, _CONTAINER) or "main", "tailLines": str(TAIL)},
            # 400 is said of a container that has not started.
            values={NOT_FOUND, BAD_REQUEST},
        )
        return own_lines(answer.text) if answer.status == OK else ()

    async def _compare(self, order: PipelineOrder) -> None:
        """Find out whose the workflow of that name is."""
        path = paths.workflows(order.place.namespace, order.name)
        answer = await self._clusters.connection(order.place).get(path)
        if answer.status == NOT_FOUND:
            raise Temporary(SYSTEM, f"the workflow {order.name} was there and has vanished")
        if annotation(answer.body, OWNER) != order.owner:
            raise Permanent(SYSTEM, f"the workflow {order.name} exists already and belongs to another deployment")


def _is_of(pod: Obj, step: str) -> bool:
    """Match a node's name, which is its path of tasks with the number of the attempt: "wf.release(1)"."""
    return _ATTEMPT.sub("", annotation(pod, _NODE)).endswith(f".{step}")


def _age(pod: Obj) -> tuple[str, datetime | str]:
    created = moment(pod, "metadata", "creationTimestamp")
    return (created.isoformat() if created is not None else "", annotation(pod, _NODE))
