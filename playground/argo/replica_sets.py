"""The ReplicaSet controller: as many pods as a ReplicaSet is told to have, and the counts in its status.

Started by cluster.Controllers; it knows neither Rollouts nor what a pod does.
"""

import secrets
from typing import TYPE_CHECKING, Final

from playground.argo.names import Obj, dig, owned_by, owner_key, owner_reference
from playground.argo.runner import Key, Runner
from playground.kubernetes.store import Store, WatchEvent
from playground.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable

LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
NODE: Final = "playground"


class ReplicaSetsController:
    """Makes and removes pods."""

    def __init__(self, store: Store, pace: Pace) -> None:
        self._store = store
        self._runner = Runner(self._pass, pace)
        self._unsubscribe: Callable[[], None] | None = None

    async def start(self) -> None:
        self._runner.start()
        self._unsubscribe = self._store.subscribe(self._heard)
        for replica_set in self._store.list("ReplicaSet"):
            self._runner.add((replica_set["metadata"]["namespace"], replica_set["metadata"]["name"]))

    async def stop(self) -> None:
        if self._unsubscribe:
            self._unsubscribe()
            self._unsubscribe = None
        self._runner.stop()

    def _heard(self, event: WatchEvent) -> None:
        obj = event.object
        if obj["kind"] == "ReplicaSet" and event.type != "DELETED":
            self._runner.add((obj["metadata"]["namespace"], obj["metadata"]["name"]))
        elif obj["kind"] == "Pod" and (key := owner_key(obj, "ReplicaSet")):
            self._runner.add(key)

    def _pass(self, key: Key) -> None:
        replica_set = self._store.get("ReplicaSet", *key)
        if replica_set is None:
            return
        pods = self._pods(replica_set)
        missing = int(replica_set["spec"].get("replicas", 1)) - len(pods)
        for _ in range(missing):
            self._store.create(new_pod(replica_set))
        for pod in first_to_go(pods)[: max(0, -missing)]:
            self._store.delete("Pod", key[0], pod["metadata"]["name"])
        self._write_status(replica_set, self._pods(replica_set))

    def _pods(self, replica_set: Obj) -> list[Obj]:
        pods = self._store.list("Pod", replica_set["metadata"]["namespace"])
        return [pod for pod in pods if owned_by(pod, replica_set) and is_active(pod)]

    def _write_status(self, replica_set: Obj, pods: list[Obj]) -> None:
        meta = replica_set["metadata"]
        patch = {"status": status_of(replica_set, pods)}
        self._store.merge_patch("ReplicaSet", meta["namespace"], meta["name"], patch, subresource="status")


def is_active(pod: Obj) -> bool:
    """A pod that is leaving or has ended counts no more, however long it still exists."""
    return "deletionTimestamp" not in pod["metadata"] and dig(pod, "status", "phase") not in {"Failed", "Succeeded"}


def is_ready(pod: Obj) -> bool:
    entries = dig(pod, "status", "conditions") or ()
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in entries)


def first_to_go(pods: list[Obj]) -> list[Obj]:
    """Unready pods before ready ones, then young before old."""
    by_age = sorted(pods, key=lambda pod: int(pod["metadata"]["resourceVersion"]), reverse=True)
    return sorted(by_age, key=is_ready)


def status_of(replica_set: Obj, pods: list[Obj]) -> Obj:
    """The status as a merge patch: counts of zero are left out, `replicas` is not."""
    ready = sum(map(is_ready, pods))
    return {
        "replicas": len(pods),
        "fullyLabeledReplicas": len(pods) or None,
        "readyReplicas": ready or None,
        "availableReplicas": ready or None,
        "observedGeneration": replica_set["metadata"]["generation"],
    }


def new_pod(replica_set: Obj) -> Obj:
    meta, template = replica_set["metadata"], replica_set["spec"]["template"]
    suffix = "".join(secrets.choice(LETTERS) for _ in range(5))
    labels = dict(dig(template, "metadata", "labels") or {})
    notes = dig(template, "metadata", "annotations")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{meta['name']}-{suffix}",
            "generateName": f"{meta['name']}-",
            "namespace": meta["namespace"],
            "labels": labels,
            **({"annotations": dict(notes)} if notes else {}),
            "ownerReferences": [owner_reference(replica_set)],
        },
        "spec": {"restartPolicy": "Always", **(template.get("spec") or {}), "nodeName": NODE},
    }
