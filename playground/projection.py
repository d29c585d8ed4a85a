"""The cluster in short, for `GET /_drive/cluster` and the page's side panel.

A pure reading of the store: rollouts, ReplicaSets with their roles, pods, workflows with their steps.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playground.kubernetes.store import Store

Obj = dict[str, Any]
HASH: Final = "rollouts-pod-template-hash"
REVISION: Final = "rollout.argoproj.io/revision"


def cluster(store: "Store") -> Obj:
    """Return `{"rollouts", "replicasets", "pods", "workflows"}` of all namespaces."""
    rollouts = store.list("Rollout")
    by_uid = {rollout["metadata"]["uid"]: rollout for rollout in rollouts}
    return {
        "rollouts": [_rollout(rollout) for rollout in rollouts],
        "replicasets": [
            _replicaset(one, by_uid.get(_owner(one).get("uid", ""), {})) for one in store.list("ReplicaSet")
        ],
        "pods": [_pod(pod) for pod in store.list("Pod")],
        "workflows": [_workflow(workflow) for workflow in store.list("Workflow")],
    }


def weight(rollout: Obj) -> int | None:
    """Return the share of the new version that the steps up to now ask for; None for anything but a canary."""
    canary = rollout["spec"].get("strategy", {}).get("canary")
    if canary is None:
        return None
    status, steps = rollout.get("status", {}), canary.get("steps", [])
    if status.get("abort"):
        return 0
    index = status.get("currentStepIndex", len(steps))
    if index >= len(steps):
        return 100
    return next((step["setWeight"] for step in reversed(steps[: index + 1]) if "setWeight" in step), 0)


def _identity(obj: Obj) -> Obj:
    metadata = obj["metadata"]
    labels = metadata.get("labels", {})
    return {
        "name": metadata["name"],
        "namespace": metadata.get("namespace", ""),
        "app": labels.get("slipway/app"),
        "environment": labels.get("slipway/environment"),
        "deployment": labels.get("slipway/deployment"),
    }


def _rollout(rollout: Obj) -> Obj:
    spec, status = rollout["spec"], rollout.get("status", {})
    annotations = rollout["metadata"].get("annotations", {})
    blue_green = status.get("blueGreen", {})
    return _identity(rollout) | {
        "version": annotations.get("slipway/version"),
        "strategy": annotations.get("slipway/strategy"),
        "requester": annotations.get("slipway/requester"),
        "phase": status.get("phase"),
        "message": status.get("message"),
        "aborted": bool(status.get("abort")),
        "paused": bool(status.get("pauseConditions") or spec.get("paused")),
        "step": status.get("currentStepIndex"),
        "steps": spec.get("strategy", {}).get("canary", {}).get("steps", []),
        "weight": weight(rollout),
        "replicas": spec.get("replicas", 1),
        "ready": status.get("readyReplicas", 0),
        "updated": status.get("updatedReplicas", 0),
        "available": status.get("availableReplicas", 0),
        "stable": status.get("stableRS"),
        "current": status.get("currentPodHash"),
        "active": blue_green.get("activeSelector"),
        "preview": blue_green.get("previewSelector"),
        "image": _image(spec.get("template", {}).get("spec", {})),
    }


def _replicaset(replicaset: Obj, rollout: Obj) -> Obj:
    metadata, status = replicaset["metadata"], replicaset.get("status", {})
    pod_spec = replicaset["spec"].get("template", {}).get("spec", {})
    return {
        "name": metadata["name"],
        "namespace": metadata.get("namespace", ""),
        "rollout": _owner(replicaset).get("name"),
        "hash": (of_set := metadata.get("labels", {}).get(HASH)),
        "role": _role(of_set, rollout.get("status", {})),
        "revision": metadata.get("annotations", {}).get(REVISION),
        "version": _version(pod_spec),
        "image": _image(pod_spec),
        "replicas": replicaset["spec"].get("replicas", 0),
        "ready": status.get("readyReplicas", 0),
        "available": status.get("availableReplicas", 0),
    }


def _role(of_set: str | None, status: Obj) -> str:
    """Return what a ReplicaSet is to its rollout: stable, active, preview, canary, or old."""
    blue_green = status.get("blueGreen", {})
    if of_set is None:
        return "old"
    if of_set == blue_green.get("activeSelector"):
        return "active"
    if of_set == status.get("stableRS"):
        return "stable"
    if of_set == status.get("currentPodHash"):
        return "preview" if blue_green else "canary"
    return "old"


def _pod(pod: Obj) -> Obj:
    metadata, status = pod["metadata"], pod.get("status", {})
    containers: list[Obj] = status.get("containerStatuses", [])
    return {
        "name": metadata["name"],
        "namespace": metadata.get("namespace", ""),
        "replicaset": _owner(pod).get("name"),
        "hash": metadata.get("labels", {}).get(HASH),
        "version": _version(pod.get("spec", {})),
        "phase": status.get("phase"),
        "ready": bool(containers) and all(container.get("ready") for container in containers),
        "reason": next(_waiting(containers), status.get("reason")),
        "terminating": "deletionTimestamp" in metadata,
    }


def _waiting(containers: list[Obj]) -> "Iterator[str]":
    return (
        state["reason"] for one in containers if (state := one.get("state", {}).get("waiting")) and "reason" in state
    )


def _workflow(workflow: Obj) -> Obj:
    status = workflow.get("status", {})
    nodes: list[Obj] = [node for node in status.get("nodes", {}).values() if node.get("type") in {"Pod", "Suspend"}]
    return _identity(workflow) | {
        "phase": status.get("phase"),
        "message": status.get("message"),
        "progress": status.get("progress"),
        "startedAt": status.get("startedAt"),
        "finishedAt": status.get("finishedAt"),
        "steps": [_step(node) for node in sorted(nodes, key=lambda node: str(node.get("startedAt") or "~"))],
    }


def _step(node: Obj) -> Obj:
    shown = ("phase", "message", "startedAt", "finishedAt")
    return {"name": node.get("templateName") or node.get("displayName")} | {key: node.get(key) for key in shown}


def _owner(obj: Obj) -> Obj:
    owners: list[Obj] = obj["metadata"].get("ownerReferences", [])
    return owners[0] if owners else {}


def _image(pod_spec: Obj) -> str | None:
    containers: list[Obj] = pod_spec.get("containers", [])
    return containers[0].get("image") if containers else None


def _version(pod_spec: Obj) -> str | None:
    """Return the VERSION that the chart gives to the first container."""
    containers: list[Obj] = pod_spec.get("containers", [])
    variables: list[Obj] = containers[0].get("env", []) if containers else []
    return next((variable.get("value") for variable in variables if variable.get("name") == "VERSION"), None)
