"""Keycloak's HTTP: the token endpoint and the part of the admin API that reads people and their rights.

The world serves `Keycloak.app()`. Status codes and bodies as recorded on Keycloak 26.7.4; permissions are looked up
anew for every request, so a grant taken away turns the token held into 403 at once.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from aiohttp import web

from playground.faults import Faults, middleware
from playground.keycloak import views
from playground.keycloak.model import Client, Group, Realm, User
from playground.keycloak.search import find_users
from playground.keycloak.tokens import TokenRefusal, Tokens
from playground.pace import Pace

DEFAULT_MAX: Final = 100
BOOTSTRAP: Final = "Bootstrap in progress. Retry in 1 seconds."
_QUERY_ROLES: Final = frozenset({"view-users", "query-users"})
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404


class Refusal(Exception):
    """The admin API says no: a status and its one-field body."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


Answer = Callable[[web.Request, "Caller"], Any]


class Caller:
    """The service account behind a request and what it may see."""

    def __init__(self, realm: Realm, client: Client) -> None:
        self.realm = realm
        self._client = client

    def has(self, grant: str) -> bool:
        return grant in self._client.grants

    def can_view(self, client: Client) -> bool:
        return self.has("view-clients") or self.has(f"Clients:view:{client.id}")

    def require(self, *grants: str) -> None:
        if not any(self.has(grant) for grant in grants):
            raise Refusal(_FORBIDDEN, "HTTP 403 Forbidden")

    def user(self, request: web.Request) -> User:
        """Return the user of the path: unknown is 404 to those who may query users, 403 to others."""
        user = self.realm.user_by_id(request.match_info["user"])
        if user is None and any(map(self.has, _QUERY_ROLES)):
            raise Refusal(_NOT_FOUND, "User not found")
        if user is None:
            raise Refusal(_FORBIDDEN, "HTTP 403 Forbidden")
        return user

    def group(self, request: web.Request) -> Group:
        """Return the group of the path to those who may see groups."""
        self.require("view-users", "query-groups")
        found = next((group for group in self.realm.groups if group.id == request.match_info["group"]), None)
        if found is None:
            raise Refusal(_NOT_FOUND, "Could not find group by id")
        return found

    def client(self, request: web.Request) -> Client:
        """Return the client of the path, when it may be viewed: knowing its UUID does not spare the permission."""
        client = self.realm.client(request.match_info["client"])
        if client is None:
            raise Refusal(_NOT_FOUND, "Client not found")
        if not self.can_view(client):
            raise Refusal(_FORBIDDEN, "HTTP 403 Forbidden")
        return client


class Keycloak:
    """One realm served over HTTP. `realm` may be changed at any time; `tokens` too."""

    def __init__(self, realm: Realm, *, pace: Pace, faults: Faults) -> None:
        self.realm = realm
        self.tokens = Tokens(pace)
        self._faults = faults

    def set_roles(self, username: str, roles: Iterable[str]) -> None:
        self.realm.set_roles(username, roles)

    def set_enabled(self, username: str, *, enabled: bool) -> None:
        self.realm.set_enabled(username, enabled=enabled)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[middleware(self._faults, "keycloak", status_body=BOOTSTRAP)])
        app.router.add_get("/health/ready", _ready)
        app.router.add_get("/realms/{realm}", self._public)
        app.router.add_post("/realms/{realm}/protocol/openid-connect/token", self._token)
        for path, answer in _ADMIN.items():
            app.router.add_get(f"/admin/realms/{{realm}}{path}", self._admin(answer))
        app.router.add_route("*", "/{path:.*}", self._rest)
        return app

    async def _public(self, request: web.Request) -> web.Response:
        if request.match_info["realm"] != self.realm.name:
            return _error(_NOT_FOUND, "Realm does not exist")
        token_service = f"{request.url.origin()}/realms/{self.realm.name}/protocol/openid-connect"
        return _json({"realm": self.realm.name, "token-service": token_service})

    async def _token(self, request: web.Request) -> web.Response:
        if request.match_info["realm"] != self.realm.name:
            return _error(_NOT_FOUND, "Realm does not exist")
        form = {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
        try:
            return _json(self.tokens.issue(self.realm, form, request.headers.get("Authorization", "")))
        except TokenRefusal as refusal:
            return _json(refusal.to_json(), status=refusal.status)

    def _admin(self, answer: Answer) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            client = self.tokens.holder(self.realm, request.headers.get("Authorization", ""))
            if client is None:
                return _error(_UNAUTHORIZED, "HTTP 401 Unauthorized")
            if request.match_info["realm"] != self.realm.name:
                return _error(_NOT_FOUND, "Realm not found.")
            try:
                return _json(answer(request, Caller(self.realm, client)))
            except Refusal as refusal:
                return _error(refusal.status, refusal.error)

        return handle

    async def _rest(self, request: web.Request) -> web.Response:
        # The bot only reads, so every write is refused as it is for an account without a manage role.
        if request.path.startswith("/admin/") and request.method != "GET":
            client = self.tokens.holder(self.realm, request.headers.get("Authorization", ""))
            return (
                _error(_FORBIDDEN, "HTTP 403 Forbidden") if client else _error(_UNAUTHORIZED, "HTTP 401 Unauthorized")
            )
        return _error(_NOT_FOUND, "HTTP 404 Not Found")


async def _ready(_request: web.Request) -> web.Response:
    return web.json_response({"status": "UP", "checks": []})


def _json(content: Any, *, status: int = 200) -> web.Response:
    return web.json_response(content, status=status, headers={"Cache-Control": "no-cache"})


def _error(status: int, error: str) -> web.Response:
    return _json({"error": error}, status=status)


def _number(request: web.Request, name: str, default: int) -> int:
    try:
        return int(request.query.get(name) or default)
    except ValueError:
        raise Refusal(_NOT_FOUND, "HTTP 404 Not Found") from None


def _page(request: web.Request, items: list[Any]) -> list[Any]:
    first = _number(request, "first", 0)
    return items[first : first + _number(request, "max", DEFAULT_MAX)]


def _brief(request: web.Request, *, default: bool) -> bool:
    return request.query.get("briefRepresentation", str(default)).lower() == "true"


def _users(request: web.Request, caller: Caller) -> Any:
    caller.require(*_QUERY_ROLES)
    if not caller.has("view-users"):
        return []  # Recorded: query-users alone sees an empty realm, not a refusal.
    brief = _brief(request, default=False)
    found = find_users(caller.realm, {key: request.query[key] for key in request.query})
    return [views.user_element(user, brief=brief) for user in _page(request, found)]


def _count(_request: web.Request, caller: Caller) -> Any:
    caller.require(*_QUERY_ROLES)
    return sum(not user.service_account_of for user in caller.realm.users)


def _user(request: web.Request, caller: Caller) -> Any:
    user = caller.user(request)
    caller.require("view-users")
    return views.user_detail(user)


def _links(request: web.Request, caller: Caller) -> Any:
    user = caller.user(request)
    caller.require("view-users")
    return views.links(user)


def _groups(request: web.Request, caller: Caller) -> Any:
    user = caller.user(request)
    caller.require("view-users")
    return _page(request, [views.group(group) for group in caller.realm.groups_of(user)])


def _client_roles(request: web.Request, caller: Caller) -> Any:
    user, client = caller.user(request), caller.client(request)
    caller.require("view-users")
    direct = user.roles if client is caller.realm.roles_client else ()
    return views.client_roles(client, direct)


def _composite_client_roles(request: web.Request, caller: Caller) -> Any:
    user, client = caller.user(request), caller.client(request)
    caller.require("view-users")
    names = caller.realm.effective_roles(user, client)
    return views.client_roles(client, names, brief=_brief(request, default=True))


def _realm_roles(request: web.Request, caller: Caller) -> Any:
    user = caller.user(request)
    caller.require("view-users")
    return views.realm_roles(caller.realm, user.realm_roles)


def _composite_realm_roles(request: web.Request, caller: Caller) -> Any:
    user = caller.user(request)
    caller.require("view-users")
    names = caller.realm.effective_realm_roles(user)
    return views.realm_roles(caller.realm, names, brief=_brief(request, default=True))


def _all_roles(request: web.Request, caller: Caller) -> Any:
    """Direct mappings; the client part is silently left out for an account that cannot view the client."""
    user = caller.user(request)
    caller.require("view-users")
    client = caller.realm.roles_client
    shown: dict[str, Any] = {}
    if user.realm_roles:
        shown["realmMappings"] = views.realm_roles(caller.realm, user.realm_roles)
    if user.roles and caller.can_view(client):
        mappings = views.client_roles(client, user.roles)
        shown["clientMappings"] = {
            client.client_id: {"id": client.id, "client": client.client_id, "mappings": mappings},
        }
    return shown


def _clients(request: web.Request, caller: Caller) -> Any:
    caller.require("view-clients", "query-clients")
    wanted, substring = request.query.get("clientId"), request.query.get("search") == "true"
    return [
        views.client(client)
        for client in caller.realm.clients
        if caller.can_view(client)
        and (wanted is None or client.client_id == wanted or (substring and wanted in client.client_id))
    ]


def _client(request: web.Request, caller: Caller) -> Any:
    return views.client(caller.client(request))


def _client_secret(request: web.Request, caller: Caller) -> Any:
    return {"type": "secret", "value": caller.client(request).secret}


def _role_groups(request: web.Request, caller: Caller) -> Any:
    """Groups that were given the role directly."""
    client = caller.client(request)
    role = request.match_info["role"]
    if role not in client.roles:
        raise Refusal(_NOT_FOUND, "Could not find role")
    caller.require("view-users", "query-groups")
    return _page(request, [views.group(group) for group in caller.realm.groups if role in group.roles])


def _realm_role(request: web.Request, caller: Caller) -> str:
    """Return the realm role of the path: who holds it is told only to those who may view the realm."""
    caller.require("view-realm")
    role = request.match_info["role"]
    if role not in caller.realm.realm_roles:
        raise Refusal(_NOT_FOUND, "Could not find role")
    return role


def _realm_role_members(request: web.Request, caller: Caller) -> Any:
    role = _realm_role(request, caller)
    caller.require("view-users")
    members = [user for user in caller.realm.users if role in user.realm_roles]
    return _page(request, [views.user_element(user, brief=_brief(request, default=False)) for user in members])


def _realm_role_groups(request: web.Request, caller: Caller) -> Any:
    role = _realm_role(request, caller)
    return _page(request, [views.group(group) for group in caller.realm.groups if role in group.realm_roles])


def _group_members(request: web.Request, caller: Caller) -> Any:
    group = caller.group(request)
    caller.require("view-users")
    members = [user for user in caller.realm.users if group.path in user.groups]
    return _page(request, [views.user_element(user, brief=_brief(request, default=True)) for user in members])


def _group_children(request: web.Request, caller: Caller) -> Any:
    group = caller.group(request)
    return _page(request, [views.group(each) for each in caller.realm.groups if each.parent == group.path])


def _group_by_path(request: web.Request, caller: Caller) -> Any:
    caller.require("view-users", "query-groups")
    path = f"/{request.match_info['path']}"
    group = next((group for group in caller.realm.groups if group.path == path), None)
    if group is None:
        raise Refusal(_NOT_FOUND, "Group path does not exist")
    return views.group(group)


def _role_members(request: web.Request, caller: Caller) -> Any:
    """Direct members only: who holds the role through a group or a composite is not listed."""
    client = caller.client(request)
    role = request.match_info["role"]
    if role not in client.roles:
        raise Refusal(_NOT_FOUND, "Could not find role")
    caller.require("view-users")
    members = [user for user in caller.realm.users if role in user.roles]
    return _page(request, [views.user_element(user, brief=_brief(request, default=False)) for user in members])


_ADMIN: Final[dict[str, Answer]] = {
    "/users": _users,
    "/users/count": _count,
    "/users/{user}": _user,
    "/users/{user}/federated-identity": _links,
    "/users/{user}/groups": _groups,
    "/users/{user}/role-mappings": _all_roles,
    "/users/{user}/role-mappings/realm": _realm_roles,
    "/users/{user}/role-mappings/realm/composite": _composite_realm_roles,
    "/users/{user}/role-mappings/clients/{client}": _client_roles,
    "/users/{user}/role-mappings/clients/{client}/composite": _composite_client_roles,
    "/clients": _clients,
    "/clients/{client}": _client,
    "/clients/{client}/client-secret": _client_secret,
    "/clients/{client}/roles/{role}/users": _role_members,
    "/clients/{client}/roles/{role}/groups": _role_groups,
    "/roles/{role}/users": _realm_role_members,
    "/roles/{role}/groups": _realm_role_groups,
    "/groups/{group}/members": _group_members,
    "/groups/{group}/children": _group_children,
    "/group-by-path/{path:.+}": _group_by_path,
}
