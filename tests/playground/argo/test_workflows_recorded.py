"""Holds the stand-in's Workflows controller to recordings of Argo Workflows 4.0.7."""

import pytest

from tests.playground.argo.recorded import how, replayed
from tests.playground.argo.rollout_rows import without_repeats
from tests.playground.argo.workflow_replay import WorkflowReplay
from tests.playground.argo.workflow_rows import NodeRow, Row


def by_node(rows: list[Row]) -> dict[str, list[NodeRow]]:
    """The states of each node by itself."""
    names = {node.name for row in rows for node in row.nodes}
    return {name: without_repeats([node for row in rows for node in row.nodes if node.name == name]) for name in names}


def heads(rows: list[Row]) -> list[Row]:
    return without_repeats([row._replace(nodes=()) for row in rows])


@pytest.mark.parametrize("name", replayed(workflows=True))
async def test_workflows_go_through_the_recorded_states(name: str) -> None:
    conditions = how(name)
    replay = WorkflowReplay(name, speed=conditions.speed, faults=conditions.faults)

    await replay.run()

    for workflow, rows in replay.rows.items():
        own = replay.own[workflow]
        assert (heads(own), by_node(own)) == (heads(rows), by_node(rows))
        if not conditions.parallel:
            assert without_repeats(own) == without_repeats(rows)


async def test_nodes_have_the_recorded_ids_and_link_to_their_followers() -> None:
    replay = WorkflowReplay("workflow-happy")

    await replay.run()

    nodes: dict[str, NodeRow] = {node.name: node for node in replay.own["workflow-happy"][-1].nodes}
    assert nodes["workflow-happy"].children == ("workflow-happy-2590552095",)
    assert nodes["workflow-happy.checkout"].children == ("workflow-happy-2417828951", "workflow-happy-3331304649")
