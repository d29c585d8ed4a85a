"""Lists: selectors, pages, exact and future versions; called by the server for a GET of a collection."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from playground.kubernetes.errors import ApiError, Obj, bad_request, expired
from playground.kubernetes.selectors import Selector, parse_selector
from playground.kubernetes.store import Store
from playground.kubernetes.targets import Target, read_number
from playground.pace import Pace

_PATIENCE = 3.0
_TOO_OLD = "The resourceVersion for the provided list is too old."
_PAGE_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. "
    "You can start a new list without the continue parameter."
)


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a page begins: at which version of the store, and after which namespace and name."""

    version: int
    after: tuple[str, str] = ("", "")


async def list_objects(store: Store, target: Target, query: Mapping[str, str], *, pace: Pace) -> Obj:
    """Return the body of a list. A version of the future is waited for, in vain, as long as a real server does."""
    selector = parse_selector(query.get("labelSelector", ""), query.get("fieldSelector", ""))
    if (read_number(query, "resourceVersion") or 0) > store.resource_version:
        await pace.sleep(_PATIENCE)
        raise _too_large(query["resourceVersion"], store.resource_version)
    start, found = _read(store, target.resource.kind, query)
    wanted = [obj for obj in found if _in_scope(obj, target) and selector.matches(obj) and _key(obj) > start.after]
    limit = read_number(query, "limit") or len(wanted)
    page, rest = wanted[:limit], wanted[limit:]
    meta: Obj = {"resourceVersion": str(start.version)}
    if rest:
        meta["continue"] = _to_token(_Start(start.version, _key(page[-1])))
        if selector == Selector():
            meta["remainingItemCount"] = len(rest)
    kind = f"{target.resource.kind}List"
    return {"kind": kind, "apiVersion": target.resource.api_version, "metadata": meta, "items": _items(page, target)}


def _read(store: Store, kind: str, query: Mapping[str, str]) -> tuple[_Start, list[Obj]]:
    if token := query.get("continue"):
        start, message = _from_token(token), _PAGE_TOO_OLD
    elif query.get("resourceVersionMatch") == "Exact":
        start, message = _Start(read_number(query, "resourceVersion") or 0), _TOO_OLD
    else:
        return _Start(store.resource_version), store.list(kind)
    try:
        return start, store.snapshot(kind, start.version)
    except ApiError as error:
        raise expired(message) from error


def _items(page: list[Obj], target: Target) -> list[Obj]:
    """Drop kind and apiVersion from the items of built-in resources: real lists of those do not carry them."""
    if target.resource.custom:
        return page
    return [{key: value for key, value in obj.items() if key not in {"kind", "apiVersion"}} for obj in page]


def _in_scope(obj: Obj, target: Target) -> bool:
    return target.namespace in {None, "", obj["metadata"].get("namespace")}


def _key(obj: Obj) -> tuple[str, str]:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _to_token(start: _Start) -> str:
    content = json.dumps({"rv": start.version, "start": start.after})
    return base64.urlsafe_b64encode(content.encode()).decode()


def _from_token(token: str) -> _Start:
    try:
        content = json.loads(base64.urlsafe_b64decode(token))
        namespace, name = content["start"]
        return _Start(int(content["rv"]), (str(namespace), str(name)))
    except (ValueError, TypeError, KeyError) as error:
        raise bad_request("continue key is not valid: it is no token of this server") from error


def _too_large(asked: str, current: int) -> ApiError:
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    return ApiError(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})
