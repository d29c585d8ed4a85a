"""The Rollouts controller: watches the store, runs a pass per Rollout and carries out what the pass decided.

Started by cluster.Controllers. All decisions are rollout_pass's; this module knows time, timers and the store.
"""

from typing import TYPE_CHECKING

from playground.argo.event_recorder import EventRecorder
from playground.argo.names import HASH, MANAGED_BY, Obj, dig, owned_by, owner_key
from playground.argo.rollout_pass import SERVICES, reconcile
from playground.argo.runner import Key, Runner
from playground.argo.view import View, annotation
from playground.argo.work import Create, Delete, Effect, Emit, Patch
from playground.kubernetes.store import Store, WatchEvent
from playground.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


class RolloutsController:
    """Keeps every Rollout of the store moving."""

    def __init__(self, store: Store, pace: Pace) -> None:
        self._store = store
        self._pace = pace
        self._runner = Runner(self._pass, pace)
        self._events = EventRecorder(store, "rollouts-controller")
        self._marks: dict[str, dict[str, datetime]] = {}
        self._unsubscribe: Callable[[], None] | None = None

    async def start(self) -> None:
        self._runner.start()
        self._unsubscribe = self._store.subscribe(self._heard)
        for rollout in self._store.list("Rollout"):
            self._runner.add(_key(rollout))

    async def stop(self) -> None:
        if self._unsubscribe:
            self._unsubscribe()
            self._unsubscribe = None
        self._runner.stop()

    def _heard(self, event: WatchEvent) -> None:
        obj = event.object
        if obj["kind"] == "Rollout":
            self._runner.add(_key(obj))
            if event.type == "DELETED":
                where = "/".join(reversed(_key(obj)))
                self._events.emit(obj, "RolloutDeleted", f"Rollout {where} is deleted.")
            if event.type == "ADDED":
                where = "/".join(_key(obj))
                self._events.emit(obj, "RolloutAddedToInformer", f"Rollout resource added to informer: {where}")
        elif obj["kind"] in {"ReplicaSet", "AnalysisRun"}:
            if key := owner_key(obj, "Rollout"):
                self._runner.add(key)
        elif obj["kind"] == "Service":
            self._service_changed(obj)
        elif obj["kind"] == "AnalysisTemplate":
            for rollout in self._store.list("Rollout", obj["metadata"]["namespace"]):
                self._runner.add(_key(rollout))

    def _service_changed(self, service: Obj) -> None:
        namespace, name = _key(service)
        for rollout in self._store.list("Rollout", namespace):
            used = {dig(rollout, "spec", "strategy", "blueGreen", role) for role in SERVICES}
            if name in used or annotation(service, MANAGED_BY) == rollout["metadata"]["name"]:
                self._runner.add(_key(rollout))

    def _pass(self, key: Key) -> None:
        rollout = self._store.get("Rollout", *key)
        if rollout is None:
            self._forget(key)
            return
        work = reconcile(self._look(rollout))
        self._marks[rollout["metadata"]["uid"]] = work.marks
        for effect in work.effects:
            self._do(rollout, effect)
        self._runner.wake(key, min(work.wakes, default=None))

    def _look(self, rollout: Obj) -> View:
        namespace = rollout["metadata"]["namespace"]
        sets = [rs for rs in self._store.list("ReplicaSet", namespace) if owned_by(rs, rollout)]
        restarting = rollout["spec"].get("restartAt")
        pods = self._store.list("Pod", namespace) if restarting else []
        runs, templates = (self._store.list(kind, namespace) for kind in ("AnalysisRun", "AnalysisTemplate"))
        return View(
            rollout=rollout,
            replica_sets=tuple(sets),
            now=self._pace.now(),
            services={service["metadata"]["name"]: service for service in self._store.list("Service", namespace)},
            pods=tuple(pod for pod in pods if any(owned_by(pod, rs) for rs in sets)),
            analysis_runs={run["metadata"]["name"]: run for run in runs if owned_by(run, rollout)},
            analysis_templates={obj["metadata"]["name"]: obj for obj in templates},
            marks=self._marks.get(rollout["metadata"]["uid"], {}),
            speed=self._pace.speed,
        )

    def _do(self, rollout: Obj, effect: Effect) -> None:
        namespace = rollout["metadata"]["namespace"]
        match effect:
            case Create(object=obj):
                self._store.create(obj)
            case Patch(kind=kind, name=name, body=body, subresource=subresource):
                self._store.merge_patch(kind, namespace, name, body, subresource=subresource)
            case Delete(kind=kind, name=name):
                self._store.delete(kind, namespace, name)
            case Emit(reason=reason, message=message, warning=warning):
                self._events.emit(rollout, reason, message, warning=warning)

    def _forget(self, key: Key) -> None:
        """Free the Services of a Rollout that is gone, so that they select its successor's pods."""
        namespace, name = key
        self._runner.wake(key, None)
        for service in self._store.list("Service", namespace):
            if annotation(service, MANAGED_BY) == name:
                body = {"metadata": {"annotations": {MANAGED_BY: None}}, "spec": {"selector": {HASH: None}}}
                self._store.merge_patch("Service", namespace, service["metadata"]["name"], body)


def _key(obj: Obj) -> Key:
    return obj["metadata"]["namespace"], obj["metadata"]["name"]
