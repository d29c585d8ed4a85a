"""The HTTP face of the store: routes, authentication, errors as Status bodies; started by the playground and by tests.

It answers the way the official Python client and a recorded Kubernetes 1.34 expect, and knows no controller.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from playground.faults import Faults, middleware
from playground.kubernetes import discovery, handlers
from playground.kubernetes.access import Access
from playground.kubernetes.errors import ApiError, Obj, bad_request
from playground.kubernetes.listing import list_objects
from playground.kubernetes.pod_logs import Logs, read_log
from playground.kubernetes.store import Store
from playground.kubernetes.targets import (
    LARGEST_BODY,
    Target,
    find_target,
    is_yes,
    read_json,
    read_object,
)
from playground.kubernetes.watching import LONGEST_QUEUE, Watches, WatchRequest
from playground.pace import Pace

_HEALTH = ("/healthz", "/livez", "/readyz")
_OPEN_PATHS = frozenset({"/version", "/version/", *_HEALTH})
_HOST = "127.0.0.1"


class KubernetesServer:
    """``app`` for whoever runs the servers, or ``start`` and ``stop`` for one of its own on loopback."""

    def __init__(
        self,
        store: Store,
        *,
        faults: Faults | None = None,
        pace: Pace | None = None,
        access: Access | None = None,
        logs: Logs | None = None,
        longest_queue: int = LONGEST_QUEUE,
    ) -> None:
        self._store = store
        self._pace = pace or Pace()
        self._access = access or Access()
        self._logs = logs or (lambda _namespace, _pod, _container: None)
        faults = faults or Faults()
        self.watches = Watches(store, faults=faults, pace=self._pace, longest_queue=longest_queue)
        self.app = web.Application(
            client_max_size=LARGEST_BODY, middlewares=[_say_errors, middleware(faults, "kubernetes"), self._admit]
        )
        self.app.add_routes(self._routes())
        self.app.on_shutdown.append(self._close_watches)
        self._runner: web.AppRunner | None = None
        self._verbs: dict[str, Callable[[web.Request, Target], Awaitable[web.StreamResponse]]] = {
            "get": self._get,
            "list": self._list,
            "watch": self._watch,
            "create": self._create,
            "update": self._replace,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_collection,
        }

    async def start(self, port: int = 0) -> str:
        """Serve on loopback and return the base URL; port 0 takes a free one."""
        self._runner = web.AppRunner(self.app, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, _HOST, port).start()
        return f"http://{_HOST}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _routes(self) -> list[web.RouteDef]:
        documents: dict[str, Callable[[web.Request], Obj | None]] = {
            "/version": lambda _: discovery.VERSION,
            "/api": lambda _: discovery.API_VERSIONS,
            "/apis": lambda _: discovery.group_list(),
            "/apis/{group}": lambda request: discovery.group(request.match_info["group"]),
            "/api/{version}": _resource_list,
            "/apis/{group}/{version}": _resource_list,
        }
        routes = [web.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", self._review)]
        routes += [web.get(path, _ok) for path in _HEALTH]
        for path, make in documents.items():
            # The official client asks for discovery with a slash at the end.
            routes += [web.get(path, _document(make)), web.get(f"{path}/", _document(make))]
        for prefix in ("/api/{version}", "/apis/{group}/{version}"):
            namespaced = prefix + "/namespaces/{namespace}/{plural}"
            paths = (namespaced + "/{name}/{subresource}", namespaced + "/{name}", prefix + "/{plural}/{name}")
            routes += [web.route("*", path, self._serve) for path in (*paths, namespaced, prefix + "/{plural}")]
        return routes

    @web.middleware
    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in _OPEN_PATHS:
            self._access.authenticate(request.headers.get("Authorization", ""))
        return await handler(request)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        target = find_target(request)
        if "dryRun" in request.query:
            raise bad_request("dryRun is not served by this stand-in: it would write what was not meant to be written")
        verb = _verb(request, target)
        resource, namespace, name, subresource = target.resource, target.namespace, target.name, target.subresource
        self._access.authorise(verb, resource, namespace=namespace, name=name, subresource=subresource)
        return await self._verbs[verb](request, target)

    async def _get(self, request: web.Request, target: Target) -> web.Response:
        found = handlers.read(self._store, target)
        if target.subresource == "log":
            return web.Response(text=read_log(found, request.query, self._logs))
        return _answer(found)

    async def _list(self, request: web.Request, target: Target) -> web.Response:
        return _answer(await list_objects(self._store, target, request.query, pace=self._pace))

    async def _watch(self, request: web.Request, target: Target) -> web.StreamResponse:
        subject = f"{request.method} {request.path_qs}"
        return await self.watches.serve(request, WatchRequest.from_query(target, request.query, subject=subject))

    async def _create(self, request: web.Request, target: Target) -> web.Response:
        return _answer(handlers.create(self._store, target, await read_object(request)), status=201)

    async def _replace(self, request: web.Request, target: Target) -> web.Response:
        return _answer(handlers.replace(self._store, target, await read_object(request)))

    async def _patch(self, request: web.Request, target: Target) -> web.Response:
        body = await read_json(request)
        return _answer(handlers.patch(self._store, target, request.content_type, body))

    async def _delete(self, request: web.Request, target: Target) -> web.Response:
        options: Obj = await read_object(request) if request.can_read_body else {}
        return _answer(handlers.delete(self._store, target, dict(request.query) | options))

    async def _delete_collection(self, request: web.Request, target: Target) -> web.Response:
        return _answer(handlers.delete_collection(self._store, target, request.query))

    async def _review(self, request: web.Request) -> web.Response:
        return _answer(self._access.review(await read_object(request)), status=201)

    async def _close_watches(self, _app: web.Application) -> None:
        self.watches.close()


def _verb(request: web.Request, target: Target) -> str:
    """Return what the request does, in the words of access rules; 405 for what nothing does."""
    one, whole = bool(target.name), not target.subresource
    placed = target.namespace is not None
    verbs = {
        "GET": "watch" if whole and is_yes(request.query, "watch") else "get" if one else "list",
        "POST": "create" if placed and not one else None,
        "PUT": "update" if one and target.subresource != "log" else None,
        "PATCH": "patch" if one and target.subresource != "log" else None,
        "DELETE": ("delete" if one else "deletecollection") if whole and placed else None,
    }
    verb = verbs.get(request.method)
    if verb is None:
        raise _no_method()
    return verb


def _no_method() -> ApiError:
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def _document(make: Callable[[web.Request], Obj | None]) -> Handler:
    async def serve(request: web.Request) -> web.Response:
        body = make(request)
        if body is None:
            raise web.HTTPNotFound
        return _answer(body)

    return serve


def _resource_list(request: web.Request) -> Obj | None:
    return discovery.resource_list(request.match_info.get("group", ""), request.match_info["version"])


async def _ok(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


def _answer(body: Any, *, status: int = 200) -> web.Response:
    return web.Response(body=json.dumps(body).encode(), status=status, content_type="application/json")


@web.middleware
async def _say_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals into Status bodies; only the path that leads nowhere gets the plain text of a real server."""
    try:
        return await handler(request)
    except ApiError as error:
        refused = error
    except web.HTTPNotFound:
        return web.Response(text="404 page not found\n", status=404)
    except web.HTTPMethodNotAllowed:
        refused = _no_method()
    except RecursionError:
        refused = bad_request("the body of the request is nested too deeply")
    return _answer(refused.to_status(), status=refused.code)
