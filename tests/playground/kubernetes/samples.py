"""Objects and the promote patch that several tests of the stand-in Kubernetes API use."""

from typing import Any

Obj = dict[str, Any]


def rollout(name: str = "shop", *, namespace: str = "shop", image: str = "acme/shop:1", **meta: Any) -> Obj:
    labels = {"app.kubernetes.io/name": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": image}]}}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": name, "namespace": namespace} | meta,
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
    }


def pod(name: str, *, namespace: str = "shop", **meta: Any) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace} | meta,
        "spec": {"containers": [{"name": "app", "image": "acme/shop:1"}]},
    }


def config_map(name: str, data: str = "", *, namespace: str = "shop", **meta: Any) -> Obj:
    metadata = {"name": name, "namespace": namespace} | meta
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": data}}


def owned_by(owner: Obj) -> list[Obj]:
    fields = {"apiVersion": owner["apiVersion"], "kind": owner["kind"]}
    return [fields | {"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"], "controller": True}]


PAUSED_STATUS: Obj = {
    "phase": "Paused",
    "observedGeneration": "1",
    "currentPodHash": "6fffc58ccb",
    "currentStepIndex": 1,
    "controllerPause": True,
    "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "2026-08-17T10:00:00Z"}],
}


def promote_patch(paused: Obj) -> list[Obj]:
    """The patch that promotes exactly the pause that was looked at, and none that comes later."""
    meta, status = paused["metadata"], paused["status"]
    seen = {
        "/metadata/uid": meta["uid"],
        "/metadata/generation": meta["generation"],
        "/status/observedGeneration": status["observedGeneration"],
        "/status/currentPodHash": status["currentPodHash"],
        "/status/currentStepIndex": status["currentStepIndex"],
        "/status/pauseConditions/0/startTime": status["pauseConditions"][0]["startTime"],
    }
    tests = [{"op": "test", "path": path, "value": value} for path, value in seen.items()]
    return [*tests, {"op": "remove", "path": "/status/pauseConditions"}]
