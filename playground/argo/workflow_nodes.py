"""Nodes of a workflow and their pods: ids, names, what a pod tells of its step. Pure; used by what runs workflows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from playground.argo.names import Obj, dig, fnv32a

KILLED: Final = 143


@dataclass(frozen=True, slots=True)
class Start:
    """A step to start."""

    node_id: str
    node_name: str
    pod: str
    template: Obj
    parameters: Mapping[str, str]


def node_id(workflow: str, name: str) -> str:
    return name if name == workflow else f"{workflow}-{fnv32a(name)}"


def pod_name(workflow: str, name: str, template: str) -> str:
    return name if name == workflow else f"{workflow}-{template}-{fnv32a(name)}"


def _main_state(pod: Obj | None) -> Obj:
    entries = dig(pod, "status", "containerStatuses") or ()
    return next((entry["state"] for entry in entries if entry["name"] == "main"), {})


def exit_code(pod: Obj) -> int:
    return int(dig(_main_state(pod), "terminated", "exitCode") or 0)


def waiting_reason(pod: Obj | None) -> str:
    """Why a container has not started, with the kubelet's words if there are any."""
    waiting = dig(_main_state(pod), "waiting") or {}
    return ": ".join(waiting[key] for key in ("reason", "message") if waiting.get(key))
