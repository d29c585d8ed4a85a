"""Why a pod of an app is not ready, told from its status. Pure; a pod is kept as a few words, never whole.

Called by `watching` for every pod that is watched. The statuses were recorded from the real kubelet (tests/data).
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from commands.core.failure import Cause
from integrations.kubernetes.fields import Obj, at, count, flag, mapping, mappings, message, moment, number, text
from integrations.kubernetes.labels import controller_of

_WAITING: Final = {
    "ErrImagePull": Cause.APP_IMAGE_PULL,
    "ImagePullBackOff": Cause.APP_IMAGE_PULL,
    "InvalidImageName": Cause.APP_IMAGE_PULL,
    "ErrImageNeverPull": Cause.APP_IMAGE_PULL,
    "ImageInspectError": Cause.APP_IMAGE_PULL,
    "RegistryUnavailable": Cause.APP_IMAGE_PULL,
    "CreateContainerConfigError": Cause.CONFIG_ERROR,
    "CreateContainerError": Cause.CANNOT_START,
    "RunContainerError": Cause.CANNOT_START,
}
# The kubelet says the same error by turns bare and behind this, and one card needs one text.
_BACK_OFF: Final = re.compile(r'Back-off pulling image "[^"]*": \w+: ')
# What containerd and runc put around the one thing that is wrong (containerd 1.6, runc 1.1).
_OF_RUNC: Final = re.compile(r"^.*unable to start container process: |: unknown$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What keeps one pod from being ready; `since` says from when, where it counts only after a while."""

    cause: Cause
    message: str = ""
    container: str = ""
    exit_code: int | None = None
    restarts: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PodView:
    """What is kept of a pod: the ReplicaSet that owns it and its trouble, if any."""

    name: str
    replica_set: str
    trouble: Trouble | None


def project_pod(obj: Obj) -> PodView | None:
    """Keep what matters of a pod; None for one that is leaving, has ended or that no ReplicaSet owns."""
    owner = controller_of(obj)
    is_over = text(obj, "status", "phase") in {"Failed", "Succeeded"}
    if text(owner, "kind") != "ReplicaSet" or is_over or text(obj, "metadata", "deletionTimestamp"):
        return None
    return PodView(name=text(obj, "metadata", "name"), replica_set=text(owner, "name"), trouble=trouble_of(obj))


def trouble_of(pod: Obj) -> Trouble | None:
    """Say why a pod is not ready; None for one that is ready or only just starting."""
    conditions = {text(each, "type"): each for each in mappings(pod, "status", "conditions")}
    scheduled = conditions.get("PodScheduled", {})
    if text(scheduled, "reason") == "Unschedulable":
        return Trouble(cause=Cause.APP_UNSCHEDULABLE, message=message(scheduled, "message"))
    for status in mappings(pod, "status", "initContainerStatuses"):
        found = _of_container(status)
        if found is not None:
            # An app's own team may not think of it: it looks as if the app had never begun.
            said = f"init container {found.container}: {found.message}".removesuffix(": ")
            return replace(found, message=said)
    for status in mappings(pod, "status", "containerStatuses"):
        found = _of_container(status)
        if found is not None:
            return found
    return _unready(pod, conditions.get("Ready", {}))


def _of_container(status: Obj) -> Trouble | None:
    """Say why a container does not run; one that started again counts as broken until it is ready."""
    if flag(status, "ready"):
        return None
    waiting = mapping(status, "state", "waiting")
    cause = _WAITING.get(text(waiting, "reason"))
    if cause is Cause.APP_IMAGE_PULL or cause is Cause.CONFIG_ERROR:
        said = _BACK_OFF.sub("", message(waiting, "message")) or text(waiting, "reason")
        return Trouble(cause=cause, message=said, container=text(status, "name"))
    ended = _last_end(status)
    if ended is None:
        said = _OF_RUNC.sub("", message(waiting, "message"))
        return Trouble(cause=cause, message=said, container=text(status, "name")) if cause else None
    cause, said = _cause_of_end(ended), message(ended, "message")
    return Trouble(
        cause=cause,
        message=_OF_RUNC.sub("", said) if cause is Cause.CANNOT_START else said,
        container=text(status, "name"),
        exit_code=number(ended, "exitCode"),
        restarts=count(status, "restartCount"),
    )


def _last_end(status: Obj) -> Obj | None:
    """Return how the container ended last; an init container that ended well did what it is for."""
    for key in ("state", "lastState"):
        ended = at(status, key, "terminated")
        if isinstance(ended, dict):
            return None if _is_finished_init(status, ended) else ended
    return None


def _is_finished_init(status: Obj, ended: Obj) -> bool:
    return text(ended, "reason") == "Completed" and not count(status, "restartCount") and number(ended, "exitCode") == 0


def _cause_of_end(ended: Obj) -> Cause:
    match text(ended, "reason"):
        case "OOMKilled":
            return Cause.APP_OUT_OF_MEMORY
        case "StartError" | "ContainerCannotRun":
            return Cause.CANNOT_START
        case _:
            return Cause.CRASH_LOOP


def _unready(pod: Obj, ready: Obj) -> Trouble | None:
    """Tell of containers that run and do not pass their probes, from the moment at which the last of them started."""
    running = [
        (started, status)
        for status in mappings(pod, "status", "containerStatuses")
        if (started := moment(status, "state", "running", "startedAt")) is not None
    ]
    if not running or text(ready, "status") != "False":
        return None
    since = max(started for started, _ in running)
    unready = next((text(status, "name") for _, status in running if not flag(status, "ready")), "")
    return Trouble(cause=Cause.PROBE_FAILING, message=message(ready, "message"), container=unready, since=since)
