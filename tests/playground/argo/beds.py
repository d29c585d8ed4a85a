"""The cluster and the objects that the tests of single behaviours use."""

from collections.abc import Callable, Mapping
from typing import Any, Self

from playground.argo.cluster import Controllers
from playground.argo.names import Obj
from playground.argo.step_runs import StepBehaviour
from playground.argo.steps import Images, Versions, every_version
from playground.faults import Fault, Faults
from playground.kubernetes.store import Store
from playground.pace import Pace
from tests.playground.argo.replay import until

SPACE = "staging"
W25: Obj = {"setWeight": 25}
W50: Obj = {"setWeight": 50}
PAUSE: Obj = {"pause": {}}


def template(version: str = "v1", **container: Any) -> Obj:
    app = {"name": "app", "image": f"registry.example.com/app:{version}", "resources": {}, **container}
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [app]}}


def canary(*steps: Obj) -> Obj:
    return {"canary": {"maxSurge": "25%", "maxUnavailable": 0, "steps": list(steps)}}


def blue_green(**more: Any) -> Obj:
    services = {"activeService": "web", "previewService": "web-preview"}
    return {"blueGreen": {**services, "autoPromotionEnabled": False, "scaleDownDelaySeconds": 300, **more}}


def rollout(strategy: Obj, *, replicas: int = 2, **spec: Any) -> Obj:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "web", "namespace": SPACE},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": strategy,
            "template": template(),
            **spec,
        },
    }


def analysis_template(name: str, *metrics: Obj) -> Obj:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": name, "namespace": SPACE},
        "spec": {"args": [{"name": "hash"}, {"name": "limit", "value": "1"}], "metrics": list(metrics)},
    }


def web_metric(name: str = "error-rate", **more: Any) -> Obj:
    return {"name": name, "provider": {"web": {"url": "http://metrics.example.com/"}}, **more}


def service(name: str) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": SPACE},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }


class Cluster:
    """All controllers, fast, over a store of their own; use as an async context manager."""

    def __init__(
        self,
        *faults: Fault,
        speed: float = 50.0,
        versions: Versions = every_version,
        images: Images | None = None,
        behaviours: Mapping[str, StepBehaviour] | None = None,
    ) -> None:
        self.store = Store()
        self.faults = Faults()
        for fault in faults:
            self.faults.add(fault)
        self.controllers = Controllers(
            self.store,
            pace=Pace(speed=speed),
            faults=self.faults,
            versions=versions,
            images=images,
            behaviours=behaviours,
        )

    async def __aenter__(self) -> Self:
        await self.controllers.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.controllers.stop()

    def get(self, kind: str, name: str) -> Obj:
        found = self.store.get(kind, SPACE, name)
        assert found is not None, f"no {kind} {name}"
        return found

    @property
    def web(self) -> Obj:
        return self.get("Rollout", "web")

    @property
    def status(self) -> Obj:
        status: Obj = self.web.get("status") or {}
        return status

    @property
    def observed(self) -> bool:
        return bool(self.status.get("observedGeneration") == str(self.web["metadata"]["generation"]))

    async def until(self, holds: Callable[[], bool], what: str = "the state waited for") -> None:
        def found() -> str:
            here = self.store.get("Rollout", SPACE, "web")
            return f"{what}; the rollout: {(here or {}).get('status')}"

        await until(self.store, holds, found)

    async def healthy(self) -> None:
        def done() -> bool:
            status = self.status
            same = status.get("stableRS") == status.get("currentPodHash")
            return self.observed and same and status.get("phase") == "Healthy"

        await self.until(done, "Healthy")

    async def paused(self, index: int | None = None) -> None:
        """Wait for a pause that the conditions tell of too: then the controller has nothing left to do."""

        def told() -> bool:
            status = self.status
            reasons = [entry["reason"] for entry in status.get("conditions") or () if entry["type"] == "Progressing"]
            here = index is None or status.get("currentStepIndex") == index
            return self.observed and bool(status.get("pauseConditions")) and here and reasons == ["RolloutPaused"]

        await self.until(told, f"a pause at {index}")

    async def first(self, made: Obj) -> None:
        """Bring up a first revision."""
        if "blueGreen" in made["spec"]["strategy"]:
            self.store.create(service("web"))
            self.store.create(service("web-preview"))
        self.store.create(made)
        await self.healthy()

    def patch(self, body: Obj) -> None:
        self.store.merge_patch("Rollout", SPACE, "web", body)

    def patch_status(self, **status: Any) -> None:
        self.store.merge_patch("Rollout", SPACE, "web", {"status": status}, subresource="status")

    def deploy(self, version: str) -> None:
        self.store.json_patch(
            "Rollout", SPACE, "web", [{"op": "replace", "path": "/spec/template", "value": template(version)}]
        )

    def pods(self) -> list[Obj]:
        return self.store.list("Pod", SPACE)
