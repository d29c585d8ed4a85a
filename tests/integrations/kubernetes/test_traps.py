"""The traps of the controllers, with what the plugin sends, which falls in, and what Slipway sends, which does not.

The controllers are the playground's; on the bed the same is asked of the real ones (tests/bed/facts).
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from commands.core.acts import expected_of, possible
from commands.core.model import Action, Deployment, Place, Stage
from commands.core.observed import RolloutSnapshot
from commands.core.ports import PatchOutcome
from integrations.kubernetes.rollouts import project_replica_set, project_rollout, snapshot_of
from integrations.kubernetes.rollouts_port import KubernetesRollouts
from tests import make
from tests.integrations.kubernetes.bench import Bench, running
from tests.playground.argo.beds import PAUSE, W50, Cluster, canary, rollout

WEB = Place(cluster="main", namespace="staging", app="web")
TWO_PAUSES = canary(W50, PAUSE, PAUSE, {"setWeight": 75}, PAUSE)
TIMES = int(os.environ.get("RACE_TRIES", "10"))
"""How often each race is run; fifty times before it is changed."""
"""How often what runs at once is tried before it is believed."""


@asynccontextmanager
async def cluster_and_ports(folder: Path) -> AsyncIterator[tuple[Cluster, KubernetesRollouts, Bench]]:
    """Run the controllers over a store, with a Rollout of deployment 142, and the product's ports on it."""
    async with Cluster() as cluster, running(folder, store=cluster.store) as bench:
        made: dict[str, Any] = rollout(TWO_PAUSES)
        made["metadata"]["labels"] = {"slipway/app": "web", "slipway/deployment": "142"}
        await cluster.first(made)
        yield cluster, bench.rollouts, bench


async def at_pause(cluster: Cluster, rollouts: KubernetesRollouts, bench: Bench, index: int = 1) -> RolloutSnapshot:
    await cluster.paused(index)
    return await sees(
        rollouts,
        bench,
        lambda seen: seen.is_current and seen.step_index == index and bool(seen.pause) and not seen.is_held,
    )


async def sees(rollouts: KubernetesRollouts, bench: Bench, holds: Callable[[RolloutSnapshot], bool]) -> RolloutSnapshot:
    """Wait until the product sees it."""

    def is_seen() -> bool:
        seen = rollouts.snapshot(WEB)
        return seen is not None and holds(seen)

    await bench.until(is_seen)
    seen = rollouts.snapshot(WEB)
    assert seen is not None
    return seen


def at_this_moment(cluster: Cluster) -> RolloutSnapshot:
    """Return what the product would see now, before any controller has had its turn."""
    sets = (project_replica_set(each) for each in cluster.store.list("ReplicaSet", WEB.namespace))
    return snapshot_of(project_rollout(cluster.web), [each for each in sets if each is not None])


def row(seen: RolloutSnapshot) -> Deployment:
    return make.deployment(app="web", place=WEB, stage=Stage.ROLLING_OUT, rollout=seen)


async def test_two_promotes_of_the_plugin_skip_a_pause_and_two_of_slipways_do_not(tmp_path: Path) -> None:
    async with cluster_and_ports(tmp_path) as (cluster, rollouts, bench):
        cluster.deploy("v2")
        await at_pause(cluster, rollouts, bench)
        cluster.patch_status(pauseConditions=None)
        cluster.patch_status(pauseConditions=None, currentStepIndex=2)
        await at_pause(cluster, rollouts, bench, 4)  # The pause at 2 was skipped.

        cluster.deploy("v3")
        seen = await at_pause(cluster, rollouts, bench)
        expected = expected_of(seen, Action.PROMOTE)
        outcomes = [await rollouts.patch(WEB, action=Action.PROMOTE, expected=expected) for _ in range(2)]
        assert outcomes == [PatchOutcome.APPLIED, PatchOutcome.CHANGED]
        await at_pause(cluster, rollouts, bench, 2)


@pytest.mark.timeout(240)
async def test_twenty_promotes_at_once_move_one_step(tmp_path: Path) -> None:
    async with cluster_and_ports(tmp_path) as (cluster, rollouts, bench):
        for time in range(TIMES):
            cluster.deploy(f"v{time + 2}")
            seen = await at_pause(cluster, rollouts, bench)
            expected = expected_of(seen, Action.PROMOTE)
            outcomes = await asyncio.gather(
                *(rollouts.patch(WEB, action=Action.PROMOTE, expected=expected) for _ in range(20))
            )
            assert sorted(outcomes) == [PatchOutcome.APPLIED, *[PatchOutcome.CHANGED] * 19]
            await at_pause(cluster, rollouts, bench, 2)


@pytest.mark.timeout(240)
async def test_two_approvers_at_once_one_promotes_and_one_aborts_and_the_abort_wins(tmp_path: Path) -> None:
    async with cluster_and_ports(tmp_path) as (cluster, rollouts, bench):
        for time in range(TIMES):
            cluster.deploy(f"v{time + 2}")
            seen = await at_pause(cluster, rollouts, bench)
            outcomes = await asyncio.gather(
                *(
                    rollouts.patch(WEB, action=action, expected=expected_of(seen, action))
                    for action in (Action.PROMOTE, Action.ABORT)
                )
            )
            assert outcomes[1] is PatchOutcome.APPLIED, "an abort needs no pause to be there"
            await sees(rollouts, bench, lambda now: now.is_aborted)


@pytest.mark.parametrize(("action", "flag"), [(Action.FULL, "promoteFull"), (Action.ABORT, "abort")])
async def test_what_is_sent_before_the_template_is_observed_is_lost_so_slipway_offers_and_sends_nothing(
    tmp_path: Path, action: Action, flag: str
) -> None:
    async with cluster_and_ports(tmp_path) as (cluster, rollouts, bench):
        cluster.deploy("v2")
        cluster.patch_status(**{flag: True})
        before = await at_pause(cluster, rollouts, bench)
        assert not cluster.status.get(flag), "the plugin's was accepted and lost"

        cluster.deploy("v3")
        unobserved = at_this_moment(cluster)
        assert not unobserved.is_current
        assert possible(row(unobserved)) == ()
        seen = await sees(
            rollouts, bench, lambda now: now.is_current and now.current_hash != before.current_hash and bool(now.pause)
        )
        assert action in {each.action for each in possible(row(seen))}
        assert await rollouts.patch(WEB, action=action, expected=expected_of(seen, action)) is PatchOutcome.APPLIED
        await sees(rollouts, bench, lambda now: now.is_aborted if action is Action.ABORT else now.is_done)


@pytest.mark.parametrize("action", [Action.PROMOTE, Action.FULL])
async def test_a_promote_of_a_held_rollout_is_lost_in_the_plugins_order_and_not_in_slipways(
    tmp_path: Path, action: Action
) -> None:
    async with cluster_and_ports(tmp_path) as (cluster, rollouts, bench):
        cluster.deploy("v2")
        await at_pause(cluster, rollouts, bench)
        cluster.patch({"spec": {"paused": True}})
        await sees(rollouts, bench, lambda now: now.is_current and now.is_held)
        if action is Action.PROMOTE:
            cluster.patch_status(pauseConditions=None)
            await cluster.until(lambda: "controllerPause" not in cluster.status, "it was looked at")
            cluster.patch({"spec": {"paused": None}})
            await at_pause(cluster, rollouts, bench)  # It stands where it stood.
            cluster.patch({"spec": {"paused": True}})
        held = await sees(rollouts, bench, lambda now: now.is_current and now.is_held)
        assert await rollouts.patch(WEB, action=action, expected=expected_of(held, action)) is PatchOutcome.APPLIED
        if action is Action.FULL:
            await sees(rollouts, bench, lambda now: now.is_done)
        else:
            await at_pause(cluster, rollouts, bench, 2)


async def test_an_abort_of_what_is_through_is_dropped_so_slipway_does_not_offer_it(tmp_path: Path) -> None:
    async with cluster_and_ports(tmp_path) as (cluster, rollouts, bench):
        cluster.patch_status(abort=True)
        await cluster.until(lambda: "abort" not in cluster.status, "it is dropped")
        done = await sees(rollouts, bench, lambda now: now.is_done)
        assert not {Action.ABORT, Action.FULL, Action.PROMOTE} & {each.action for each in possible(row(done))}
        for action in (Action.ABORT, Action.FULL):
            expected = expected_of(done, action)
            assert await rollouts.patch(WEB, action=action, expected=expected) is PatchOutcome.CHANGED


async def test_an_act_on_one_template_does_not_reach_the_next(tmp_path: Path) -> None:
    async with cluster_and_ports(tmp_path) as (cluster, rollouts, bench):
        cluster.deploy("v2")
        seen = await at_pause(cluster, rollouts, bench)
        cluster.deploy("v3")
        newer = await sees(
            rollouts, bench, lambda now: now.is_current and now.current_hash != seen.current_hash and bool(now.pause)
        )
        for action in (Action.PROMOTE, Action.FULL, Action.ABORT):
            expected = expected_of(seen, action)
            assert await rollouts.patch(WEB, action=action, expected=expected) is PatchOutcome.CHANGED
        after = await rollouts.read(WEB)
        assert after is not None
        assert (after.step_index, after.is_aborted, after.is_full) == (newer.step_index, False, False)
