"""What the rollouts controller does with measurements at a step: each outcome, what it says, and the way on."""

from collections.abc import Callable

import pytest

from commands.core.observed import PauseReason, RolloutPhase
from integrations.kubernetes.fields import Obj, at, mapping, mappings, text
from tests.bed.facts.manifests import (
    PAUSE,
    analysis,
    canary,
    job,
    measurement,
    pod,
    rollout,
    service,
    template,
    web,
    weight,
)
from tests.bed.facts.objects import Space
from tests.bed.facts.product import Product
from tests.bed.facts.states import is_degraded, is_healthy, message, paused, reasons, step

pytestmark = pytest.mark.bed

NOBODY = "http://127.0.0.1:1/"
LIMITS = {"successCondition": "result < 3", "failureCondition": "result > 7"}
"""Of the numbers served: 1 is good, 9 is bad, 5 is neither."""
NUMBERS = """
mkdir -p /tmp/www; cd /tmp/www
for n in 1 5 9; do echo "{\\"value\\": $n}" >$n; done
exec httpd -f -p 8080
"""


async def numbers(space: Space, name: str) -> str:
    """Serve numbers in a pod behind a Service, and return its address."""
    await space.create(pod(name, NUMBERS))
    made = await space.create(service(name, name))
    await space.until("Pod", name, is_ready)
    return f"http://{text(made, 'spec', 'clusterIP')}"


def is_ready(obj: Obj) -> bool:
    conditions = {text(each, "type"): text(each, "status") for each in mappings(obj, "status", "conditions")}
    return conditions.get("Ready") == "True"


async def measured(space: Space, name: str, provider: Obj, **metric: object) -> None:
    """Release version 2 over version 1, with one measurement and then a pause on its way."""
    await space.create(measurement(name, provider, **metric))
    await space.create(rollout(name, canary(weight(50), analysis(name), PAUSE)))
    await space.until("Rollout", name, is_healthy)
    await space.merge("Rollout", name, {"spec": {"template": template(name, "v2")}})


def run(obj: Obj) -> Obj:
    """Return what a Rollout says of the measurement of its step."""
    return mapping(obj, "status", "canary", "currentStepAnalysisRunStatus")


def is_run(phase: str) -> Callable[[Obj], bool]:
    return lambda obj: run(obj).get("status") == phase


async def test_a_job_that_ends_well_lets_the_rollout_go_on(space: Space) -> None:
    async with space.story("Rollout", "job-true") as story:
        await measured(space, "job-true", job("/bin/true"))
        running = await story.until(is_run("Running"))
        await story.until(paused(2))
    assert (step(running), text(running, "status", "phase")) == (1, "Progressing")


async def test_a_job_that_fails_aborts_the_rollout(space: Space) -> None:
    await measured(space, "job-false", job("/bin/false"))
    after = await space.until("Rollout", "job-false", is_degraded)
    assert message(after) == (
        "RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: "
        'Metric "answer" assessed Failed due to failed (1) > failureLimit (0)'
    )
    assert step(after) == 0


async def test_a_run_is_named_after_the_template_the_revision_and_the_step(space: Space) -> None:
    await measured(space, "named", job("/bin/true"))
    seen = await space.until("Rollout", "named", is_run("Running"))
    assert run(seen)["name"] == f"named-{text(seen, 'status', 'currentPodHash')}-2-1"
    labels = at(await space.get("AnalysisRun", run(seen)["name"]), "metadata", "labels")
    assert (labels["rollout-type"], labels["step-index"]) == ("Step", "1")


async def test_a_run_has_an_empty_status_at_first_and_leaves_the_rollout_after_the_abort(space: Space) -> None:
    async with space.story("Rollout", "leaves") as story:
        await measured(space, "leaves", job("/bin/false"))
        await story.until(lambda obj: is_degraded(obj) and not run(obj))
    statuses = [run(each).get("status") for each in story.seen if run(each)]
    assert statuses[0] == ""
    assert statuses[-1] == "Failed"


async def test_a_good_answer_of_the_web_lets_the_rollout_go_on(space: Space) -> None:
    address = await numbers(space, "good-numbers")
    await measured(space, "good", web(f"{address}/1"), **LIMITS)
    await space.until("Rollout", "good", paused(2))


async def test_a_bad_answer_of_the_web_aborts_the_rollout(space: Space) -> None:
    address = await numbers(space, "bad-numbers")
    await measured(space, "bad", web(f"{address}/9"), **LIMITS)
    after = await space.until("Rollout", "bad", is_degraded)
    assert 'Metric "answer" assessed Failed due to failed (1) > failureLimit (0)' in message(after)


async def test_an_address_that_nobody_answers_aborts_the_rollout_as_an_error(space: Space) -> None:
    await measured(space, "nobody", web(NOBODY), consecutiveErrorLimit=0, **LIMITS)
    async with space.story("Rollout", "nobody") as story:
        await story.until(is_run("Error"))
        after = await story.until(is_degraded)
    assert 'Metric "answer" assessed Error due to consecutiveErrors (1) > consecutiveErrorLimit (0)' in message(after)
    assert "connection refused" in message(after)


async def inconclusive(space: Space, name: str) -> Obj:
    """Come to the pause of a measurement that says neither good nor bad."""
    address = await numbers(space, f"{name}-numbers")
    await measured(space, name, web(f"{address}/5"), **LIMITS)
    return await space.until("Rollout", name, paused(1))


async def test_an_answer_that_is_neither_pauses_the_rollout(space: Space) -> None:
    seen = await inconclusive(space, "neither")
    assert reasons(seen) == ["InconclusiveAnalysisRun"]
    assert message(seen) == "InconclusiveAnalysisRun"
    assert run(seen)["status"] == "Inconclusive"


async def test_a_plain_promote_of_an_inconclusive_one_measures_again(space: Space) -> None:
    first = await inconclusive(space, "again")
    async with space.story("Rollout", "again") as story:
        await space.merge("Rollout", "again", {"status": {"pauseConditions": None}}, part="status")
        second = await story.until(lambda obj: paused(1)(obj) and run(obj)["name"] != run(first)["name"])
    assert run(second)["name"] == f"{run(first)['name']}.1"


async def test_promote_with_the_next_index_leaves_the_inconclusive_one_behind(space: Space) -> None:
    await inconclusive(space, "behind")
    operations: list[Obj] = [
        {"op": "test", "path": "/status/currentStepIndex", "value": 1},
        {"op": "remove", "path": "/status/pauseConditions"},
        {"op": "add", "path": "/status/controllerPause", "value": False},
        {"op": "replace", "path": "/status/currentStepIndex", "value": 2},
    ]
    assert (await space.json_patch("Rollout", "behind", operations, part="status")).status == 200
    after = await space.until("Rollout", "behind", paused(2))
    assert reasons(after) == ["CanaryPauseStep"]


async def test_the_product_offers_no_promote_of_an_inconclusive_one(space: Space, product: Product) -> None:
    await inconclusive(space, "unsure")
    seen = await product.rollout("unsure", lambda each: each.pause is not None)
    assert seen.pause is not None
    assert seen.pause.reason is PauseReason.INCONCLUSIVE


async def test_the_product_reads_a_failed_measurement_as_an_abort_with_its_reason(
    space: Space, product: Product
) -> None:
    await measured(space, "told", job("/bin/false"))
    seen = await product.rollout("told", lambda each: each.phase is RolloutPhase.DEGRADED)
    assert seen.is_aborted
    assert seen.is_current
    assert seen.message.endswith('Metric "answer" assessed Failed due to failed (1) > failureLimit (0)')


async def test_a_retry_after_a_failed_measurement_starts_at_the_first_step(space: Space) -> None:
    await measured(space, "retried", job("/bin/false"))
    async with space.story("Rollout", "retried") as story:
        first = await story.until(is_run("Running"))
        await story.until(lambda obj: is_degraded(obj) and not run(obj))
        await space.merge("Rollout", "retried", {"status": {"abort": False}}, part="status")
        second = await story.until(is_run("Running"), start=len(story.seen))
    assert run(second)["name"] == f"{run(first)['name']}.1"
    assert step(second) == 1
