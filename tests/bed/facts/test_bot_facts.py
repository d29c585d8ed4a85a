"""The product's patches and snapshots against the real controller: what counts once, and what is never offered."""

import pytest

from commands.core.acts import expected_of, is_waiting
from commands.core.model import Action
from commands.core.observed import RolloutPhase, RolloutSnapshot
from commands.core.ports import PatchOutcome
from integrations.kubernetes.fields import Obj, at
from integrations.kubernetes.patches import patch_for
from integrations.kubernetes.phases import is_observed
from tests.bed.facts.manifests import PAUSE, blue_green, canary, rollout, service, template, weight
from tests.bed.facts.objects import Space
from tests.bed.facts.product import Product
from tests.bed.facts.states import current, is_healthy, paused, phase, step

pytestmark = pytest.mark.bed

STEPS = canary(weight(25), PAUSE, weight(50), PAUSE)


async def release(space: Space, name: str, changed: Obj) -> None:
    await space.merge("Rollout", name, {"spec": {"template": changed}})


async def waiting(space: Space, product: Product, name: str, strategy: Obj = STEPS) -> RolloutSnapshot:
    """Bring version 2 to its first pause, and return what the product sees there."""
    await space.create(rollout(name, strategy))
    await space.until("Rollout", name, is_healthy)
    await release(space, name, template(name, "v2"))
    return await product.rollout(name, is_waiting)


async def send(space: Space, action: Action, on: RolloutSnapshot) -> int:
    operations = patch_for(action, expected_of(on, action))
    return (await space.json_patch("Rollout", on.name, operations, part="status")).status


async def test_a_promote_counts_once(space: Space, product: Product) -> None:
    seen = await waiting(space, product, "once")
    assert [await send(space, Action.PROMOTE, seen), await send(space, Action.PROMOTE, seen)] == [200, 422]
    await space.until("Rollout", "once", paused(3))
    assert await send(space, Action.PROMOTE, seen) == 422


async def test_a_promote_of_a_green_counts_once(space: Space, product: Product) -> None:
    for side in ("active", "preview"):
        await space.create(service(f"green-{side}", "green"))
    seen = await waiting(space, product, "green", blue_green("green"))
    assert seen.step_index is None
    assert [await send(space, Action.PROMOTE, seen), await send(space, Action.PROMOTE, seen)] == [200, 422]
    await space.until("Rollout", "green", is_healthy)


async def test_going_to_the_end_counts_until_it_is_there(space: Space, product: Product) -> None:
    seen = await waiting(space, product, "full")
    assert await send(space, Action.FULL, seen) == 200
    await space.until("Rollout", "full", is_healthy)
    assert await send(space, Action.FULL, seen) == 422


async def test_an_abort_may_be_said_twice(space: Space, product: Product) -> None:
    seen = await waiting(space, product, "stop")
    assert [await send(space, Action.ABORT, seen), await send(space, Action.ABORT, seen)] == [200, 200]
    after = await product.rollout("stop", lambda each: each.phase is RolloutPhase.DEGRADED)
    assert after.is_aborted


async def test_nothing_but_an_abort_is_taken_after_an_abort(space: Space, product: Product) -> None:
    seen = await waiting(space, product, "dead")
    assert await product.act(Action.ABORT, seen) is PatchOutcome.APPLIED
    assert await product.act(Action.FULL, seen) is PatchOutcome.CHANGED
    await product.rollout("dead", lambda each: each.phase is RolloutPhase.DEGRADED)
    assert await product.act(Action.PROMOTE, seen) is PatchOutcome.CHANGED


@pytest.mark.parametrize("action", [Action.PROMOTE, Action.FULL, Action.ABORT])
async def test_no_act_on_a_version_reaches_the_one_after_it(space: Space, product: Product, action: Action) -> None:
    name = f"next-{action}"
    seen = await waiting(space, product, name)
    await release(space, name, template(name, "v3"))
    newer = await product.rollout(name, lambda each: is_waiting(each) and each.current_hash != seen.current_hash)
    assert await product.act(action, seen) is PatchOutcome.CHANGED
    after = await product.rollouts.read(product.place(name))
    assert after == newer


async def test_no_act_reaches_a_rollout_that_was_made_anew(space: Space, product: Product) -> None:
    seen = await waiting(space, product, "anew")
    await space.delete("Rollout", "anew")
    await space.until_gone("Rollout", "anew")
    await space.create(rollout("anew", STEPS))
    assert await product.act(Action.ABORT, seen) is PatchOutcome.CHANGED


async def test_no_act_reaches_a_rollout_that_is_gone(space: Space, product: Product) -> None:
    seen = await waiting(space, product, "gone")
    await space.delete("Rollout", "gone")
    await space.until_gone("Rollout", "gone")
    assert await product.act(Action.PROMOTE, seen) is PatchOutcome.GONE


def other_image(name: str) -> Obj:
    return template(name, "v3")


def other_variable(name: str) -> Obj:
    changed = template(name, "v2")
    changed["spec"]["containers"][0]["env"] = [{"name": "COLOUR", "value": "blue"}]
    return changed


def other_annotation(name: str) -> Obj:
    changed = template(name, "v2")
    changed["metadata"]["annotations"] = {"note": "changed"}
    return changed


CHANGES = {"image": other_image, "variable": other_variable, "annotation": other_annotation}


@pytest.mark.parametrize("what", CHANGES)
async def test_the_old_pause_is_shown_for_the_new_version_and_the_product_is_not_taken_in(
    space: Space, product: Product, what: str
) -> None:
    name = f"trap-{what}"
    seen = await waiting(space, product, name)
    async with space.story("Rollout", name) as story:
        await story.until(paused(1))
        product.seen.clear()
        await release(space, name, CHANGES[what](name))
        await story.until(paused(1, unlike=seen.current_hash))
        after = await product.rollout(name, lambda each: is_waiting(each) and each.current_hash != seen.current_hash)
    traps = [each for each in story.seen if is_trap(each, before=seen)]
    assert traps, "the controller no longer shows the old hash as observed"
    assert {(phase(each), step(each)) for each in traps} == {("Paused", 1)}
    newer = [each for each in product.seen if each.name == name and each.generation > seen.generation]
    assert {each.current_hash for each in newer if is_waiting(each)} == {after.current_hash}


def is_trap(obj: Obj, *, before: RolloutSnapshot) -> bool:
    """Say whether a state has the newest generation as observed, and yet speaks of the version before."""
    is_newer = int(at(obj, "metadata", "generation")) > before.generation
    return is_newer and is_observed(obj) and current(obj) == before.current_hash
