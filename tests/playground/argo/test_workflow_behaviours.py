"""What workflows do beyond the recordings: attempts that run out, approvals, conditions, deadlines, time to live."""

from typing import Any

import pytest

from playground.argo.names import Obj, dig
from playground.argo.step_runs import StepContext
from playground.argo.workflow_nodes import waiting_reason
from playground.argo.workflow_retries import Over, backoff_message, backoff_seconds, verdict
from playground.argo.workflow_spec import holds
from tests.playground.argo.beds import SPACE, Cluster

NAME = "work"
SAYS_NO = "retryStrategy.expression evaluated to false"


def step(name: str, **more: Any) -> Obj:
    return {"name": name, "container": {"image": "steps"}, **more}


def workflow(*templates: Obj, tasks: tuple[Obj, ...], **spec: Any) -> Obj:
    dag: Obj = {"name": "main", "dag": {"tasks": list(tasks)}}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": NAME, "namespace": SPACE},
        "spec": {"entrypoint": "main", "templates": [dag, *templates], **spec},
    }


def task(name: str, *after: str, **more: Any) -> Obj:
    return {"name": name, "template": name, "dependencies": list(after), **more}


def node(cluster: Cluster, name: str) -> Obj:
    nodes = dig(cluster.store.get("Workflow", SPACE, NAME), "status", "nodes") or {}
    return next((one for one in nodes.values() if one["displayName"] == name), {})


async def until_phase(cluster: Cluster, *phases: str) -> Obj:
    def status() -> Obj:
        return dig(cluster.store.get("Workflow", SPACE, NAME), "status") or {}

    await cluster.until(lambda: status().get("phase") in phases, f"{phases}, it is {status()}")
    return status()


async def always_fails(_: StepContext) -> int:
    return 4


async def test_attempts_run_out_and_the_task_fails_with_the_last() -> None:
    retrying = step("flaky", retryStrategy={"limit": "1"})
    async with Cluster(behaviours={"flaky": always_fails}) as cluster:
        cluster.store.create(workflow(retrying, step("after"), tasks=(task("flaky"), task("after", "flaky"))))

        status = await until_phase(cluster, "Failed")

        assert status["progress"] == "0/2"
        assert [node(cluster, name)["phase"] for name in ("flaky(0)", "flaky(1)", "after")] == [
            "Failed",
            "Failed",
            "Omitted",
        ]
        assert node(cluster, "flaky")["message"] == "No more retries left"
        assert node(cluster, "flaky(2)") == {}


async def test_an_expression_decides_after_the_wait_whether_there_is_another_attempt() -> None:
    strategy = {
        "limit": "2",
        "retryPolicy": "Always",
        "expression": "lastRetry.status == 'Error' || asInt(lastRetry.exitCode) == 75",
        "backoff": {"duration": "5s", "factor": "2"},
    }
    async with Cluster(behaviours={"flaky": always_fails}) as cluster:
        cluster.store.create(workflow(step("flaky", retryStrategy=strategy), tasks=(task("flaky"),)))
        messages: list[str] = []
        cluster.store.subscribe(lambda _: messages.append(node(cluster, "flaky").get("message", "")))

        await until_phase(cluster, "Failed")

        assert "Backoff for 5 seconds" in messages
        assert node(cluster, "flaky")["message"] == SAYS_NO
        assert node(cluster, "flaky(1)") == {}


@pytest.mark.parametrize(
    ("strategy", "attempts", "expected"),
    [
        ({"limit": "1"}, [("Failed", "3")], None),
        ({"limit": 1}, [("Failed", "3")] * 2, "No more retries left"),
        ({}, [("Failed", "3")] * 9, None),
        ({"retryPolicy": "OnError"}, [("Failed", "3")], "main: Error"),
        ({}, [("Error", "")], "main: Error"),
        ({"retryPolicy": "OnError"}, [("Error", "")], None),
        ({"expression": "asInt(lastRetry.exitCode) == 75"}, [("Failed", "75")], None),
        ({"expression": "lastRetry.status == 'Error'"}, [("Error", "")], None),
        (
            {"expression": "lastRetry.exitCode != '75'"},
            [("Failed", "75")],
            "retryStrategy.expression evaluated to false",
        ),
    ],
)
def test_another_attempt_is_made_or_not(strategy: Obj, attempts: list[tuple[str, str]], expected: str | None) -> None:
    nodes = [{"phase": phase, "message": "main: Error", "outputs": {"exitCode": code}} for phase, code in attempts]

    assert verdict(strategy, nodes) == (None if expected is None else Over(expected))


def test_the_wait_between_attempts_grows_up_to_its_cap_and_ends_with_the_last() -> None:
    strategy = {"limit": 3, "backoff": {"duration": "5s", "factor": 2, "cap": "15s"}}

    assert [backoff_seconds(strategy, made) for made in (1, 2, 3, 4)] == [5, 10, 15, 0]
    assert backoff_seconds({"limit": 3}, 1) == 0
    assert [backoff_message(seconds) for seconds in (1, 5, 90)] == [
        "Backoff for 1 second",
        "Backoff for 5 seconds",
        "Backoff for 1 minute 30 seconds",
    ]


async def test_a_stopped_workflow_makes_no_further_attempt() -> None:
    retrying = step("flaky", retryStrategy={"limit": "5"})
    async with Cluster(behaviours={"flaky": always_fails}) as cluster:
        cluster.store.create(workflow(retrying, tasks=(task("flaky"),)))
        await cluster.until(lambda: bool(node(cluster, "flaky(1)")), "a second attempt")

        cluster.store.merge_patch("Workflow", SPACE, NAME, {"spec": {"shutdown": "Stop"}})

        await until_phase(cluster, "Failed")
        assert node(cluster, "flaky(5)") == {}


async def test_nobody_approves_in_time() -> None:
    waiting: Obj = {"name": "approve", "suspend": {}}
    async with Cluster() as cluster:
        cluster.store.create(workflow(waiting, tasks=(task("approve"),), activeDeadlineSeconds=5))

        await until_phase(cluster, "Failed")

        assert node(cluster, "approve")["message"] == "Step exceeded its deadline"


async def test_a_deadline_that_is_met_changes_nothing() -> None:
    async with Cluster() as cluster:
        cluster.store.create(workflow(step("build"), tasks=(task("build"),), activeDeadlineSeconds=600))

        assert (await until_phase(cluster, "Succeeded", "Failed"))["phase"] == "Succeeded"


@pytest.mark.parametrize("strategy", [{"secondsAfterFailure": 2}, {"secondsAfterCompletion": 2}])
async def test_a_workflow_is_removed_when_its_time_to_live_is_over(strategy: Obj) -> None:
    async with Cluster(behaviours={"build": always_fails}) as cluster:
        cluster.store.create(workflow(step("build"), tasks=(task("build"),), ttlStrategy=strategy))

        await cluster.until(lambda: cluster.store.get("Workflow", SPACE, NAME) is None, "its removal")


async def test_a_time_to_live_after_another_outcome_keeps_the_workflow() -> None:
    async with Cluster() as cluster:
        strategy = {"secondsAfterFailure": 1}
        cluster.store.create(workflow(step("build"), tasks=(task("build"),), ttlStrategy=strategy))
        await until_phase(cluster, "Succeeded")
        other = workflow(step("build"), tasks=(task("build"),), ttlStrategy={"secondsAfterCompletion": 3})
        cluster.store.create(other | {"metadata": {"name": "later", "namespace": SPACE}})

        await cluster.until(lambda: cluster.store.get("Workflow", SPACE, "later") is None, "the end of a later one")

        assert cluster.store.get("Workflow", SPACE, NAME) is not None


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", True),
        ("test == prod", False),
        ("prod == prod", True),
        ("test != prod", True),
        ("'a b' == \"a b\"", True),
        ("a == a && b == c", False),
        ("a == b || c == c", True),
        ("true", True),
        ("false", False),
    ],
)
def test_a_condition_holds(condition: str, *, expected: bool) -> None:
    assert holds(condition) is expected


def test_a_waiting_container_says_why_in_the_kubelets_words() -> None:
    def pod(**waiting: str) -> Obj:
        return {"status": {"containerStatuses": [{"name": "main", "state": {"waiting": waiting}}]}}

    assert waiting_reason(pod(reason="PodInitializing")) == "PodInitializing"
    assert waiting_reason(pod(reason="ErrImagePull", message="not found")) == "ErrImagePull: not found"
    assert waiting_reason(None) == ""
