"""Behaviours of the Rollouts controller that no recording holds, and how controllers start and stop."""

from typing import TYPE_CHECKING

import pytest

from playground.argo.runner import Runner
from playground.kubernetes.store import ApiError
from playground.pace import Pace
from tests.playground.argo.beds import PAUSE, SPACE, W50, Cluster, blue_green, canary, rollout, service

if TYPE_CHECKING:
    from playground.argo.names import Obj

STEPS = canary(W50, PAUSE)
HASH = "rollouts-pod-template-hash"


async def test_missing_replicas_become_one() -> None:
    made = rollout(STEPS)
    del made["spec"]["replicas"]
    async with Cluster() as cluster:
        cluster.store.create(made)
        await cluster.healthy()

        assert cluster.web["spec"]["replicas"] == 1
        assert cluster.web["metadata"]["generation"] == 2


async def test_an_empty_active_service_is_never_observed_and_frees_the_service() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(blue_green()))

        cluster.patch({"spec": {"strategy": {"blueGreen": {"activeService": ""}}}})

        await cluster.until(lambda: cluster.get("Service", "web")["spec"]["selector"] == {"app": "web"}, "no hash")
        assert not cluster.observed
        assert cluster.status["phase"] == "Healthy"


async def test_an_invalid_rollout_heals_when_its_service_appears() -> None:
    async with Cluster() as cluster:
        cluster.store.create(rollout(blue_green()))
        cluster.store.create(service("web-preview"))
        await cluster.until(lambda: cluster.status.get("phase") == "Degraded", "Degraded")
        assert cluster.status["message"] == (
            'InvalidSpec: The Rollout "web" is invalid: spec.strategy.blueGreen.activeService: '
            'Invalid value: "web": service "web" not found'
        )

        cluster.store.create(service("web"))

        await cluster.healthy()


async def test_a_blue_green_rollout_scales_both_sides_while_it_waits() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(blue_green()))
        cluster.deploy("v2")
        await cluster.paused()

        cluster.patch({"spec": {"replicas": 3}})

        await cluster.until(lambda: cluster.status.get("replicas") == 6, "six pods")
        assert cluster.status["phase"] == "Paused"


async def test_a_newer_green_replaces_the_one_that_waits() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(blue_green()))
        stable = cluster.status["stableRS"]
        cluster.deploy("v2")
        await cluster.paused()
        second = cluster.status["currentPodHash"]

        cluster.deploy("v3")
        await cluster.until(lambda: cluster.status["currentPodHash"] != second, "the third")
        await cluster.paused()

        await cluster.until(
            lambda: cluster.get("ReplicaSet", f"web-{second}")["status"]["replicas"] == 0, "second gone"
        )
        assert cluster.get("Service", "web")["spec"]["selector"][HASH] == stable


async def test_blue_green_with_automatic_promotion_never_pauses() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(blue_green(autoPromotionEnabled=True)))
        pauses: list[Obj] = []
        cluster.store.subscribe(
            lambda event: pauses.extend((event.object.get("status") or {}).get("pauseConditions") or ())
        )
        cluster.deploy("v2")
        await cluster.healthy()

        assert pauses == []


async def test_the_old_version_of_blue_green_carries_its_deadline_and_then_goes() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(blue_green(scaleDownDelaySeconds=5)))
        old = f"web-{cluster.status['stableRS']}"
        cluster.deploy("v2")
        await cluster.paused()
        cluster.patch_status(pauseConditions=None)
        await cluster.healthy()

        assert "scale-down-deadline" in cluster.get("ReplicaSet", old)["metadata"]["annotations"]
        await cluster.until(lambda: cluster.get("ReplicaSet", old)["status"]["replicas"] == 0, "the old one gone")


async def test_only_so_many_old_revisions_are_kept() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout({"canary": {}}, replicas=1, revisionHistoryLimit=1))
        for version in ("v2", "v3", "v4"):
            cluster.deploy(version)
            await cluster.until(lambda: cluster.observed, "observed")
            await cluster.healthy()

        await cluster.until(lambda: len(cluster.store.list("ReplicaSet", SPACE)) == 2, "one old revision")


async def test_annotations_of_the_rollout_reach_its_replica_set() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(STEPS))

        cluster.patch({"metadata": {"annotations": {"slipway/version": "v1"}}})

        name = f"web-{cluster.status['stableRS']}"
        await cluster.until(
            lambda: cluster.get("ReplicaSet", name)["metadata"]["annotations"].get("slipway/version") == "v1", "a copy"
        )


async def test_an_experiment_step_waits_and_can_be_skipped() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(canary({"experiment": {"templates": []}}, PAUSE)))
        cluster.deploy("v2")
        await cluster.until(lambda: cluster.observed and cluster.status.get("currentStepIndex") == 0, "step 0")

        cluster.patch_status(currentStepIndex=1)

        await cluster.paused(1)


async def test_new_steps_with_the_same_template_are_done_at_once() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(STEPS))

        cluster.patch({"spec": {"strategy": canary(W50, PAUSE, W50)}})

        await cluster.until(lambda: cluster.observed, "observed")
        assert (cluster.status["phase"], cluster.status["currentStepIndex"]) == ("Healthy", 3)


async def test_controllers_that_start_late_take_up_what_they_find() -> None:
    cluster = Cluster()
    cluster.store.create(rollout(STEPS))
    async with cluster:
        await cluster.healthy()
        cluster.deploy("v2")
        await cluster.paused(1)
    cluster.patch_status(pauseConditions=None)
    cluster.store.delete("Pod", SPACE, cluster.pods()[0]["metadata"]["name"])
    async with cluster:
        await cluster.healthy()
        assert cluster.status["currentStepIndex"] == 2


async def test_requests_for_a_pass_are_merged_but_one_during_a_pass_is_not_lost() -> None:
    import asyncio

    passes: list[str] = []
    done = asyncio.Event()

    def work(key: tuple[str, str]) -> None:
        passes.append(key[1])
        if len(passes) == 1:
            runner.add(key)
        else:
            done.set()

    runner = Runner(work, Pace(speed=50))
    runner.start()
    for _ in range(3):
        runner.add(("n", "a"))
    async with asyncio.timeout(5):
        await done.wait()
    runner.stop()

    assert passes == ["a", "a"]


async def test_a_refused_pass_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    import asyncio

    passes: list[str] = []
    done = asyncio.Event()

    def work(key: tuple[str, str]) -> None:
        passes.append(key[1])
        if len(passes) == 1:
            raise ApiError(409, "Conflict", "not now")
        done.set()

    runner = Runner(work, Pace(speed=50))
    runner.start()
    runner.add(("n", "a"))
    async with asyncio.timeout(5):
        await done.wait()
    runner.stop()

    assert "not now" in caplog.text


def test_a_stopped_runner_takes_no_requests() -> None:
    runner = Runner(lambda _: None, Pace())

    runner.add(("n", "a"))
    runner.wake(("n", "a"), 1.0)

    runner.stop()
