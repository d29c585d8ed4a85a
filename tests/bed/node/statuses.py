"""The statuses of pods on the stand-in node: those of the playground, with what real controllers read besides. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from playground.argo import pod_status, workflow_pods
from playground.argo.names import Obj, dig, timestamp
from tests.bed.node.steps import MAIN
from tests.bed.places import ADDRESS

_EXECUTOR_FAILED: Final = 64
"""How Argo's own program ends when it is not the step that failed."""
_LATE: Final = {
    "reason": "DeadlineExceeded",
    "message": "Pod was active on the node longer than the specified deadline",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a step's containers ended: the step itself, and the one beside it with what it could not do."""

    code: int
    trouble: str = ""
    is_late: bool = False

    @property
    def is_good(self) -> bool:
        return self.code == 0 and not self.trouble and not self.is_late

    @property
    def beside(self) -> tuple[int, str]:
        """The exit code and the last words of the container that reports."""
        if self.is_late:
            return 0, "Step exceeded its deadline"
        return (_EXECUTOR_FAILED if self.trouble else 0), self.trouble


LOST: Final = Ending(code=137, trouble="the node was started anew")


def app_running(pod: Obj, address: str, now: datetime) -> Obj:
    return {**pod_status.running(pod, now), **_addresses(address)}


def step_preparing(pod: Obj, now: datetime) -> Obj:
    return {**workflow_pods.initializing(pod), "startTime": timestamp(now)}


def step_refused(pod: Obj, why: str) -> Obj:
    """The containers cannot be made: the node goes on trying, as long as the pod is there."""
    return workflow_pods.initializing(pod, "CreateContainerConfigError", why)


def step_running(pod: Obj, address: str, now: datetime) -> Obj:
    return {**workflow_pods.running(pod, now), **_prepared(pod, now), **_addresses(address)}


def step_ended(pod: Obj, ending: Ending, started: str | None, now: datetime) -> Obj:
    """Both containers have ended; the pod has succeeded when both have."""
    states = {MAIN: pod_status.terminated(ending.code, started, now)}
    code, words = ending.beside
    other = pod_status.terminated(code, started, now)
    other["terminated"] |= {"message": words} if words else {}
    containers = sorted(pod_status.containers(pod), key=lambda each: str(each["name"]))
    return {
        "phase": "Succeeded" if ending.is_good else "Failed",
        "containerStatuses": [
            pod_status.container_status(each, states.get(each["name"], other)) for each in containers
        ],
        **_prepared(pod, now),
        **(_LATE if ending.is_late else {}),
    }


def _prepared(pod: Obj, now: datetime) -> Obj:
    """The containers that run before the others did so well, and in no time."""
    before = dig(pod, "spec", "initContainers") or ()
    done = pod_status.terminated(0, None, now)
    return {"initContainerStatuses": [pod_status.container_status(each, done, ready=True) for each in before]}


def _addresses(address: str) -> Obj:
    return {
        "hostIP": ADDRESS,
        "hostIPs": [{"ip": ADDRESS}],
        "podIP": address,
        "podIPs": [{"ip": address}],
    }
