import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from aiohttp.test_utils import TestServer
from keycloak import KeycloakAdmin, KeycloakOpenIDConnection
from keycloak.exceptions import KeycloakAuthenticationError, KeycloakConnectionError, KeycloakGetError

from playground.faults import Fault, Faults
from playground.keycloak import Client, Group, Keycloak, Realm, User
from playground.pace import Pace

ROLES_CLIENT = "5f0c1d2e-0000-4000-8000-00000000de91"
TOKEN = "/realms/corp/protocol/openid-connect/token"
USERS = "/admin/realms/corp/users"


def make_realm() -> Realm:
    """Return the people of the recordings."""
    roles = {"deployer": frozenset[str](), "approver": frozenset[str](), "admin": frozenset({"deployer", "approver"})}
    realm = Realm("corp", roles_client=Client(client_id="deploy", id=ROLES_CLIENT, roles=roles))
    realm.add_client(
        Client(client_id="bot", secret="demo-secret", grants={"view-users", f"Clients:view:{ROLES_CLIENT}"})
    )
    realm.groups += [Group(path="/sre", roles={"approver"}), Group(path="/sre/oncall"), Group(path="/sre-other")]
    people: dict[str, tuple[str, dict[str, Any]]] = {
        "alice": ("T1-U1", {"roles": {"deployer"}, "links": {"slack": "U1"}}),
        "bob": ("T1-U2", {"groups": ["/sre/oncall"]}),
        "carol": ("T1-U3", {"roles": {"admin"}, "links": {"slack": "U3"}}),
        "dave": ("T1-U4", {"roles": {"approver"}, "enabled": False}),
        "dup1": ("T1-U9", {}),
        "dup2": ("T1-U9", {}),
        "frank": ("", {}),
        "mallory": ("T1-U11", {"email": "alice@corp.test.evil.example"}),
        "xalice": ("xT1-U1", {"email": "xalice@corp.test"}),
    }
    for name, (slack, extra) in people.items():
        attributes = {"slack_user_id": [slack]} if slack else {}
        given = {"email": f"{name}@corp.test", "attributes": attributes, **extra}
        realm.add_user(User(username=name, **given))
    return realm


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def keycloak(faults: Faults) -> Keycloak:
    return Keycloak(make_realm(), pace=Pace(), faults=faults)


@pytest.fixture
async def server(keycloak: Keycloak) -> AsyncIterator[str]:
    async with TestServer(keycloak.app()) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def http(server: str) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that holds a valid token."""
    async with httpx.AsyncClient(base_url=server, trust_env=False) as client:
        form = {"grant_type": "client_credentials", "client_id": "bot", "client_secret": "demo-secret"}
        token = (await client.post(TOKEN, data=form)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture
async def admin(server: str) -> AsyncIterator[KeycloakAdmin]:
    connection = KeycloakOpenIDConnection(
        server_url=server, realm_name="corp", client_id="bot", client_secret_key="demo-secret", timeout=2
    )
    yield KeycloakAdmin(connection=connection)
    await connection.aclose()
    await connection.keycloak_openid.connection.aclose()


async def names(http: httpx.AsyncClient, **query: str) -> list[str]:
    answer = await http.get(USERS, params=query)
    assert answer.status_code == 200
    return [user["username"] for user in answer.json()]


def path_of(keycloak: Keycloak, username: str, rest: str = "") -> str:
    return f"{USERS}/{keycloak.realm.user(username).id}{rest}"


async def roles_of(http: httpx.AsyncClient, keycloak: Keycloak, username: str, kind: str = "/composite") -> set[str]:
    answer = await http.get(path_of(keycloak, username, f"/role-mappings/clients/{ROLES_CLIENT}{kind}"))
    assert answer.status_code == 200
    return {role["name"] for role in answer.json()}


# Tokens


async def test_a_token_answer_has_the_recorded_fields_and_the_token_looks_like_a_jwt(http: httpx.AsyncClient) -> None:
    basic = base64.b64encode(b"bot:demo-secret").decode()
    answer = await http.post(
        TOKEN, data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}
    )
    body = answer.json()
    token = body.pop("access_token")
    assert body == {
        "expires_in": 300,
        "refresh_expires_in": 0,
        "token_type": "Bearer",
        "not-before-policy": 0,
        "scope": "email profile",
    }
    claims = token.split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["azp"] == "bot"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_id": "bot", "client_secret": "wrong"}, 401, "unauthorized_client"),
        ({"client_id": "deploy", "client_secret": ""}, 401, "unauthorized_client"),
        ({"client_id": "nobody", "client_secret": "demo-secret"}, 401, "invalid_client"),
        ({}, 401, "invalid_client"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"client_id": "bot", "client_secret": "demo-secret", "grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
async def test_a_token_is_refused_with_the_oauth_error(
    http: httpx.AsyncClient, form: dict[str, str], status: int, error: str
) -> None:
    del http.headers["Authorization"]
    answer = await http.post(TOKEN, data={"grant_type": "client_credentials"} | form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer garbage", "Basic Ym90OmRlbW8tc2VjcmV0"])
async def test_without_a_live_token_the_admin_api_answers_401(http: httpx.AsyncClient, header: str) -> None:
    answer = await http.get(USERS, headers={"Authorization": header})
    assert (answer.status_code, answer.json()) == (401, {"error": "HTTP 401 Unauthorized"})
    assert "WWW-Authenticate" not in answer.headers


async def test_a_basic_header_that_is_no_base64_is_an_unknown_client(http: httpx.AsyncClient) -> None:
    data, headers = {"grant_type": "client_credentials"}, {"Authorization": "Basic %%%"}
    assert (await http.post(TOKEN, data=data, headers=headers)).json()["error"] == "invalid_client"


async def test_a_disabled_client_and_forgotten_tokens_turn_the_token_held_into_401(
    http: httpx.AsyncClient, keycloak: Keycloak
) -> None:
    bot = keycloak.realm.client_by_name("bot")
    assert bot is not None
    bot.enabled = False
    assert (await http.get(USERS)).status_code == 401
    bot.enabled = True
    assert (await http.get(USERS)).status_code == 200
    keycloak.tokens.forget()
    assert (await http.get(USERS)).status_code == 401


async def test_an_expired_token_is_401(http: httpx.AsyncClient, keycloak: Keycloak) -> None:
    keycloak.tokens.lifetime *= 0
    form = {"grant_type": "client_credentials", "client_id": "bot", "client_secret": "demo-secret"}
    token = (await http.post(TOKEN, data=form)).json()["access_token"]
    assert (await http.get(USERS, headers={"Authorization": f"Bearer {token}"})).status_code == 401


# Lookups, each line as recorded


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "slack_user_id:T1-U1"}, ["alice"]),
        ({"q": "slack_user_id:t1-u1"}, ["alice"]),
        ({"q": "slack_user_id:T1-U1", "exact": "false"}, ["alice", "mallory", "xalice"]),
        ({"q": "slack_user_id:T1-U"}, []),
        ({"q": "slack_user_id:T1-*"}, []),
        ({"q": "slack_user_id:T1-U%"}, []),
        ({"q": "slack_user_id:T1-U9", "max": "2"}, ["dup1", "dup2"]),
        ({"q": "slack_user_id:"}, []),
        ({"q": "badge:7"}, []),
        ({"q": "slack_user_id:T1-U1 slack_user_id:T1-U2"}, ["bob"]),
        ({"q": 'slack_user_id:"T1-U1"'}, ["alice"]),
        ({"q": "slack_user_id:T1-U4"}, ["dave"]),
        ({"q": "slack_user_id:T1-U4", "enabled": "true"}, []),
        ({"idpAlias": "slack", "idpUserId": "U1"}, ["alice"]),
        ({"idpAlias": "slack", "idpUserId": "u1"}, []),
        ({"idpAlias": "other", "idpUserId": "U1"}, []),
        ({"idpUserId": "U1"}, ["alice"]),
        ({"idpAlias": "slack"}, ["alice", "carol"]),
        ({"email": "alice@corp.test", "exact": "true", "max": "2"}, ["alice"]),
        ({"email": "ALICE@corp.test", "exact": "true"}, ["alice"]),
        ({"email": "%@corp.test", "exact": "true"}, []),
        ({"email": "alice@corp.test"}, ["alice", "mallory", "xalice"]),
        ({"email": "alice@corp.test", "exact": "false"}, ["alice", "mallory", "xalice"]),
        ({"username": "alice", "exact": "true"}, ["alice"]),
        ({"username": "alice"}, ["alice", "xalice"]),
        ({"search": "alice"}, ["alice", "mallory"]),
        ({"search": "*ali*"}, ["alice", "mallory", "xalice"]),
        ({"search": '"alice"'}, ["alice"]),
        ({"username": "service-account-bot", "exact": "true"}, ["service-account-bot"]),
        ({"emailVerified": "false"}, []),
        ({"max": "0"}, []),
        ({"first": "1", "max": "2"}, ["bob", "carol"]),
    ],
)
async def test_a_lookup_finds_what_the_real_one_found(
    http: httpx.AsyncClient, query: dict[str, str], found: list[str]
) -> None:
    assert await names(http, **query) == found


@pytest.mark.parametrize(
    "query", [{}, {"q": "slack_user_id"}, {"q": ""}, {"slackUserId": "T1-U1"}, {"email": "%@corp.test"}]
)
async def test_a_query_that_says_nothing_finds_everybody(http: httpx.AsyncClient, query: dict[str, str]) -> None:
    everybody = ["alice", "bob", "carol", "dave", "dup1", "dup2", "frank", "mallory", "xalice"]
    assert await names(http, **query) == everybody


async def test_a_page_number_that_is_none_is_404(http: httpx.AsyncClient) -> None:
    assert (await http.get(USERS, params={"max": "two"})).status_code == 404


async def test_a_list_element_has_the_recorded_fields(http: httpx.AsyncClient) -> None:
    query = {"q": "slack_user_id:T1-U1"}
    alice = (await http.get(USERS, params=query)).json()[0]
    assert alice["attributes"] == {"slack_user_id": ["T1-U1"]}
    assert (alice["enabled"], alice["emailVerified"], alice["access"]) == (True, True, {"manage": False})
    brief = (await http.get(USERS, params=query | {"briefRepresentation": "true"})).json()[0]
    assert "attributes" not in brief


async def test_one_user_has_links_and_attributes_and_an_unknown_one_is_404(
    http: httpx.AsyncClient, keycloak: Keycloak
) -> None:
    alice = (await http.get(path_of(keycloak, "alice"))).json()
    assert alice["federatedIdentities"] == [{"identityProvider": "slack", "userId": "U1", "userName": "alice"}]
    assert alice["attributes"] == {"slack_user_id": ["T1-U1"]}
    links = (await http.get(path_of(keycloak, "alice", "/federated-identity"))).json()
    assert links == alice["federatedIdentities"]
    unknown = await http.get(f"{USERS}/nobody")
    assert (unknown.status_code, unknown.json()) == (404, {"error": "User not found"})
    assert (await http.get(f"{USERS}/count")).json() == 9


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/admin/realms/other/users", 404, "Realm not found."),
        ("POST", "/realms/other/protocol/openid-connect/token", 404, "Realm does not exist"),
        ("GET", "/realms/other", 404, "Realm does not exist"),
        ("GET", "/nothing", 404, "HTTP 404 Not Found"),
        ("PUT", f"{USERS}/x", 403, "HTTP 403 Forbidden"),
    ],
)
async def test_other_paths_answer_as_recorded(
    http: httpx.AsyncClient, method: str, path: str, status: int, error: str
) -> None:
    answer = await http.request(method, path)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


async def test_a_write_without_a_token_is_401(http: httpx.AsyncClient) -> None:
    assert (await http.put(f"{USERS}/x", headers={"Authorization": ""})).status_code == 401


async def test_readiness_and_the_realm_are_public(http: httpx.AsyncClient) -> None:
    assert (await http.get("/health/ready", headers={"Authorization": ""})).json()["status"] == "UP"
    assert (await http.get("/realms/corp", headers={"Authorization": ""})).json()["realm"] == "corp"


# Roles


@pytest.mark.parametrize(
    ("username", "effective", "direct"),
    [
        ("alice", {"deployer"}, {"deployer"}),
        ("bob", {"approver"}, set()),
        ("carol", {"admin", "approver", "deployer"}, {"admin"}),
        ("dave", {"approver"}, {"approver"}),
        ("frank", set(), set()),
    ],
)
async def test_effective_roles_follow_composites_and_groups_and_ignore_enabled(
    http: httpx.AsyncClient, keycloak: Keycloak, username: str, effective: set[str], direct: set[str]
) -> None:
    assert await roles_of(http, keycloak, username) == effective
    assert await roles_of(http, keycloak, username, "") == direct


async def test_a_role_element_has_the_recorded_fields(http: httpx.AsyncClient, keycloak: Keycloak) -> None:
    path = path_of(keycloak, "carol", f"/role-mappings/clients/{ROLES_CLIENT}/composite")
    admin = next(role for role in (await http.get(path)).json() if role["name"] == "admin")
    assert admin.pop("id")
    assert admin == {"name": "admin", "composite": True, "clientRole": True, "containerId": ROLES_CLIENT}
    full = (await http.get(path, params={"briefRepresentation": "false"})).json()
    assert all(role["attributes"] == {} for role in full)


async def test_unknown_users_and_clients_are_told_apart(http: httpx.AsyncClient, keycloak: Keycloak) -> None:
    for client in ("unknown", "deploy"):
        answer = await http.get(path_of(keycloak, "alice", f"/role-mappings/clients/{client}/composite"))
        assert (answer.status_code, answer.json()) == (404, {"error": "Client not found"})
    answer = await http.get(f"{USERS}/nobody/role-mappings/clients/{ROLES_CLIENT}/composite")
    assert (answer.status_code, answer.json()) == (404, {"error": "User not found"})


async def test_realm_roles_groups_and_members_are_readable(http: httpx.AsyncClient, keycloak: Keycloak) -> None:
    realm_roles = (await http.get(path_of(keycloak, "bob", "/role-mappings/realm/composite"))).json()
    assert {role["name"] for role in realm_roles} == {"default-roles-corp", "offline_access", "uma_authorization"}
    direct = (await http.get(path_of(keycloak, "bob", "/role-mappings/realm"))).json()
    assert [role["name"] for role in direct] == ["default-roles-corp"]
    groups = (await http.get(path_of(keycloak, "bob", "/groups"))).json()
    assert [(group["path"], group["name"], group["subGroups"]) for group in groups] == [("/sre/oncall", "oncall", [])]
    members = (await http.get(f"/admin/realms/corp/clients/{ROLES_CLIENT}/roles/approver/users")).json()
    assert [user["username"] for user in members] == ["dave"]
    missing = await http.get(f"/admin/realms/corp/clients/{ROLES_CLIENT}/roles/none/users")
    assert (missing.status_code, missing.json()) == (404, {"error": "Could not find role"})


async def test_roles_and_enabled_change_for_the_very_next_request(http: httpx.AsyncClient, keycloak: Keycloak) -> None:
    keycloak.set_roles("alice", ["admin"])
    assert await roles_of(http, keycloak, "alice") == {"admin", "approver", "deployer"}
    keycloak.set_roles("alice", [])
    assert await roles_of(http, keycloak, "alice") == set()
    keycloak.set_enabled("alice", enabled=False)
    assert (await http.get(path_of(keycloak, "alice"))).json()["enabled"] is False


async def test_unknown_roles_and_people_are_refused_with_the_known_ones(keycloak: Keycloak) -> None:
    with pytest.raises(ValueError, match=r"no role 'boss'.*admin, approver, deployer"):
        keycloak.set_roles("alice", ["boss"])
    with pytest.raises(ValueError, match=r"No user 'zoe'.*alice"):
        keycloak.set_enabled("zoe", enabled=True)


# Permissions of the service account: lookup, composite client roles, realm roles, groups, clients, one client


@pytest.mark.parametrize(
    ("grants", "statuses"),
    [
        (set(), [403, 403, 403, 403, 403, 403]),
        ({"query-users"}, [200, 403, 403, 403, 403, 403]),
        ({"view-users"}, [200, 403, 200, 200, 403, 403]),
        ({"view-users", "query-clients"}, [200, 403, 200, 200, 200, 403]),
        ({"view-clients"}, [403, 403, 403, 403, 200, 200]),
        ({"view-users", "view-clients"}, [200, 200, 200, 200, 200, 200]),
        ({"view-users", f"Clients:view:{ROLES_CLIENT}"}, [200, 200, 200, 200, 403, 200]),
        ({"view-users", "query-clients", f"Clients:view:{ROLES_CLIENT}"}, [200, 200, 200, 200, 200, 200]),
    ],
)
async def test_each_grant_opens_what_was_recorded(
    http: httpx.AsyncClient, keycloak: Keycloak, grants: set[str], statuses: list[int]
) -> None:
    bot = keycloak.realm.client_by_name("bot")
    assert bot is not None
    bot.grants = grants
    paths = [
        USERS,
        path_of(keycloak, "alice", f"/role-mappings/clients/{ROLES_CLIENT}/composite"),
        path_of(keycloak, "alice", "/role-mappings/realm/composite"),
        path_of(keycloak, "alice", "/groups"),
        "/admin/realms/corp/clients?clientId=deploy",
        f"/admin/realms/corp/clients/{ROLES_CLIENT}",
    ]
    answers = [await http.get(path) for path in paths]
    assert [answer.status_code for answer in answers] == statuses
    assert all(a.json() == {"error": "HTTP 403 Forbidden"} for a in answers if a.status_code == 403)


async def test_the_dangerous_answers_of_too_few_and_too_many_grants(
    http: httpx.AsyncClient, keycloak: Keycloak
) -> None:
    bot = keycloak.realm.client_by_name("bot")
    assert bot is not None
    clients = "/admin/realms/corp/clients"
    bot.grants = {"query-users"}
    assert await names(http) == []
    assert (await http.get(f"{USERS}/nobody")).status_code == 404
    bot.grants = {"view-users", "query-clients"}
    assert (await http.get(clients, params={"clientId": "deploy"})).json() == []
    assert set((await http.get(path_of(keycloak, "alice", "/role-mappings"))).json()) == {"realmMappings"}
    bot.grants = {"view-users", "view-clients"}
    assert set((await http.get(path_of(keycloak, "alice", "/role-mappings"))).json()) == {
        "realmMappings",
        "clientMappings",
    }
    assert [c["secret"] for c in (await http.get(clients, params={"clientId": "bot"})).json()] == ["demo-secret"]
    assert (await http.get(f"{clients}/{bot.id}/client-secret")).json()["value"] == "demo-secret"
    assert (await http.get(path_of(keycloak, "alice", f"/role-mappings/clients/{bot.id}/composite"))).json() == []
    found = (await http.get(clients, params={"clientId": "o", "search": "true"})).json()
    assert [client["clientId"] for client in found] == ["deploy", "bot"]
    bot.grants = set()
    assert (await http.get(f"{USERS}/nobody")).status_code == 403


# Faults, and the client library that the bot uses


async def test_a_status_fault_answers_like_a_server_that_still_starts(http: httpx.AsyncClient, faults: Faults) -> None:
    faults.add(Fault(system="keycloak", kind="status", count=1, options={"status": 503}))
    answer = await http.get(USERS)
    assert (answer.status_code, answer.text) == (503, "Bootstrap in progress. Retry in 1 seconds.")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert (await http.get(USERS)).status_code == 200


async def test_python_keycloak_finds_a_person_and_the_roles(admin: KeycloakAdmin, keycloak: Keycloak) -> None:
    found = await admin.a_get_users({"q": "slack_user_id:T1-U3", "max": 2})
    assert [user["username"] for user in found] == ["carol"]
    roles = await admin.a_get_composite_client_roles_of_user(found[0]["id"], ROLES_CLIENT, brief_representation=True)
    assert {role["name"] for role in roles} == {"admin", "approver", "deployer"}
    assert len(await admin.a_get_users({})) == 9
    groups = await admin.a_get_user_groups(keycloak.realm.user("bob").id)
    assert [group["path"] for group in groups] == ["/sre/oncall"]
    assert {role["name"] for role in await admin.a_get_composite_realm_roles_of_user(found[0]["id"])} >= {
        "offline_access"
    }
    assert keycloak.tokens.issued == 1


async def test_python_keycloak_renews_a_forgotten_token_by_itself(admin: KeycloakAdmin, keycloak: Keycloak) -> None:
    await admin.a_get_users({"max": 1})
    keycloak.tokens.forget()
    assert len(await admin.a_get_users({"max": 1})) == 1
    assert keycloak.tokens.issued == 2


async def test_python_keycloak_reports_403_404_503_and_no_connection(
    admin: KeycloakAdmin, keycloak: Keycloak, faults: Faults
) -> None:
    with pytest.raises(KeycloakGetError) as forbidden:
        await admin.a_get_client_id("deploy")
    assert forbidden.value.response_code == 403
    with pytest.raises(KeycloakGetError) as missing:
        await admin.a_get_user("nobody")
    assert missing.value.response_code == 404
    faults.add(Fault(system="keycloak", kind="status", count=1))
    with pytest.raises(KeycloakGetError) as starting:
        await admin.a_get_users({"max": 1})
    assert starting.value.response_code == 503
    faults.add(Fault(system="keycloak", kind="down", count=1))
    with pytest.raises(KeycloakConnectionError):
        await admin.a_get_users({"max": 1})


async def test_python_keycloak_reports_a_wrong_secret(server: str) -> None:
    connection = KeycloakOpenIDConnection(
        server_url=server, realm_name="corp", client_id="bot", client_secret_key="wrong", timeout=2
    )
    with pytest.raises(KeycloakAuthenticationError):
        await KeycloakAdmin(connection=connection).a_get_users({"max": 1})
    await connection.aclose()
    await connection.keycloak_openid.connection.aclose()
