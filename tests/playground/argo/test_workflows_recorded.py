"""Holds the stand-in's Workflows controller to recordings of Argo Workflows 4.0.7."""

import pytest

from tests.playground.argo.rollout_rows import without_repeats
from tests.playground.argo.workflow_replay import WorkflowReplay
from tests.playground.argo.workflow_rows import NodeRow, Row

NAMES = (
    "workflow-happy",
    "workflow-step-fails",
    "workflow-stop",
    "workflow-terminate",
    "workflow-mutex-wait",
    "workflow-invalid-parameters",
)


def _plain(row: Row) -> Row:
    """Leave out what differs: the real executor reports outputs an event before its step ends, this one with it."""
    nodes = (node._replace(outputs="") if node.phase == "Running" else node for node in row.nodes)
    return row._replace(nodes=tuple(nodes))


@pytest.mark.parametrize("name", NAMES)
async def test_workflows_go_through_the_recorded_states(name: str) -> None:
    replay = WorkflowReplay(name)

    await replay.run()

    for workflow, rows in replay.rows.items():
        own = without_repeats([_plain(row) for row in replay.own[workflow]])
        assert own == without_repeats([_plain(row) for row in rows])


async def test_nodes_have_the_recorded_ids_and_link_to_their_followers() -> None:
    replay = WorkflowReplay("workflow-happy")

    await replay.run()

    nodes: dict[str, NodeRow] = {node.name: node for node in replay.own["workflow-happy"][-1].nodes}
    assert nodes["workflow-happy"].children == ("workflow-happy-2590552095",)
    assert nodes["workflow-happy.checkout"].children == ("workflow-happy-2417828951", "workflow-happy-3331304649")
