"""What a request addresses and what its query and body say; used by all handlers of the server."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from playground.kubernetes.errors import ApiError, Obj, bad_request
from playground.kubernetes.resources import BY_PATH, Resource

LARGEST_BODY = 3 * 1024 * 1024
_YES = frozenset({"1", "true", "True"})


@dataclass(frozen=True, slots=True)
class Target:
    """``namespace`` is None for all namespaces and "" for what has none; ``name`` is "" for a collection."""

    resource: Resource
    namespace: str | None
    name: str = ""
    subresource: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Kind, namespace and name, as the store wants them."""
        return self.resource.kind, self.namespace or "", self.name


def find_target(request: web.Request) -> Target:
    """Resolve the path, or raise what aiohttp turns into the plain 404 of a real server."""
    parts = request.match_info
    resource = BY_PATH.get((parts.get("group", ""), parts["version"], parts["plural"]))
    name, subresource, namespace = (parts.get(key, "") for key in ("name", "subresource", "namespace"))
    if resource is None or not _fits(resource, namespace=namespace, name=name, subresource=subresource):
        raise web.HTTPNotFound
    everywhere = resource.namespaced and not namespace
    return Target(resource, None if everywhere else namespace, name, subresource)


def _fits(resource: Resource, *, namespace: str, name: str, subresource: str) -> bool:
    known = {
        "": True,
        "status": resource.status,
        "scale": resource.scale,
        "log": resource.kind == "Pod",
    }
    addressed = bool(namespace) is resource.namespaced or (resource.namespaced and not name)
    return addressed and known.get(subresource, False)


def is_yes(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "") in _YES


def read_number(query: Mapping[str, str], name: str) -> int | None:
    """Return a whole number of the query, None when absent or empty; 400 for anything else."""
    text = query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise bad_request(f'{name}: Invalid value: "{text}": a whole number was expected')
    return int(text)


async def read_json(request: web.Request) -> Any:
    """Parse the body; 400 for what is no JSON, 413 above 3 MiB."""
    try:
        return json.loads(await request.read(), parse_constant=_no_constant)
    except web.HTTPRequestEntityTooLarge as error:
        message = f"Request entity too large: limit is {LARGEST_BODY}"
        raise ApiError(413, "RequestEntityTooLarge", message) from error
    except (ValueError, RecursionError) as error:
        raise bad_request(f"couldn't read the body as JSON: {error}") from error


async def read_object(request: web.Request) -> Obj:
    body = await read_json(request)
    if not isinstance(body, dict):
        raise bad_request("the body of the request is not an object")
    return body


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")
