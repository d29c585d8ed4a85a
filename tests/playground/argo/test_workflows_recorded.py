"""Holds the stand-in's Workflows controller to recordings of Argo Workflows 4.0.7."""

from typing import TYPE_CHECKING

import pytest

from tests.playground.argo.rollout_rows import without_repeats
from tests.playground.argo.workflow_replay import WorkflowReplay

if TYPE_CHECKING:
    from tests.playground.argo.workflow_rows import NodeRow

NAMES = (
    "workflow-happy",
    "workflow-step-fails",
    "workflow-stop",
    "workflow-terminate",
    "workflow-mutex-wait",
    "workflow-invalid-parameters",
)


@pytest.mark.parametrize("name", NAMES)
async def test_workflows_go_through_the_recorded_states(name: str) -> None:
    replay = WorkflowReplay(name)

    await replay.run()

    for workflow, rows in replay.rows.items():
        assert without_repeats(replay.own[workflow]) == without_repeats(rows)


async def test_nodes_have_the_recorded_ids_and_link_to_their_followers() -> None:
    replay = WorkflowReplay("workflow-happy")

    await replay.run()

    nodes: dict[str, NodeRow] = {node.name: node for node in replay.own["workflow-happy"][-1].nodes}
    assert nodes["workflow-happy"].children == ("workflow-happy-2590552095",)
    assert nodes["workflow-happy.checkout"].children == ("workflow-happy-2417828951", "workflow-happy-3331304649")
