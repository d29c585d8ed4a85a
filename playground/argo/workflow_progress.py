"""How far a workflow and each of its nodes have come, as `N/M` leaves that succeeded, the way Argo counts. Pure.

Called by workflow_tree and workflows after each pass.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from playground.argo.names import Obj

LEAVES: Final = frozenset({"Pod", "Suspend"})


def progress(nodes: Iterable[Obj]) -> str:
    """Of all leaves, failed attempts too: a success after a retry is not complete."""
    leaves = [node for node in nodes if node["type"] in LEAVES]
    return f"{sum(node['phase'] == 'Succeeded' for node in leaves)}/{len(leaves)}"


def write_progress(nodes: Mapping[str, Obj]) -> None:
    """Give each leaf its own, and every other node that of the leaves behind it; what leads nowhere has none."""
    for node in nodes.values():
        if node["type"] in LEAVES:
            node["progress"] = progress([node])
        elif behind := _behind(nodes, node):
            node["progress"] = progress(behind)


def _behind(nodes: Mapping[str, Obj], node: Obj) -> list[Obj]:
    """The leaves that a node leads to, each once."""
    found: dict[str, Obj] = {}
    waiting = list(node.get("children") or ())
    while waiting:
        key = waiting.pop()
        if key in nodes and key not in found:
            found[key] = nodes[key]
            waiting += nodes[key].get("children") or ()
    return [entry for entry in found.values() if entry["type"] in LEAVES]
