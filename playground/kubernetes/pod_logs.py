"""The log of a pod's container, or why there is none; the text itself comes from whoever plays the pods."""

from collections.abc import Callable, Mapping

from playground.kubernetes.errors import Obj, bad_request
from playground.kubernetes.targets import is_yes, read_number

Logs = Callable[[str, str, str], str | None]
"""Namespace, pod, container -> the text so far, None when there is none."""


def read_log(pod: Obj, query: Mapping[str, str], logs: Logs) -> str:
    """Return the text, ``tailLines`` of it; 400 for a container that waits, is unknown or must be named.

    All lives of a container share one text, so the one before is told like the newest, where there was one.
    """
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    container = _choose(pod, query.get("container", ""))
    state = _state(pod, container)
    has_ended = bool((state.get("lastState") or {}).get("terminated"))
    if is_yes(query, "previous") and not has_ended:
        raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
    if not has_ended and (reason := _waiting(pod, state)):
        raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: {reason}')
    lines = (logs(namespace, name, container) or "").splitlines(keepends=True)
    tail = read_number(query, "tailLines")
    return "".join(lines if tail is None else lines[max(len(lines) - tail, 0) :])


def _choose(pod: Obj, wanted: str) -> str:
    name, spec = pod["metadata"]["name"], pod.get("spec") or {}
    regular = [container["name"] for container in spec.get("containers") or ()]
    known = regular + [container["name"] for container in spec.get("initContainers") or ()]
    if wanted and wanted not in known:
        raise bad_request(f"container {wanted} is not valid for pod {name}")
    if not wanted and len(regular) != 1:
        choices = " ".join(regular)
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{choices}]")
    return wanted or regular[0]


def _state(pod: Obj, container: str) -> Obj:
    status = pod.get("status") or {}
    states = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    return next((state for state in states if state.get("name") == container), {})


def _waiting(pod: Obj, state: Obj) -> str:
    """Return the reason for which the container has not started, "" when it has."""
    if state:
        waiting = (state.get("state") or {}).get("waiting")
        return "" if waiting is None else str(waiting.get("reason") or "ContainerCreating")
    return "ContainerCreating" if (pod.get("status") or {}).get("phase") == "Pending" else ""
