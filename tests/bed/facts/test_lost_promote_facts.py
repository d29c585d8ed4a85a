"""The promote that controllers before 1.10 lose when it comes right after the pause, and the product's cure.

A controller of that age is started beside the bed's; only objects with its instance id are its own. A loss is a
matter of milliseconds, so each delay is tried several times: LOST_PROMOTE_TRIES says how often.
"""

import asyncio
import os
import sys
from collections.abc import Coroutine, Iterable, Iterator
from pathlib import Path

import pytest

from commands.core.acts import is_waiting
from commands.core.model import Action
from commands.core.ports import PatchOutcome
from integrations.kubernetes.fields import Obj, annotation, at, text
from integrations.kubernetes.nudges import ANNOTATION, PATIENCE
from integrations.kubernetes.phases import is_observed, is_unpausing
from tests.bed.facts.controllers import Controller, rollouts_controller
from tests.bed.facts.manifests import PAUSE, canary, rollout, template, weight
from tests.bed.facts.objects import Check, Space, Story
from tests.bed.facts.product import Product
from tests.bed.facts.states import is_degraded, is_healthy, paused, step

AT_ONCE = 6
TRIES = int(os.environ.get("LOST_PROMOTE_TRIES", "6"))

pytestmark = [pytest.mark.bed, pytest.mark.timeout(60 + 5 * TRIES)]

STEPS = canary(weight(25), PAUSE, weight(50), PAUSE)
DELAY = 0.05
"""Seconds after the pause is seen at which this controller loses nearly every promote."""
SLACK = 3.0
"""What the controller, the watches and a busy machine may take on top of the product's patience."""


def has_moved(obj: Obj) -> bool:
    return is_observed(obj) and step(obj) in {2, 3}


EFFECTS: dict[Action, Check] = {Action.PROMOTE: has_moved, Action.FULL: is_healthy, Action.ABORT: is_degraded}


@pytest.fixture(scope="module")
def controller(namespace: str, kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    log = tmp_path_factory.mktemp("controller") / "rollouts-1.9.log"
    made = rollouts_controller("rollouts-controller-1.9", namespace=namespace, kubeconfig=kubeconfig, log=log)
    with made.running():
        yield made


async def at_pause(space: Space, story: Story, made: Obj) -> None:
    """Bring version 2 to its first pause and return as soon as it is visible."""
    name = made["metadata"]["name"]
    await space.create(made)
    await story.until(is_healthy)
    # A release right after the first version is up can be lost just as well.
    await story.until_quiet()
    await space.merge("Rollout", name, {"spec": {"template": template(name, "v2")}})
    await story.until(paused(1))


async def is_lost(space: Space, controller: Controller, name: str) -> bool:
    """Promote right after the pause, and say whether the controller did something else instead."""
    async with space.story("Rollout", name) as story:
        await at_pause(space, story, controller.own(rollout(name, STEPS)))
        await asyncio.sleep(DELAY)
        await space.merge("Rollout", name, {"status": {"pauseConditions": None}}, part="status")
    # Another one comes all the way up meanwhile: the controller is not just slow.
    await space.create(controller.own(rollout(f"{name}-after", STEPS)))
    await space.until("Rollout", f"{name}-after", is_healthy)
    seen = await space.get("Rollout", name)
    return is_unpausing(seen) and step(seen) == 1


async def test_an_old_controller_loses_a_promote_right_after_the_pause_until_the_next_event(
    space: Space, controller: Controller
) -> None:
    lost = ""
    for attempt in range(TRIES):
        lost = lost or (f"lost-{attempt}" if await is_lost(space, controller, f"lost-{attempt}") else "")
    assert lost, f"none of {TRIES} was lost"
    await space.merge("Rollout", lost, {"metadata": {"annotations": {"any": "event"}}})
    await space.until("Rollout", lost, paused(3), seconds=SLACK)


async def acted(space: Space, product: Product, made: Obj, *, action: Action, delay: float = DELAY) -> Obj:
    """Act through the product so long after the pause, and return the Rollout when the act has its effect."""
    name = made["metadata"]["name"]
    async with space.story("Rollout", name) as story:
        await at_pause(space, story, made)
        seen = await product.rollout(name, is_waiting)
        await asyncio.sleep(delay)
        assert await product.act(action, seen) is PatchOutcome.APPLIED
        done = await story.until(EFFECTS[action], seconds=PATIENCE + SLACK)
    await space.delete("Rollout", name)
    return done


async def all_of(tries: Iterable[Coroutine[None, None, Obj]]) -> list[Obj]:
    """Try some at a time: a node has room for a hundred pods."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(attempt: Coroutine[None, None, Obj]) -> Obj:
        async with room:
            return await attempt

    done = await asyncio.gather(*map(one, tries), return_exceptions=True)
    failure = next((each for each in done if isinstance(each, BaseException)), None)
    if failure is not None:
        raise failure
    return [each for each in done if isinstance(each, dict)]


def was_nudged(obj: Obj) -> bool:
    return annotation(obj, ANNOTATION) != ""


@pytest.mark.parametrize("milliseconds", [0, 20, 50, 100])
async def test_the_product_brings_an_old_controller_to_do_a_promote_that_it_lost(
    space: Space, controller: Controller, product: Product, milliseconds: int
) -> None:
    made = [controller.own(rollout(f"promote-{milliseconds}-{number}", STEPS)) for number in range(TRIES)]
    delay = milliseconds / 1000
    done = await all_of(acted(space, product, each, action=Action.PROMOTE, delay=delay) for each in made)
    nudged = sum(was_nudged(each) for each in done)
    sys.stdout.write(f"at {milliseconds} ms {nudged} of {TRIES} needed a nudge, and none was left hanging\n")
    assert nudged or delay != DELAY, f"none of {TRIES} needed a nudge"


@pytest.mark.parametrize("action", [Action.FULL, Action.ABORT])
async def test_the_product_brings_an_old_controller_to_do_every_act_right_after_the_pause(
    space: Space, controller: Controller, product: Product, action: Action
) -> None:
    made = [controller.own(rollout(f"{action}-{number}", STEPS)) for number in range(TRIES)]
    await all_of(acted(space, product, each, action=action) for each in made)


async def test_an_abort_has_a_time_from_the_moment_at_which_the_controller_acts_on_it(
    space: Space, controller: Controller
) -> None:
    async with space.story("Rollout", "timeless") as story:
        await at_pause(space, story, controller.own(rollout("timeless", STEPS)))
        await story.until_quiet()
        await space.merge("Rollout", "timeless", {"status": {"abort": True}}, part="status")
        await story.until(is_degraded)
    unseen = [each for each in story.seen if at(each, "status", "abort") and not at(each, "status", "abortedAt")]
    assert {text(each, "status", "phase") for each in unseen} == {"Paused"}
    assert text(story.seen[-1], "status", "abortedAt") != ""


@pytest.mark.parametrize("action", EFFECTS)
async def test_the_newer_controller_of_the_bed_loses_nothing(space: Space, product: Product, action: Action) -> None:
    tries = [(rollout(f"kept-{action}-{number}", STEPS), 2 * DELAY * number / TRIES) for number in range(TRIES)]
    done = await all_of(acted(space, product, made, action=action, delay=delay) for made, delay in tries)
    assert not any(was_nudged(each) for each in done)
