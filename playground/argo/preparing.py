"""What the release step does to what runs before it releases, as the real one does: steps/rollout.py.

Used by release. A recreate takes the old pods away; what becomes blue-green gets the strategy first, with the content
that runs, because otherwise the new content would go live without its gate.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from playground.argo.names import HASH, Obj, dig, owned_by
from playground.kubernetes.store import Store


class InTheMiddleError(Exception):
    """What runs is in the middle of a rollout, so it cannot become blue-green; the text says so."""


async def prepare(store: Store, rollout: Obj, *, strategy: str, ensure: Callable[[], None]) -> None:
    """Get what runs ready for `rollout`, the one that comes; `ensure` makes what the new strategy names."""
    meta = rollout["metadata"]
    live = store.get("Rollout", meta["namespace"], meta["name"])
    if live is None:
        return
    if strategy == "recreate":
        await _stop(store, live, rollout)
        return
    if strategy == "blue-green" and "blueGreen" not in live["spec"].get("strategy", {}):
        await _become_blue(store, live, rollout, ensure=ensure)
    _begin_again(store, live, rollout)


def _begin_again(store: Store, live: Obj, rollout: Obj) -> None:
    """Take back the abort of what comes once more: another template takes it back by itself."""
    if dig(live, "status", "abort") and live["spec"]["template"] == rollout["spec"]["template"]:
        store.merge_patch("Rollout", *_key(live), {"status": {"abort": False}}, subresource="status")


async def _stop(store: Store, live: Obj, rollout: Obj) -> None:
    """Take all pods of another template away and wait until they are gone."""
    is_aborted = bool(dig(live, "status", "abort"))
    if live["spec"]["template"] == rollout["spec"]["template"] and not is_aborted:
        return
    if is_aborted and _serves_already(store, live, rollout):
        return
    store.merge_patch("Rollout", *_key(live), {"spec": {"replicas": 0}})
    await _until(store, lambda: not _pods_of(store, live))
    _begin_again(store, live, rollout)


async def _become_blue(store: Store, live: Obj, rollout: Obj, *, ensure: Callable[[], None]) -> None:
    """Release the strategy with the old content; where nothing serves, there is nothing to guard."""
    status = live.get("status") or {}
    stable = status.get("stableRS")
    if not stable or not status.get("availableReplicas"):
        return
    if status.get("currentPodHash") != stable or status.get("abort"):
        if _serves_already(store, live, rollout):
            return
        raise InTheMiddleError(
            f"{live['metadata']['name']} is in the middle of a rollout, so it cannot change to blue-green. "
            "Finish it or go back first."
        )
    ensure()
    spec = {**live["spec"], "strategy": rollout["spec"]["strategy"]}
    store.replace({**live, "spec": spec})

    def is_blue() -> bool:
        now = dig(store.get("Rollout", *_key(live)) or {}, "status") or {}
        active = dig(now, "blueGreen", "activeSelector")
        return bool(active) and active == now.get("stableRS")

    await _until(store, is_blue)


def _serves_already(store: Store, live: Obj, rollout: Obj) -> bool:
    """Whether what comes is what the stable pods run: an abort that is being put right."""
    stable = dig(live, "status", "stableRS")
    pods = [pod for pod in _pods_of(store, live) if dig(pod, "metadata", "labels", HASH) == stable]
    wanted = _runs(rollout["spec"]["template"])
    return bool(pods) and all(_runs(pod) == wanted for pod in pods)


def _runs(template: Obj) -> Mapping[str, tuple[Any, ...]]:
    containers = template["spec"]["containers"]
    return {each["name"]: (each.get("image"), each.get("env")) for each in containers}


def _pods_of(store: Store, rollout: Obj) -> list[Obj]:
    namespace = rollout["metadata"]["namespace"]
    sets = [found for found in store.list("ReplicaSet", namespace) if owned_by(found, rollout)]
    return [pod for pod in store.list("Pod", namespace) if any(owned_by(pod, one) for one in sets)]


def _key(obj: Obj) -> tuple[str, str]:
    return obj["metadata"]["namespace"], obj["metadata"]["name"]


async def _until(store: Store, holds: Callable[[], bool]) -> None:
    changed = asyncio.Event()

    def heard(_: Any) -> None:
        changed.set()

    unsubscribe = store.subscribe(heard)
    try:
        while not holds():
            changed.clear()
            await changed.wait()
    finally:
        unsubscribe()
