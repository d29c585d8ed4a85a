"""All that can be recorded, by the name of its file. Used by the command and by the tests of the recordings."""

from typing import Final

from tests.bed.recording.recording import ROLLOUT_KINDS, WORKFLOW_KINDS
from tests.bed.recording.rollout_scenarios import ANALYSES, BLUE_GREENS, CANARIES, FAILURES, TEMPLATES
from tests.bed.recording.steps import Step
from tests.bed.recording.workflow_scenarios import WORKFLOWS

SCENARIOS: Final[dict[str, tuple[Step, ...]]] = {
    **CANARIES,
    **ANALYSES,
    **FAILURES,
    **BLUE_GREENS,
    **TEMPLATES,
    **WORKFLOWS,
}
NOT_RECORDED: Final = frozenset({"workflow-wrong-type"})
"""Recorded once by hand: it ends the process of the Workflows controller."""
WITHOUT_PODS: Final = frozenset(
    {
        "rollback-window",
        "canary-manual-pause",
        "canary-promote-while-paused",
        "canary-promote-full-after-abort",
    }
)
"""Their pods say nothing that their ReplicaSets do not."""


def kinds_of(name: str) -> tuple[str, ...]:
    return WORKFLOW_KINDS if name in WORKFLOWS else ROLLOUT_KINDS


def hidden_in(name: str) -> frozenset[str]:
    return frozenset({"pods"}) if name in WITHOUT_PODS else frozenset()
