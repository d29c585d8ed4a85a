"""What the rollouts controller does with blue-green: its gate, the way back, and how a change of strategy opens it."""

from typing import Any

import pytest

from integrations.kubernetes.fields import Obj, annotation, at, text
from tests.bed.facts.manifests import PAUSE, blue_green, canary, rollout, service, template, weight
from tests.bed.facts.objects import Space
from tests.bed.facts.states import current, is_degraded, is_healthy, message, paused, reasons, stable

pytestmark = pytest.mark.bed

HASH = "rollouts-pod-template-hash"


async def services(space: Space, name: str) -> None:
    for side in ("active", "preview"):
        await space.create(service(f"{name}-{side}", name))


async def release(space: Space, name: str, version: str, **spec: object) -> None:
    await space.merge("Rollout", name, {"spec": {"template": template(name, version), **spec}})


async def at_gate(space: Space, name: str, *, delay: int = 30, **spec: Any) -> Obj:
    """Bring version 1 up and version 2 to the gate."""
    await services(space, name)
    await space.create(rollout(name, blue_green(name, delay=delay), **spec))
    await space.until("Rollout", name, is_healthy)
    await release(space, name, "v2")
    return await space.until("Rollout", name, paused())


async def promote(space: Space, name: str) -> Obj:
    await space.merge("Rollout", name, {"status": {"pauseConditions": None}}, part="status")
    return await space.until("Rollout", name, is_healthy)


async def selected(space: Space, name: str) -> str:
    """Return the hash that a Service selects."""
    return text(await space.get("Service", name), "spec", "selector", HASH)


async def test_a_new_version_waits_with_the_active_service_on_the_old_one(space: Space) -> None:
    waiting = await at_gate(space, "gate")
    assert reasons(waiting) == ["BlueGreenPause"]
    assert "currentStepIndex" not in at(waiting, "status")
    assert await selected(space, "gate-active") == stable(waiting)
    assert await selected(space, "gate-preview") == current(waiting)


async def test_a_promote_moves_the_active_service(space: Space) -> None:
    waiting = await at_gate(space, "moved")
    await promote(space, "moved")
    assert await selected(space, "moved-active") == current(waiting)


async def test_an_abort_leaves_the_active_service_alone(space: Space) -> None:
    waiting = await at_gate(space, "aborted")
    await space.merge("Rollout", "aborted", {"status": {"abort": True}}, part="status")
    after = await space.until("Rollout", "aborted", is_degraded)
    assert message(after) == "RolloutAborted: Rollout aborted update to revision 2"
    assert await selected(space, "aborted-active") == stable(waiting)


async def test_going_back_while_the_old_pods_stand_needs_no_gate(space: Space) -> None:
    waiting = await at_gate(space, "quick")
    old = text((await space.all("ReplicaSet", selector=f"{HASH}={stable(waiting)}"))[0], "metadata", "name")
    await promote(space, "quick")
    # Healthy comes before the old pods have their deadline, without which the way back has a gate.
    await space.until("ReplicaSet", old, lambda obj: annotation(obj, "scale-down-deadline") != "")
    async with space.story("Rollout", "quick") as story:
        await release(space, "quick", "v1")
        await story.until(lambda obj: is_healthy(obj) and current(obj) == stable(waiting))
    assert "Paused" not in story.states("status", "phase")
    assert await selected(space, "quick-active") == stable(waiting)


async def test_going_back_after_the_old_pods_are_gone_waits_at_the_gate(space: Space) -> None:
    waiting = await at_gate(space, "slow", delay=1)
    old = (await space.all("ReplicaSet", selector=f"{HASH}={stable(waiting)}"))[0]
    await promote(space, "slow")
    await space.until("ReplicaSet", text(old, "metadata", "name"), lambda obj: at(obj, "spec", "replicas") == 0)
    await release(space, "slow", "v1")
    again = await space.until("Rollout", "slow", paused(unlike=current(waiting)))
    assert reasons(again) == ["BlueGreenPause"]
    assert await selected(space, "slow-active") == current(waiting)


async def test_going_back_inside_a_rollback_window_has_no_gate_either(space: Space) -> None:
    waiting = await at_gate(space, "window", delay=1, rollbackWindow={"revisions": 3})
    old = (await space.all("ReplicaSet", selector=f"{HASH}={stable(waiting)}"))[0]
    await promote(space, "window")
    await space.until("ReplicaSet", text(old, "metadata", "name"), lambda obj: at(obj, "spec", "replicas") == 0)
    async with space.story("Rollout", "window") as story:
        await release(space, "window", "v1")
        await story.until(lambda obj: is_healthy(obj) and current(obj) == stable(waiting))
    assert "Paused" not in story.states("status", "phase")


async def test_the_old_pods_carry_their_deadline_while_they_stand(space: Space) -> None:
    waiting = await at_gate(space, "dated")
    await promote(space, "dated")
    name = text((await space.all("ReplicaSet", selector=f"{HASH}={stable(waiting)}"))[0], "metadata", "name")
    await space.until("ReplicaSet", name, lambda obj: annotation(obj, "scale-down-deadline") != "")


async def test_a_newer_version_takes_the_place_of_the_one_at_the_gate(space: Space) -> None:
    waiting = await at_gate(space, "newer")
    await release(space, "newer", "v3")
    again = await space.until("Rollout", "newer", paused(unlike=current(waiting)))
    assert await selected(space, "newer-active") == stable(waiting)
    assert await selected(space, "newer-preview") == current(again)


async def test_a_new_strategy_together_with_a_new_version_skips_the_gate(space: Space) -> None:
    await services(space, "together")
    await space.create(rollout("together", canary(weight(50), PAUSE)))
    before = await space.until("Rollout", "together", is_healthy)
    async with space.story("Rollout", "together") as story:
        await release(space, "together", "v2", strategy={**blue_green("together"), "canary": None})
        after = await story.until(lambda obj: is_healthy(obj) and current(obj) != current(before))
    assert "Paused" not in story.states("status", "phase")
    assert await selected(space, "together-active") == current(after)


async def test_a_new_strategy_released_with_the_old_version_first_keeps_the_gate(space: Space) -> None:
    await services(space, "apart")
    await space.create(rollout("apart", canary(weight(50), PAUSE)))
    before = await space.until("Rollout", "apart", is_healthy)
    await space.merge("Rollout", "apart", {"spec": {"strategy": {**blue_green("apart"), "canary": None}}})
    await space.until(
        "Rollout", "apart", lambda obj: text(obj, "status", "blueGreen", "activeSelector") == stable(before)
    )
    await release(space, "apart", "v2")
    waiting = await space.until("Rollout", "apart", paused())
    assert reasons(waiting) == ["BlueGreenPause"]
    assert await selected(space, "apart-active") == stable(before)


async def test_a_missing_service_is_said_and_heals_by_itself(space: Space) -> None:
    await space.create(service("heals-preview", "heals"))
    await space.create(rollout("heals", blue_green("heals")))
    ill = await space.until("Rollout", "heals", is_degraded)
    assert message(ill).startswith("InvalidSpec: ")
    assert 'service "heals-active" not found' in message(ill)
    await space.create(service("heals-active", "heals"))
    await space.until("Rollout", "heals", is_healthy)
