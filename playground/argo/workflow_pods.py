"""The pods of workflow steps as Argo makes them: labels, annotations, two containers, statuses, log. Pure."""

from datetime import datetime

from playground.argo.names import Obj, owner_reference, timestamp
from playground.argo.pod_status import container_status, terminated
from playground.argo.workflow_nodes import Start

WAIT_IMAGE = "quay.io/argoproj/argoexec:v4.0.7"
GROUP = "workflows.argoproj.io"


def new_pod(workflow: Obj, start: Start, node: str) -> Obj:
    meta = workflow["metadata"]
    container = start.template.get("container") or start.template.get("script") or {}
    shown = {key: container[key] for key in ("image", "command", "args", "env") if key in container}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": start.pod,
            "namespace": meta["namespace"],
            "labels": {f"{GROUP}/completed": "false", f"{GROUP}/workflow": meta["name"]},
            "annotations": {
                "kubectl.kubernetes.io/default-container": "main",
                f"{GROUP}/node-id": start.node_id,
                f"{GROUP}/node-name": start.node_name,
            },
            "ownerReferences": [owner_reference(workflow)],
        },
        "spec": {
            "restartPolicy": "Never",
            "nodeName": node,
            "containers": [{"name": "wait", "image": WAIT_IMAGE}, {"image": "", **shown, "name": "main"}],
        },
    }


def _status(pod: Obj, phase: str, state: Obj, *, ready: bool) -> Obj:
    containers = sorted(pod["spec"]["containers"], key=lambda container: str(container["name"]))
    statuses = [container_status(container, state, ready=ready) for container in containers]
    return {"phase": phase, "containerStatuses": statuses}


def initializing(pod: Obj, reason: str = "PodInitializing", message: str = "") -> Obj:
    waiting = {"reason": reason, **({"message": message} if message else {})}
    return _status(pod, "Pending", {"waiting": waiting}, ready=False)


def running(pod: Obj, now: datetime) -> Obj:
    return _status(pod, "Running", {"running": {"startedAt": timestamp(now)}}, ready=True)


def finished(pod: Obj, code: int, started: str | None, now: datetime) -> Obj:
    """The main container has ended with a code; the one beside it always ends well."""
    status = _status(pod, "Failed" if code else "Succeeded", terminated(code, started, now), ready=False)
    for entry in status["containerStatuses"]:
        if entry["name"] == "wait":
            entry["state"] = terminated(0, started, now)
    return status


def log_line(now: datetime, message: str, more: str = "") -> str:
    """A line of the executor, which stands around what a step writes itself."""
    stamp = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
    return f'time={stamp} level=INFO msg="{message}" argo=true{more}'
