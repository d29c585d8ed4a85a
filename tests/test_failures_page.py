"""Every cause of a failure has a way on, and a recorded case or a reason why it has none."""

import runpy
from pathlib import Path

import pytest

from commands.core.failure import Cause as ClusterCause
from commands.core.trouble import take_in
from integrations.kubernetes.analyses import RunView, project_run
from integrations.kubernetes.pods import PodView, project_pod
from integrations.kubernetes.rollouts import ReplicaSetView, project_replica_set, project_rollout, snapshot_of
from integrations.slack.remedies import REMEDIES
from steps.outcome import Cause
from tests import failures, make, recordings

ROOT = Path(__file__).parents[1]
PAGE = runpy.run_path(str(ROOT / "docs" / "failures.py"))
STEP_CASES: dict[str, tuple[str, ...]] = PAGE["STEP_CASES"]
ROLLOUT_CASES: dict[str, tuple[str, ...]] = PAGE["ROLLOUT_CASES"]
NOT_RECORDED: dict[str, str] = PAGE["NOT_RECORDED"]
CAUSES = {cause.value for cause in (*Cause, *ClusterCause)}


def test_every_cause_has_a_way_on_and_a_case_or_a_reason() -> None:
    assert set(REMEDIES) == CAUSES
    assert {*STEP_CASES, *ROLLOUT_CASES, *NOT_RECORDED} == CAUSES
    assert not ({*STEP_CASES, *ROLLOUT_CASES} & {*NOT_RECORDED})
    assert all(reason for reason in NOT_RECORDED.values())
    page = PAGE["page"]()
    assert all(page.count(f"| `{cause}` |") == 1 for cause in CAUSES)


def test_every_recorded_failure_of_a_pipeline_is_listed_under_its_cause() -> None:
    listed = {case: cause for cause, cases in STEP_CASES.items() for case in cases}
    assert listed == {name: failures.load(name).explained().cause for name in failures.names()}


@pytest.mark.parametrize(("cause", "case"), [(cause, case) for cause, cases in ROLLOUT_CASES.items() for case in cases])
def test_a_cause_of_a_rollout_shows_in_its_recording(cause: str, case: str) -> None:
    assert cause in causes_in(case)


def causes_in(case: str) -> set[str]:
    """Replay a recording and collect every cause that the product sees in it."""
    sets: dict[str, ReplicaSetView | None] = {}
    pods: dict[str, PodView | None] = {}
    runs: dict[str, RunView | None] = {}
    found: set[str] = set()
    rollout = None
    for kind, change, obj in recordings.objects(case, "rollouts", "replicasets", "pods", "analysisruns"):
        name, is_there = obj["metadata"]["name"], change != "DELETED"
        if kind == "rollouts":
            rollout = project_rollout(obj)
        elif kind == "replicasets":
            sets[name] = project_replica_set(obj) if is_there else None
        elif kind == "pods":
            pods[name] = project_pod(obj) if is_there else None
        else:
            runs[name] = project_run(obj) if is_there else None
        if rollout is None:
            continue
        own = [each for each in pods.values() if each is not None]
        seen = snapshot_of(
            rollout,
            [each for each in sets.values() if each is not None],
            pods=own,
            runs=[each for each in runs.values() if each is not None],
        )
        found |= {problem.cause for problem in seen.problems}
        found |= {pod.trouble.cause for pod in own if pod.trouble is not None}
        row, _ = take_in(make.deployment(), seen, log=None, now=make.NOON)
        found |= {row.failure.cause} if row.failure else set()
    return {str(cause) for cause in found}
