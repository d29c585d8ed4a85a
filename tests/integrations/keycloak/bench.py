"""A stand-in Keycloak on loopback for these tests: a realm with one roles client and the bot's service account."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from commands.core.model import ChatUser
from integrations.keycloak import KeycloakPeople, KeycloakSettings
from playground.faults import Fault, Faults
from playground.keycloak import Client, Keycloak, Realm, User
from playground.pace import Pace

TEAM = "T0SLIPWAY"
SECRET = "demo-keycloak-secret"
ROLES_CLIENT = "5f0c1d2e-0000-4000-8000-00000000de91"


def chat_user(user: str, *, team: str = TEAM) -> ChatUser:
    return ChatUser(id=user, team=team)


def account(name: str, chat_id: str, **changes: Any) -> User:
    attributes = {"slack_user_id": [f"{TEAM}-{chat_id}"]}
    return User(**{"username": name, "email": f"{name}@example.com", "attributes": attributes, **changes})


def corp() -> Realm:
    roles = {
        "deployer": frozenset[str](),
        "approver": frozenset[str](),
        "admin": frozenset({"deployer", "approver"}),
    }
    realm = Realm("corp", roles_client=Client(client_id="slipway", id=ROLES_CLIENT, roles=roles))
    grants = {"view-users", "query-users", "query-groups", f"Clients:view:{ROLES_CLIENT}"}
    realm.add_client(Client(client_id="slipway-bot", secret=SECRET, grants=grants))
    realm.add_user(account("alice", "U0ALICE", roles={"deployer"}, links={"slack": "U0ALICE"}))
    realm.add_user(account("carol", "U0CAROL", roles={"admin"}))
    realm.add_user(account("dave", "U0DAVE", roles={"approver"}, enabled=False))
    return realm


@dataclass(slots=True)
class Bench:
    """The stand-in, what it was asked, and adapters that are closed at the end."""

    keycloak: Keycloak
    faults: Faults
    server: TestServer
    requests: list[str] = field(default_factory=list)
    opened: list[KeycloakPeople] = field(default_factory=list)

    @property
    def realm(self) -> Realm:
        return self.keycloak.realm

    @property
    def bot(self) -> Client:
        return next(client for client in self.realm.clients if client.client_id == "slipway-bot")

    @property
    def url(self) -> str:
        return str(self.server.make_url("/"))

    @property
    def gets(self) -> list[str]:
        return [request for request in self.requests if request.startswith("GET ")]

    def fault(self, kind: str, *, match: str = "", count: int | None = None, **options: Any) -> None:
        self.faults.add(Fault(system="keycloak", kind=kind, match=match, count=count, options=options))

    def people(
        self, *, email_of: Callable[[ChatUser], Awaitable[str | None]] | None = None, **changes: Any
    ) -> KeycloakPeople:
        people = KeycloakPeople(self.settings(**changes), email_of=email_of)
        self.opened.append(people)
        return people

    def settings(self, **changes: Any) -> KeycloakSettings:
        return KeycloakSettings(
            **{
                "url": self.url,
                "realm": "corp",
                "client_id": "slipway-bot",
                "client_secret": SecretStr(SECRET),
                "roles_client": ROLES_CLIENT,
                "team": TEAM,
                "budget": timedelta(seconds=30),  # A busy machine is not what these tests are about.
                **changes,
            }
        )


@asynccontextmanager
async def running() -> AsyncIterator[Bench]:
    faults = Faults()
    keycloak = Keycloak(corp(), pace=Pace(), faults=faults)
    app = keycloak.app()
    requests: list[str] = []

    @web.middleware
    async def record(request: web.Request, handler: Any) -> web.StreamResponse:
        requests.append(f"{request.method} {request.path_qs}")
        answer: web.StreamResponse = await handler(request)
        return answer

    app.middlewares.insert(0, record)
    server = TestServer(app)
    async with server:
        bench = Bench(keycloak=keycloak, faults=faults, server=server, requests=requests)
        try:
            yield bench
        finally:
            faults.clear()
            for people in bench.opened:
                await people.aclose()
