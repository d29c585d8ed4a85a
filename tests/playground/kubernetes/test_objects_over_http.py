import io
import json
from typing import Any

import aiohttp
import pytest

from playground.kubernetes.store import Obj, Store
from tests.playground.kubernetes.samples import PAUSED_STATUS, config_map, owned_by, pod, promote_patch, rollout
from tests.playground.kubernetes.watch_lines import MAPS, ROLLOUTS

ARGO = "/apis/argoproj.io/v1alpha1"
MEBIBYTE = 1024 * 1024
MERGE = {"Content-Type": "application/merge-patch+json"}
JSON_PATCH = {"Content-Type": "application/json-patch+json"}
STRATEGIC = {"Content-Type": "application/strategic-merge-patch+json"}


async def ask(http: aiohttp.ClientSession, method: str, path: str, **options: Any) -> tuple[int, Obj]:
    async with http.request(method, path, **options) as response:
        return response.status, await response.json()


async def test_an_object_lives_its_whole_life_over_http(http: aiohttp.ClientSession) -> None:
    status, created = await ask(http, "POST", ROLLOUTS, json=rollout())
    assert (status, created["metadata"]["generation"]) == (201, 1)
    assert await ask(http, "GET", f"{ROLLOUTS}/shop") == (200, created)
    created["spec"]["replicas"] = 5
    status, replaced = await ask(http, "PUT", f"{ROLLOUTS}/shop", json=created)
    assert (status, replaced["metadata"]["generation"]) == (200, 2)
    status, answer = await ask(http, "DELETE", f"{ROLLOUTS}/shop")
    uid = created["metadata"]["uid"]
    assert (status, answer) == (
        200,
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": {"name": "shop", "group": "argoproj.io", "kind": "rollouts", "uid": uid},
        },
    )
    status, answer = await ask(http, "GET", f"{ROLLOUTS}/shop")
    assert (status, answer["reason"]) == (404, "NotFound")
    assert answer["message"] == 'rollouts.argoproj.io "shop" not found'


async def test_the_same_name_posted_twice_is_a_conflict(http: aiohttp.ClientSession) -> None:
    await ask(http, "POST", ROLLOUTS, json=rollout())
    status, answer = await ask(http, "POST", ROLLOUTS, json=rollout())
    assert (status, answer["reason"]) == (409, "AlreadyExists")


async def test_namespace_kind_and_version_come_from_the_path_when_the_body_has_none(
    http: aiohttp.ClientSession,
) -> None:
    _, created = await ask(http, "POST", MAPS, json={"metadata": {"name": "one"}})
    assert (created["kind"], created["apiVersion"], created["metadata"]["namespace"]) == ("ConfigMap", "v1", "shop")


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        (MAPS, config_map("one", namespace="other"), "does not match the namespace sent on the request"),
        (MAPS, rollout(), "Rollout in version argoproj.io/v1alpha1 cannot be handled as a ConfigMap"),
        (MAPS, {"metadata": "text"}, "metadata must be an object"),
        (MAPS, {"metadata": {"name": ["a"]}}, "metadata.name must be of type str"),
    ],
)
async def test_a_body_that_contradicts_the_path_is_a_bad_request(
    http: aiohttp.ClientSession, path: str, body: Obj, said: str
) -> None:
    status, answer = await ask(http, "POST", path, json=body)
    assert (status, answer["reason"]) == (400, "BadRequest")
    assert said in answer["message"]


async def test_a_put_under_another_name_is_a_bad_request(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(config_map("one"))
    status, answer = await ask(http, "PUT", f"{MAPS}/one", json=config_map("two"))
    assert (status, answer["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize(
    "body", [b"{", b'{"metadata": {"name": "a"}, "data": NaN}', b"\xff", b"[" * 100_000, b"[]", b'"text"', b""]
)
async def test_a_body_that_is_no_json_object_is_a_bad_request(http: aiohttp.ClientSession, body: bytes) -> None:
    status, answer = await ask(http, "POST", MAPS, data=body, headers={"Content-Type": "application/json"})
    assert (status, answer["reason"]) == (400, "BadRequest")


async def test_a_body_above_three_mebibytes_is_too_large(http: aiohttp.ClientSession) -> None:
    fits, exceeds = (
        io.BytesIO(json.dumps(config_map("one", "x" * size)).encode()) for size in (3 * MEBIBYTE - 1000, 3 * MEBIBYTE)
    )
    assert (await ask(http, "POST", MAPS, data=fits))[0] == 201
    status, answer = await ask(http, "POST", MAPS, data=exceeds)
    assert (status, answer["reason"], answer["message"]) == (
        413,
        "RequestEntityTooLarge",
        "Request entity too large: limit is 3145728",
    )


async def test_an_invalid_rollout_is_unprocessable(http: aiohttp.ClientSession) -> None:
    invalid = rollout()
    invalid["spec"] = {"replicas": 1}
    status, answer = await ask(http, "POST", ROLLOUTS, json=invalid)
    assert (status, answer["reason"]) == (422, "Invalid")
    assert [cause["field"] for cause in answer["details"]["causes"]] == ["spec.selector", "spec.template"]


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/apis/example.com/v1/things",
        "/apis/argoproj.io/v1alpha1/experiments",
        "/apis/argoproj.io/v2/rollouts",
        "/api/v1/namespaces/shop/teapots",
        "/api/v1/namespaces/shop/namespaces/shop",
        "/api/v1/pods/shop-1",
        "/api/v1/namespaces/shop/configmaps/one/status",
        "/apis/argoproj.io/v1alpha1/namespaces/shop/workflows/one/status",
        "/apis/argoproj.io/v1alpha1/namespaces/shop/workflows/one/scale",
        "/apis/example.com",
        "/apis/argoproj.io/v2",
        "/api/v2",
    ],
)
async def test_an_unknown_path_gets_the_plain_text_of_a_real_server(http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(path) as response:
        assert (response.status, await response.text()) == (404, "404 page not found\n")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/pods"),
        ("POST", f"{ROLLOUTS}/shop"),
        ("PUT", ROLLOUTS),
        ("PATCH", ROLLOUTS),
        ("DELETE", f"{ROLLOUTS}/shop/status"),
        ("PATCH", "/api/v1/namespaces/shop/pods/shop-1/log"),
        ("POST", "/version"),
    ],
)
async def test_a_method_that_a_path_does_not_take_is_refused(
    http: aiohttp.ClientSession, method: str, path: str
) -> None:
    status, answer = await ask(http, method, path, json={})
    assert (status, answer["reason"]) == (405, "MethodNotAllowed")


async def test_a_promote_sent_twice_works_once(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(rollout())
    paused = store.merge_patch("Rollout", "shop", "shop", {"status": PAUSED_STATUS}, subresource="status")
    patch = promote_patch(paused)
    status, promoted = await ask(http, "PATCH", f"{ROLLOUTS}/shop/status", json=patch, headers=JSON_PATCH)
    assert status == 200
    assert "pauseConditions" not in promoted["status"]
    assert promoted["status"]["controllerPause"] is True
    assert promoted["metadata"]["generation"] == 1
    status, answer = await ask(http, "PATCH", f"{ROLLOUTS}/shop/status", json=patch, headers=JSON_PATCH)
    assert status == 422
    assert answer["message"] == "the server rejected our request due to an error in our request"
    assert (answer["reason"], answer["details"]) == ("Invalid", {})


async def test_a_promote_of_a_rollout_that_moved_on_changes_nothing(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(rollout())
    paused = store.merge_patch("Rollout", "shop", "shop", {"status": PAUSED_STATUS}, subresource="status")
    moved = store.merge_patch("Rollout", "shop", "shop", {"spec": {"replicas": 3}})
    patch = promote_patch(paused)
    status, _ = await ask(http, "PATCH", f"{ROLLOUTS}/shop/status", json=patch, headers=JSON_PATCH)
    assert status == 422
    assert store.get("Rollout", "shop", "shop") == moved


async def test_a_running_step_is_skipped_only_while_no_promote_is_in_flight(
    http: aiohttp.ClientSession, store: Store
) -> None:
    store.create(rollout())
    running = PAUSED_STATUS | {"controllerPause": None, "pauseConditions": None}
    store.merge_patch("Rollout", "shop", "shop", {"status": running}, subresource="status")
    patch = [
        {"op": "test", "path": "/status/controllerPause", "value": None},
        {"op": "add", "path": "/status/currentStepIndex", "value": 2},
    ]
    status, answer = await ask(http, "PATCH", f"{ROLLOUTS}/shop/status", json=patch, headers=JSON_PATCH)
    assert (status, answer["status"]["currentStepIndex"]) == (200, 2)
    store.merge_patch("Rollout", "shop", "shop", {"status": {"controllerPause": True}}, subresource="status")
    status, _ = await ask(http, "PATCH", f"{ROLLOUTS}/shop/status", json=patch, headers=JSON_PATCH)
    assert status == 422


async def test_status_and_the_rest_are_written_apart_over_http(http: aiohttp.ClientSession, store: Store) -> None:
    created = store.create(rollout())
    status, answer = await ask(http, "PATCH", f"{ROLLOUTS}/shop", json={"status": {"phase": "Healthy"}}, headers=MERGE)
    assert (status, answer) == (200, created)
    patch = {"status": {"phase": "Healthy"}, "metadata": {"annotations": {"by": "alice"}}}
    status, answer = await ask(http, "PATCH", f"{ROLLOUTS}/shop/status", json=patch, headers=MERGE)
    assert (status, answer["status"]) == (200, {"phase": "Healthy"})
    assert "annotations" not in answer["metadata"]
    assert await ask(http, "GET", f"{ROLLOUTS}/shop/status") == (200, answer)


async def test_a_stale_version_in_a_merge_patch_is_a_conflict(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(rollout())
    patch = {"metadata": {"resourceVersion": "1"}, "spec": {"paused": True}}
    status, answer = await ask(http, "PATCH", f"{ROLLOUTS}/shop", json=patch, headers=MERGE)
    assert (status, answer["reason"]) == (409, "Conflict")
    assert answer["message"] == (
        'Operation cannot be fulfilled on rollouts.argoproj.io "shop": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert answer["details"] == {"name": "shop", "group": "argoproj.io", "kind": "rollouts"}


@pytest.mark.parametrize(
    "content_type",
    ["application/strategic-merge-patch+json", "application/json", "application/apply-patch+yaml", "text/plain"],
)
async def test_custom_resources_take_no_other_patches(
    http: aiohttp.ClientSession, store: Store, content_type: str
) -> None:
    store.create(rollout())
    headers = {"Content-Type": content_type}
    status, answer = await ask(http, "PATCH", f"{ROLLOUTS}/shop", json={"spec": {"paused": True}}, headers=headers)
    assert (status, answer["reason"]) == (415, "UnsupportedMediaType")
    assert answer["message"] == (
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
    )


async def test_a_strategic_patch_of_a_built_in_resource_works_unless_it_has_lists(
    http: aiohttp.ClientSession, store: Store
) -> None:
    store.create(config_map("one", "a"))
    status, answer = await ask(http, "PATCH", f"{MAPS}/one", json={"data": {"value": "b"}}, headers=STRATEGIC)
    assert (status, answer["data"]) == (200, {"value": "b"})
    finalizers = {"metadata": {"finalizers": ["a"]}}
    status, _ = await ask(http, "PATCH", f"{MAPS}/one", json=finalizers, headers=STRATEGIC)
    assert status == 415


@pytest.mark.parametrize("body", [[], "text", 5])
async def test_a_merge_patch_that_is_no_object_is_a_bad_request(
    http: aiohttp.ClientSession, store: Store, body: object
) -> None:
    store.create(config_map("one"))
    status, answer = await ask(http, "PATCH", f"{MAPS}/one", json=body, headers=MERGE)
    assert (status, answer["reason"]) == (400, "BadRequest")


async def test_an_unknown_name_cannot_be_patched(http: aiohttp.ClientSession) -> None:
    status, answer = await ask(http, "PATCH", f"{ROLLOUTS}/none", json={"spec": {"paused": True}}, headers=MERGE)
    assert (status, answer["details"]) == (404, {"name": "none", "group": "argoproj.io", "kind": "rollouts"})


async def test_a_lease_is_replaced_only_with_its_version(http: aiohttp.ClientSession) -> None:
    path = "/apis/coordination.k8s.io/v1/namespaces/shop/leases"
    lease: Obj = {"metadata": {"name": "leader"}, "spec": {"holderIdentity": "a"}}
    _, created = await ask(http, "POST", path, json=lease)
    status, answer = await ask(http, "PUT", f"{path}/leader", json=lease)
    assert (status, answer["details"]["causes"][0]["field"]) == (422, "metadata.resourceVersion")
    status, _ = await ask(http, "PUT", f"{path}/leader", json=created | {"spec": {"holderIdentity": "b"}})
    assert status == 200
    status, answer = await ask(http, "PUT", f"{path}/leader", json=created | {"spec": {"holderIdentity": "c"}})
    assert (status, answer["reason"]) == (409, "Conflict")


async def test_a_rollout_is_scaled_through_its_subresource(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(rollout())
    counted = {"status": {"replicas": 2, "selector": "app=shop"}}
    store.merge_patch("Rollout", "shop", "shop", counted, subresource="status")
    status, scale = await ask(http, "GET", f"{ROLLOUTS}/shop/scale")
    assert (status, scale["kind"], scale["spec"]) == (200, "Scale", {"replicas": 2})
    assert scale["status"] == {"replicas": 2, "selector": "app=shop"}
    status, scale = await ask(http, "PUT", f"{ROLLOUTS}/shop/scale", json=scale | {"spec": {"replicas": 3}})
    assert (status, scale["spec"]) == (200, {"replicas": 3})
    status, scale = await ask(http, "PATCH", f"{ROLLOUTS}/shop/scale", json={"spec": {"replicas": 4}}, headers=MERGE)
    assert (status, scale["spec"]) == (200, {"replicas": 4})
    replicas = [{"op": "replace", "path": "/spec/replicas", "value": 5}]
    status, scale = await ask(http, "PATCH", f"{ROLLOUTS}/shop/scale", json=replicas, headers=JSON_PATCH)
    assert (status, scale["spec"]) == (200, {"replicas": 5})
    scaled = store.get("Rollout", "shop", "shop")
    assert scaled is not None
    assert (scaled["spec"]["replicas"], scaled["metadata"]["generation"]) == (5, 4)


async def test_a_delete_takes_along_what_was_owned_unless_orphaned(http: aiohttp.ClientSession, store: Store) -> None:
    for name, query, left in (("one", {}, 0), ("two", {"propagationPolicy": "Orphan"}, 1)):
        owner = store.create(rollout(name))
        store.create(pod(f"{name}-1", ownerReferences=owned_by(owner)))
        assert (await ask(http, "DELETE", f"{ROLLOUTS}/{name}", params=query))[0] == 200
        assert len(store.list("Pod")) == left


async def test_a_delete_of_another_generation_of_the_name_is_a_conflict(
    http: aiohttp.ClientSession, store: Store
) -> None:
    uid = store.create(config_map("one"))["metadata"]["uid"]
    status, _ = await ask(http, "DELETE", f"{MAPS}/one", json={"preconditions": {"uid": "another"}})
    assert status == 409
    status, _ = await ask(http, "DELETE", f"{MAPS}/one", json={"preconditions": {"uid": uid}})
    assert status == 200


async def test_a_delete_of_a_pod_with_a_grace_period_answers_with_the_pod(
    http: aiohttp.ClientSession, store: Store
) -> None:
    store.create(pod("shop-1"))
    store.on_delete("Pod", lambda _pod: None)
    status, answer = await ask(http, "DELETE", "/api/v1/namespaces/shop/pods/shop-1")
    assert (status, answer["kind"]) == (200, "Pod")


async def test_a_collection_is_deleted_by_selector(http: aiohttp.ClientSession, store: Store) -> None:
    for name in ("one", "two", "three"):
        store.create(config_map(name, labels={"half": str(len(name) > 3)}))
    status, answer = await ask(http, "DELETE", MAPS, params={"labelSelector": "half=False"})
    assert (status, [item["metadata"]["name"] for item in answer["items"]]) == (200, ["one", "two"])
    assert [obj["metadata"]["name"] for obj in store.list("ConfigMap")] == ["three"]


async def test_discovery_names_what_is_served(http: aiohttp.ClientSession) -> None:
    assert (await ask(http, "GET", "/version"))[1]["gitVersion"].startswith("v1.34")
    assert (await ask(http, "GET", "/api"))[1]["versions"] == ["v1"]
    groups = {group["name"] for group in (await ask(http, "GET", "/apis"))[1]["groups"]}
    assert groups == {"apps", "argoproj.io", "coordination.k8s.io", "authorization.k8s.io"}
    assert (await ask(http, "GET", "/apis/argoproj.io"))[1]["preferredVersion"]["version"] == "v1alpha1"
    served = {entry["name"] for entry in (await ask(http, "GET", ARGO))[1]["resources"]}
    assert {"rollouts", "rollouts/status", "rollouts/scale", "workflows", "analysisruns"} <= served
    assert "pods/log" in {entry["name"] for entry in (await ask(http, "GET", "/api/v1"))[1]["resources"]}
    reviews = (await ask(http, "GET", "/apis/authorization.k8s.io/v1"))[1]["resources"]
    assert [entry["name"] for entry in reviews] == ["selfsubjectaccessreviews"]


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
async def test_health_is_answered(http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(path) as response:
        assert (response.status, await response.text()) == (200, "ok")


async def test_a_dry_run_is_refused_rather_than_run(http: aiohttp.ClientSession, store: Store) -> None:
    assert (await ask(http, "POST", MAPS, params={"dryRun": "All"}, json=config_map("one")))[0] == 400
    store.create(config_map("one"))
    assert (await ask(http, "DELETE", f"{MAPS}/one", json={"dryRun": ["All"]}))[0] == 400
    assert store.get("ConfigMap", "shop", "one")


async def test_metadata_that_is_no_object_cannot_be_patched_in(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(config_map("one"))
    for patch in ({"metadata": "text"}, {"metadata": {"labels": "text"}}):
        assert (await ask(http, "PATCH", f"{MAPS}/one", json=patch, headers=MERGE))[0] == 400


async def test_a_rollout_loses_its_spec_to_no_patch(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(rollout())
    status, answer = await ask(http, "PATCH", f"{ROLLOUTS}/shop", json={"spec": None}, headers=MERGE)
    assert (status, answer["details"]["causes"][0]["field"]) == (422, "spec")


@pytest.mark.parametrize("depth", [100, 400, 900])
async def test_a_patch_nested_too_deeply_is_a_bad_request_and_leaves_the_object_readable(
    http: aiohttp.ClientSession, store: Store, depth: int
) -> None:
    created = store.create(config_map("one"))
    deep = b'{"data":' * depth + b"{}" + b"}" * depth
    async with http.patch(f"{MAPS}/one", data=deep, headers=MERGE) as response:
        assert response.status == 400
    assert await ask(http, "GET", f"{MAPS}/one") == (200, created)


async def test_an_operation_nested_too_deeply_is_a_bad_request(http: aiohttp.ClientSession, store: Store) -> None:
    created = store.create(config_map("one"))
    deep = b'[{"op": "add", "path": "/data", "value": ' + b"[" * 700 + b"]" * 700 + b"}]"
    async with http.patch(f"{MAPS}/one", data=deep, headers=JSON_PATCH) as response:
        assert response.status == 400
    assert await ask(http, "GET", f"{MAPS}/one") == (200, created)
