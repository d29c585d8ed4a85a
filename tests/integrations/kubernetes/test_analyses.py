"""AnalysisRuns as the real controller wrote them, and what a Rollout's status says of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from commands.core.observed import Analysis, AnalysisKind, AnalysisPhase, Metric, RolloutSnapshot
from integrations.kubernetes.analyses import RunView, project_run
from integrations.kubernetes.rollouts import project_replica_set, project_rollout, snapshot_of
from tests.recordings import names, objects

Obj = dict[str, Any]
WITH_ANALYSIS = [name for name in names() if "analysis" in name]


def replay(name: str, *, are_runs_seen: bool = True) -> Iterator[tuple[Obj, RolloutSnapshot]]:
    """Yield the Rollout and what is seen of it and its AnalysisRuns after each event."""
    rollout: Obj | None = None
    sets: dict[str, Obj] = {}
    runs: dict[str, RunView] = {}
    for kind, change, obj in objects(name, "rollouts", "replicasets", "analysisruns"):
        key = obj["metadata"]["name"]
        if kind == "rollouts":
            rollout = None if change == "DELETED" else obj
        elif kind == "replicasets":
            sets.pop(key, None)
            if change != "DELETED":
                sets[key] = obj
        elif are_runs_seen:
            runs.pop(key, None)
            run = project_run(obj) if change != "DELETED" else None
            if run is not None:
                runs[key] = run
        if rollout is not None:
            views = [view for each in sets.values() if (view := project_replica_set(each)) is not None]
            yield rollout, snapshot_of(project_rollout(rollout), views, runs=list(runs.values()))


def story(name: str) -> list[tuple[str, list[AnalysisPhase]]]:
    """List the different states of a recording's Rollout with the phases of its analyses."""
    told: list[tuple[str, list[AnalysisPhase]]] = []
    for _, seen in replay(name):
        state = (seen.phase.value, [each.phase for each in seen.analyses])
        if seen.analyses and (not told or told[-1] != state):
            told.append(state)
    return told


P, R, S, F = AnalysisPhase.PENDING, AnalysisPhase.RUNNING, AnalysisPhase.SUCCESSFUL, AnalysisPhase.FAILED


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("canary-analysis-failed", ("Degraded", F)),
        ("canary-analysis-job-failed", ("Degraded", F)),
        ("canary-analysis-error", ("Degraded", AnalysisPhase.ERROR)),
        ("canary-background-analysis-failed", ("Degraded", F)),
        ("bluegreen-prepromotion-analysis-failed", ("Degraded", F)),
        ("bluegreen-postpromotion-analysis-failed", ("Degraded", F)),
    ],
)
def test_an_analysis_that_aborted_is_still_named_when_the_status_has_dropped_it(
    name: str, last: tuple[str, AnalysisPhase]
) -> None:
    aborted = [
        seen for rollout, seen in replay(name) if rollout.get("status", {}).get("abort") and seen.phase == "Degraded"
    ]
    assert len(aborted) > 1
    assert {(seen.phase.value, seen.analyses[-1].phase) for seen in aborted if seen.is_current} == {last}


def test_a_retry_is_told_by_its_own_run() -> None:
    names = [seen.analyses[0].name for _, seen in replay("canary-analysis-failed") if seen.analyses]
    assert list(dict.fromkeys(name.partition("-")[2].partition("-")[2] for name in names)) == ["2-1", "2-1.1"]


def test_a_success_goes_through_its_phases() -> None:
    phases = [phase for _, (phase,) in story("canary-analysis-success")]
    assert phases == sorted(phases, key=[P, R, S].index)
    assert phases[-1] is S


def test_what_was_measured_stands_beside_what_was_asked() -> None:
    failed = next(seen for _, seen in replay("canary-analysis-failed") if seen.is_aborted).analyses[0]
    assert failed.kind is AnalysisKind.STEP
    assert failed.message == 'Metric "error-rate" assessed Failed due to failed (2) > failureLimit (1)'
    assert failed.metrics == (
        Metric(
            name="error-rate",
            phase=F,
            value="0.99",
            condition="result < 0.01",
            failure_condition="result > 0.9",
            measured=2,
        ),
    )


def test_a_measurement_that_could_not_be_made_says_why() -> None:
    (error,) = [seen for _, seen in replay("canary-analysis-error") if seen.is_aborted][-1].analyses
    (metric,) = error.metrics
    assert (metric.phase, metric.value, metric.measured) == (AnalysisPhase.ERROR, "", 2)
    assert "connection refused" in metric.message


def test_a_job_has_neither_value_nor_condition() -> None:
    (failed,) = [seen for _, seen in replay("canary-analysis-job-failed") if seen.is_aborted][-1].analyses
    assert failed.metrics == (Metric(name="smoke", phase=F, measured=1),)


def test_an_inconclusive_one_pauses() -> None:
    seen = [seen for _, seen in replay("canary-analysis-inconclusive") if seen.pause is not None]
    assert seen[0].analyses[0].phase is AnalysisPhase.INCONCLUSIVE
    assert seen[0].analyses[0].metrics[0].value == "0.5"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("canary-background-analysis-failed", AnalysisKind.BACKGROUND),
        ("bluegreen-prepromotion-analysis-failed", AnalysisKind.PRE_PROMOTION),
        ("bluegreen-postpromotion-analysis-failed", AnalysisKind.POST_PROMOTION),
    ],
)
def test_the_kind_of_an_analysis_is_told(name: str, kind: AnalysisKind) -> None:
    assert {each.kind for _, seen in replay(name) for each in seen.analyses} == {kind}


@pytest.mark.parametrize("name", WITH_ANALYSIS)
def test_without_its_runs_the_status_tells_the_phase_alone(name: str) -> None:
    told = [each for _, seen in replay(name, are_runs_seen=False) for each in seen.analyses]
    assert told
    assert all(each.metrics == () for each in told)


def test_a_run_that_was_seen_before_its_end_does_not_hide_the_end() -> None:
    running, ended = _aborting()
    (told,) = snapshot_of(project_rollout(ended), [], runs=[running]).analyses
    assert told.phase is F
    assert told.message.startswith('Metric "error-rate"')
    assert told.metrics == running.analysis.metrics


def _aborting() -> tuple[RunView, Obj]:
    """Return a run while it was running, and the Rollout that knows already how it ended."""
    running: RunView | None = None
    for kind, _, obj in objects("canary-analysis-failed", "rollouts", "analysisruns"):
        if kind == "analysisruns" and obj["status"]["phase"] == "Running":
            running = project_run(obj)
        elif kind == "rollouts" and obj.get("status", {}).get("abort") and running is not None:
            return running, obj
    raise AssertionError("it never aborted")


def test_a_person_who_aborts_after_a_retry_is_not_taken_for_the_analysis_before() -> None:
    _, rollout = _aborting()
    runs = [view for _, _, obj in objects("canary-analysis-failed", "analysisruns") if (view := project_run(obj))]
    status = {**rollout["status"], "message": "RolloutAborted: Rollout aborted update to revision 2", "canary": {}}
    assert snapshot_of(project_rollout({**rollout, "status": status}), [], runs=runs).analyses == ()


def test_a_run_of_another_rollout_or_template_is_not_named() -> None:
    running, rollout = _aborting()
    status = {**rollout["status"], "canary": {}}
    for change in ({"uid": "another"}, {}):
        other = {**rollout, "metadata": {**rollout["metadata"], **change}, "status": status}
        assert snapshot_of(project_rollout(other), [], runs=[running]).analyses == ()


def test_a_dry_run_decides_nothing_and_is_left_out() -> None:
    *_, (_, _, run) = objects("canary-analysis-failed", "analysisruns")
    result = {**run["status"]["metricResults"][0], "dryRun": True}
    view = project_run({**run, "status": {**run["status"], "metricResults": [result]}})
    assert view is not None
    assert view.analysis.metrics == ()


@pytest.mark.parametrize(
    "metadata", [{"ownerReferences": []}, {"labels": {"rollout-type": "Experiment"}}, {"labels": {}}]
)
def test_a_run_of_nobody_we_know_is_left_out(metadata: Obj) -> None:
    *_, (_, _, run) = objects("canary-analysis-failed", "analysisruns")
    assert project_run({**run, "metadata": {**run["metadata"], **metadata}}) is None


def test_a_status_that_names_a_run_before_it_has_begun_calls_it_pending() -> None:
    first = next(seen for _, seen in replay("canary-analysis-failed", are_runs_seen=False) if seen.analyses)
    assert first.analyses == (
        Analysis(name=first.analyses[0].name, kind=AnalysisKind.STEP, phase=AnalysisPhase.PENDING),
    )
