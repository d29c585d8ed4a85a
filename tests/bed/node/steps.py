"""What a workflow's pod asks for, read from its spec: the program of the step, its variables, its outputs. Pure.

Argo puts its own program in front of the step's, and a container beside it that reports; `pods` plays both.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from playground.argo.names import Obj, dig
from playground.argo.workflow_pods import GROUP

LABEL: Final = f"{GROUP}/workflow"
MAIN: Final = "main"
_EXECUTOR: Final = "argoexec"


class Refused(Exception):  # what the node writes into the pod's status
    """The stand-in node cannot run a pod; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """An output parameter, and the file in the container that holds it; without a default the file must be there."""

    name: str
    path: str
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step's pod."""

    command: Sequence[str]
    variables: Mapping[str, str]
    outputs: Sequence[Output]
    workflow: str
    workflow_uid: str
    node_id: str
    deadline_seconds: int | None


def is_step(pod: Obj) -> bool:
    return LABEL in (dig(pod, "metadata", "labels") or {})


def container(pod: Obj, name: str) -> Obj:
    return next((each for each in _containers(pod) if each["name"] == name), {})


def read(pod: Obj) -> Step:
    """Read what the executor of Argo is told; Refused when that stands elsewhere, as it does for a very large step."""
    main = container(pod, MAIN)
    told = {name: value for each in _containers(pod) for name, value in variables(each).items()}
    try:
        template = json.loads(told.get("ARGO_TEMPLATE", ""))
    except ValueError:
        raise Refused("the stand-in node finds no template of a step in the pod's variables") from None
    return Step(
        command=own_command([*main.get("command", ()), *main.get("args", ())]),
        variables=variables(main),
        outputs=[
            _output(each) for each in dig(template, "outputs", "parameters") or () if dig(each, "valueFrom", "path")
        ],
        workflow=pod["metadata"]["labels"][LABEL],
        workflow_uid=told.get("ARGO_WORKFLOW_UID", ""),
        node_id=told.get("ARGO_NODE_ID", ""),
        deadline_seconds=pod["spec"].get("activeDeadlineSeconds"),
    )


def own_command(command: Sequence[str]) -> list[str]:
    """Return the step's own command, without the executor that starts it in its pod."""
    if not command or not command[0].endswith(_EXECUTOR) or "--" not in command:
        return list(command)
    return list(command[command.index("--") + 1 :])


def variables(spec: Obj) -> dict[str, str]:
    """Return the variables that stand in the spec; those that refer to something are for Argo's own programs."""
    return {each["name"]: each.get("value", "") for each in spec.get("env") or () if "valueFrom" not in each}


def killed_by(command: Sequence[str]) -> int | None:
    """Return the signal that a command in a container is to send to its first process; None for any other command."""
    match list(command):
        case [*_, "kill", number, "1"] if number.isdecimal():
            return int(number)
        case [*_, script] if script.startswith("kill -") and script.endswith(" 1"):
            return int(script.removeprefix("kill -").removesuffix(" 1"))
        case _:
            return None


def _containers(pod: Obj) -> list[Obj]:
    return [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]


def _output(parameter: Mapping[str, Any]) -> Output:
    source = parameter["valueFrom"]
    return Output(name=parameter["name"], path=source["path"], default=source.get("default"))
