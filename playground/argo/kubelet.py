"""The kubelet: starts the pods of ReplicaSets, lets them fail as faults ask for, ends deleted ones after a grace.

Started by cluster.Controllers. Pods of workflows are run by the workflows controller; here they are only removed.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from playground.argo import pod_status
from playground.argo.names import Obj, dig, owner_key, timestamp
from playground.faults import Fault, Faults
from playground.kubernetes.store import Store, WatchEvent
from playground.pace import Pace

FAULTS: Final = ("image-pull", "crash-loop", "config-error", "pods-never-ready")
NOT_CONFIGURED: Final = 'configmap "shop" not found'
CRASH_LOG: Final = ("boom",)
FIRST_BACK_OFF: Final = 10
LONGEST_BACK_OFF: Final = 300
NODE_CPUS: Final = 16
Key = tuple[str, str]


class Kubelet:
    """One node for all pods. `pod_start_seconds` is the time from creation to ready."""

    def __init__(
        self,
        store: Store,
        pace: Pace,
        faults: Faults,
        *,
        pod_start_seconds: float = 1.5,
        pod_stop_seconds: float = 1.0,
    ) -> None:
        self._store = store
        self._pace = pace
        self._faults = faults
        self._start_seconds = pod_start_seconds
        self._stop_seconds = pod_stop_seconds
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._ends: dict[str, asyncio.Task[None]] = {}
        self._logs: dict[Key, list[str]] = {}
        self._unsubscribe: Callable[[], None] | None = None

    async def start(self) -> None:
        self._store.on_delete("Pod", self._delete)
        self._unsubscribe = self._store.subscribe(self._heard)
        for pod in self._store.list("Pod"):
            self._begin(pod)

    async def stop(self) -> None:
        if self._unsubscribe:
            self._unsubscribe()
            self._unsubscribe = None
        tasks = [*self._lives.values(), *self._ends.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def logs(self, namespace: str, pod: str, container: str | None = None) -> str | None:
        """What the containers of a pod have written; None when none of them has started (or there is no such pod)."""
        lines = self._logs.get((namespace, pod))
        known = self._store.get("Pod", namespace, pod)
        names = [entry["name"] for entry in pod_status.containers(known or {})]
        if lines is None or (container is not None and container not in names):
            return None
        return "".join(f"{line}\n" for line in lines)

    def _heard(self, event: WatchEvent) -> None:
        pod = event.object
        if pod["kind"] != "Pod":
            return
        if event.type == "ADDED":
            self._begin(pod)
        elif event.type == "DELETED":
            self._logs.pop((pod["metadata"]["namespace"], pod["metadata"]["name"]), None)
            if task := self._lives.pop(pod["metadata"]["uid"], None):
                task.cancel()

    def _begin(self, pod: Obj) -> None:
        if owner_key(pod, "Workflow") is None and dig(pod, "status", "phase") == "Pending":
            self._keep(self._lives, pod, self._live(pod))

    def _keep(self, tasks: dict[str, asyncio.Task[None]], pod: Obj, life: Coroutine[Any, Any, None]) -> None:
        uid = pod["metadata"]["uid"]
        tasks[uid] = task = asyncio.get_running_loop().create_task(life)
        task.add_done_callback(lambda done: tasks.pop(uid, None) if tasks.get(uid) is done else None)

    def _fault(self, pod: Obj) -> Fault | None:
        found = (self._faults.take("rollouts", kind, pod_status.images(pod)) for kind in FAULTS)
        return next(filter(None, found), None)

    def _write(self, pod: Obj, status: Obj) -> None:
        meta = pod["metadata"]
        if (known := self._store.get("Pod", *_key(pod))) and known["metadata"]["uid"] == meta["uid"]:
            self._store.merge_patch("Pod", *_key(pod), {"status": status}, subresource="status")

    # A pod's life

    async def _live(self, pod: Obj) -> None:
        fault = self._fault(pod)
        await asyncio.sleep(0)  # The pod was created by whoever is still inside their pass; let that one finish.
        if pod_status.asks_for_cpus(pod) > NODE_CPUS:
            self._write(pod, pod_status.unschedulable(self._pace.now()))
            return
        self._write(pod, pod_status.waiting(pod, self._pace.now(), "ContainerCreating"))
        await self._pace.sleep(self._start_seconds)
        match fault.kind if fault else "":
            case "image-pull":
                await self._pull(pod)
            case "config-error" if fault:
                self._stay_unconfigured(pod, str(fault.options.get("message", NOT_CONFIGURED)))
            case "crash-loop" if fault:
                await self._crash(pod, fault)
            case "pods-never-ready" if fault:
                await self._stay_unready(pod, fault)
            case _:
                self._become_ready(pod)

    def _become_ready(self, pod: Obj) -> None:
        version = {e["name"]: e.get("value") for c in pod_status.containers(pod) for e in c.get("env") or ()}
        self._logs.setdefault(_key(pod), []).append(f"listening on :8080 version={version.get('VERSION', 'unknown')}")
        self._write(pod, pod_status.running(pod, self._pace.now()))

    async def _stay_unready(self, pod: Obj, fault: Fault) -> None:
        """Run without passing the readiness probe; with `seconds` in the fault it passes after those."""
        self._logs.setdefault(_key(pod), []).append("waiting for its dependencies")
        self._write(pod, pod_status.running(pod, self._pace.now(), ready=False))
        if seconds := fault.options.get("seconds"):
            await self._pace.sleep(float(seconds))
            self._become_ready(pod)

    def _stay_unconfigured(self, pod: Obj, message: str) -> None:
        reason = "CreateContainerConfigError"
        self._write(pod, pod_status.waiting(pod, self._pace.now(), reason, message, sandbox=True))

    async def _pull(self, pod: Obj) -> None:
        container = pod_status.containers(pod)[0]
        image = container.get("image", "")
        if container.get("imagePullPolicy") == "Never":
            why = f'Container image "{image}" is not present with pull policy of Never'
            self._write(pod, pod_status.waiting(pod, self._pace.now(), "ErrImageNeverPull", why, sandbox=True))
            return
        for reason, message, seconds in pod_status.pulls(image):
            self._write(pod, pod_status.waiting(pod, self._pace.now(), reason, message, sandbox=True))
            await self._pace.sleep(seconds)

    async def _crash(self, pod: Obj, fault: Fault) -> None:
        """Two quick ends, then longer and longer waits between the starts."""
        log = [str(line) for line in fault.options.get("log", CRASH_LOG)]
        code, reason = int(fault.options.get("exit_code", 1)), str(fault.options.get("reason", "Error"))
        last, count, back_off = None, 0, FIRST_BACK_OFF
        while True:
            self._logs[_key(pod)] = list(log)
            now = self._pace.now()
            end = pod_status.terminated(code, None, now, reason=reason)
            self._write(pod, pod_status.crashed(pod, end, count=count, last=last, now=now))
            last = end
            await self._pace.sleep(1.0)
            if count:
                self._write(pod, pod_status.crashed(pod, end, count=count, last=last, back_off=back_off, now=now))
                await self._pace.sleep(back_off)
                back_off = min(2 * back_off, LONGEST_BACK_OFF)
            count += 1

    # A pod's end

    def _delete(self, pod: Obj) -> None:
        """Mark a pod, and remove it when its grace period is over; called by the store, also when nothing runs here."""
        uid, done = pod["metadata"]["uid"], dig(pod, "status", "phase") in {"Succeeded", "Failed"}
        if uid in self._ends:
            return
        if done or self._unsubscribe is None or owner_key(pod, "Workflow") is not None:
            self._store.remove("Pod", *_key(pod))
            return
        if task := self._lives.pop(uid, None):
            task.cancel()
        self._keep(self._ends, pod, self._end(pod))
        leaving = {"deletionTimestamp": timestamp(self._pace.now()), "deletionGracePeriodSeconds": _grace(pod)}
        self._store.merge_patch("Pod", *_key(pod), {"metadata": leaving})

    async def _end(self, pod: Obj) -> None:
        await self._pace.sleep(min(self._stop_seconds, _grace(pod)))
        if known := self._store.get("Pod", *_key(pod)):
            self._write(pod, pod_status.ended(known, self._pace.now()))
            self._store.remove("Pod", *_key(pod))


def _grace(pod: Obj) -> int:
    return int(pod["spec"].get("terminationGracePeriodSeconds", 30))


def _key(pod: Obj) -> Key:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]
