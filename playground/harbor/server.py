"""Harbor's HTTP: the part of its API that lists images, and the part of a registry that names tags and digests.

The world serves `Harbor.app()`. Shapes and errors as Harbor's API documents them (2.x); nothing can be pushed or pulled
over HTTP, what was built is pushed through the model.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from playground.faults import Faults, middleware
from playground.harbor import registry, views
from playground.harbor.model import DEFAULT_PUSHED, Artifact, Project, Repository

API: Final = "/api/v2.0"
PAGE: Final = 10
LARGEST_PAGE: Final = 100


class Refused(Exception):
    """Ends a request with one of Harbor's errors."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = web.json_response(views.error(code, message), status=status)


class Harbor:
    """Projects served over HTTP; with `credentials` nobody reads without them."""

    def __init__(self, *, faults: Faults, credentials: tuple[str, str] | None = None) -> None:
        self.projects: dict[str, Project] = {}
        self.credentials = credentials
        self.tokens: dict[str, str] = {}
        self._faults = faults

    def add(self, project: Project) -> Project:
        self.projects[project.name] = project
        return project

    def has(self, image: str, tag: str) -> bool:
        """Say whether an image, named with its host, has a tag."""
        project, repository = self._find(image)
        there = self.projects[project].repositories.get(repository) if project in self.projects else None
        return there is not None and there.find(tag) is not None

    def push(
        self,
        image: str,
        tag: str,
        digest: str,
        *,
        at: datetime = DEFAULT_PUSHED,
        scan: Mapping[str, int] | None = None,
    ) -> Artifact:
        """Push an image, named with its host, the way the pipeline does; NoRoom because of a quota or a fault."""
        name, repository = self._find(image)
        project = self.projects.get(name) or self.add(Project(name))
        if self._faults.take("harbor", "quota", image):
            project.quota = project.used
        project.make_room()
        return project.repository(repository).push(tag, digest, at=at, scan=scan)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[middleware(self._faults, "harbor"), self._guard()])
        app.router.add_get(f"{API}/ping", _ping)
        app.router.add_get(f"{API}/projects/{{project}}/summary", self._summary)
        app.router.add_get(f"{API}/projects/{{project}}/repositories", self._repositories)
        app.router.add_get(f"{API}/projects/{{project}}/repositories/{{name}}/artifacts", self._artifacts)
        app.router.add_get("/service/token", self._token)
        registry.add_routes(app, self)
        app.router.add_route("*", "/{path:.*}", _missing)
        return app

    def repository(self, name: str) -> Repository | None:
        """Return the repository of a whole name, such as shop/shop."""
        project, _, inner = name.partition("/")
        return self.projects[project].repositories.get(inner) if project in self.projects else None

    def is_known(self, header: str | None) -> bool:
        """Say whether a Basic header is one of somebody who may read."""
        if self.credentials is None:
            return True
        return secrets.compare_digest(_read_basic(header or "").encode(), ":".join(self.credentials).encode())

    def _find(self, image: str) -> tuple[str, str]:
        _, _, name = image.partition("/")
        project, _, repository = name.partition("/")
        return project, repository

    def _guard(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            is_open = not request.path.startswith(API) or request.path == f"{API}/ping"
            if not is_open and not self.is_known(request.headers.get("Authorization")):
                return web.json_response(views.error("UNAUTHORIZED", "unauthorized"), status=401)
            try:
                return await handler(request)
            except Refused as refused:
                return refused.answer

        return guard

    def _project(self, request: web.Request) -> Project:
        name = request.match_info["project"]
        if name not in self.projects:
            raise Refused(404, "NOT_FOUND", f"project {name} not found")
        return self.projects[name]

    async def _summary(self, request: web.Request) -> web.Response:
        return web.json_response(views.summary(self._project(request)))

    async def _repositories(self, request: web.Request) -> web.Response:
        project = self._project(request)
        return _page(request, [views.repository(project, one) for one in project.repositories.values()])

    async def _artifacts(self, request: web.Request) -> web.Response:
        project = self._project(request)
        # aiohttp has decoded the path once, as the proxy in front of Harbor does; a name with a slash comes encoded.
        name = unquote(request.match_info["name"])
        repository = project.repositories.get(name)
        if repository is None or "/" in request.match_info["name"]:
            raise Refused(404, "NOT_FOUND", f"repository {project.name}/{name} not found")
        tags, scan = _is_true(request, "with_tag", otherwise="true"), _is_true(request, "with_scan_overview")
        newest_first = sorted(repository.artifacts, key=lambda one: one.pushed, reverse=True)
        return _page(request, [views.artifact(project, repository, one, tags=tags, scan=scan) for one in newest_first])

    async def _token(self, request: web.Request) -> web.Response:
        if not self.is_known(request.headers.get("Authorization")):
            return web.json_response(views.error("UNAUTHORIZED", "unauthorized"), status=401)
        token = secrets.token_urlsafe()
        self.tokens[token] = request.query.get("scope", "")
        issued = views.time(datetime.now(UTC))
        return web.json_response({"token": token, "access_token": "", "expires_in": 1800, "issued_at": issued})


def _is_true(request: web.Request, name: str, *, otherwise: str = "false") -> bool:
    return request.query.get(name, otherwise) == "true"


def _number(request: web.Request, name: str, otherwise: int, *, highest: int | None = None) -> int:
    text = request.query.get(name, str(otherwise))
    number = int(text) if text.isdecimal() else 0
    if number < 1 or (highest is not None and number > highest):
        raise Refused(422, "UNPROCESSABLE_ENTITY", f"{name} in query should be from 1 to {highest or 'any'}")
    return number


def _page(request: web.Request, items: list[views.Obj]) -> web.Response:
    """Answer one page, with how many there are in all and where the neighbours are."""
    page, size = _number(request, "page", 1), _number(request, "page_size", PAGE, highest=LARGEST_PAGE)
    response = web.json_response(items[(page - 1) * size : page * size])
    response.headers["X-Total-Count"] = str(len(items))
    query = {**request.query, "page_size": str(size)}
    if link := views.link(request.rel_url.raw_path, query, page=page, size=size, count=len(items)):
        response.headers["Link"] = link
    return response


def _read_basic(header: str) -> str:
    scheme, _, encoded = header.partition(" ")
    try:
        return base64.b64decode(encoded, validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""


async def _ping(_request: web.Request) -> web.Response:
    return web.Response(text="Pong")


async def _missing(_request: web.Request) -> web.Response:
    return web.json_response(views.error("NOT_FOUND", "404 page not found"), status=404)
