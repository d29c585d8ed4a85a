"""What the controller of Argo Workflows 4.0 does with a workflow from its submission to its removal."""

import pytest

from commands.core.observed import PipelinePhase, StepPhase
from integrations.kubernetes.fields import Obj, annotation, at, label, mapping, text
from integrations.kubernetes.workflows import pipeline_of
from tests.bed.facts.manifests import dag, script, submitted, suspend, workflow, workflow_template
from tests.bed.facts.objects import Space
from tests.bed.facts.states import ended, message, node, nodes, phase

pytestmark = [pytest.mark.bed, pytest.mark.usefixtures("executor")]

TASK = {"name": "build", "template": "make"}
TIDY: Obj = {"onExit": "tidy"}


async def run(space: Space, made: Obj) -> Obj:
    """Submit a workflow and return it when it has ended."""
    await space.create(made)
    return await space.until("Workflow", text(made, "metadata", "name"), ended)


def number_of(name: str) -> int:
    """Return the FNV-1a number of 32 bits that Argo puts at the end of the names that it makes."""
    number = 2166136261
    for byte in name.encode():
        number = (number ^ byte) * 16777619 % 2**32
    return number


async def test_the_pod_of_a_single_step_has_the_workflows_name(space: Space) -> None:
    await run(space, workflow("alone", script("make", "true")))
    pod = await space.get("Pod", "alone")
    assert annotation(pod, "workflows.argoproj.io/node-id") == "alone"


async def test_the_pod_of_a_task_is_named_after_workflow_template_and_node(space: Space) -> None:
    done = await run(space, workflow("named", dag("all", TASK), script("make", "true")))
    number = number_of("named.build")
    task = node(done, "build")
    assert (task["id"], task["name"]) == (f"named-{number}", "named.build")
    pod = await space.get("Pod", f"named-make-{number}")
    assert annotation(pod, "workflows.argoproj.io/node-id") == task["id"]
    assert annotation(pod, "workflows.argoproj.io/node-name") == task["name"]
    assert annotation(pod, "kubectl.kubernetes.io/default-container") == "main"
    assert annotation(done, "workflows.argoproj.io/pod-name-format") == "v2"


async def test_the_root_node_has_the_workflows_name_as_its_id(space: Space) -> None:
    done = await run(space, workflow("rooted", dag("all", TASK), script("make", "true")))
    assert at(done, "status", "nodes", "rooted", "type") == "DAG"


async def test_the_result_of_a_task_is_synced_when_it_ends(space: Space) -> None:
    done = await run(space, workflow("synced", script("make", "true")))
    assert [each["taskResultSynced"] for each in nodes(done)] == [True]


async def test_a_step_gives_its_output_with_no_right_but_to_write_results(space: Space) -> None:
    outputs = {"parameters": [{"name": "said", "valueFrom": {"path": "/tmp/said"}}]}  # noqa: S108  # in the container
    done = await run(space, workflow("output", script("make", "echo -n word >/tmp/said", outputs=outputs)))
    assert pipeline_of(done).output("said") == "word"


async def test_a_step_without_that_right_fails_and_names_it(space: Space) -> None:
    outputs = {"parameters": [{"name": "said", "valueFrom": {"path": "/tmp/said"}}]}  # noqa: S108  # in the container
    made = workflow(
        "powerless", script("make", "echo -n word >/tmp/said", outputs=outputs), serviceAccountName="default"
    )
    done = pipeline_of(await run(space, made))
    assert done.phase is PipelinePhase.FAILED
    assert "workflowtaskresults.argoproj.io is forbidden" in done.message


async def test_no_label_says_which_template_a_workflow_is_of(space: Space) -> None:
    await space.create(workflow_template("labelled", suspend("wait")))
    await space.create(submitted("of-template", "labelled"))
    seen = await space.until("Workflow", "of-template", lambda obj: phase(obj) == "Running")
    assert label(seen, "workflows.argoproj.io/phase") == "Running"
    assert label(seen, "workflows.argoproj.io/workflow-template") == ""


async def test_a_name_can_be_submitted_once(space: Space) -> None:
    made = workflow("unique", suspend("wait"))
    codes = [(await space.try_create(made)).status for _ in range(2)]
    assert codes == [201, 409]


async def test_a_missing_parameter_fails_the_workflow(space: Space) -> None:
    arguments = {"parameters": [{"name": "app"}]}
    await space.create(workflow_template("needs-app", suspend("wait"), arguments=arguments))
    done = await run(space, submitted("lacks-app", "needs-app"))
    assert phase(done) == "Failed"
    assert message(done).startswith("invalid spec: spec.arguments.app.value")
    assert pipeline_of(done).phase is PipelinePhase.FAILED


async def test_a_value_outside_the_enumeration_runs_all_the_same(space: Space) -> None:
    parameter = {"name": "colour", "enum": ["red", "blue"], "value": "red"}
    await space.create(workflow_template("enumerated", suspend("wait"), arguments={"parameters": [parameter]}))
    await space.create(submitted("green", "enumerated", colour="green"))
    await space.until("Workflow", "green", lambda obj: node(obj, "green").get("phase") == "Running")


async def test_an_unknown_parameter_runs_all_the_same(space: Space) -> None:
    await space.create(workflow_template("plain", suspend("wait")))
    await space.create(submitted("odd", "plain", unheard="of"))
    await space.until("Workflow", "odd", lambda obj: node(obj, "odd").get("phase") == "Running")


async def test_a_missing_template_is_an_error(space: Space) -> None:
    done = await run(space, submitted("orphan", "no-such-template"))
    assert phase(done) == "Error"
    assert 'workflowtemplates.argoproj.io "no-such-template" not found' in message(done)
    assert pipeline_of(done).phase is PipelinePhase.FAILED


def approval(obj: Obj, verdict: str) -> list[Obj]:
    """Return the patch that ends the suspended node `approve`, once."""
    path = f"/status/nodes/{node(obj, 'approve')['id']}"
    return [
        {"op": "test", "path": f"{path}/phase", "value": "Running"},
        {"op": "replace", "path": f"{path}/phase", "value": verdict},
        {"op": "add", "path": f"{path}/finishedAt", "value": "2026-01-01T00:00:00Z"},
        {"op": "add", "path": f"{path}/message", "value": "by a person"},
    ]


async def suspended(space: Space, name: str) -> Obj:
    after = {"name": "after", "template": "wait", "depends": "approve.Succeeded"}
    await space.create(workflow(name, dag("all", {"name": "approve", "template": "wait"}, after), suspend("wait")))
    return await space.until("Workflow", name, lambda obj: node(obj, "approve").get("phase") == "Running")


async def test_a_suspended_step_is_approved_once(space: Space) -> None:
    patch = approval(await suspended(space, "approved"), "Succeeded")
    codes = [(await space.json_patch("Workflow", "approved", patch)).status for _ in range(2)]
    assert codes == [200, 422]
    seen = await space.until("Workflow", "approved", lambda obj: node(obj, "after").get("phase") == "Running")
    assert (node(seen, "approve")["phase"], node(seen, "approve")["message"]) == ("Succeeded", "by a person")


async def test_a_suspended_step_that_is_refused_fails_the_workflow(space: Space) -> None:
    seen = await suspended(space, "refused")
    assert (await space.json_patch("Workflow", "refused", approval(seen, "Failed"))).status == 200
    done = pipeline_of(await space.until("Workflow", "refused", ended))
    assert done.phase is PipelinePhase.FAILED
    assert [(step.name, step.phase) for step in done.steps] == [
        ("approve", StepPhase.FAILED),
        ("after", StepPhase.SKIPPED),
    ]


async def shut_down(space: Space, name: str, how: str) -> Obj:
    """Stop or terminate a suspended workflow that has an exit handler."""
    await space.create(workflow(name, suspend("wait"), suspend("tidy"), **TIDY))
    await space.until("Workflow", name, lambda obj: node(obj, name).get("phase") == "Running")
    return await space.merge("Workflow", name, {"spec": {"shutdown": how}})


async def test_a_stopped_workflow_still_runs_its_exit_handler(space: Space) -> None:
    await shut_down(space, "stopped", "Stop")
    seen = await space.until("Workflow", "stopped", lambda obj: bool(node(obj, "stopped.onExit")))
    assert node(seen, "stopped")["message"] == "Stopped with strategy 'Stop'"


async def test_a_terminated_workflow_runs_no_exit_handler(space: Space) -> None:
    await shut_down(space, "terminated", "Terminate")
    done = await space.until("Workflow", "terminated", ended)
    assert (phase(done), node(done, "terminated.onExit")) == ("Failed", {})
    assert pipeline_of(done).message == "Stopped with strategy 'Terminate'"


WAIT = (suspend("wait"),)


def locked(name: str, lock: str, templates: tuple[Obj, ...]) -> Obj:
    return workflow(name, *templates, synchronization={"mutexes": [{"name": lock}]})


async def waiting_for(space: Space, lock: str, *, waiting: tuple[Obj, ...] = WAIT) -> tuple[str, str]:
    """Let one workflow hold a mutex and another wait for it; return their names."""
    holder, waiter = f"{lock}-holder", f"{lock}-waiter"
    await space.create(locked(holder, lock, WAIT))
    await space.until("Workflow", holder, lambda obj: phase(obj) == "Running")
    await space.create(locked(waiter, lock, waiting))
    await space.until("Workflow", waiter, lambda obj: message(obj) != "")
    return holder, waiter


async def test_a_workflow_without_the_lock_waits_and_says_for_what(space: Space) -> None:
    _, waiter = await waiting_for(space, "queue")
    seen = await space.get("Workflow", waiter)
    assert (phase(seen), nodes(seen)) == ("Pending", [])
    assert message(seen) == f"Waiting for {space.name}/Mutex/queue lock. Lock status: 0/1"
    assert pipeline_of(seen).phase is PipelinePhase.WAITING


ROOTS = {
    "suspend": (WAIT, "Running"),
    "pod": ((script("make", "true"),), "Failed"),
    "dag": ((dag("all", TASK), script("make", "true")), "Failed"),
}


@pytest.mark.parametrize("root", ROOTS)
async def test_terminated_while_it_waits_it_calls_itself_succeeded_and_the_product_does_not(
    space: Space, root: str
) -> None:
    templates, verdict = ROOTS[root]
    _, waiter = await waiting_for(space, f"untrue-{root}", waiting=templates)
    await space.merge("Workflow", waiter, {"spec": {"shutdown": "Terminate"}})
    done = await space.until("Workflow", waiter, ended)
    assert (phase(done), at(done, "status", "nodes", waiter, "phase")) == ("Succeeded", verdict)
    assert pipeline_of(done).phase is PipelinePhase.FAILED


async def test_stopped_while_it_waits_it_ends_when_its_turn_comes(space: Space) -> None:
    holder, waiter = await waiting_for(space, "patient")
    await space.merge("Workflow", waiter, {"spec": {"shutdown": "Stop"}})
    await space.merge("Workflow", holder, {"spec": {"shutdown": "Terminate"}})
    done = await space.until("Workflow", waiter, ended)
    assert (phase(done), pipeline_of(done).phase) == ("Failed", PipelinePhase.FAILED)


async def test_attempts_that_failed_stay_in_the_progress_of_a_success(space: Space) -> None:
    flaky = script("flaky", "exit $((1 - {{retries}}))", retryStrategy={"limit": 2})
    done = await run(space, workflow("retried", flaky))
    assert (phase(done), at(done, "status", "progress")) == ("Succeeded", "1/2")
    steps = pipeline_of(done).steps
    assert [(step.name, step.phase, step.exit_code) for step in steps] == [("flaky", StepPhase.SUCCEEDED, None)]


async def test_a_workflow_is_removed_when_its_time_has_passed(space: Space) -> None:
    async with space.story("Workflow", "brief") as story:
        await space.create(workflow("brief", script("make", "true"), ttlStrategy={"secondsAfterCompletion": 1}))
        await story.until_deleted()
    assert phase(story.seen[-1]) == "Succeeded"


async def test_a_workflow_that_waits_for_a_person_shows_so_in_no_phase(space: Space) -> None:
    seen = await suspended(space, "quiet")
    assert phase(seen) == "Running"
    assert mapping(seen, "status").get("message", "") == ""
    assert pipeline_of(seen).phase is PipelinePhase.RUNNING
