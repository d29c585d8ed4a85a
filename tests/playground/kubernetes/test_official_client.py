from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import aio as kubernetes

from playground.faults import Fault, Faults
from playground.kubernetes.access import Access
from playground.kubernetes.server import KubernetesServer
from playground.kubernetes.store import Obj, Store
from tests.playground.kubernetes.samples import PAUSED_STATUS, config_map, pod, promote_patch, rollout

ROLLOUTS = {"group": "argoproj.io", "version": "v1alpha1", "namespace": "shop", "plural": "rollouts"}
JSON_PATCH = "application/json-patch+json"


@pytest.fixture
def custom(client: Any) -> Any:
    return kubernetes.client.CustomObjectsApi(client)


@pytest.fixture
def core(client: Any) -> Any:
    return kubernetes.client.CoreV1Api(client)


async def test_custom_objects_are_created_read_patched_and_deleted(custom: Any) -> None:
    created = await custom.create_namespaced_custom_object(**ROLLOUTS, body=rollout())
    assert created["metadata"]["generation"] == 1
    patched = await custom.patch_namespaced_custom_object(**ROLLOUTS, name="shop", body={"spec": {"paused": True}})
    assert (patched["spec"]["paused"], patched["metadata"]["generation"]) == (True, 2)
    patched["spec"]["replicas"] = 4
    replaced = await custom.replace_namespaced_custom_object(**ROLLOUTS, name="shop", body=patched)
    assert replaced["spec"]["replicas"] == 4
    found = await custom.list_cluster_custom_object("argoproj.io", "v1alpha1", "rollouts")
    assert [item["metadata"]["name"] for item in found["items"]] == ["shop"]
    await custom.delete_namespaced_custom_object(**ROLLOUTS, name="shop")
    with pytest.raises(kubernetes.client.ApiException) as refused:
        await custom.get_namespaced_custom_object(**ROLLOUTS, name="shop")
    assert refused.value.status == 404


async def test_the_client_promotes_once(custom: Any, store: Store) -> None:
    store.create(rollout())
    paused = store.merge_patch("Rollout", "shop", "shop", {"status": PAUSED_STATUS}, subresource="status")
    patch = {"name": "shop", "body": promote_patch(paused), "_content_type": JSON_PATCH}
    promoted = await custom.patch_namespaced_custom_object_status(**ROLLOUTS, **patch)
    assert "pauseConditions" not in promoted["status"]
    with pytest.raises(kubernetes.client.ApiException) as refused:
        await custom.patch_namespaced_custom_object_status(**ROLLOUTS, **patch)
    assert refused.value.status == 422


async def test_a_list_of_operations_sent_as_a_merge_patch_is_refused(custom: Any, store: Store) -> None:
    store.create(rollout())
    patch = [{"op": "replace", "path": "/spec/replicas", "value": 5}]
    with pytest.raises(kubernetes.client.ApiException) as refused:
        await custom.patch_namespaced_custom_object(**ROLLOUTS, name="shop", body=patch)
    assert refused.value.status == 400


async def watched(custom: Any, seen: Callable[[Obj], None], **query: Any) -> None:
    """Hand over each event of a watch until it ends."""
    async with kubernetes.watch.Watch() as watch:
        async for event in watch.stream(custom.list_namespaced_custom_object, **ROLLOUTS, **query):
            seen(event)


async def test_the_client_lists_and_watches_without_a_gap(custom: Any, store: Store) -> None:
    store.create(rollout())
    version = (await custom.list_namespaced_custom_object(**ROLLOUTS))["metadata"]["resourceVersion"]
    store.merge_patch("Rollout", "shop", "shop", {"spec": {"paused": True}})
    seen: list[tuple[str, str]] = []

    def see(event: Obj) -> None:
        seen.append((event["type"], event["object"]["metadata"]["resourceVersion"]))
        if event["type"] == "MODIFIED":
            store.delete("Rollout", "shop", "shop")

    await watched(custom, see, resource_version=version, timeout_seconds=1, allow_watch_bookmarks=True)
    assert seen == [("MODIFIED", "1002"), ("DELETED", "1003"), ("BOOKMARK", "1003")]


async def test_the_client_turns_the_410_line_into_its_exception(custom: Any) -> None:
    seen: list[Obj] = []
    with pytest.raises(kubernetes.client.ApiException) as refused:
        await watched(custom, seen.append, resource_version="1", timeout_seconds=5)
    assert (refused.value.status, seen) == (410, [])


async def test_the_client_hears_of_the_fault_gone(custom: Any, store: Store, faults: Faults) -> None:
    store.create(rollout())

    def see(event: Obj) -> None:
        assert event["type"] == "ADDED"
        # The client resumes once from the version that it saw, which the compaction has made too old.
        faults.add(Fault(system="kubernetes", kind="gone"))
        store.merge_patch("Rollout", "shop", "shop", {"spec": {"paused": True}})
        store.compact()

    with pytest.raises(kubernetes.client.ApiException) as refused:
        await watched(custom, see, timeout_seconds=20)
    assert refused.value.status == 410


async def test_typed_objects_go_through_the_typed_client(core: Any, store: Store) -> None:
    created = await core.create_namespaced_config_map("shop", config_map("one", "a"))
    assert created.data == {"value": "a"}
    store.create(pod("shop-1", labels={"app": "shop"}))
    pods = await core.list_namespaced_pod("shop", label_selector="app=shop")
    assert [found.metadata.name for found in pods.items] == ["shop-1"]
    removed = await core.delete_namespaced_config_map("one", "shop")
    assert removed["status"] == "Success"


async def test_leases_are_held_and_lost_by_version(client: Any) -> None:
    api = kubernetes.client.CoordinationV1Api(client)
    meta = kubernetes.client.V1ObjectMeta(name="leader")
    spec = kubernetes.client.V1LeaseSpec(holder_identity="a", lease_duration_seconds=15)
    held = await api.create_namespaced_lease("shop", kubernetes.client.V1Lease(metadata=meta, spec=spec))
    held.spec.holder_identity = "b"
    taken = await api.replace_namespaced_lease("leader", "shop", held)
    assert taken.spec.holder_identity == "b"
    with pytest.raises(kubernetes.client.ApiException) as refused:
        await api.replace_namespaced_lease("leader", "shop", held)
    assert refused.value.status == 409


async def test_the_client_reviews_its_own_access(client: Any) -> None:
    attributes = kubernetes.client.V1ResourceAttributes(verb="patch", group="argoproj.io", resource="rollouts")
    spec = kubernetes.client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
    api = kubernetes.client.AuthorizationV1Api(client)
    answer = await api.create_self_subject_access_review(kubernetes.client.V1SelfSubjectAccessReview(spec=spec))
    assert answer.status.allowed is True


async def test_a_kubeconfig_with_a_token_is_all_the_client_needs(store: Store, tmp_path: Path) -> None:
    server = KubernetesServer(store, access=Access(token="demo-token"), logs=lambda *_: "one\ntwo\n")
    url = await server.start()
    assert url.startswith("http://127.0.0.1:")
    store.create(pod("shop-1"))
    running = {"phase": "Running", "containerStatuses": [{"name": "app", "state": {"running": {}}}]}
    store.merge_patch("Pod", "shop", "shop-1", {"status": running}, subresource="status")
    config = tmp_path / "kubeconfig"
    config.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "playground",
                "contexts": [{"name": "playground", "context": {"cluster": "playground", "user": "slipway"}}],
                "clusters": [{"name": "playground", "cluster": {"server": url}}],
                "users": [{"name": "slipway", "user": {"token": "demo-token"}}],
            }
        )
    )
    try:
        settings = kubernetes.client.Configuration()
        await kubernetes.config.load_kube_config(str(config), client_configuration=settings)
        async with kubernetes.client.ApiClient(settings) as client:
            log = await kubernetes.client.CoreV1Api(client).read_namespaced_pod_log("shop-1", "shop", tail_lines=1)
            assert log == "two\n"
            assert (await kubernetes.client.VersionApi(client).get_code()).major == "1"
    finally:
        await server.stop()
