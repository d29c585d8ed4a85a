"""What of a Workflow's events two runs are compared by."""

from typing import NamedTuple

from tests.recordings import Obj


class NodeRow(NamedTuple):
    """One node, without times; `type` and `name` as people see them."""

    name: str
    type: str
    template: str
    phase: str
    message: str
    progress: str
    outputs: str
    children: tuple[str, ...]
    boundary: str


class Row(NamedTuple):
    """One state of a Workflow, without times."""

    phase: str
    message: str
    progress: str
    label: str
    completed: str
    nodes: tuple[NodeRow, ...]


def row(workflow: Obj) -> Row:
    status, labels = workflow.get("status") or {}, workflow["metadata"].get("labels") or {}
    nodes = status.get("nodes") or {}
    return Row(
        phase=status.get("phase", ""),
        message=status.get("message", ""),
        progress=status.get("progress", ""),
        label=labels.get("workflows.argoproj.io/phase", ""),
        completed=labels.get("workflows.argoproj.io/completed", ""),
        nodes=tuple(sorted(_node(node) for node in nodes.values())),
    )


def _node(node: Obj) -> NodeRow:
    # The one difference that is let pass: the real executor reports outputs an event before its step ends.
    outputs = (node.get("outputs") or {}).get("parameters") or () if node.get("phase") != "Running" else ()
    return NodeRow(
        name=node["name"],
        type=node["type"],
        template=node["templateName"],
        phase=node.get("phase", ""),
        message=node.get("message", ""),
        progress=node.get("progress", ""),
        outputs=" ".join(f"{entry['name']}={entry['value']}" for entry in outputs),
        children=tuple(sorted(node.get("children") or ())),
        boundary=node.get("boundaryID", ""),
    )
