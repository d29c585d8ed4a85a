"""What the pipeline's last step leaves in the cluster: what the chart makes of the step's parameters.

Used by the release step and by whoever seeds running apps. It does not wait for the Rollout.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from playground.argo import measurements, preparing
from playground.argo.names import Obj, dig
from playground.kubernetes.store import Store

Parameters = Mapping[str, str]
NAME: Final = "app.kubernetes.io/name"
PART: Final = "app.kubernetes.io/part-of"
DELAY: Final = 300
DEFAULT_PORT: Final = 8080
DRAIN_SECONDS: Final = 5
"""As the chart has it, for the template is compared; the stand-in's pods have no visitors and end at once."""


class ReleaseError(Exception):
    """The parameters cannot be released; the text says why."""


def image_digest(image: str, version: str) -> str:
    """The digest of an app's image, named by the app or in full: the same version is the same image."""
    app = image.rpartition("/")[2]
    return f"sha256:{hashlib.sha256(f'{app}:{version}'.encode()).hexdigest()}"


def read_values(parameters: Parameters) -> Obj:
    try:
        values = json.loads(parameters.get("values") or "{}")
    except ValueError as error:
        raise ReleaseError(f"values is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise ReleaseError("values is not a JSON object")
    return values


def build(parameters: Parameters) -> list[Obj]:
    """Make the Rollout, its Services and measurements. Nothing in the pod template changes from one to the next."""
    values, app = read_values(parameters), parameters["app"]
    own = {f"slipway/{key}": parameters[key] for key in ("app", "environment", "deployment") if key in parameters}
    notes = {f"slipway/{key}": parameters.get(key, "") for key in ("version", "strategy", "requester")}
    names = [app, f"{app}-preview"] if parameters.get("strategy") == "blue-green" else [app]
    labels, namespace = {NAME: app, PART: "slipway"}, parameters["namespace"]
    rollout = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": app, "namespace": namespace, "labels": {**labels, **own}, "annotations": notes},
        "spec": _spec(parameters, values),
    }
    services = (_service(name, namespace, labels) for name in names)
    return [*services, *measurements.templates(app, namespace, values), rollout]


def _spec(parameters: Parameters, values: Obj) -> Obj:
    return {
        "replicas": int(values.get("replicas", 1)),
        "revisionHistoryLimit": 5,
        "progressDeadlineSeconds": int(values.get("progressDeadlineSeconds", 600)),
        **({"progressDeadlineAbort": True} if values.get("progressDeadlineAbort") else {}),
        "selector": {"matchLabels": {NAME: parameters["app"]}},
        "strategy": _strategy(parameters, values),
        "template": _template(parameters, values),
    }


def _strategy(parameters: Parameters, values: Obj) -> Obj:
    app, strategy = parameters["app"], parameters.get("strategy", "rolling")
    rolling = {"maxSurge": "25%", "maxUnavailable": 0}
    if strategy in {"rolling", "recreate"}:
        return {"canary": rolling}
    if strategy == "canary":
        steps = list(dig(values, "canary", "steps") or ())
        return {"canary": {**rolling, **measurements.of_canary(app, steps, values)}}
    if strategy != "blue-green":
        raise ReleaseError(f"strategy {strategy!r} is unknown: use rolling, recreate, blue-green or canary")
    return {"blueGreen": {**_blue_green(app, values.get("blueGreen") or {}), **measurements.of_blue_green(app, values)}}


def _blue_green(app: str, values: Obj) -> Obj:
    seconds = values.get("autoPromotionSeconds")
    return {
        "activeService": app,
        "previewService": f"{app}-preview",
        "scaleDownDelaySeconds": values.get("scaleDownDelaySeconds", DELAY),
        **({"autoPromotionSeconds": seconds} if seconds else {}),
        "autoPromotionEnabled": bool(seconds),
    }


def _template(parameters: Parameters, values: Obj) -> Obj:
    env = {"VERSION": parameters.get("version", ""), **(values.get("env") or {})}
    container = {
        "name": "app",
        "image": f"{parameters['image']}@{parameters['digest']}",
        "env": [{"name": name, "value": str(value)} for name, value in env.items()],
        "ports": [{"name": "http", "containerPort": int(values.get("port", DEFAULT_PORT))}],
        "readinessProbe": {"tcpSocket": {"port": "http"}},
        "lifecycle": {"preStop": {"sleep": {"seconds": DRAIN_SECONDS}}},
        "resources": values.get("resources") or {"requests": {"cpu": "100m", "memory": "256Mi"}},
    }
    labels = {NAME: parameters["app"], PART: "slipway"}
    return {"metadata": {"labels": labels}, "spec": {"containers": [container]}}


def _service(name: str, namespace: str, labels: Obj) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels)},
        "spec": {
            "selector": {NAME: labels[NAME]},
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
        },
    }


async def apply(store: Store, parameters: Parameters) -> None:
    """Create or update the objects, once what runs is ready for them."""
    objects = build(parameters)  # Whatever cannot be released is to fail before anything changes.
    others = [obj for obj in objects if obj["kind"] != "Rollout"]

    def ensure() -> None:
        for obj in others:
            _apply(store, obj)

    await preparing.prepare(store, objects[-1], strategy=parameters.get("strategy", "rolling"), ensure=ensure)
    release(store, parameters)


def release(store: Store, parameters: Parameters) -> None:
    """Create or update the objects at once, and remove the preview Service that no strategy names any longer."""
    objects = build(parameters)
    namespace, app = parameters["namespace"], parameters["app"]
    for obj in objects:
        _apply(store, obj)
    if f"{app}-preview" not in {obj["metadata"]["name"] for obj in objects}:
        _remove_service(store, namespace, f"{app}-preview")


def _apply(store: Store, obj: Obj) -> None:
    meta = obj["metadata"]
    known = store.get(obj["kind"], meta["namespace"], meta["name"])
    if known is None:
        store.create(obj)
    elif obj["kind"] == "AnalysisTemplate":
        store.replace({**known, "spec": obj["spec"]})
    elif obj["kind"] == "Rollout":
        merged = {key: {**(known["metadata"].get(key) or {}), **meta[key]} for key in ("labels", "annotations")}
        spec = {**obj["spec"], **{key: known["spec"][key] for key in ("paused", "restartAt") if key in known["spec"]}}
        store.replace({**known, "metadata": {**known["metadata"], **merged}, "spec": spec})


def _remove_service(store: Store, namespace: str, name: str) -> None:
    if store.get("Service", namespace, name):
        store.delete("Service", namespace, name)
