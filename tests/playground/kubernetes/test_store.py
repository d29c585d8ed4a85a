import logging
import uuid
from datetime import UTC, datetime

import pytest

from playground.kubernetes.store import ApiError, Obj, Store, WatchEvent
from tests.playground.kubernetes.samples import PAUSED_STATUS, config_map, owned_by, pod, rollout


def heard(store: Store) -> list[WatchEvent]:
    events: list[WatchEvent] = []
    store.subscribe(events.append)
    return events


def version(obj: Obj) -> int:
    return int(obj["metadata"]["resourceVersion"])


def test_a_created_object_has_what_the_server_sets(store: Store) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    created = store.create(rollout())
    meta = created["metadata"]
    assert uuid.UUID(meta["uid"]).version == 4
    assert meta["generation"] == 1
    assert version(created) == store.resource_version > 1000
    assert datetime.fromisoformat(meta["creationTimestamp"]) >= before
    assert store.get("Rollout", "shop", "shop") == created


def test_creating_what_exists_is_refused_with_the_recorded_words(store: Store) -> None:
    store.create(rollout())
    with pytest.raises(ApiError) as refused:
        store.create(rollout())
    assert refused.value.to_status() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'rollouts.argoproj.io "shop" already exists',
        "reason": "AlreadyExists",
        "details": {"name": "shop", "group": "argoproj.io", "kind": "rollouts"},
        "code": 409,
    }


def test_generated_names_differ(store: Store) -> None:
    template = {"kind": "Workflow", "metadata": {"generateName": "deploy-", "namespace": "shop"}, "spec": {}}
    names = {store.create(template)["metadata"]["name"] for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith("deploy-") and len(name) == len("deploy-") + 5 for name in names)


@pytest.mark.parametrize("name", ["Shop", "shop_1", "-shop", "shop.", "a" * 254, ""])
def test_names_that_are_no_dns_names_are_refused(store: Store, name: str) -> None:
    with pytest.raises(ApiError, match=r"metadata\.name") as refused:
        store.create(rollout(name))
    assert refused.value.code == 422


@pytest.mark.parametrize("value", ["a b", "-a", "a" * 64, 5])
def test_label_values_that_kubernetes_refuses_are_refused(store: Store, value: object) -> None:
    with pytest.raises(ApiError, match=r"metadata\.labels") as refused:
        store.create(config_map("one", labels={"app": value}))
    assert refused.value.code == 422


@pytest.mark.parametrize("field", ["selector", "template"])
def test_a_rollout_lacks_neither_selector_nor_template(store: Store, field: str) -> None:
    lacking = rollout()
    del lacking["spec"][field]
    with pytest.raises(ApiError, match=f"spec.{field}: Required value") as refused:
        store.create(lacking)
    assert refused.value.code == 422
    assert (refused.value.details or {})["causes"][0]["field"] == f"spec.{field}"


def test_replicas_that_are_no_number_are_refused_as_recorded(store: Store) -> None:
    store.create(rollout())
    with pytest.raises(ApiError, match=r"spec\.replicas in body must be of type integer") as refused:
        store.merge_patch("Rollout", "shop", "shop", {"spec": {"replicas": "two"}})
    assert refused.value.code == 422


@pytest.mark.parametrize("metadata", ["text", {"labels": []}, {"name": 5}, {"name": "a", "resourceVersion": ["1"]}])
def test_metadata_of_wrong_types_is_refused(store: Store, metadata: object) -> None:
    with pytest.raises(ApiError) as refused:
        store.create({"kind": "ConfigMap", "metadata": metadata})
    assert refused.value.code == 400


def test_an_unknown_kind_is_refused(store: Store) -> None:
    with pytest.raises(ApiError, match="Teapot") as refused:
        store.create({"kind": "Teapot", "metadata": {"name": "a"}})
    assert refused.value.code == 404


def test_a_created_object_may_not_bring_its_version(store: Store) -> None:
    with pytest.raises(ApiError, match="resourceVersion should not be set"):
        store.create(config_map("one", resourceVersion="5"))


def test_objects_handed_out_are_copies(store: Store) -> None:
    sent = rollout()
    events = heard(store)
    created = store.create(sent)
    for leaked in (sent, created, events[0].object, store.list("Rollout")[0], store.get("Rollout", "shop", "shop")):
        assert leaked is not None
        leaked["spec"]["replicas"] = 99
    assert store.list("Rollout")[0]["spec"]["replicas"] == 2
    assert store.events_after(1000)[0].object["spec"]["replicas"] == 2


def test_lists_are_ordered_and_filtered_by_namespace_and_labels(store: Store) -> None:
    for namespace, name, tier in (("b", "two", "web"), ("a", "two", "web"), ("a", "one", "web"), ("a", "zed", "db")):
        store.create(config_map(name, namespace=namespace, labels={"tier": tier}))
    found = [
        (o["metadata"]["namespace"], o["metadata"]["name"]) for o in store.list("ConfigMap", labels={"tier": "web"})
    ]
    assert found == [("a", "one"), ("a", "two"), ("b", "two")]
    assert [o["metadata"]["name"] for o in store.list("ConfigMap", "a")] == ["one", "two", "zed"]


def test_status_sent_to_the_main_resource_is_dropped(store: Store) -> None:
    created = store.create(rollout() | {"status": {"phase": "Healthy"}})
    assert "status" not in created
    patched = store.merge_patch("Rollout", "shop", "shop", {"status": {"phase": "Healthy"}})
    assert patched == created


def test_anything_but_status_sent_to_the_status_subresource_is_dropped(store: Store) -> None:
    created = store.create(rollout())
    patch = {
        "metadata": {"annotations": {"by": "alice"}},
        "spec": {"replicas": 9},
        "status": {"phase": "Healthy"},
    }
    patched = store.merge_patch("Rollout", "shop", "shop", patch, subresource="status")
    assert patched["status"] == {"phase": "Healthy"}
    assert patched["spec"] == created["spec"]
    assert "annotations" not in patched["metadata"]
    assert patched["metadata"]["generation"] == 1


def test_a_workflow_has_no_status_subresource(store: Store) -> None:
    workflow = {"kind": "Workflow", "metadata": {"name": "deploy", "namespace": "shop"}, "spec": {}}
    store.create(workflow)
    patched = store.merge_patch("Workflow", "shop", "deploy", {"status": {"phase": "Running"}})
    assert patched["status"] == {"phase": "Running"}
    with pytest.raises(ApiError) as refused:
        store.merge_patch("Workflow", "shop", "deploy", {"status": {"phase": "Failed"}}, subresource="status")
    assert refused.value.code == 404


def test_generation_rises_with_the_spec_alone_where_status_is_a_subresource(store: Store) -> None:
    store.create(rollout())
    store.merge_patch("Rollout", "shop", "shop", {"metadata": {"annotations": {"a": "b"}}})
    after = store.merge_patch("Rollout", "shop", "shop", {"status": PAUSED_STATUS}, subresource="status")
    assert after["metadata"]["generation"] == 1
    after = store.merge_patch("Rollout", "shop", "shop", {"spec": {"paused": True}})
    assert after["metadata"]["generation"] == 2
    after = store.merge_patch("Rollout", "shop", "shop", {"metadata": {"generation": 77}})
    assert after["metadata"]["generation"] == 2


def test_generation_rises_with_the_status_of_a_workflow_too(store: Store) -> None:
    store.create({"kind": "Workflow", "metadata": {"name": "deploy", "namespace": "shop"}, "spec": {}})
    labelled = store.merge_patch("Workflow", "shop", "deploy", {"metadata": {"labels": {"a": "b"}}})
    assert labelled["metadata"]["generation"] == 1
    running = store.merge_patch("Workflow", "shop", "deploy", {"status": {"phase": "Running"}})
    assert running["metadata"]["generation"] == 2


def test_services_and_config_maps_have_no_generation(store: Store) -> None:
    assert "generation" not in store.create(config_map("one"))["metadata"]


def test_a_pod_that_gets_its_node_keeps_its_generation(store: Store) -> None:
    store.create(pod("shop-1"))
    bound = store.merge_patch("Pod", "shop", "shop-1", {"spec": {"nodeName": "node-1"}})
    assert bound["metadata"]["generation"] == 1
    resized = store.merge_patch("Pod", "shop", "shop-1", {"spec": {"tolerations": []}})
    assert resized["metadata"]["generation"] == 2


def test_the_mark_of_deletion_raises_the_generation_of_a_pod(store: Store) -> None:
    store.create(pod("shop-1"))
    marked = store.merge_patch("Pod", "shop", "shop-1", {"metadata": {"deletionTimestamp": "2026-08-17T10:00:00Z"}})
    assert marked["metadata"]["generation"] == 2


def test_a_change_that_changes_nothing_leaves_no_trace(store: Store) -> None:
    created = store.create(rollout())
    events = heard(store)
    spec = {"spec": {"replicas": 2, "absent": None}, "metadata": {"labels": {}}}
    assert store.merge_patch("Rollout", "shop", "shop", spec) == created
    assert store.replace(created) == created
    replaced = [{"op": "replace", "path": "/spec/replicas", "value": 2}]
    assert store.json_patch("Rollout", "shop", "shop", replaced) == created
    assert events == []
    assert store.resource_version == version(created)


def test_a_stale_version_is_a_conflict(store: Store) -> None:
    stale = store.create(rollout())
    store.merge_patch("Rollout", "shop", "shop", {"spec": {"paused": True}})
    in_patch = {"metadata": {"resourceVersion": stale["metadata"]["resourceVersion"]}, "spec": {"replicas": 3}}
    with pytest.raises(ApiError, match="the object has been modified") as refused:
        store.merge_patch("Rollout", "shop", "shop", in_patch)
    assert (refused.value.code, refused.value.reason) == (409, "Conflict")
    with pytest.raises(ApiError, match="the object has been modified"):
        store.replace(stale)


def test_an_object_of_the_same_name_but_another_uid_is_a_conflict(store: Store) -> None:
    created = store.create(config_map("one"))
    created["metadata"] |= {"uid": str(uuid.uuid4()), "resourceVersion": ""}
    with pytest.raises(ApiError, match="UID in precondition") as refused:
        store.replace(created)
    assert refused.value.code == 409


def test_identity_survives_a_replacement_that_does_not_name_it(store: Store) -> None:
    created = store.create(config_map("one", "a"))
    replaced = store.replace(config_map("one", "b"))
    for field in ("uid", "creationTimestamp"):
        assert replaced["metadata"][field] == created["metadata"][field]


def test_a_rename_is_refused(store: Store) -> None:
    store.create(config_map("one"))
    with pytest.raises(ApiError, match="does not match the name on the URL"):
        store.merge_patch("ConfigMap", "shop", "one", {"metadata": {"name": "two"}})


def test_deleting_an_owner_removes_what_it_owned_after_it(store: Store) -> None:
    owner = store.create(rollout())
    middle = store.create(config_map("middle", ownerReferences=owned_by(owner)))
    store.create(pod("leaf", ownerReferences=owned_by(middle)))
    store.create(pod("other"))
    events = heard(store)
    store.delete("Rollout", "shop", "shop")
    assert [(event.type, event.object["metadata"]["name"]) for event in events] == [
        ("DELETED", "shop"),
        ("DELETED", "middle"),
        ("DELETED", "leaf"),
    ]
    assert [o["metadata"]["name"] for o in store.list("Pod")] == ["other"]


def test_what_has_another_owner_left_stays(store: Store) -> None:
    first, second = store.create(config_map("first")), store.create(config_map("second"))
    store.create(pod("shared", ownerReferences=[*owned_by(first), *owned_by(second)]))
    store.delete("ConfigMap", "shop", "first")
    assert store.get("Pod", "shop", "shared")
    store.delete("ConfigMap", "shop", "second")
    assert store.get("Pod", "shop", "shared") is None


def test_orphans_stay_when_asked_for(store: Store) -> None:
    owner = store.create(rollout())
    store.create(pod("leaf", ownerReferences=owned_by(owner)))
    store.delete("Rollout", "shop", "shop", orphan=True)
    assert store.get("Pod", "shop", "leaf")


def test_a_controller_may_give_its_kind_a_grace_period(store: Store) -> None:
    owner = store.create(rollout())
    store.create(pod("leaf", ownerReferences=owned_by(owner)))
    asked: list[str] = []
    store.on_delete("Pod", lambda obj: asked.append(obj["metadata"]["name"]))
    store.delete("Rollout", "shop", "shop")
    assert asked == ["leaf"]
    assert store.get("Pod", "shop", "leaf")
    store.remove("Pod", "shop", "leaf")
    assert store.get("Pod", "shop", "leaf") is None


def test_deleting_what_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(ApiError, match=r'rollouts\.argoproj\.io "shop" not found') as refused:
        store.delete("Rollout", "shop", "shop")
    assert refused.value.code == 404


def test_a_deleted_object_carries_a_version_of_its_own(store: Store) -> None:
    created = store.create(config_map("one"))
    events = heard(store)
    store.delete("ConfigMap", "shop", "one")
    assert version(events[0].object) == events[0].resource_version == version(created) + 1


def test_changes_made_while_hearing_of_one_reach_everybody_in_order(store: Store) -> None:
    def answer(event: WatchEvent) -> None:
        if event.type == "ADDED":
            store.merge_patch("ConfigMap", "shop", "one", {"data": {"value": "answered"}})

    store.subscribe(answer)
    events = heard(store)
    store.create(config_map("one"))
    assert [event.type for event in events] == ["ADDED", "MODIFIED"]
    assert [event.resource_version for event in events] == [1001, 1002]


def test_a_failing_subscriber_is_logged_and_the_others_still_hear(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_event: WatchEvent) -> None:
        raise ValueError("a bug")

    store.subscribe(fail)
    events = heard(store)
    with caplog.at_level(logging.ERROR):
        store.create(config_map("one"))
    assert len(events) == 1
    assert "a subscriber of the store failed on ADDED of ConfigMap" in caplog.text


def test_who_unsubscribed_hears_nothing_more(store: Store) -> None:
    events: list[WatchEvent] = []
    unsubscribe = store.subscribe(events.append)
    unsubscribe()
    unsubscribe()
    store.create(config_map("one"))
    assert events == []


def test_history_is_bounded_and_what_fell_out_is_expired() -> None:
    store = Store(history=3)
    for number in range(5):
        store.create(config_map(f"map-{number}"))
    assert [event.resource_version for event in store.events_after(1002)] == [1003, 1004, 1005]
    with pytest.raises(ApiError, match=r"too old resource version: 1001 \(1003\)") as refused:
        store.events_after(1001)
    assert (refused.value.code, refused.value.reason) == (410, "Expired")


def test_after_compaction_only_the_present_can_be_resumed_from(store: Store) -> None:
    store.create(config_map("one"))
    store.compact()
    assert store.events_after(store.resource_version) == ()
    with pytest.raises(ApiError, match="too old"):
        store.events_after(store.resource_version - 1)


def test_a_snapshot_undoes_creations_changes_and_deletions(store: Store) -> None:
    store.create(config_map("kept", "old"))
    store.create(config_map("gone"))
    then, objects = store.resource_version, store.list("ConfigMap")
    store.merge_patch("ConfigMap", "shop", "kept", {"data": {"value": "new"}})
    store.delete("ConfigMap", "shop", "gone")
    store.create(config_map("late"))
    assert store.snapshot("ConfigMap", then) == objects
    assert store.snapshot("ConfigMap", store.resource_version) == store.list("ConfigMap")
