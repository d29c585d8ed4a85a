"""What arrives at the rollouts controller while it looks away: it sees the sum, and some of it is lost.

A controller of the tests' own is sent away for that; the bed's leaves its objects alone because of the instance id.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.core.acts import expected_of, is_waiting
from commands.core.model import Action
from commands.core.observed import RolloutSnapshot
from integrations.kubernetes.fields import Obj, at
from integrations.kubernetes.patches import patch_for
from tests.bed.facts.controllers import Controller, rollouts_controller
from tests.bed.facts.manifests import PAUSE, canary, rollout, template, weight
from tests.bed.facts.objects import Space
from tests.bed.facts.product import Product
from tests.bed.facts.states import current, is_degraded, is_gone, is_healthy, paused, step

pytestmark = pytest.mark.bed

# Two pauses in a row: the second of two promotes finds the second of them.
STEPS = canary(weight(20), PAUSE, PAUSE, weight(60), PAUSE)
AWAY = "not-there"


@pytest.fixture(scope="module")
def controller(namespace: str, kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    log = tmp_path_factory.mktemp("controller") / "rollouts.log"
    made = rollouts_controller("rollouts-controller", namespace=namespace, kubeconfig=kubeconfig, log=log)
    with made.running():
        yield made


async def at_first_pause(space: Space, controller: Controller, name: str) -> Obj:
    await space.create(controller.own(rollout(name, STEPS)))
    await space.until("Rollout", name, is_healthy)
    await release(space, name, "v2")
    return await space.until("Rollout", name, paused(1))


async def release(space: Space, name: str, version: str) -> None:
    await space.merge("Rollout", name, {"spec": {"template": template(name, version)}})


async def set_status(space: Space, name: str, **status: object) -> None:
    await space.merge("Rollout", name, {"status": status}, part="status")


async def send(space: Space, action: Action, on: RolloutSnapshot) -> int:
    """Send the product's patch for an act on what was seen, and return the answer's code."""
    operations = patch_for(action, expected_of(on, action))
    return (await space.json_patch("Rollout", on.name, operations, part="status")).status


async def test_nobody_else_takes_what_has_an_instance_id(space: Space, controller: Controller) -> None:
    stranger = rollout("stranger", STEPS)
    stranger["metadata"]["labels"]["argo-rollouts.argoproj.io/controller-instance-id"] = AWAY
    await space.create(stranger)
    # By the time that a younger one is up, an older one would have been seen.
    await space.create(controller.own(rollout("own", STEPS)))
    await space.create(rollout("common", STEPS))
    await space.until("Rollout", "own", is_healthy)
    await space.until("Rollout", "common", is_healthy)
    assert at(await space.get("Rollout", "stranger"), "status") is None


async def test_two_promotes_of_the_vendors_kind_skip_the_next_pause(space: Space, controller: Controller) -> None:
    await at_first_pause(space, controller, "twice")
    with controller.away():
        await set_status(space, "twice", pauseConditions=None)
        await set_status(space, "twice", pauseConditions=None, currentStepIndex=2)
    after = await space.until("Rollout", "twice", lambda obj: paused()(obj) and step(obj) != 1)
    assert step(after) == 4


async def test_two_promotes_of_the_product_are_one(space: Space, controller: Controller, product: Product) -> None:
    await at_first_pause(space, controller, "once")
    seen = await product.rollout("once", is_waiting)
    with controller.away():
        assert [await send(space, Action.PROMOTE, seen), await send(space, Action.PROMOTE, seen)] == [200, 422]
    after = await space.until("Rollout", "once", lambda obj: paused()(obj) and step(obj) != 1)
    assert step(after) == 2


@pytest.mark.parametrize("act", ["promoteFull", "abort"])
async def test_an_act_between_a_release_and_its_observation_is_lost(
    space: Space, controller: Controller, act: str
) -> None:
    name = f"early-{act.lower()}"
    before = await at_first_pause(space, controller, name)
    with controller.away():
        await release(space, name, "v3")
        await set_status(space, name, **{act: True})
    after = await space.until("Rollout", name, paused(1, unlike=current(before)))
    assert at(after, "status", act) is None


@pytest.mark.parametrize("action", [Action.PROMOTE, Action.FULL, Action.ABORT])
async def test_the_product_sends_no_act_between_a_release_and_its_observation(
    space: Space, controller: Controller, product: Product, action: Action
) -> None:
    name = f"refused-{action}"
    before = await at_first_pause(space, controller, name)
    seen = await product.rollout(name, is_waiting)
    with controller.away():
        await release(space, name, "v3")
        assert await send(space, action, seen) == 422
        newer = await product.rollouts.read(product.place(name))
        assert newer is not None
        assert not newer.is_current
    await space.until("Rollout", name, paused(1, unlike=current(before)))


async def test_an_abort_after_a_promote_that_nobody_saw_wins(
    space: Space, controller: Controller, product: Product
) -> None:
    await at_first_pause(space, controller, "both")
    seen = await product.rollout("both", is_waiting)
    with controller.away():
        assert [await send(space, Action.PROMOTE, seen), await send(space, Action.ABORT, seen)] == [200, 200]
    await space.until("Rollout", "both", is_degraded)


async def test_going_to_the_end_after_an_abort_that_nobody_saw_is_refused(
    space: Space, controller: Controller, product: Product
) -> None:
    await at_first_pause(space, controller, "stopped")
    seen = await product.rollout("stopped", is_waiting)
    with controller.away():
        assert [await send(space, Action.ABORT, seen), await send(space, Action.FULL, seen)] == [200, 422]
    await space.until("Rollout", "stopped", is_degraded)


async def test_a_newer_release_over_an_unseen_one_leaves_no_trace_of_it(space: Space, controller: Controller) -> None:
    before = await at_first_pause(space, controller, "newest")
    with controller.away():
        await release(space, "newest", "v3")
        await release(space, "newest", "v4")
    await space.until("Rollout", "newest", is_gone(current(before)))
    images = [
        at(each, "spec", "template", "spec", "containers")[0]["image"]
        for each in await space.all("ReplicaSet", selector="app=newest")
    ]
    assert sorted(images) == ["registry.local/app:v1", "registry.local/app:v2", "registry.local/app:v4"]
