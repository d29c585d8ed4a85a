"""Writes Kubernetes events about an object; one that says the same again only raises the count of the first.

Used by the controllers of this folder.
"""

import secrets
from datetime import UTC, datetime

from playground.argo.names import Obj, timestamp
from playground.kubernetes.store import Store


class EventRecorder:
    """The events of one component."""

    def __init__(self, store: Store, component: str) -> None:
        self._store = store
        self._component = component
        self._names: dict[tuple[str, str, str], str] = {}

    def emit(self, about: Obj, reason: str, message: str, *, warning: bool = False) -> None:
        meta, now = about["metadata"], timestamp(datetime.now(UTC))
        same = (meta["uid"], reason, message)
        known = self._store.get("Event", meta["namespace"], self._names[same]) if same in self._names else None
        if known is not None:
            again = {"count": known["count"] + 1, "lastTimestamp": now}
            self._store.merge_patch("Event", meta["namespace"], known["metadata"]["name"], again)
            return
        self._names[same] = name = f"{meta['name']}.{secrets.token_hex(8)}"
        kind = "Warning" if warning else "Normal"
        self._store.create(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": name, "namespace": meta["namespace"]},
                "involvedObject": {
                    "apiVersion": about["apiVersion"],
                    "kind": about["kind"],
                    "name": meta["name"],
                    "namespace": meta["namespace"],
                    "uid": meta["uid"],
                },
                "reason": reason,
                "message": message,
                "type": kind,
                "count": 1,
                "firstTimestamp": now,
                "lastTimestamp": now,
                "source": {"component": self._component},
            }
        )
