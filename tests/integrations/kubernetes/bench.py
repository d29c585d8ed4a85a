"""The adapters against the playground's Kubernetes: a store to change, and ports that see it over HTTP."""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from commands.core.catalog import Environment
from commands.core.model import Place
from integrations.kubernetes.cluster import KubernetesClusters
from integrations.kubernetes.labels import HASH_LABEL
from integrations.kubernetes.pipelines_port import KubernetesPipelines
from integrations.kubernetes.rollouts_port import KubernetesRollouts
from integrations.kubernetes.scopes import Scope
from playground.faults import Faults
from playground.kubernetes.access import Access
from playground.kubernetes.server import KubernetesServer
from playground.kubernetes.store import Store
from tests.integrations.kubernetes.scripted import TOKEN, kubeconfig
from tests.recordings import objects

Obj = dict[str, Any]
STAGING = Environment(name="staging", cluster="main", namespace="staging")
WATCHES = 5  # of each namespace
PRODUCTION = Environment(name="production", cluster="main", namespace="production")


@dataclass
class Bench:
    """The cluster and the ports on it. `asked` are the requests that the server got: method, path, is it a watch."""

    store: Store
    faults: Faults
    clusters: KubernetesClusters
    rollouts: KubernetesRollouts
    pipelines: KubernetesPipelines
    logs: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, bool]] = field(default_factory=list)
    hints: list[Place] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def watches(self) -> int:
        """How many watches have been asked for so far."""
        return sum(is_watch for _, _, is_watch in self.asked)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what the watches bring."""
        async with asyncio.timeout(20):
            while not condition():
                self.heard.clear()
                await self.heard.wait()

    def hear(self, place: Place) -> None:
        self.hints.append(place)
        self.heard.set()


@asynccontextmanager
async def running(
    folder: Path,
    *environments: Environment,
    store: Store | None = None,
    access: Access | None = None,
    scope: Scope = Scope.NAMESPACE,
    watches: int = WATCHES,
) -> AsyncIterator[Bench]:
    """Serve a store and watch it until it has been listed and all watches are open, or as many as there can be."""
    store, faults, logs = store or Store(), Faults(), dict[str, str]()
    asked: list[tuple[str, str, bool]] = []
    server = KubernetesServer(
        store, faults=faults, access=access or Access(token=TOKEN), logs=lambda _ns, pod, _container: logs.get(pod)
    )

    heard = asyncio.Event()

    @web.middleware
    async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
        asked.append((request.method, request.path, "watch" in request.query))
        heard.set()
        return await handler(request)

    server.app.middlewares.insert(0, record)
    cluster = kubeconfig(folder, await server.start())
    clusters = KubernetesClusters(clusters={"main": cluster}, environments=environments or (STAGING,), scope=scope)
    bench = Bench(
        store, faults, clusters, KubernetesRollouts(clusters), KubernetesPipelines(clusters), logs, asked, heard=heard
    )
    namespaces = {each.namespace for each in environments or (STAGING,)}
    clusters.on_change(bench.hear)
    task = asyncio.create_task(clusters.run())
    try:
        async with asyncio.timeout(20):
            await clusters.until_synced()
        await bench.until(lambda: bench.watches >= watches * len(namespaces))
        yield bench
    finally:
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        await clusters.aclose()
        await server.stop()
        if not isinstance(ended, asyncio.CancelledError):
            raise AssertionError("the watches ended by themselves") from ended  # noqa: TRY004  # a test fails


def at_first_pause(recording: str = "canary-happy") -> tuple[Obj, list[Obj]]:
    """Return a recorded Rollout at its first pause, and its ReplicaSets."""
    sets: dict[str, Obj] = {}
    for kind, _, obj in objects(recording, "rollouts", "replicasets"):
        if kind == "replicasets":
            sets[obj["metadata"]["name"]] = obj
        elif obj.get("status", {}).get("pauseConditions"):
            return copy.deepcopy(obj), copy.deepcopy(list(sets.values()))
    raise AssertionError(recording)


def put_rollout(
    store: Store, name: str = "shop", *, namespace: str = "staging", recording: str = "canary-happy"
) -> Obj:
    """Create a Rollout that stands at its first pause, as generation 1 of this store."""
    rollout, sets = at_first_pause(recording)
    metadata = {
        "name": name,
        "namespace": namespace,
        "labels": {"slipway/app": name, "slipway/deployment": "142"},
        "annotations": {**rollout["metadata"]["annotations"], "slipway/version": "v2"},
    }
    made = store.create({**rollout, "metadata": metadata, "status": {}})
    status = {**rollout["status"], "observedGeneration": str(made["metadata"]["generation"])}
    made = store.replace({**made, "status": status}, subresource="status")
    for each in sets:
        owner = {**each["metadata"]["ownerReferences"][0], "name": name, "uid": made["metadata"]["uid"]}
        digest = each["metadata"]["labels"]["rollouts-pod-template-hash"]
        meta = {"name": f"{name}-{digest}", "namespace": namespace, "ownerReferences": [owner]}
        meta |= {key: each["metadata"][key] for key in ("labels", "annotations")}
        created = store.create({**each, "metadata": meta, "status": {}})
        store.replace({**created, "status": each["status"]}, subresource="status")
    return made


def put_template(
    store: Store, name: str = "slipway-deploy", *, namespace: str = "staging", scope: Scope = Scope.NAMESPACE
) -> None:
    """Install a small template with an optional and an enumerated argument."""
    parameters = [{"name": "app"}, {"name": "strategy", "value": "rolling", "enum": ["rolling", "canary"]}]
    store.create(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "ClusterWorkflowTemplate" if scope is Scope.CLUSTER else "WorkflowTemplate",
            "metadata": {"name": name, **({} if scope is Scope.CLUSTER else {"namespace": namespace})},
            "spec": {
                "entrypoint": "main",
                "arguments": {"parameters": parameters},
                "templates": [{"name": "main", "container": {"image": "busybox", "command": ["true"]}}],
            },
        }
    )


def put_pod(
    store: Store, name: str, *, node: str, workflow: str = "shop-staging-142", namespace: str = "staging"
) -> None:
    """Create a pod of a workflow that has ended."""
    made = store.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {"workflows.argoproj.io/workflow": workflow},
                "annotations": {
                    "workflows.argoproj.io/node-name": node,
                    "kubectl.kubernetes.io/default-container": "main",
                },
            },
            "spec": {"containers": [{"name": "wait", "image": "argoexec"}, {"name": "main", "image": "busybox"}]},
        }
    )
    store.replace({**made, "status": {"phase": "Succeeded"}}, subresource="status")


def put_app_pod(
    store: Store, name: str, *, replica_set: str = "shop-1", namespace: str = "staging", status: Obj | None = None
) -> Obj:
    """Create a pod of a ReplicaSet, one whose container crashed and waits unless a status is given."""
    crashed = {
        "name": "app",
        "ready": False,
        "restartCount": 1,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 3, "reason": "Error"}},
    }
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": replica_set, "uid": "set", "controller": True}
    metadata = {"name": name, "namespace": namespace, "labels": {HASH_LABEL: "1"}, "ownerReferences": [owner]}
    spec = {"containers": [{"name": "app", "image": "shop"}]}
    made = store.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    told = {"phase": "Running", "containerStatuses": [crashed]} if status is None else status
    return store.replace({**made, "status": told}, subresource="status")


def put_run(store: Store, rollout: Obj, *, phase: str = "Running") -> Obj:
    """Create the AnalysisRun of a recording, owned by a Rollout of the store."""
    *_, (_, _, recorded) = objects("canary-analysis-failed", "analysisruns")
    meta = rollout["metadata"]
    owner = {**recorded["metadata"]["ownerReferences"][0], "name": meta["name"], "uid": meta["uid"]}
    metadata = {"name": f"{meta['name']}-run", "namespace": meta["namespace"], "ownerReferences": [owner]}
    metadata["labels"] = recorded["metadata"]["labels"]
    return store.create({**recorded, "metadata": metadata, "status": {**recorded["status"], "phase": phase}})
