"""The traps of the real controllers that clients must be able to fall into here as well."""

import pytest

from playground.kubernetes.store import ApiError
from tests.playground.argo.beds import PAUSE, SPACE, W25, W50, Cluster, blue_green, canary, rollout, template

TWO_PAUSES = canary(W50, PAUSE, PAUSE, {"setWeight": 75}, PAUSE)


def careful_promote(cluster: Cluster) -> list[dict[str, object]]:
    status = cluster.status
    return [
        {"op": "test", "path": "/status/currentPodHash", "value": status["currentPodHash"]},
        {"op": "test", "path": "/status/currentStepIndex", "value": status["currentStepIndex"]},
        {
            "op": "test",
            "path": "/status/pauseConditions/0/startTime",
            "value": status["pauseConditions"][0]["startTime"],
        },
        {"op": "remove", "path": "/status/pauseConditions"},
    ]


async def test_two_plain_promotes_in_a_row_skip_the_next_pause() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(TWO_PAUSES))
        cluster.deploy("v2")
        await cluster.paused(1)

        cluster.patch_status(pauseConditions=None)
        cluster.patch_status(pauseConditions=None, currentStepIndex=2)

        await cluster.paused(4)


async def test_the_second_of_two_careful_promotes_is_refused_and_the_next_pause_holds() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(TWO_PAUSES))
        cluster.deploy("v2")
        await cluster.paused(1)
        promote = careful_promote(cluster)

        cluster.store.json_patch("Rollout", SPACE, "web", promote, subresource="status")
        with pytest.raises(ApiError) as refused:
            cluster.store.json_patch("Rollout", SPACE, "web", promote, subresource="status")

        assert refused.value.code == 422
        await cluster.paused(2)


@pytest.mark.parametrize("flag", ["promoteFull", "abort"])
async def test_an_act_before_the_new_template_was_observed_is_lost(flag: str) -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(TWO_PAUSES))

        cluster.deploy("v2")
        cluster.patch_status(**{flag: True})

        await cluster.paused(1)
        assert not cluster.status.get(flag)


async def test_an_abort_of_a_finished_rollout_is_dropped() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(TWO_PAUSES))

        cluster.patch_status(abort=True)

        await cluster.until(lambda: "abort" not in cluster.status, "no abort")
        assert cluster.status["phase"] == "Healthy"
        assert "abortedAt" not in cluster.status


async def test_a_full_promotion_of_a_finished_rollout_has_no_effect_on_the_next_release() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(TWO_PAUSES))

        cluster.patch_status(promoteFull=True)
        await cluster.until(lambda: "promoteFull" not in cluster.status, "no promoteFull")

        cluster.deploy("v2")
        await cluster.paused(1)


async def test_an_abort_beats_a_promote_that_was_not_seen_yet() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(TWO_PAUSES))
        cluster.deploy("v2")
        await cluster.paused(1)

        cluster.patch_status(pauseConditions=None)
        cluster.patch_status(abort=True)

        await cluster.until(lambda: cluster.status["phase"] == "Degraded", "Degraded")
        assert cluster.status["message"] == "RolloutAborted: Rollout aborted update to revision 2"
        assert cluster.status["currentStepIndex"] == 0


async def test_a_promote_while_paused_by_hand_is_lost() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(TWO_PAUSES))
        cluster.deploy("v2")
        await cluster.paused(1)
        cluster.patch({"spec": {"paused": True}})
        await cluster.until(lambda: cluster.status.get("message") == "manually paused", "manually paused")

        cluster.patch_status(pauseConditions=None)
        await cluster.until(lambda: "controllerPause" not in cluster.status, "no controllerPause")
        cluster.patch({"spec": {"paused": None}})

        await cluster.paused(1)


async def test_unpaused_first_a_promote_goes_on() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(TWO_PAUSES))
        cluster.deploy("v2")
        await cluster.paused(1)
        cluster.patch({"spec": {"paused": True}})
        await cluster.until(lambda: cluster.status.get("message") == "manually paused", "manually paused")

        cluster.patch({"spec": {"paused": None}})
        cluster.patch_status(pauseConditions=None)

        await cluster.paused(2)


async def test_a_new_image_together_with_blue_green_skips_the_gate() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(canary(W25, PAUSE)))
        for name in ("web", "web-preview"):
            cluster.store.create(_plain_service(name))

        cluster.patch({"spec": {"strategy": {"canary": None, **blue_green()}, "template": template("v2")}})

        await cluster.healthy()
        assert cluster.status["blueGreen"]["activeSelector"] == cluster.status["currentPodHash"]


def _plain_service(name: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": SPACE},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }


async def test_blue_green_with_the_old_image_first_keeps_the_gate() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(canary(W25, PAUSE)))
        old = cluster.status["stableRS"]
        for name in ("web", "web-preview"):
            cluster.store.create(_plain_service(name))

        cluster.patch({"spec": {"strategy": {"canary": None, **blue_green()}}})
        await cluster.until(
            lambda: (cluster.status.get("blueGreen") or {}).get("activeSelector") == old, "the hash in the Service"
        )
        cluster.deploy("v2")

        await cluster.paused()
        assert cluster.get("Service", "web")["spec"]["selector"]["rollouts-pod-template-hash"] == old


async def test_the_way_back_from_blue_green_takes_the_hash_out_of_the_service() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(blue_green()))

        cluster.patch({"spec": {"strategy": {"blueGreen": None, **canary(W25, PAUSE)}}})

        await cluster.until(lambda: cluster.get("Service", "web")["spec"]["selector"] == {"app": "web"}, "no hash")
        await cluster.healthy()


async def test_the_same_template_again_makes_no_event_at_all() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(TWO_PAUSES))
        before = cluster.store.resource_version

        cluster.deploy("v1")

        assert cluster.store.resource_version == before


async def test_a_recreate_by_replicas_is_healthy_while_the_old_pods_still_exist() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(TWO_PAUSES))

        cluster.patch({"spec": {"replicas": 0}})

        await cluster.until(lambda: cluster.observed and not cluster.status.get("replicas"), "no replicas")
        assert cluster.status["phase"] == "Healthy"
        assert len(cluster.pods()) == 2
        await cluster.until(lambda: not cluster.pods(), "no pods")


async def test_green_of_an_abort_is_not_taken_live_by_a_quick_retry() -> None:
    async with Cluster() as cluster:
        await cluster.first(rollout(blue_green(abortScaleDownDelaySeconds=30)))
        old = cluster.status["stableRS"]
        cluster.deploy("v2")
        await cluster.paused()
        cluster.patch_status(abort=True)
        await cluster.until(lambda: cluster.status["phase"] == "Degraded", "Degraded")

        cluster.patch_status(abort=False)

        await cluster.paused()
        assert cluster.get("Service", "web")["spec"]["selector"]["rollouts-pod-template-hash"] == old
