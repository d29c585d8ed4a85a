"""What each verb does to the store: create, read, update, patch, delete, and the scale and review documents.

The server routes to these and turns what they return into an answer; none of them knows of connections or streams.
"""

from collections.abc import Mapping
from typing import Any

from playground.kubernetes.errors import ApiError, Obj, bad_request
from playground.kubernetes.patches import apply_json_patch, copy_json, merge
from playground.kubernetes.resources import Resource
from playground.kubernetes.selectors import parse_selector
from playground.kubernetes.store import Store
from playground.kubernetes.targets import Target

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
_ACCEPTED = f"{JSON_PATCH}, {MERGE_PATCH}, application/apply-patch+yaml"


def read(store: Store, target: Target) -> Obj:
    found = store.get(*target.key)
    if found is None:
        raise target.resource.not_found(target.name)
    return to_scale(found) if target.subresource == "scale" else found


def create(store: Store, target: Target, body: Obj) -> Obj:
    return store.create(_addressed(target, body))


def replace(store: Store, target: Target, body: Obj) -> Obj:
    """Write a whole object; where a real server insists on a resourceVersion, so does this one."""
    if target.subresource == "scale":
        return _write_scale(store, target, body)
    obj = _addressed(target, body)
    if obj["metadata"]["name"] != target.name:
        raise _wrong_name(obj["metadata"]["name"], target)
    insists = target.resource.custom or target.resource.kind == "Lease"
    if insists and not obj["metadata"].get("resourceVersion") and store.get(*target.key) is not None:
        raise target.resource.invalid(target.name, [_no_version()])
    return store.replace(obj, subresource=target.subresource or None)


def patch(store: Store, target: Target, content_type: str, body: Any) -> Obj:
    """Apply a patch of the content type that the request names; 415 for those that the resource does not take."""
    if content_type not in {JSON_PATCH, MERGE_PATCH} and not _is_plain_strategic(target.resource, content_type, body):
        message = f"the body of the request was in an unknown format - accepted media types include: {_ACCEPTED}"
        raise ApiError(415, "UnsupportedMediaType", message)
    if target.subresource == "scale":
        scale = read(store, target)
        patched = apply_json_patch(scale, body) if content_type == JSON_PATCH else merge(scale, body)
        return _write_scale(store, target, patched)
    subresource = target.subresource or None
    if content_type == JSON_PATCH:
        return store.json_patch(*target.key, body, subresource=subresource)
    return store.merge_patch(*target.key, body, subresource=subresource)


def delete(store: Store, target: Target, options: Mapping[str, Any]) -> Obj:
    """Delete an object; the answer is the object when it lives on for a grace period, else a Status of success."""
    if options.get("dryRun"):
        raise bad_request("dryRun is not served by this stand-in: it would delete what was not meant to be deleted")
    found = read(store, target)
    for field, wanted in (options.get("preconditions") or {}).items():
        if found["metadata"].get(field) != wanted:
            why = f"Precondition failed: {field} in precondition: {wanted}, {field} in object meta: "
            raise target.resource.conflict(target.name, why + str(found["metadata"].get(field)))
    store.delete(*target.key, orphan=options.get("propagationPolicy") == "Orphan")
    left = store.get(*target.key)
    if left is not None:
        return left
    details = target.resource.details(target.name) | {"uid": found["metadata"]["uid"]}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def delete_collection(store: Store, target: Target, query: Mapping[str, str]) -> Obj:
    """Delete all that the selectors of the query match and return them as a list."""
    selector = parse_selector(query.get("labelSelector", ""), query.get("fieldSelector", ""))
    resource = target.resource
    found = [obj for obj in store.list(resource.kind, target.namespace) if selector.matches(obj)]
    for obj in found:
        key = (resource.kind, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        if store.get(*key) is not None:
            store.delete(*key)
    meta = {"resourceVersion": str(store.resource_version)}
    return {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": meta, "items": found}


def to_scale(obj: Obj) -> Obj:
    """Return the autoscaling/v1 view of an object with replicas."""
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    fields = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    counts: Obj = {"replicas": status.get("replicas", 0)}
    if status.get("selector"):
        counts["selector"] = status["selector"]
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {field: meta[field] for field in fields},
        "spec": {"replicas": spec.get("replicas", 0)},
        "status": counts,
    }


def _write_scale(store: Store, target: Target, scale: Obj) -> Obj:
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    change: Obj = {"spec": {"replicas": replicas}}
    if version := (scale.get("metadata") or {}).get("resourceVersion"):
        change["metadata"] = {"resourceVersion": version}
    return to_scale(store.merge_patch(*target.key, change))


def _addressed(target: Target, body: Obj) -> Obj:
    """Return a copy of the body with kind and namespace as the path has them; 400 when the body says otherwise."""
    resource = target.resource
    obj: Obj = copy_json(body)
    sent = (body.get("apiVersion") or resource.api_version, body.get("kind") or resource.kind)
    if sent != (resource.api_version, resource.kind):
        raise bad_request(
            f"{sent[1]} in version {sent[0]} cannot be handled as a {resource.kind} in version {resource.api_version}"
        )
    meta = obj.setdefault("metadata", {})
    if not isinstance(meta, dict):
        raise bad_request("the object provided is unrecognized: metadata must be an object")
    if meta.get("namespace") not in {None, "", target.namespace}:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if target.name:
        meta.setdefault("name", target.name)
    if resource.namespaced:
        meta["namespace"] = target.namespace
    return obj | {"apiVersion": resource.api_version, "kind": resource.kind}


def _is_plain_strategic(resource: Resource, content_type: str, body: Any) -> bool:
    """Built-in resources take strategic patches; without lists these mean what merge patches do, others are refused."""
    return content_type == STRATEGIC_PATCH and not resource.custom and not _has_list(body)


def _has_list(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, dict) and any(map(_has_list, value.values())))


def _wrong_name(sent: str, target: Target) -> ApiError:
    return bad_request(f"the name of the object ({sent}) does not match the name on the URL ({target.name})")


def _no_version() -> Obj:
    message = "Invalid value: 0: must be specified for an update"
    return {"reason": "FieldValueInvalid", "message": message, "field": "metadata.resourceVersion"}
