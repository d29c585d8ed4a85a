"""What the stand-in refuses: names, labels and the few fields whose absence a real server answers with 422.

Called by the store before each write; pure.
"""

import re
from collections.abc import Iterator
from typing import Any

from playground.kubernetes.errors import Obj, bad_request
from playground.kubernetes.resources import Resource

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\Z")
_NAME_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_SHAPES: dict[str, type] = {
    "name": str,
    "generateName": str,
    "namespace": str,
    "uid": str,
    "resourceVersion": str,
    "labels": dict,
    "annotations": dict,
    "ownerReferences": list,
    "finalizers": list,
}
_LONGEST_NAME = 253
_DEEPEST = 100  # Far from where copying would run into the interpreter's own limit.
_LONGEST_LABEL = 63


def check_shape(obj: Obj) -> None:
    """Raise 400 for metadata of types that a real server could not even decode, and for absurd nesting."""
    if not _is_flat_enough(obj, _DEEPEST):
        raise bad_request(f"the object provided is unrecognized: exceeded max depth of {_DEEPEST}")
    meta = obj.get("metadata")
    if not isinstance(meta, dict | None):
        raise bad_request("the object provided is unrecognized: metadata must be an object")
    for field, kind in _SHAPES.items():
        if not isinstance((meta or {}).get(field), kind | None):
            raise bad_request(f"the object provided is unrecognized: metadata.{field} must be of type {kind.__name__}")


def _is_flat_enough(value: Any, left: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return left > 0 and all(_is_flat_enough(item, left - 1) for item in inner)


def validate(resource: Resource, obj: Obj) -> None:
    """Raise 422 with one cause per fault."""
    causes = [*_names(obj["metadata"]), *_labels(obj["metadata"])]
    if resource.kind == "Rollout":
        causes += _rollout(obj.get("spec"))
    if causes:
        raise resource.invalid(obj["metadata"].get("name") or "", causes)


def _names(meta: Obj) -> Iterator[Obj]:
    name = meta.get("name")
    if not name:
        yield _cause("FieldValueRequired", "metadata.name", "Required value: name or generateName is required")
    elif not isinstance(name, str) or len(name) > _LONGEST_NAME or not _NAME.match(name):
        yield _cause("FieldValueInvalid", "metadata.name", f'Invalid value: "{name}": {_NAME_RULE}')


def _labels(meta: Obj) -> Iterator[Obj]:
    for value in (meta.get("labels") or {}).values():
        if not isinstance(value, str) or len(value) > _LONGEST_LABEL or not _LABEL_VALUE.match(value):
            yield _cause("FieldValueInvalid", "metadata.labels", f'Invalid value: "{value}": {_LABEL_RULE}')


def _rollout(spec: Any) -> Iterator[Obj]:
    """The part of the CRD's schema that mistakes in practice run into."""
    if not isinstance(spec, dict):
        yield _cause("FieldValueRequired", "spec", "Required value")
        return
    if spec.get("workloadRef") is None:
        for field in ("selector", "template"):
            if not isinstance(spec.get(field), dict):
                yield _cause("FieldValueRequired", f"spec.{field}", "Required value")
    replicas = spec.get("replicas", 1)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        kind = "string" if isinstance(replicas, str) else "object"
        message = f'Invalid value: "{kind}": spec.replicas in body must be of type integer: "{kind}"'
        yield _cause("FieldValueTypeInvalid", "spec.replicas", message)


def _cause(reason: str, field: str, message: str) -> Obj:
    return {"reason": reason, "message": message, "field": field}
