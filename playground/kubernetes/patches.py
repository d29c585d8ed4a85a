"""Merge patch (RFC 7386) and JSON patch (RFC 6902) with the semantics that a real API server was recorded to have.

Called by the store; it knows documents only, neither resources nor HTTP.
"""

from typing import Any

import jsonpatch
import jsonpointer

from playground.kubernetes.errors import Obj, bad_request, rejected

_MISSING = object()
_OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")  # The library knows more than RFC 6902.


def copy_json(value: Any) -> Any:
    """Return a deep copy of a JSON value; much cheaper than copy.deepcopy, which must expect cycles and classes."""
    if isinstance(value, dict):
        return {key: copy_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [copy_json(item) for item in value]
    return value


def same_json(left: Any, right: Any) -> bool:
    """Compare as JSON does: true is not 1 and 1 is not 1.0, which Python's == would let pass."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_json(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_json, left, right))
    return type(left) is type(right) and bool(left == right)


def merge(document: Any, patch: Any) -> Any:
    """Return the document with an RFC 7386 merge patch applied; neither argument is changed."""
    if not isinstance(patch, dict):
        return copy_json(patch)
    merged = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def apply_json_patch(document: Obj, operations: Any) -> Obj:
    """Return the document with all operations applied, or raise 400 (no patch) or 422 (does not apply)."""
    if not isinstance(operations, list) or not all(isinstance(operation, dict) for operation in operations):
        raise bad_request("error decoding patch: a JSON patch is a list of operations")
    result: Obj = copy_json(document)
    for operation in operations:
        result = _apply(result, operation)
    return result


def _apply(document: Obj, operation: Obj) -> Obj:
    path = operation.get("path")
    # The real library finds no parent for the whole document, so an operation on "" never applies there.
    if not isinstance(path, str) or not path.startswith("/") or operation.get("op") not in _OPERATIONS:
        raise rejected()
    try:
        if operation.get("op") == "test":
            return _test(document, path, operation.get("value"))
        applied: Obj = jsonpatch.JsonPatch([copy_json(operation)]).apply(document, in_place=True)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError) as error:
        raise rejected() from error
    return applied


def _test(document: Obj, path: str, expected: Any) -> Obj:
    """Let an absent member pass for null when its parent exists, which the jsonpatch library itself refuses."""
    *parents, last = jsonpointer.JsonPointer(path).parts
    parent = jsonpointer.JsonPointer.from_parts(parents).resolve(document)
    found = parent.get(last, _MISSING) if isinstance(parent, dict) else jsonpointer.resolve_pointer(document, path)
    if not (isinstance(parent, dict | list) and same_json(None if found is _MISSING else found, expected)):
        raise rejected()
    return document
