"""Workflows as the real controller wrote them, and the Workflow that an order becomes."""

import base64
import copy
import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.errors import Permanent
from commands.core.model import Place
from commands.core.observed import PipelinePhase, PipelineSnapshot, StepPhase
from commands.core.ports import PipelineOrder
from integrations.kubernetes.fields import Obj
from integrations.kubernetes.logs import own_lines
from integrations.kubernetes.nodes import OFFLOADED, UNREADABLE
from integrations.kubernetes.orders import check_parameters, workflow_of
from integrations.kubernetes.scopes import Scope
from integrations.kubernetes.workflows import pipeline_of, project_workflow
from tests.recordings import FOLDER, load, objects

WORKFLOWS = sorted(path.stem for path in FOLDER.glob("workflow-*.jsonl"))
ORDER = PipelineOrder(
    name="shop-staging-142",
    template="slipway-deploy",
    owner="d142",
    place=Place(cluster="main", namespace="staging", app="shop"),
    environment="staging",
    number=142,
    parameters=(("app", "shop"), ("version", "v1.2"), ("requester", "alice")),
)
TEMPLATE: Obj = {
    "spec": {
        "arguments": {
            "parameters": [
                {"name": "app"},
                {"name": "version"},
                {"name": "requester", "value": ""},
                {"name": "strategy", "value": "rolling", "enum": ["rolling", "canary"]},
            ]
        }
    }
}


def last(name: str, suffix: str = "") -> Obj:
    *_, (_, _, obj) = (each for each in objects(name, "workflows") if each[2]["metadata"]["name"].endswith(suffix))
    return obj


def in_words(seen: PipelineSnapshot) -> str:
    steps = " ".join(f"{step.name}:{step.phase}" for step in seen.steps)
    return f"{seen.phase} {steps}"


def story(name: str, suffix: str = "") -> list[str]:
    told: list[str] = []
    for _, _, obj in objects(name, "workflows"):
        if obj["metadata"]["name"].endswith(suffix) and (not told or told[-1] != in_words(pipeline_of(obj))):
            told.append(in_words(pipeline_of(obj)))
    return told


def test_tells_the_story_of_a_pipeline_that_succeeds() -> None:
    assert story("workflow-happy") == [
        "waiting ",
        "running checkout:pending build:pending test:pending publish:pending",
        "running checkout:running build:pending test:pending publish:pending",
        "running checkout:succeeded build:pending test:pending publish:pending",
        "running checkout:succeeded build:running test:running publish:pending",
        "running checkout:succeeded build:running test:succeeded publish:pending",
        "running checkout:succeeded build:succeeded test:succeeded publish:pending",
        "running checkout:succeeded build:succeeded test:succeeded publish:running",
        "succeeded checkout:succeeded build:succeeded test:succeeded publish:succeeded",
    ]


def test_a_pipeline_that_succeeded_has_its_outputs_and_times() -> None:
    seen = pipeline_of(last("workflow-happy"))
    assert seen.output("digest") == "sha256:0123"
    assert seen.finished_at == datetime(2026, 11, 23, 14, 34, 19, tzinfo=UTC)
    publish = seen.step("publish")
    assert publish is not None
    assert publish.duration is not None
    assert publish.duration.total_seconds() == 3
    assert publish.exit_code is None


def test_a_step_that_fails_is_named_with_its_exit_code() -> None:
    assert story("workflow-step-fails")[-1] == "failed build:succeeded test:failed publish:skipped"
    failed = pipeline_of(last("workflow-step-fails")).failed_step
    assert failed is not None
    assert (failed.name, failed.exit_code, failed.message) == ("test", 12, "main: Error (exit code 12)")


def test_a_retried_step_is_one_step_and_its_attempts_are_not_shown() -> None:
    assert story("workflow-retry") == [
        "waiting flaky:pending after:pending",
        "running flaky:pending after:pending",
        "running flaky:running after:pending",
        "running flaky:succeeded after:pending",
        "running flaky:succeeded after:running",
        "succeeded flaky:succeeded after:succeeded",
    ]


def test_a_retried_step_that_gives_up_has_the_exit_code_of_its_last_attempt() -> None:
    workflow = last("workflow-retry")
    nodes = workflow["status"]["nodes"]
    for node in nodes.values():
        if node["displayName"] in {"flaky", "flaky(2)"}:
            node["phase"] = "Failed"
    next(node for node in nodes.values() if node["displayName"] == "flaky(2)")["message"] = "main: Error (exit code 3)"
    step = pipeline_of(workflow).step("flaky")
    assert step is not None
    assert (step.phase, step.exit_code) == (StepPhase.FAILED, 3)


def test_a_stopped_pipeline_is_failed_when_its_exit_handler_is_done_and_the_handler_is_no_step() -> None:
    told = story("workflow-stop")
    assert told[-2:] == [
        "running build:succeeded deploy:failed check:pending",
        "failed build:succeeded deploy:failed check:skipped",
    ]
    assert pipeline_of(last("workflow-stop")).message == "Stopped with strategy 'Stop'"
    step = pipeline_of(last("workflow-stop")).failed_step
    assert step is not None
    assert step.message == "workflow shutdown with strategy: Stop"


def test_a_pipeline_that_waits_for_the_lock_says_so() -> None:
    waiting = [pipeline_of(obj) for _, _, obj in objects("workflow-mutex-wait", "workflows")]
    seen = next(each for each in waiting if each.message)
    assert seen.phase is PipelinePhase.WAITING
    assert seen.message == "Waiting for argo/Mutex/deploy-workflow-mutex-wait lock. Lock status: 0/1"
    assert {each.waits_for for each in waiting if each.name.endswith("-c")} == {"", "workflow-mutex-wait-a"}
    # What is written of the lock stays behind when the lock has been given.
    assert not any(each.waits_for for each in waiting if each.phase is PipelinePhase.RUNNING)
    assert story("workflow-mutex-wait", "-b")[-1] == "succeeded deploy:succeeded"


def test_a_terminated_waiter_has_failed_whatever_it_calls_itself() -> None:
    workflow = last("workflow-mutex-wait", "-d")
    assert workflow["status"]["phase"] == "Succeeded"
    assert pipeline_of(workflow).phase is PipelinePhase.FAILED


@pytest.mark.parametrize(
    ("suffix", "message"),
    [
        ("missing", "invalid spec: spec.arguments.app.value or spec.arguments.app.valueFrom is required"),
        ("no-template", 'workflowtemplates.argoproj.io "no-such-template" not found'),
        ("entrypoint", "invalid spec: template name 'nope' undefined"),
    ],
)
def test_an_invalid_workflow_has_failed_with_the_controllers_words(suffix: str, message: str) -> None:
    seen = pipeline_of(last("workflow-invalid-parameters", f"-{suffix}"))
    assert (seen.phase, seen.message, seen.steps) == (PipelinePhase.FAILED, message, ())


def test_a_step_whose_condition_was_false_is_skipped() -> None:
    assert story("workflow-when-skipped")[-1] == "succeeded build:succeeded approve:skipped deploy:succeeded"


def test_a_step_that_cannot_pull_its_image_says_why_while_it_waits() -> None:
    steps = [pipeline_of(obj).step("build") for _, _, obj in objects("workflow-image-pull-failure", "workflows")]
    messages = [step.message for step in steps if step is not None and step.phase is StepPhase.PENDING]
    assert any(message.startswith("ErrImagePull") for message in messages)


def test_a_workflow_of_one_container_is_one_step() -> None:
    assert story("workflow-invalid-parameters", "-extra")[-1] == "succeeded main:succeeded"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_root_decides_in_every_recording(name: str) -> None:
    for _, _, obj in objects(name, "workflows"):
        seen = pipeline_of(obj)
        status = obj.get("status", {})
        root = status.get("nodes", {}).get(obj["metadata"]["name"], {})
        if seen.phase is PipelinePhase.SUCCEEDED:
            assert (status["phase"], root["phase"]) == ("Succeeded", "Succeeded")
        if seen.phase is PipelinePhase.FAILED:
            assert "Failed" in {status["phase"], root.get("phase")} or status["phase"] == "Error"


def test_nodes_that_were_compressed_are_read() -> None:
    workflow = last("workflow-happy")
    packed = copy.deepcopy(workflow)
    nodes = json.dumps(packed["status"].pop("nodes")).encode()
    packed["status"]["compressedNodes"] = base64.b64encode(gzip.compress(nodes)).decode()
    assert pipeline_of(packed) == pipeline_of(workflow)


@pytest.mark.parametrize("packed", ["not base64 …", base64.b64encode(b"\x28\xb5\x2f\xfd rest").decode()])
def test_nodes_that_cannot_be_read_are_said_to_be_so(packed: str) -> None:
    workflow = last("workflow-happy")
    del workflow["status"]["nodes"]
    workflow["status"]["compressedNodes"] = packed
    seen = pipeline_of(workflow)
    assert seen.message == UNREADABLE
    assert seen.phase is PipelinePhase.SUCCEEDED


def test_nodes_that_were_offloaded_are_said_to_be_so() -> None:
    workflow = last("workflow-happy")
    del workflow["status"]["nodes"]
    workflow["status"]["offloadNodeStatusVersion"] = "fnv:1"
    assert pipeline_of(workflow).message == OFFLOADED
    workflow["spec"]["shutdown"] = "Terminate"
    assert pipeline_of(workflow).phase is PipelinePhase.FAILED


def test_the_steps_come_in_the_order_in_which_they_ran_when_the_template_is_not_known() -> None:
    workflow = last("workflow-happy")
    del workflow["status"]["storedWorkflowTemplateSpec"]
    names = [step.name for step in pipeline_of(workflow).steps]
    assert names == ["checkout", "build", "test", "publish"]


def test_tasks_of_a_nested_dag_are_steps_and_the_nest_is_not() -> None:
    workflow = last("workflow-happy")
    stored = workflow["status"]["storedWorkflowTemplateSpec"]["templates"]
    next(each for each in stored if each["name"] == "build")["dag"] = {"tasks": []}
    nodes = workflow["status"]["nodes"]
    nest = next(node for node in nodes.values() if node["displayName"] == "build")
    inner = {**nest, "id": "inner", "displayName": "compile", "children": nest["children"]}
    nest |= {"type": "DAG", "children": ["inner"]}
    nodes["inner"] = inner
    names = [step.name for step in pipeline_of(workflow).steps]
    assert "compile" in names
    assert "build" not in names


def test_keeps_whose_it_is() -> None:
    workflow = last("workflow-happy")
    workflow["metadata"]["annotations"]["slipway/id"] = "d142"
    view = project_workflow(workflow)
    assert (view.app, view.pipeline.owner, view.pipeline.name) == ("web", "d142", "workflow-happy")


def test_an_order_becomes_a_workflow() -> None:
    assert workflow_of(ORDER) == {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {
            "name": "shop-staging-142",
            "namespace": "staging",
            "labels": {
                "slipway/app": "shop",
                "slipway/environment": "staging",
                "slipway/deployment": "142",
                "workflows.argoproj.io/workflow-template": "slipway-deploy",
            },
            "annotations": {"slipway/id": "d142", "slipway/requester": "alice"},
        },
        "spec": {
            "workflowTemplateRef": {"name": "slipway-deploy"},
            "arguments": {
                "parameters": [
                    {"name": "app", "value": "shop"},
                    {"name": "version", "value": "v1.2"},
                    {"name": "requester", "value": "alice"},
                ]
            },
        },
    }


def test_an_order_for_a_template_of_the_cluster_says_so() -> None:
    made = workflow_of(ORDER, scope=Scope.CLUSTER)
    assert made["spec"]["workflowTemplateRef"] == {"name": "slipway-deploy", "clusterScope": True}
    assert made["metadata"]["labels"]["workflows.argoproj.io/cluster-workflow-template"] == "slipway-deploy"
    assert "workflows.argoproj.io/workflow-template" not in made["metadata"]["labels"]


def test_nobody_is_named_when_nobody_asked() -> None:
    made = workflow_of(replace(ORDER, parameters=()))
    assert made["metadata"]["annotations"] == {"slipway/id": "d142"}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Shop-142"},
        {"name": "a" * 64},
        {"name": "-shop"},
        {"environment": "pro duction"},
        {"environment": "x" * 64},
        {"environment": ""},
        {"template": "a/b"},
        {"place": Place(cluster="main", namespace="staging", app="shöp")},
        {"place": Place(cluster="main", namespace="../kube-system", app="shop")},
    ],
)
def test_names_that_kubernetes_would_refuse_are_refused_before(change: dict[str, Any]) -> None:
    with pytest.raises(Permanent, match="at most 63"):
        workflow_of(replace(ORDER, **change))


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ((("app", "shop"), ("version", "v1.2")), None),
        ((("app", "shop"), ("version", "v1.2"), ("strategy", "canary")), None),
        ((("app", "shop"),), "version is missing"),
        ((("app", "shop"), ("version", "v1"), ("colour", "red")), "colour is unknown"),
        ((("app", "shop"), ("version", "v1"), ("strategy", "yolo")), "strategy is 'yolo', allowed are rolling, canary"),
    ],
)
def test_parameters_are_checked_against_the_template(
    parameters: tuple[tuple[str, str], ...], complaint: str | None
) -> None:
    order = replace(ORDER, parameters=parameters)
    if complaint is None:
        check_parameters(order, TEMPLATE)
    else:
        with pytest.raises(Permanent, match=complaint):
            check_parameters(order, TEMPLATE)


def test_the_log_of_a_step_is_without_the_executors_lines() -> None:
    acts = (line["act"] for line in load("workflow-step-fails") if "act" in line)
    log = next(act["response"]["text"] for act in acts if act["path"].endswith("container=main&tailLines=20"))
    assert own_lines(log) == ("3 tests failed", "running")


def test_a_log_keeps_what_only_looks_like_the_executor() -> None:
    log = 'time=1 level=info msg="mine"\nError: exit status 3 was returned\n{"argo": true}\nError: exit status 1\n'
    assert own_lines(log) == ('time=1 level=info msg="mine"', "Error: exit status 3 was returned")
    assert own_lines("x" * 2000) == ("x" * 500,)
    assert own_lines("") == ()


def test_a_kubelets_word_on_a_container_that_is_gone_is_no_log() -> None:
    assert own_lines("unable to retrieve container logs for containerd://f70de80285a7d41a3d5d73de306a7") == ()
    mine = "unable to retrieve container logs for the report"
    assert own_lines(mine) == (mine,)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
HAPPY = last("workflow-happy")


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from _paths(each, (*path, key))


@given(data=st.data(), garbage=JSON)
def test_garbage_anywhere_in_a_workflow_is_survived(data: st.DataObject, garbage: Any) -> None:
    victim = copy.deepcopy(HAPPY)
    *parents, last_key = data.draw(st.sampled_from([path for path in _paths(victim) if path]))
    target: Any = victim
    for key in parents:
        target = target[key]
    target[last_key] = garbage
    assert isinstance(pipeline_of(victim), PipelineSnapshot)
