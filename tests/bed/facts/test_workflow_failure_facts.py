"""How Argo Workflows says that a step failed, what is left of its logs, and what the product makes of both."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commands.core.failure import explain
from commands.core.observed import PipelinePhase, StepPhase
from integrations.kubernetes.fields import Obj, at, text
from integrations.kubernetes.workflows import pipeline_of
from tests.bed.facts.controllers import Controller, workflow_controller, workflow_settings
from tests.bed.facts.manifests import dag, script, workflow
from tests.bed.facts.objects import Space
from tests.bed.facts.product import Product
from tests.bed.facts.states import ended, message, node, nodes, phase

pytestmark = [pytest.mark.bed, pytest.mark.usefixtures("executor")]

TASK = {"name": "build", "template": "make"}
DEADLINE = {
    ("Step exceeded its deadline", None, "deadline-exceeded"),
    ("Pod was active on the node longer than the specified deadline", None, "deadline-exceeded"),
}
"""The controller and the kubelet both watch the time; the first to notice says it in its own words."""
EATER = 'eaten=x; while true; do eaten="$eaten$eaten"; done'


def pipeline(name: str, step: Obj, **spec: object) -> Obj:
    return workflow(name, dag("all", TASK), step, **spec)


async def run(space: Space, made: Obj) -> Obj:
    await space.create(made)
    return await space.until("Workflow", text(made, "metadata", "name"), ended)


async def test_a_step_that_fails_says_its_exit_code_and_the_workflow_says_nothing(space: Space) -> None:
    done = await run(space, pipeline("code", script("make", "exit 12")))
    assert (phase(done), message(done), at(done, "status", "progress")) == ("Failed", "", "0/1")
    assert node(done, "build")["message"] == "main: Error (exit code 12)"
    step = pipeline_of(done).failed_step
    assert step is not None
    assert (step.name, step.exit_code, step.message) == ("build", 12, "main: Error (exit code 12)")


def told(done: Obj) -> tuple[str, int | None, str]:
    """Return what the product says of a failure without a log: message, exit code and cause."""
    seen = pipeline_of(done)
    why = explain(seen.failed_step, message=seen.message, log=())
    return why.message, why.exit_code, why.cause


async def test_a_step_that_eats_all_memory_says_so(space: Space) -> None:
    step = script("make", EATER)
    step["container"]["resources"] = {"limits": {"memory": "96Mi"}}
    done = await run(space, pipeline("eater", step))
    assert told(done) == ("main: OOMKilled (exit code 137)", 137, "out-of-memory")


async def test_a_step_past_its_deadline_has_no_exit_code(space: Space) -> None:
    done = await run(space, pipeline("late", script("make", "sleep 600", activeDeadlineSeconds=4)))
    assert (phase(done), message(done)) == ("Failed", "")
    assert told(done) in DEADLINE


async def test_a_workflow_past_its_deadline_fails_its_running_step(space: Space) -> None:
    done = await run(space, pipeline("overdue", script("make", "sleep 600"), activeDeadlineSeconds=4))
    assert (phase(done), message(done)) == ("Failed", "")
    assert told(done) in DEADLINE


async def test_a_step_whose_image_never_came_says_at_the_deadline_nothing_of_the_image(space: Space) -> None:
    step = script("make", "true")
    step["container"]["image"] = "127.0.0.1:1/nothing:1"
    done = await run(space, pipeline("imageless", step, activeDeadlineSeconds=4))
    assert told(done) in DEADLINE


IMAGES = {"never": ("registry.local/nothing:1", "Never"), "absent": ("127.0.0.1:1/nothing:1", "IfNotPresent")}
SAID = {"never": "ErrImageNeverPull: ", "absent": "ErrImagePull: "}
"""Of the second also as the cause in "ImagePullBackOff: Back-off pulling image …: ErrImagePull: …"."""


@pytest.mark.parametrize("why", IMAGES)
async def test_an_image_that_cannot_be_had_fails_nothing_and_is_said_while_the_step_waits(
    space: Space, why: str
) -> None:
    name, step = f"image-{why}", script("make", "true")
    image, policy = IMAGES[why]
    step["container"] |= {"image": image, "imagePullPolicy": policy}
    await space.create(pipeline(name, step))
    seen = await space.until("Workflow", name, lambda obj: SAID[why] in text(node(obj, "build"), "message"))
    assert (phase(seen), node(seen, "build")["phase"]) == ("Running", "Pending")
    waiting = pipeline_of(seen)
    assert (waiting.phase, waiting.steps[0].phase) == (PipelinePhase.RUNNING, StepPhase.PENDING)
    assert SAID[why] in waiting.steps[0].message


async def test_the_cause_that_a_step_names_itself_reaches_the_person(space: Space, product: Product) -> None:
    said = '{"cause": "test-failed", "evidence": "3 of 90 tests failed"}'
    await space.create(pipeline("caused", script("make", f"echo working; echo '{said}'; exit 3")))
    seen = await product.pipeline("caused", lambda each: each.phase is PipelinePhase.FAILED)
    log = await product.pipelines.log(product.place("caused"), name="caused", step="build")
    why = explain(seen.failed_step, message=seen.message, log=log)
    assert (why.step, why.exit_code, why.cause, why.message) == ("build", 3, "test-failed", "3 of 90 tests failed")
    assert why.lines == ("working",)


async def test_logs_of_failed_steps_stay_where_only_successful_pods_are_removed(space: Space, product: Product) -> None:
    good = {"name": "good", "template": "fine"}
    bad = {"name": "bad", "template": "poor", "depends": "good.Succeeded"}
    made = workflow(
        "kept",
        dag("all", good, bad),
        script("fine", "echo fine"),
        script("poor", "echo poor; exit 1"),
        podGC={"strategy": "OnPodSuccess"},
    )
    done = await run(space, made)
    gone = f"kept-fine-{node(done, 'good')['id'].rpartition('-')[2]}"
    await space.until_gone("Pod", gone)
    place = product.place("kept")
    assert await product.pipelines.log(place, name="kept", step="bad") == ("poor",)
    assert await product.pipelines.log(place, name="kept", step="good") == ()


@pytest.fixture(scope="module")
def small(
    namespace: str, kubeconfig: Path, put: Callable[[Obj], None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Controller]:
    """Run a controller that packs the nodes of whatever is larger than a few kilobytes."""
    put(workflow_settings(namespace))
    log = tmp_path_factory.mktemp("controller") / "workflows.log"
    environment = {"MAX_WORKFLOW_SIZE": "12000"}
    made = workflow_controller(namespace=namespace, kubeconfig=kubeconfig, environment=environment, log=log)
    with made.running():
        yield made


async def test_the_product_reads_the_nodes_of_a_workflow_that_grew_too_large(space: Space, small: Controller) -> None:
    tasks = [{"name": f"task-{number}", "template": "make", "when": "1 == 2"} for number in range(40)]
    made = small.own(workflow("large", dag("all", *tasks, TASK), script("make", "exit 4")))
    done = await run(space, made)
    assert nodes(done) == []
    assert text(done, "status", "compressedNodes")
    seen = pipeline_of(done)
    assert [step.phase for step in seen.steps] == [StepPhase.SKIPPED] * 40 + [StepPhase.FAILED]
    assert seen.failed_step is not None
    assert seen.failed_step.exit_code == 4
