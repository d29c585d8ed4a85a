from typing import Any

import pytest

from playground import projection
from playground.kubernetes.store import Store

Obj = dict[str, Any]
STEPS = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "10m"}}]


def pod_spec(version: str) -> Obj:
    image = f"harbor.example.com/shop/shop@sha256:{version}"
    return {"containers": [{"name": "app", "image": image, "env": [{"name": "VERSION", "value": version}]}]}


def make_rollout(store: Store, *, strategy: Obj, status: Obj) -> Obj:
    made = store.create(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "metadata": {
                "name": "shop",
                "namespace": "staging",
                "labels": {"slipway/app": "shop", "slipway/environment": "staging", "slipway/deployment": "7"},
                "annotations": {"slipway/version": "v2", "slipway/strategy": "canary", "slipway/requester": "alice"},
            },
            "spec": {
                "replicas": 5,
                "selector": {"matchLabels": {"app": "shop"}},
                "strategy": strategy,
                "template": {"metadata": {"labels": {"app": "shop"}}, "spec": pod_spec("v2")},
            },
        }
    )
    store.merge_patch("Rollout", "staging", "shop", {"status": status}, subresource="status")
    return made


def make_replicaset(store: Store, rollout: Obj, of_set: str, version: str, replicas: int) -> Obj:
    owner = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "name": "shop",
        "uid": rollout["metadata"]["uid"],
        "controller": True,
    }
    labels = {"app": "shop", projection.HASH: of_set}
    return store.create(
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"shop-{of_set}",
                "namespace": "staging",
                "labels": labels,
                "annotations": {projection.REVISION: "2"},
                "ownerReferences": [owner],
            },
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod_spec(version)},
            },
        }
    )


@pytest.mark.parametrize(
    ("strategy", "status", "expected"),
    [
        ({"canary": {"steps": STEPS}}, {"currentStepIndex": 0}, 20),
        ({"canary": {"steps": STEPS}}, {"currentStepIndex": 1}, 20),
        ({"canary": {"steps": STEPS}}, {"currentStepIndex": 3}, 50),
        ({"canary": {"steps": STEPS}}, {"currentStepIndex": 4}, 100),
        ({"canary": {"steps": STEPS}}, {"currentStepIndex": 3, "abort": True}, 0),
        ({"canary": {"steps": [{"pause": {}}]}}, {"currentStepIndex": 0}, 0),
        ({"canary": {}}, {}, 100),
        ({"blueGreen": {}}, {}, None),
    ],
)
def test_the_weight_is_what_the_steps_up_to_now_ask_for(strategy: Obj, status: Obj, expected: int | None) -> None:
    assert projection.weight({"spec": {"strategy": strategy}, "status": status}) == expected


def test_a_canary_shows_its_step_and_the_roles_of_its_replicasets() -> None:
    store = Store()
    status = {
        "phase": "Paused",
        "message": "CanaryPauseStep",
        "currentStepIndex": 1,
        "stableRS": "aaa",
        "currentPodHash": "bbb",
        "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "2026-01-05T09:00:00Z"}],
    }
    rollout = make_rollout(store, strategy={"canary": {"steps": STEPS}}, status=status)
    for of_set, version, replicas in (("aaa", "v1", 4), ("bbb", "v2", 1), ("ccc", "v0", 0)):
        make_replicaset(store, rollout, of_set, version, replicas)
    shown = projection.cluster(store)
    [one] = shown["rollouts"]
    assert (one["app"], one["environment"], one["deployment"], one["version"]) == ("shop", "staging", "7", "v2")
    assert (one["phase"], one["step"], one["weight"], one["paused"], one["aborted"]) == ("Paused", 1, 20, True, False)
    assert one["image"] == "harbor.example.com/shop/shop@sha256:v2"
    assert [(rs["hash"], rs["role"], rs["version"], rs["replicas"]) for rs in shown["replicasets"]] == [
        ("aaa", "stable", "v1", 4),
        ("bbb", "canary", "v2", 1),
        ("ccc", "old", "v0", 0),
    ]
    assert {rs["rollout"] for rs in shown["replicasets"]} == {"shop"}


def test_a_blue_green_shows_active_and_preview() -> None:
    store = Store()
    status = {
        "stableRS": "aaa",
        "currentPodHash": "bbb",
        "blueGreen": {"activeSelector": "aaa", "previewSelector": "bbb"},
    }
    rollout = make_rollout(store, strategy={"blueGreen": {"activeService": "shop"}}, status=status)
    make_replicaset(store, rollout, "aaa", "v1", 2)
    make_replicaset(store, rollout, "bbb", "v2", 2)
    shown = projection.cluster(store)
    assert [rs["role"] for rs in shown["replicasets"]] == ["active", "preview"]
    assert (shown["rollouts"][0]["active"], shown["rollouts"][0]["preview"]) == ("aaa", "bbb")
    assert shown["rollouts"][0]["weight"] is None


def test_pods_say_why_they_wait() -> None:
    store = Store()
    rollout = make_rollout(store, strategy={"canary": {}}, status={})
    replicaset = make_replicaset(store, rollout, "bbb", "v2", 2)
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True}
    owner |= {"name": replicaset["metadata"]["name"], "uid": replicaset["metadata"]["uid"]}
    states: dict[str, Obj] = {
        "ready": {"phase": "Running", "containerStatuses": [{"name": "app", "ready": True, "state": {"running": {}}}]},
        "waits": {
            "phase": "Pending",
            "containerStatuses": [
                {"name": "app", "ready": False, "state": {"waiting": {"reason": "ImagePullBackOff"}}},
            ],
        },
        "new": {"phase": "Pending"},
    }
    for name, status in states.items():
        labels = {projection.HASH: "bbb"}
        metadata = {"name": name, "namespace": "staging", "labels": labels, "ownerReferences": [owner]}
        store.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod_spec("v2")})
        store.merge_patch("Pod", "staging", name, {"status": status}, subresource="status")
    pods = {pod["name"]: pod for pod in projection.cluster(store)["pods"]}
    assert {name: (pod["phase"], pod["ready"], pod["reason"]) for name, pod in pods.items()} == {
        "ready": ("Running", True, None),
        "waits": ("Pending", False, "ImagePullBackOff"),
        "new": ("Pending", False, None),
    }
    assert (pods["ready"]["version"], pods["ready"]["replicaset"], pods["ready"]["hash"]) == ("v2", "shop-bbb", "bbb")


def test_a_workflow_shows_its_steps_in_the_order_in_which_they_began() -> None:
    store = Store()
    nodes: Obj = {
        "w": {"type": "DAG", "displayName": "w", "phase": "Failed"},
        "w-2": {
            "type": "Pod",
            "templateName": "build-image",
            "phase": "Failed",
            "message": "main: Error (exit code 12)",
            "startedAt": "2026-01-05T09:00:02Z",
        },
        "w-1": {
            "type": "Pod",
            "templateName": "fetch-artifact",
            "phase": "Succeeded",
            "startedAt": "2026-01-05T09:00:01Z",
        },
        "w-3": {"type": "Pod", "displayName": "resolve-image", "phase": "Pending"},
    }
    metadata = {"name": "shop-staging-7", "namespace": "staging", "labels": {"slipway/app": "shop"}}
    workflow = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": metadata}
    workflow |= {"spec": {"workflowTemplateRef": {"name": "slipway-deploy"}}}
    store.create(workflow | {"status": {"phase": "Failed", "progress": "1/5", "nodes": nodes}})
    [shown] = projection.cluster(store)["workflows"]
    assert (shown["name"], shown["app"], shown["phase"], shown["progress"]) == (
        "shop-staging-7",
        "shop",
        "Failed",
        "1/5",
    )
    assert [(step["name"], step["phase"]) for step in shown["steps"]] == [
        ("fetch-artifact", "Succeeded"),
        ("build-image", "Failed"),
        ("resolve-image", "Pending"),
    ]
    assert shown["steps"][1]["message"] == "main: Error (exit code 12)"


def test_an_empty_cluster_is_shown_as_empty() -> None:
    assert projection.cluster(Store()) == {"rollouts": [], "replicasets": [], "pods": [], "workflows": []}
