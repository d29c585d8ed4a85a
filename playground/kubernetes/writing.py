"""What a write may change: identity, metadata, status against the rest, generation. For the store; pure."""

import uuid
from datetime import UTC, datetime

from playground.kubernetes.errors import ApiError, Obj, bad_request
from playground.kubernetes.patches import same_json
from playground.kubernetes.resources import Generation, Resource

_KEPT = ("name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion")
_FIRST_STATUS: dict[str, Obj] = {
    "Pod": {"phase": "Pending"},
    "ReplicaSet": {"replicas": 0},
    "Service": {"loadBalancer": {}},
    "Namespace": {"phase": "Active"},
}


def begin(resource: Resource, new: Obj) -> None:
    """Set what the server sets on a new object; a status sent along is dropped where it is a resource of its own."""
    meta = new["metadata"]
    if "resourceVersion" in meta:
        raise ApiError(500, "InternalError", "resourceVersion should not be set on objects to be created")
    _tidy(meta)
    meta["uid"] = str(uuid.uuid4())
    meta["creationTimestamp"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    meta.pop("generation", None)
    if resource.generation is not Generation.NONE:
        meta["generation"] = 1
    if resource.status:
        new.pop("status", None)
        if resource.kind in _FIRST_STATUS:
            new["status"] = dict(_FIRST_STATUS[resource.kind])


def _tidy(meta: Obj) -> None:
    """Drop empty metadata as the server does, so that adding and removing the only label is no lasting change."""
    for field in ("labels", "annotations", "ownerReferences", "finalizers"):
        if not meta.get(field, True):
            del meta[field]


def check_identity(resource: Resource, old: Obj, new: Obj) -> None:
    """Refuse a write that was meant for another version (409), another object (409) or another name (400)."""
    known, sent = old["metadata"], new.get("metadata") or {}
    if sent.get("resourceVersion") not in {None, "", known["resourceVersion"]}:
        why = "the object has been modified; please apply your changes to the latest version and try again"
        raise resource.conflict(known["name"], why)
    if sent.get("uid") not in {None, known["uid"]}:
        why = f"Precondition failed: UID in precondition: {sent['uid']}, UID in object meta: {known['uid']}"
        raise resource.conflict(known["name"], why)
    if sent.get("name") not in {None, known["name"]}:
        raise bad_request(
            f"the name of the object ({sent['name']}) does not match the name on the URL ({known['name']})"
        )


def settle(resource: Resource, old: Obj, new: Obj, subresource: str | None) -> Obj:
    """Return the object as it would be stored: each of the main resource and /status writes only its own part."""
    if subresource == "status":
        if not resource.status:
            raise ApiError(404, "NotFound", "the server could not find the requested resource")
        return _with_status(old, new)
    if resource.status:
        new = _with_status(new, old)
    known, meta = old["metadata"], new.get("metadata") or {}
    meta = {key: value for key, value in meta.items() if key not in _KEPT} | {
        key: known[key] for key in _KEPT if key in known
    }
    _tidy(meta)
    return new | {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta}


def _with_status(body: Obj, status: Obj) -> Obj:
    kept = {key: value for key, value in body.items() if key != "status"}
    kept["metadata"] = dict(kept.get("metadata") or {})
    return kept | ({"status": status["status"]} if status.get("status") is not None else {})


def raises_generation(resource: Resource, old: Obj, new: Obj) -> bool:
    """A first deletion timestamp counts as a change too, a pod's node does not, as the recorded pods show."""
    before, after = (_counted(resource, obj) for obj in (old, new))
    marked = "deletionTimestamp" in new["metadata"] and "deletionTimestamp" not in old["metadata"]
    return resource.generation is not Generation.NONE and (marked or not same_json(before, after))


def _counted(resource: Resource, obj: Obj) -> Obj:
    """Return the part of an object whose changes the generation counts."""
    ignored = {"metadata"} | ({"status"} if resource.generation is Generation.SPEC else set())
    counted = {key: value for key, value in obj.items() if key not in ignored}
    if resource.kind == "Pod" and isinstance(counted.get("spec"), dict):
        counted["spec"] = {key: value for key, value in counted["spec"].items() if key != "nodeName"}
    return counted
