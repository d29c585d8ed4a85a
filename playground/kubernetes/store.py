"""The objects of the stand-in cluster: one growing resourceVersion, a bounded history of changes, cascading deletes.

Used by the HTTP server and, in the same loop, by the playground's controllers. It knows no HTTP and no controller, and
belongs to one thread. Objects handed out are copies, and a change that changes nothing leaves no trace.
"""

import logging
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from playground.kubernetes.errors import ApiError, Obj, bad_request, expired
from playground.kubernetes.patches import apply_json_patch, copy_json, merge, same_json
from playground.kubernetes.resources import BY_KIND, Resource
from playground.kubernetes.validation import check_shape, validate
from playground.kubernetes.writing import begin, check_identity, raises_generation, settle

__all__ = ["ApiError", "Obj", "Store", "WatchEvent"]

_log = logging.getLogger(__name__)
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"  # The letters of generated names: no vowels, so that no word comes out.
Key = tuple[str, str]
Objects = list[Obj]  # Inside the class, list is a method.


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One change. ``previous`` is the object before it, None when it was just created."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    object: Obj
    resource_version: int
    previous: Obj | None = None


class Store:
    """See the module. ``history`` is how many changes are kept; versions start far from 1, as on any old cluster."""

    def __init__(self, *, history: int = 2000, first_version: int = 1000) -> None:
        self._objects: dict[str, dict[Key, Obj]] = {kind: {} for kind in BY_KIND}
        self._history: deque[WatchEvent] = deque()
        self._history_limit = history
        self._version = first_version
        self._compacted = first_version
        self._subscribers: list[Callable[[WatchEvent], None]] = []
        self._undelivered: deque[WatchEvent] = deque()
        self._delivering = False
        self._removers: dict[str, Callable[[Obj], None]] = {}

    @property
    def resource_version(self) -> int:
        """The version of the newest change."""
        return self._version

    # Reading

    def get(self, kind: str, namespace: str, name: str) -> Obj | None:
        """Return a copy of one object, or None. Cluster-wide kinds have the namespace ``""``."""
        found = self._objects[_resource(kind).kind].get((namespace, name))
        return None if found is None else copy_json(found)

    def list(self, kind: str, namespace: str | None = None, labels: Mapping[str, str] | None = None) -> list[Obj]:
        """Return copies in the order of namespace and name, of all namespaces when None, that have all the labels."""
        wanted = (labels or {}).items()
        return [
            copy_json(obj)
            for key, obj in sorted(self._objects[_resource(kind).kind].items())
            if namespace in {None, key[0]} and wanted <= (obj["metadata"].get("labels") or {}).items()
        ]

    def snapshot(self, kind: str, version: int) -> Objects:
        """Return all objects of a kind as they were at a version, by undoing the history; 410 if compacted."""
        objects = dict(self._objects[_resource(kind).kind])
        for event in reversed(self.events_after(version)):
            if event.object["kind"] == kind:
                _undo(objects, event)
        return [copy_json(obj) for _, obj in sorted(objects.items())]

    def events_after(self, version: int) -> tuple[WatchEvent, ...]:
        """Return the changes since a version, oldest first, not copied: read them only. 410 when some are compacted."""
        if version < self._compacted:
            raise expired(f"too old resource version: {version} ({self._compacted + 1})")
        return tuple(event for event in self._history if event.resource_version > version)

    def compact(self) -> None:
        """Forget the history: every version older than now gets 410, as after etcd's compaction."""
        self._history.clear()
        self._compacted = self._version

    # Writing

    def create(self, obj: Obj) -> Obj:
        """Add an object and return it with uid, version and timestamp; 409 if it exists."""
        resource = _resource(obj.get("kind", ""))
        new: Obj = copy_json(obj)
        check_shape(new)
        meta = new["metadata"] = new.get("metadata") or {}
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"] + "".join(secrets.choice(_SUFFIX) for _ in range(5))
        if resource.namespaced:
            meta.setdefault("namespace", "default")
        new["apiVersion"] = resource.api_version
        validate(resource, new)
        if _key(new) in self._objects[resource.kind]:
            raise resource.already_exists(meta["name"])
        begin(resource, new)
        return self._commit(resource, "ADDED", new, None)

    def replace(self, obj: Obj, *, subresource: str | None = None) -> Obj:
        """Write a whole object, or only its status; 409 when it names a stale resourceVersion or uid."""
        resource = _resource(obj.get("kind", ""))
        check_shape(obj)
        old = self._existing(resource, _key(obj))
        return self._change(resource, old, copy_json(obj), subresource)

    def merge_patch(self, kind: str, namespace: str, name: str, patch: Obj, *, subresource: str | None = None) -> Obj:
        """Apply an RFC 7386 patch; 409 when the patch names a stale ``metadata.resourceVersion``."""
        resource = _resource(kind)
        if not isinstance(patch, dict):
            raise bad_request("error decoding patch: a merge patch is an object")
        old = self._existing(resource, (namespace, name))
        return self._change(resource, old, merge(old, patch), subresource)

    def json_patch(
        self, kind: str, namespace: str, name: str, patch: Objects, *, subresource: str | None = None
    ) -> Obj:
        """Apply an RFC 6902 patch, all or nothing; 422 when an operation does not apply. Tests see the whole object."""
        resource = _resource(kind)
        old = self._existing(resource, (namespace, name))
        return self._change(resource, old, apply_json_patch(old, patch), subresource)

    def delete(self, kind: str, namespace: str, name: str, *, orphan: bool = False) -> None:
        """Remove an object and then, unless ``orphan``, what it owned; a kind with a remover is left to that."""
        resource = _resource(kind)
        obj = self._existing(resource, (namespace, name))
        if kind in self._removers:
            self._removers[kind](copy_json(obj))
        else:
            self.remove(kind, namespace, name, orphan=orphan)

    def remove(self, kind: str, namespace: str, name: str, *, orphan: bool = False) -> None:
        """Remove an object at once, whoever else feels responsible, and then what it owned."""
        resource = _resource(kind)
        old = self._existing(resource, (namespace, name))
        del self._objects[kind][namespace, name]
        self._commit(resource, "DELETED", copy_json(old), old)
        if not orphan:
            self._remove_owned(old["metadata"]["uid"])

    def on_delete(self, kind: str, remover: Callable[[Obj], None]) -> None:
        """Let a controller end the objects of a kind itself (pods have a grace period); it calls ``remove`` when done.

        The remover may be called again for an object that is on its way out already.
        """
        self._removers[kind] = remover

    # Watching

    def subscribe(self, callback: Callable[[WatchEvent], None]) -> Callable[[], None]:
        """Call back after each change, in order, with an event of its own; return the function that ends this.

        A change made by a callback is delivered to all after the change being delivered. A callback that raises is
        logged: its bug must not undo a change that happened, nor keep the others from hearing of it.
        """
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    # The inside

    def _existing(self, resource: Resource, key: Key) -> Obj:
        found = self._objects[resource.kind].get(key)
        if found is None:
            raise resource.not_found(key[1])
        return found

    def _change(self, resource: Resource, old: Obj, new: Obj, subresource: str | None) -> Obj:
        check_shape(new)
        check_identity(resource, old, new)
        settled = settle(resource, old, new, subresource)
        if same_json(old, settled):
            return _copy(old)
        validate(resource, settled)
        if raises_generation(resource, old, settled):
            settled["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
        return self._commit(resource, "MODIFIED", settled, old)

    def _commit(
        self, resource: Resource, kind: Literal["ADDED", "MODIFIED", "DELETED"], new: Obj, old: Obj | None
    ) -> Obj:
        """Number a change, keep it and tell the subscribers. What is stored is never changed, only replaced."""
        self._version += 1
        new["metadata"]["resourceVersion"] = str(self._version)
        if kind != "DELETED":
            self._objects[resource.kind][_key(new)] = new
        event = WatchEvent(kind, new, self._version, old)
        self._remember(event)
        self._undelivered.append(event)
        self._deliver()
        return _copy(new)

    def _remember(self, event: WatchEvent) -> None:
        self._history.append(event)
        while len(self._history) > self._history_limit:
            self._compacted = self._history.popleft().resource_version

    def _deliver(self) -> None:
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._undelivered:
                event = self._undelivered.popleft()
                for subscriber in tuple(self._subscribers):
                    if subscriber in self._subscribers:
                        _tell(subscriber, event)
        finally:
            self._delivering = False

    def _remove_owned(self, owner: str) -> None:
        for kind, objects in self._objects.items():
            for (namespace, name), obj in sorted(objects.items()):
                if (namespace, name) in objects and self._lost_all_owners(obj, owner):
                    self.delete(kind, namespace, name)

    def _lost_all_owners(self, obj: Obj, gone: str) -> bool:
        owners = {reference["uid"] for reference in obj["metadata"].get("ownerReferences") or ()}
        others = owners - {gone}
        return gone in owners and not (others and others & self._uids())

    def _uids(self) -> set[str]:
        return {obj["metadata"]["uid"] for objects in self._objects.values() for obj in objects.values()}


def _resource(kind: str) -> Resource:
    resource = BY_KIND.get(kind)
    if resource is None:
        raise ApiError(404, "NotFound", f'the server does not know the kind "{kind}"')
    return resource


def _copy(obj: Obj) -> Obj:
    copied: Obj = copy_json(obj)
    return copied


def _key(obj: Obj) -> Key:
    meta = obj.get("metadata") or {}
    resource = _resource(obj.get("kind", ""))
    return (meta.get("namespace") or "default" if resource.namespaced else "", meta.get("name") or "")


def _undo(objects: dict[Key, Obj], event: WatchEvent) -> None:
    if event.previous is None:
        objects.pop(_key(event.object), None)
    else:
        objects[_key(event.object)] = event.previous


def _tell(subscriber: Callable[[WatchEvent], None], event: WatchEvent) -> None:
    try:
        subscriber(replace(event, object=copy_json(event.object), previous=copy_json(event.previous)))
    except Exception:  # noqa: BLE001  # see subscribe: one bug must not keep the others from hearing
        _log.exception("a subscriber of the store failed on %s of %s", event.type, event.object["kind"])
