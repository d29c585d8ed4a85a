"""All watches together against the playground's Kubernetes: hints, their number, health, a new catalog, the check."""

import asyncio
import random
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from commands.core.catalog import Cluster
from commands.core.errors import Permanent, Temporary
from commands.core.model import Place
from commands.core.observed import RolloutSnapshot
from integrations.kubernetes.check import check_cluster, needed
from integrations.kubernetes.cluster import KubernetesClusters
from integrations.kubernetes.scopes import Scope
from integrations.kubernetes.transport import Connection
from playground.faults import Fault
from playground.kubernetes.access import Access
from playground.kubernetes.store import Store
from tests.integrations.kubernetes.bench import (
    PRODUCTION,
    STAGING,
    Bench,
    put_app_pod,
    put_pod,
    put_rollout,
    put_run,
    put_template,
    running,
)
from tests.integrations.kubernetes.scripted import TOKEN, Scripted, kubeconfig, status
from tests.integrations.test_pipelines_contract import NAME, ORDER

SHOP = Place(cluster="main", namespace="staging", app="shop")
TEMPLATES = ("slipway-deploy",)


async def test_every_kind_of_change_is_hinted_with_its_place(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        put_template(bench.store)
        put_rollout(bench.store)
        await bench.until(lambda: (seen := bench.rollouts.snapshot(SHOP)) is not None and seen.is_current)
        assert set(bench.hints) == {SHOP}
        bench.hints.clear()
        await bench.pipelines.submit(ORDER)
        await bench.until(lambda: bench.hints == [SHOP])
        bench.hints.clear()
        name = bench.store.list("ReplicaSet", "staging")[0]["metadata"]["name"]
        bench.store.merge_patch("ReplicaSet", "staging", name, {"status": {"readyReplicas": 0}}, subresource="status")
        await bench.until(lambda: bench.hints == [SHOP])
        bench.hints.clear()
        bench.store.delete("ReplicaSet", "staging", name)
        await bench.until(lambda: bench.hints == [SHOP])


async def test_a_pod_in_trouble_and_an_analysis_are_hinted_and_seen(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        made = put_rollout(bench.store)
        await bench.until(lambda: (seen := bench.rollouts.snapshot(SHOP)) is not None and seen.is_current)
        bench.hints.clear()
        put_app_pod(bench.store, "shop-pod", replica_set=f"shop-{made['status']['currentPodHash']}")
        await bench.until(lambda: SHOP in bench.hints)
        (problem,) = _seen(bench).problems
        assert (problem.cause, problem.pod, problem.exit_code) == ("crash-loop", "shop-pod", 3)
        status = {"canary": {"currentStepAnalysisRunStatus": {"name": "shop-run", "status": "Running"}}}
        bench.store.merge_patch("Rollout", "staging", "shop", {"status": status}, subresource="status")
        put_run(bench.store, made)
        await bench.until(lambda: bool(_seen(bench).analyses and _seen(bench).analyses[0].metrics))
        assert await bench.rollouts.read(SHOP) == _seen(bench)
        bench.store.delete("Pod", "staging", "shop-pod")
        await bench.until(lambda: not _seen(bench).problems)


async def test_pods_in_good_health_and_those_of_others_are_not_hinted(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        made = put_rollout(bench.store)
        own = f"shop-{made['status']['currentPodHash']}"
        await bench.until(lambda: (seen := bench.rollouts.snapshot(SHOP)) is not None and seen.is_current)
        bench.hints.clear()
        put_app_pod(bench.store, "well", replica_set=own, status={"phase": "Running"})
        put_app_pod(bench.store, "foreign", replica_set="another-1")
        put_app_pod(bench.store, "old", replica_set=f"shop-{made['status']['stableRS']}")
        put_app_pod(bench.store, "sick", replica_set=own)
        await bench.until(lambda: bool(_seen(bench).problems))
        watch = bench.clusters.watch(SHOP)
        assert watch is not None
        await bench.until(lambda: {pod.name for pod in watch.pods("shop")} == {"well", "old", "sick"})
        # The store tells of a pod twice: when it is made and when it has its status.
        assert bench.hints == [SHOP]


def _seen(bench: Bench) -> RolloutSnapshot:
    seen = bench.rollouts.snapshot(SHOP)
    assert seen is not None
    return seen


async def test_an_account_that_may_not_watch_pods_is_told_once_and_everything_else_works(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    explaining = {"pods", "analysisruns"}
    allowed = [
        (verb, group, resource, part)
        for group, resource, part, verb in needed(Scope.NAMESPACE)
        if resource not in explaining or part
    ]
    async with running(tmp_path, access=Access(token=TOKEN, allow=allowed), watches=3) as bench:
        put_rollout(bench.store)
        await bench.until(lambda: bench.rollouts.snapshot(SHOP) is not None)
        assert bench.rollouts.is_synced(SHOP)
        assert bench.clusters.health()["main"].is_up
        # Both are tried again and again, and said once.
        await bench.until(lambda: sum(path.endswith("/pods") for _, path, _ in bench.asked) >= 3)
        lost = [message for message in caplog.messages if "Lost sight" in message]
        assert sorted(message.split(" on cluster")[0] for message in lost) == [
            "Lost sight of analysis runs in staging",
            "Lost sight of pods in staging",
        ]
        assert (await bench.rollouts.read(SHOP)) == _seen(bench)
        assert await bench.rollouts.log(SHOP, pod="shop-pod", container="app") == ()


async def test_what_is_not_slipways_is_neither_watched_nor_hinted(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        foreign = put_rollout(bench.store, "foreign")
        bench.store.replace({**foreign, "metadata": {**foreign["metadata"], "labels": {}}})
        put_rollout(bench.store)
        place = replace(SHOP, app="foreign")
        await bench.until(lambda: bench.rollouts.snapshot(SHOP) is not None)
        await bench.until(lambda: bench.rollouts.snapshot(place) is None)
        bench.hints.clear()
        for each in bench.store.list("ReplicaSet", "staging"):
            patch = {"status": {"readyReplicas": 0}}
            bench.store.merge_patch("ReplicaSet", "staging", each["metadata"]["name"], patch, subresource="status")
        await bench.until(lambda: len(bench.hints) >= 2)
        assert set(bench.hints) == {SHOP}


async def test_two_hundred_rollouts_take_as_many_watches_as_none(tmp_path: Path) -> None:
    crowded = Store()
    for number in range(200):
        put_rollout(crowded, f"app-{number}")
    assert await _watches_of(Store(), tmp_path, apps=0) == await _watches_of(crowded, tmp_path, apps=200) == 10


async def _watches_of(store: Store, folder: Path, *, apps: int) -> int:
    async with running(folder, STAGING, PRODUCTION, store=store) as bench:
        places = [replace(SHOP, app=f"app-{number}") for number in range(apps)]
        assert all((seen := bench.rollouts.snapshot(place)) is not None and seen.is_current for place in places)
        newest = replace(SHOP, app="newest")
        put_rollout(store, "newest")
        await bench.until(lambda: bench.rollouts.snapshot(newest) is not None)
        return bench.watches


async def test_environments_that_share_a_namespace_share_its_watches(tmp_path: Path) -> None:
    async with running(tmp_path, STAGING, replace(STAGING, name="preview")) as bench:
        put_rollout(bench.store)
        await bench.until(lambda: bench.rollouts.snapshot(SHOP) is not None)
        assert bench.watches == 5


async def test_follows_on_after_the_server_has_dropped_its_watches_and_forgotten_the_past(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        put_rollout(bench.store)
        await bench.until(lambda: bench.rollouts.snapshot(SHOP) is not None)
        bench.faults.add(Fault(system="kubernetes", kind="gone", count=3))
        bench.store.delete("Rollout", "staging", "shop")
        await bench.until(lambda: bench.rollouts.snapshot(SHOP) is None)


async def test_a_new_catalog_adds_and_drops_namespaces_and_leaves_the_others_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        clusters = {"main": kubeconfig(tmp_path, (await _address(bench.clusters)))}
        put_rollout(bench.store, namespace="production")
        bench.clusters.use(clusters=clusters, environments=[STAGING, PRODUCTION])
        async with asyncio.timeout(20):
            await bench.clusters.until_synced()
        place = Place(cluster="main", namespace="production", app="shop")
        assert bench.rollouts.snapshot(place) is not None
        assert sum(path.endswith("staging/rollouts") and not is_watch for _, path, is_watch in bench.asked) == 1
        bench.clusters.use(clusters=clusters, environments=[STAGING])
        assert bench.rollouts.snapshot(place) is None
        assert not bench.rollouts.is_synced(place)
        assert bench.rollouts.is_synced(SHOP)


async def _address(clusters: KubernetesClusters) -> str:
    connection = clusters.connection(SHOP)
    return str(connection._configuration.host)


async def test_a_cluster_whose_credentials_changed_is_connected_anew(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        before = bench.clusters.connection(SHOP)
        copied = tmp_path / "copied"
        copied.write_text((tmp_path / "kubeconfig").read_text())
        clusters = {"main": Cluster(name="main", kubeconfig=str(copied))}
        bench.clusters.use(clusters=clusters, environments=[STAGING])
        assert not bench.rollouts.is_synced(SHOP)
        async with asyncio.timeout(20):
            await bench.clusters.until_synced()
        assert bench.clusters.connection(SHOP) is not before
        bench.clusters.use(clusters={}, environments=[STAGING])
        with pytest.raises(Permanent, match="the catalog has no cluster main"):
            await bench.rollouts.read(SHOP)


async def test_health_is_that_of_the_watch_that_heard_least(tmp_path: Path) -> None:
    async with running(tmp_path, STAGING, PRODUCTION) as bench:
        async with asyncio.timeout(20):
            while not bench.clusters.health()["main"].is_up:  # noqa: ASYNC110  # health has no event
                await asyncio.sleep(0)
        assert bench.clusters.health()["main"].last_contact is not None
        fresh = KubernetesClusters(clusters={"main": Cluster(name="main")}, environments=[STAGING])
        assert not fresh.health()["main"].is_up
        assert fresh.health()["main"].last_contact is None


async def test_a_check_of_a_cluster_that_is_well_finds_all_well(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        put_template(bench.store)
        findings = await bench.clusters.check(TEMPLATES)
        assert all(finding.is_ok for finding in findings)
        assert [finding.subject.removeprefix("Kubernetes cluster main") for finding in findings] == [
            "",
            ", Argo",
            ", namespace staging, permissions",
            ", namespace staging, workflow template slipway-deploy",
        ]


async def test_a_check_names_what_may_not_be_done_and_what_is_missing(tmp_path: Path) -> None:
    known = needed(Scope.NAMESPACE)
    allowed = [(verb, group, resource, part) for group, resource, part, verb in known if part != "status"]
    async with running(tmp_path, access=Access(token=TOKEN, allow=allowed)) as bench:
        bad = [finding.message for finding in await bench.clusters.check(TEMPLATES) if not finding.is_ok]
        assert bad == [
            "may not patch rollouts/status; grant them to Slipway's account in a Role of that namespace",
            "missing; apply workflow-templates/slipway-deploy.yaml there",
        ]


async def test_a_check_says_when_the_templates_are_of_the_other_kind(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        put_template(bench.store, scope=Scope.CLUSTER)
        bad = [finding.message for finding in await bench.clusters.check(TEMPLATES) if not finding.is_ok]
        told = (
            "missing; there is a cluster workflow template of that name: set SLIPWAY_TEMPLATE_SCOPE to cluster,"
            " or apply workflow-templates/slipway-deploy.yaml there"
        )
        assert bad == [told]


async def test_the_templates_of_a_cluster_are_looked_for_once(tmp_path: Path) -> None:
    async with running(tmp_path, STAGING, PRODUCTION, scope=Scope.CLUSTER) as bench:
        put_template(bench.store, scope=Scope.CLUSTER)
        findings = await bench.clusters.check((*TEMPLATES, "slipway-containerfile"))
        assert [finding.subject.removeprefix("Kubernetes cluster main") for finding in findings] == [
            "",
            ", Argo",
            ", namespace production, permissions",
            ", namespace staging, permissions",
            ", cluster workflow template slipway-deploy",
            ", cluster workflow template slipway-containerfile",
        ]
        assert [finding.message for finding in findings if not finding.is_ok] == [
            "missing; apply workflow-templates/cluster/slipway-containerfile.yaml there"
        ]


async def test_a_missing_right_to_the_clusters_templates_is_a_matter_of_a_cluster_role(tmp_path: Path) -> None:
    allowed = [
        (verb, group, resource, part) for group, resource, part, verb in needed(Scope.NAMESPACE) if resource != "pods"
    ]
    access = Access(token=TOKEN, allow=allowed)
    async with running(tmp_path, access=access, scope=Scope.CLUSTER, watches=4) as bench:
        permissions = (await bench.clusters.check(TEMPLATES))[2]
        assert permissions.message == (
            "may not list pods, watch pods, get pods/log, get clusterworkflowtemplates; grant them to Slipway's account"
            " in a Role of that namespace, clusterworkflowtemplates in a ClusterRole"
        )


@pytest.mark.parametrize("scope", Scope)
async def test_the_permissions_that_are_checked_are_enough_for_everything(tmp_path: Path, scope: Scope) -> None:
    allowed = [(verb, group, resource, part) for group, resource, part, verb in needed(scope)]
    async with running(tmp_path, access=Access(token=TOKEN, allow=allowed), scope=scope) as bench:
        put_template(bench.store, scope=scope)
        put_rollout(bench.store)
        put_pod(bench.store, "pod", node=f"{NAME}.release")
        await bench.pipelines.submit(ORDER)
        await bench.pipelines.submit(ORDER)
        await bench.pipelines.stop(SHOP, name=NAME)
        await bench.pipelines.log(SHOP, name=NAME, step="release")
        assert await bench.rollouts.read(SHOP) is not None


async def test_a_check_of_a_cluster_that_cannot_be_reached_says_so(tmp_path: Path) -> None:
    connection = Connection(kubeconfig(tmp_path, "http://127.0.0.1:1"))
    (finding,) = await check_cluster(connection, ["staging"], scope=Scope.NAMESPACE, templates=TEMPLATES)
    assert not finding.is_ok
    assert "check the cluster's address and credentials" in finding.message
    await connection.aclose()


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("404 page not found\n", "this resource type is not installed; install Argo"),
        ({"resources": [{"name": "rollouts"}]}, "workflows, workflowtemplates not installed; install Argo"),
    ],
)
async def test_a_check_names_what_is_not_installed_and_goes_on(answer: Any, complaint: str, tmp_path: Path) -> None:
    async with Scripted().serve() as server:
        allowed = [{"status": {"allowed": True}}] * len(needed(Scope.NAMESPACE))
        types = web.Response(status=404, text=answer) if isinstance(answer, str) else answer
        server.lists = deque([{"gitVersion": "v1.34.10"}, types, *allowed, status(403, "forbidden")])
        connection = Connection(kubeconfig(tmp_path, server.url))
        reachable, argo, permissions, template = await check_cluster(
            connection, ["staging"], scope=Scope.NAMESPACE, templates=TEMPLATES
        )
        await connection.aclose()
    assert (reachable.is_ok, reachable.message) == (True, "reachable, v1.34.10")
    assert not argo.is_ok
    assert complaint in argo.message
    assert permissions.is_ok
    assert not template.is_ok
    assert "forbidden" in template.message


async def test_a_long_unquiet_life_leaves_the_copy_equal_to_the_original(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311  # a repeatable story, no secret
    async with running(tmp_path) as bench:
        for _ in range(60):
            name = f"app-{chance.randrange(8)}"
            if bench.store.get("Rollout", "staging", name) is None:
                put_rollout(bench.store, name)
            elif chance.random() < 0.3:
                bench.store.delete("Rollout", "staging", name)
            else:
                patch = {"status": {"promoteFull": chance.random() < 0.5}}
                bench.store.merge_patch("Rollout", "staging", name, patch, subresource="status")
            if chance.random() < 0.2:
                kind = chance.choice(["gone", "drop-watches"])
                bench.faults.add(Fault(system="kubernetes", kind=kind, count=1))
            await asyncio.sleep(0)
        put_rollout(bench.store, "last")
        await bench.until(lambda: _copy(bench) == _original(bench))


def _copy(bench: Bench) -> dict[str, bool]:
    apps = [replace(SHOP, app=name) for name in (*(f"app-{number}" for number in range(8)), "last")]
    return {app.app: seen.is_full for app in apps if (seen := bench.rollouts.snapshot(app)) is not None}


def _original(bench: Bench) -> dict[str, bool]:
    rollouts = bench.store.list("Rollout", "staging")
    return {each["metadata"]["name"]: each["status"].get("promoteFull") is True for each in rollouts}


async def test_a_workflow_that_vanishes_between_the_conflict_and_the_look_is_tried_again(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        put_template(bench.store)
        conflict = {"status": 409, "body": {"kind": "Status", "code": 409}}
        bench.faults.add(Fault(system="kubernetes", kind="status", match="/workflows", count=1, options=conflict))
        with pytest.raises(Temporary, match="vanished"):
            await bench.pipelines.submit(ORDER)


async def test_the_log_is_that_of_the_last_attempt(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        for attempt in range(2):
            put_pod(bench.store, f"pod-{attempt}", node=f"{NAME}.release({attempt})")
            bench.logs[f"pod-{attempt}"] = f"attempt {attempt}\n"
        assert await bench.pipelines.log(SHOP, name=NAME, step="release") == ("attempt 1",)


async def test_a_container_that_has_not_started_has_no_log(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        put_pod(bench.store, "pod", node=f"{NAME}.release")
        bench.store.merge_patch("Pod", "staging", "pod", {"status": {"phase": "Pending"}}, subresource="status")
        assert await bench.pipelines.log(SHOP, name=NAME, step="release") == ()


async def test_nothing_is_said_of_a_rollout_before_its_pods_could_be_looked_at(tmp_path: Path) -> None:
    store = Store()
    made = put_rollout(store)
    put_app_pod(store, "sick", replica_set=f"shop-{made['status']['currentPodHash']}")
    async with running(tmp_path, store=store) as bench:
        # A bot that starts anew must not take a trouble for gone that it has not seen yet.
        assert bench.rollouts.is_synced(SHOP)
        assert [each.pod for each in _seen(bench).problems] == ["sick"]
