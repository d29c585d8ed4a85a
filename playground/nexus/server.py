"""Nexus's HTTP: status, the search API, and the files of its repositories in Maven's layout.

The world serves `Nexus.app()`. Paths, orders and errors as seen on Nexus Repository 3.71; nothing can be uploaded over
HTTP, what exists is published through the model.
"""

import base64
import binascii
import secrets
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from playground.faults import Faults, middleware
from playground.nexus.model import CONTENT_TYPES, Asset, Repository, checksum
from playground.nexus.search import BadToken, Obj, asset_item, component_items, find_assets, page

_CHALLENGE: Final = {"WWW-Authenticate": 'BASIC realm="Sonatype Nexus Repository Manager"'}
_NOT_FOUND_PAGE: Final = (
    "<!DOCTYPE html>\n<html lang='en'>\n<head><title>404 - Nexus Repository Manager</title></head>\n"
    "<body><h1>Error 404</h1><p>Not Found</p></body>\n</html>\n"
)
STATUS_PATH: Final = "/service/rest/v1/status"


class Nexus:
    """Repositories served over HTTP; with `credentials` nobody reads without them."""

    def __init__(self, *, faults: Faults, credentials: tuple[str, str] | None = None) -> None:
        self.repositories: dict[str, Repository] = {}
        self.credentials = credentials
        self._faults = faults

    def add(self, repository: Repository) -> Repository:
        self.repositories[repository.name] = repository
        return repository

    def app(self) -> web.Application:
        app = web.Application(middlewares=[middleware(self._faults, "nexus"), self._guard()])
        app.router.add_get(STATUS_PATH, _status)
        app.router.add_get("/service/rest/v1/search", self._components)
        app.router.add_get("/service/rest/v1/search/assets", self._assets)
        app.router.add_get("/service/rest/v1/search/assets/download", self._download)
        app.router.add_get("/repository/{repository}/{path:.+}", self._file)
        app.router.add_route("*", "/{path:.*}", _missing)
        return app

    def _guard(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path != STATUS_PATH and not self._is_allowed(request.headers.get("Authorization")):
                return web.Response(status=401, headers=_CHALLENGE)
            return await handler(request)

        return guard

    def _is_allowed(self, header: str | None) -> bool:
        if self.credentials is None:
            return True
        given = _read_basic(header or "")
        return secrets.compare_digest(given.encode(), ":".join(self.credentials).encode())

    def _found(self, request: web.Request) -> list[Asset]:
        assets = [asset for repository in self.repositories.values() for asset in repository.assets]
        return find_assets(assets, {key: request.query[key] for key in request.query})

    async def _assets(self, request: web.Request) -> web.Response:
        return _page(request, [asset_item(asset, _base(request)) for asset in self._found(request)])

    async def _components(self, request: web.Request) -> web.Response:
        return _page(request, component_items(self._found(request), _base(request)))

    async def _download(self, request: web.Request) -> web.Response:
        found = self._found(request)
        if not found:
            return web.Response(status=404)
        if len(found) > 1 and "sort" not in request.query:
            return web.Response(status=400)
        return web.Response(status=302, headers={"Location": asset_item(found[0], _base(request))["downloadUrl"]})

    async def _file(self, request: web.Request) -> web.Response:
        repository = self.repositories.get(request.match_info["repository"])
        found = repository.file(request.match_info["path"]) if repository else None
        if found is None:
            return await _missing(request)
        content, modified = found
        response = _part(request, content)
        response.content_type = CONTENT_TYPES.get(request.path.rpartition(".")[2], "text/plain")
        response.headers["Accept-Ranges"] = "bytes"
        response.headers["ETag"] = f'"{{SHA1{{{checksum("sha1", content)}}}}}"'
        response.last_modified = modified
        return response


def _part(request: web.Request, content: bytes) -> web.Response:
    """Answer a Range with the part asked for; a range that is outside with 416; anything else with the whole."""
    size = len(content)
    whole = web.Response(body=content)
    if "Range" not in request.headers:
        return whole
    try:
        start, stop, _ = request.http_range.indices(size)
    except ValueError:
        return whole
    if start >= stop:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    return web.Response(
        status=206, body=content[start:stop], headers={"Content-Range": f"bytes {start}-{stop - 1}/{size}"}
    )


def _page(request: web.Request, items: list[Obj]) -> web.Response:
    try:
        return web.json_response(page(items, request.query.get("continuationToken")))
    except BadToken:
        return web.Response(status=406)


def _base(request: web.Request) -> str:
    return str(request.url.origin())


def _read_basic(header: str) -> str:
    scheme, _, encoded = header.partition(" ")
    try:
        return base64.b64decode(encoded, validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""


async def _status(_request: web.Request) -> web.Response:
    return web.Response()


async def _missing(_request: web.Request) -> web.Response:
    return web.Response(status=404, text=_NOT_FOUND_PAGE, content_type="text/html")
