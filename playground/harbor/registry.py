"""The registry's side of Harbor: who may ask, a repository's tags, and the digest behind one. No blobs, no pushes.

Routes are added by the server. Whoever asks without a token is sent to the token service, as by the real one.
"""

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from aiohttp import web

from playground.harbor import views

if TYPE_CHECKING:
    from playground.harbor.server import Harbor

SERVICE: Final = "harbor-registry"
MOST_TAGS: Final = 1000


def add_routes(app: web.Application, harbor: "Harbor") -> None:
    registry = _Registry(harbor)
    app.router.add_get("/v2/", registry.ping)
    app.router.add_get("/v2/{name:.+}/tags/list", registry.tags)
    app.router.add_route("HEAD", "/v2/{name:.+}/manifests/{reference}", registry.manifest)


class _Registry:
    def __init__(self, harbor: "Harbor") -> None:
        self._harbor = harbor

    async def ping(self, request: web.Request) -> web.Response:
        return self._challenge(request, "") or web.json_response({})

    async def tags(self, request: web.Request) -> web.Response:
        """List tags by name, `n` at a time, from behind `last`."""
        name = request.match_info["name"]
        if refused := self._challenge(request, f"repository:{name}:pull"):
            return refused
        repository = self._harbor.repository(name)
        if repository is None:
            return web.json_response(views.error("NAME_UNKNOWN", f"repository {name} not found"), status=404)
        wanted, last = int(request.query.get("n", MOST_TAGS)), request.query.get("last", "")
        behind = [tag for tag in repository.tags if tag > last]
        response = web.json_response({"name": name, "tags": behind[:wanted]})
        if len(behind) > wanted:
            query = f"last={quote(behind[wanted - 1], safe='')}&n={wanted}"
            response.headers["Link"] = f'</v2/{name}/tags/list?{query}>; rel="next"'
        return response

    async def manifest(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if refused := self._challenge(request, f"repository:{name}:pull"):
            return refused
        repository = self._harbor.repository(name)
        found = repository.find(request.match_info["reference"]) if repository else None
        if found is None:
            return web.json_response(views.error("NOT_FOUND", "artifact not found"), status=404)
        headers = {"Docker-Content-Digest": found.digest, "Content-Type": views.MANIFEST}
        return web.Response(headers=headers)

    def _challenge(self, request: web.Request, scope: str) -> web.Response | None:
        """Refuse who has no token for what is asked, and say where to get one."""
        word, _, token = request.headers.get("Authorization", "").partition(" ")
        if word.lower() == "bearer" and self._harbor.tokens.get(token) == scope:
            return None
        realm = f'Bearer realm="{request.url.origin()}/service/token",service="{SERVICE}"'
        header = f'{realm},scope="{scope}"' if scope else realm
        body = views.error("UNAUTHORIZED", "unauthorized: authentication required")
        return web.json_response(body, status=401, headers={"WWW-Authenticate": header})
