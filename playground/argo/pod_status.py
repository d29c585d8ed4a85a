"""The statuses that a kubelet writes for a pod, as recorded: waiting, ready, unready, crashed, ended. Pure."""

from collections.abc import Iterator
from datetime import datetime

from playground.argo.names import Obj, dig, timestamp

READY_TYPES = ("Ready", "ContainersReady")
NO_ROOM = (
    "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: "
    "1 Preemption is not helpful for scheduling."
)


def containers(pod: Obj) -> list[Obj]:
    return list(dig(pod, "spec", "containers") or ())


def images(pod: Obj) -> str:
    return " ".join(container.get("image", "") for container in containers(pod))


def _conditions(now: datetime, *, sandbox: bool, ready: bool, names: list[str], reason: str = "") -> list[Obj]:
    told: Obj = {} if ready else {"reason": reason or "ContainersNotReady"}
    if not ready and not reason:
        told["message"] = f"containers with unready status: [{' '.join(names)}]"
    rows = [("PodReadyToStartContainers", sandbox), ("Initialized", True), *((name, ready) for name in READY_TYPES)]
    rows.append(("PodScheduled", True))
    return [
        {"type": name, "status": str(holds), "lastTransitionTime": timestamp(now)}
        | (told if name in READY_TYPES else {})
        for name, holds in rows
    ]


def container_status(
    container: Obj, state: Obj, *, ready: bool = False, last: Obj | None = None, count: int = 0
) -> Obj:
    return {
        "name": container["name"],
        "state": state,
        "lastState": last or {},
        "ready": ready,
        "restartCount": count,
        "image": container.get("image", ""),
        "started": "running" in state,
    }


def waiting(pod: Obj, now: datetime, reason: str, message: str = "", *, sandbox: bool = False) -> Obj:
    """Not started: ContainerCreating, PodInitializing, ErrImagePull, ImagePullBackOff."""
    state = {"waiting": {"reason": reason} | ({"message": message} if message else {})}
    return {
        "phase": "Pending",
        "startTime": timestamp(now),
        "conditions": _conditions(now, sandbox=sandbox, ready=False, names=[c["name"] for c in containers(pod)]),
        "containerStatuses": [container_status(container, state) for container in containers(pod)],
    }


def unschedulable(now: datetime) -> Obj:
    """No node has room; the pod has no container yet."""
    told = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": NO_ROOM}
    return {"phase": "Pending", "conditions": [{**told, "lastTransitionTime": timestamp(now)}]}


def asks_for_cpus(pod: Obj) -> float:
    """The cores that a pod requests in all."""
    asked = (str(dig(container, "resources", "requests", "cpu") or "0") for container in containers(pod))
    return sum(float(text[:-1]) / 1000 if text.endswith("m") else float(text) for text in asked)


def running(pod: Obj, now: datetime, *, ready: bool = True) -> Obj:
    state = {"running": {"startedAt": timestamp(now)}}
    return {
        "phase": "Running",
        "conditions": _conditions(now, sandbox=True, ready=ready, names=[c["name"] for c in containers(pod)]),
        "containerStatuses": [container_status(container, state, ready=ready) for container in containers(pod)],
    }


def terminated(code: int, started: str | None, now: datetime, *, reason: str = "") -> Obj:
    reason = reason or ("Completed" if code == 0 else "Error")
    finished = timestamp(now)
    return {
        "terminated": {"exitCode": code, "reason": reason, "startedAt": started or finished, "finishedAt": finished}
    }


def crashed(pod: Obj, end: Obj, *, count: int, last: Obj | None, now: datetime, back_off: int = 0) -> Obj:
    """A container that ended by itself, as `end` tells; with `back_off` seconds it waits for its next start."""
    meta = pod["metadata"]
    statuses = []
    for container in containers(pod):
        where = f"container={container['name']} pod={meta['name']}_{meta['namespace']}({meta['uid']})"
        message = f"back-off {back_off}s restarting failed {where}"
        waits: Obj = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
        state = waits if back_off else end
        statuses.append(container_status(container, state, last=last, count=count))
    names = [container["name"] for container in containers(pod)]
    return {
        "phase": "Running",
        "conditions": _conditions(now, sandbox=True, ready=False, names=names),
        "containerStatuses": statuses,
    }


def pull_error(image: str) -> str:
    """What containerd says when a registry does not know an image."""
    pull = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}"'
    return f"{pull}: {image}: not found"


def pulls(image: str, why: str = "") -> Iterator[tuple[str, str, float]]:
    """What a kubelet says by turns of an image that cannot be had: reason, message, stand-in seconds until the next."""
    message = why or pull_error(image)
    yield "ErrImagePull", message, 12.0
    yield "ImagePullBackOff", f'Back-off pulling image "{image}": ErrImagePull: {message}', 0.0


def ended(pod: Obj, now: datetime) -> Obj:
    """Killed at the end of its grace period: phase Failed, exit code 137, as for any process that ignores SIGTERM."""
    statuses = []
    for known in dig(pod, "status", "containerStatuses") or ():
        started = dig(known, "state", "running", "startedAt")
        state = known["state"] if "terminated" in known["state"] else terminated(137, started, now)
        statuses.append({**known, "state": state, "ready": False, "started": False})
    return {
        "phase": "Failed",
        "conditions": _conditions(now, sandbox=False, ready=False, names=[], reason="PodFailed"),
        "containerStatuses": statuses,
    }
