"""Analysis beyond the recordings: limits, several metrics, what ends a run early, arguments, missing templates."""

from datetime import UTC, datetime

import pytest

from playground.argo import metrics
from playground.argo.metrics import Measurement
from playground.argo.names import Obj, dig
from playground.faults import Fault
from tests.playground.argo.beds import (
    PAUSE,
    SPACE,
    W25,
    Cluster,
    analysis_template,
    blue_green,
    canary,
    rollout,
    template,
    web_metric,
)

NOW = datetime(2026, 1, 5, tzinfo=UTC)
FOREVER = {"interval": "1h"}
CHECK: Obj = {"analysis": {"templates": [{"templateName": "check"}]}}


def verdict(verdict: str, match: str = "") -> Fault:
    return Fault(system="rollouts", kind="analysis", match=match, options={"verdict": verdict, "message": "no answer"})


def measured(metric: Obj, *phases: str) -> Obj:
    """The result of a metric after measurements that ended so."""
    result = metrics.begin(metric["name"])
    for phase in phases:
        result = metrics.judged(metric, metrics.counted(result, Measurement(phase, message="no answer"), NOW, NOW))
    return result


def runs(cluster: Cluster) -> list[Obj]:
    return cluster.store.list("AnalysisRun", SPACE)


async def under_way(cluster: Cluster, made: Obj) -> Obj:
    """Bring up a Rollout, deploy a second version, and wait until an analysis of it runs."""
    await cluster.first(made)
    cluster.deploy("v2")
    await cluster.until(lambda: [dig(run, "status", "phase") for run in runs(cluster)] == ["Running"], "a run")
    return runs(cluster)[0]


async def ended(cluster: Cluster, name: str) -> Obj:
    await cluster.until(lambda: dig(cluster.get("AnalysisRun", name), "status", "phase") in metrics.ENDED, "its end")
    return cluster.get("AnalysisRun", name)


@pytest.mark.parametrize(
    ("metric", "phases", "expected"),
    [
        ({}, ("Successful",), "Successful"),
        ({"interval": "5s"}, ("Successful", "Successful"), "Running"),
        ({"interval": "5s", "count": 2}, ("Successful", "Successful"), "Successful"),
        ({"failureLimit": 1, "count": 3}, ("Failed", "Successful"), "Running"),
        ({"failureLimit": 1, "count": 3}, ("Failed", "Failed"), "Failed"),
        ({"inconclusiveLimit": 1, "count": 3}, ("Inconclusive", "Inconclusive"), "Inconclusive"),
        ({"count": 1}, ("Error",) * 4, "Running"),
        ({"count": 1}, ("Error",) * 5, "Error"),
        ({"count": 2}, (*("Error",) * 4, "Successful", "Error"), "Running"),
    ],
)
def test_a_metric_ends_by_its_limits(metric: Obj, phases: tuple[str, ...], expected: str) -> None:
    assert measured({"name": "rate", **metric}, *phases)["phase"] == expected


def test_a_bad_metric_ends_a_run_while_others_are_still_measured() -> None:
    good, bad = measured({"name": "a", "interval": "5s"}, "Successful"), measured({"name": "b"}, "Failed")

    assert metrics.run_phase([good], 2) == "Running"
    assert metrics.run_phase([good, bad], 2) == "Failed"
    assert metrics.summary([good, bad], 2) == {"count": 2, "failed": 1}


def test_only_the_newest_measurements_are_listed_and_all_are_counted() -> None:
    result = measured({"name": "rate", "interval": "1s"}, *["Successful"] * 25)

    assert len(result["measurements"]) == metrics.KEPT
    assert result["count"] == 25


async def test_what_a_bad_metric_ends_counts_as_good() -> None:
    async with Cluster(verdict("Failed", match="errors")) as cluster:
        both = (web_metric("latency", **FOREVER), web_metric("errors", initialDelay="1s"))
        cluster.store.create(analysis_template("check", *both))
        await cluster.first(rollout(canary(W25, CHECK, PAUSE)))
        cluster.deploy("v2")
        await cluster.until(lambda: bool(cluster.status.get("abort")), "an abort")

        status = runs(cluster)[0]["status"]
        assert status["phase"] == "Failed"
        assert {one["name"]: one["phase"] for one in status["metricResults"]} == {
            "latency": "Successful",
            "errors": "Failed",
        }


async def test_a_skipped_analysis_step_ends_its_run_and_the_next_step_begins() -> None:
    async with Cluster() as cluster:
        cluster.store.create(analysis_template("check", web_metric(**FOREVER)))
        run = await under_way(cluster, rollout(canary(W25, CHECK, PAUSE)))

        cluster.patch_status(currentStepIndex=2)

        await cluster.paused(2)
        status = (await ended(cluster, run["metadata"]["name"]))["status"]
        assert (status["phase"], status["message"]) == ("Successful", "Run Terminated")
        assert cluster.status["canary"] == {}


async def test_a_skipped_analysis_before_another_analysis_makes_a_run_of_its_own() -> None:
    async with Cluster() as cluster:
        cluster.store.create(analysis_template("check", web_metric(**FOREVER)))
        run = await under_way(cluster, rollout(canary(W25, CHECK, CHECK, PAUSE)))

        cluster.patch_status(currentStepIndex=2)

        await cluster.until(lambda: len(runs(cluster)) == 2, "a second run")
        assert sorted(one["metadata"]["labels"]["step-index"] for one in runs(cluster)) == ["1", "2"]
        await ended(cluster, run["metadata"]["name"])


async def test_a_newer_template_ends_the_analysis_of_the_one_before() -> None:
    async with Cluster() as cluster:
        cluster.store.create(analysis_template("check", web_metric(**FOREVER)))
        run = await under_way(cluster, rollout(canary(W25, CHECK, PAUSE)))

        cluster.deploy("v3")

        await ended(cluster, run["metadata"]["name"])
        await cluster.until(lambda: len(runs(cluster)) == 2, "the run of v3")


async def test_a_full_promotion_ends_the_analysis_behind_the_steps() -> None:
    async with Cluster() as cluster:
        cluster.store.create(analysis_template("check", web_metric(**FOREVER)))
        strategy = canary(W25, PAUSE)
        strategy["canary"]["analysis"] = CHECK["analysis"]
        run = await under_way(cluster, rollout(strategy))
        await cluster.paused(1)

        cluster.patch_status(promoteFull=True)

        await cluster.healthy()
        await ended(cluster, run["metadata"]["name"])
        assert cluster.status["canary"] == {}


async def test_an_analysis_behind_the_steps_waits_for_its_first_step() -> None:
    async with Cluster() as cluster:
        cluster.store.create(analysis_template("check", web_metric(**FOREVER)))
        strategy = canary(PAUSE, W25, PAUSE)
        strategy["canary"]["analysis"] = {**CHECK["analysis"], "startingStep": 1}
        await cluster.first(rollout(strategy))
        cluster.deploy("v2")
        await cluster.paused(0)
        assert runs(cluster) == []

        cluster.patch_status(pauseConditions=None)

        await cluster.until(lambda: len(runs(cluster)) == 1, "a run")


async def test_an_abort_of_blue_green_ends_the_analysis_before_the_switch() -> None:
    async with Cluster() as cluster:
        cluster.store.create(analysis_template("check", web_metric(**FOREVER)))
        run = await under_way(cluster, rollout(blue_green(prePromotionAnalysis=CHECK["analysis"])))

        cluster.patch_status(abort=True)

        await ended(cluster, run["metadata"]["name"])
        assert cluster.status["blueGreen"]["activeSelector"] == cluster.status["stableRS"]


async def test_a_retry_after_a_failed_analysis_before_the_switch_runs_it_again() -> None:
    async with Cluster(verdict("Failed")) as cluster:
        cluster.store.create(analysis_template("check", web_metric()))
        await cluster.first(rollout(blue_green(prePromotionAnalysis=CHECK["analysis"])))
        cluster.deploy("v2")
        await cluster.until(lambda: bool(cluster.status.get("abort")), "an abort")
        cluster.faults.clear()

        cluster.patch_status(abort=False)

        await cluster.paused()
        assert [dig(run, "status", "phase") for run in runs(cluster)] == ["Failed", "Successful"]


async def test_arguments_come_from_the_rollout_before_the_template() -> None:
    async with Cluster() as cluster:
        cluster.store.create(analysis_template("check", web_metric(**FOREVER)))
        given = [{"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}}]
        run = await under_way(cluster, rollout(canary(W25, {"analysis": {**CHECK["analysis"], "args": given}}, PAUSE)))

        known = {entry["name"]: entry["value"] for entry in run["spec"]["args"]}
        assert known == {"hash": cluster.status["currentPodHash"], "limit": "1"}


async def test_a_rollout_without_its_analysis_template_is_invalid_until_it_appears() -> None:
    async with Cluster() as cluster:
        cluster.store.create(rollout(canary(W25, CHECK, PAUSE)))
        await cluster.until(lambda: cluster.status.get("phase") == "Degraded", "Degraded")
        where = "spec.strategy.canary.steps[1].analysis.templates"
        fault = f"{where}: Invalid value: \"check\": AnalysisTemplate 'check' not found"
        assert cluster.status["message"] == f'InvalidSpec: The Rollout "web" is invalid: {fault}'

        cluster.store.create(analysis_template("check", web_metric()))

        await cluster.healthy()


async def test_a_first_version_is_not_analysed() -> None:
    async with Cluster(verdict("Failed")) as cluster:
        cluster.store.create(analysis_template("check", web_metric()))

        await cluster.first(rollout(canary(W25, CHECK, PAUSE), template=template("v1")))

        assert runs(cluster) == []
