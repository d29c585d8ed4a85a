import json
from typing import Any

from playground import seed
from playground.seeding import make_realm
from tests.bed.services.keycloak_realm import realm


def clients() -> dict[str, dict[str, Any]]:
    return {client["clientId"]: client for client in realm()["clients"]}


def users() -> dict[str, dict[str, Any]]:
    return {user["username"]: user for user in realm()["users"]}


def test_the_same_realm_is_made_every_time() -> None:
    assert json.dumps(realm()) == json.dumps(realm())


def test_the_people_are_those_of_the_stand_in_with_the_same_rights() -> None:
    stand_in = {
        user.username: (user.email, user.enabled, user.attributes, user.roles)
        for user in make_realm().users
        if not user.username.startswith("service-account-")
    }
    imported = {
        name: (user["email"], user["enabled"], user["attributes"], set(user["clientRoles"][seed.ROLES_CLIENT_NAME]))
        for name, user in users().items()
        if "serviceAccountClientId" not in user
    }
    assert imported == stand_in
    assert imported["dave"][1] is False
    assert "mallory" not in imported


def test_a_composite_role_holds_its_parts() -> None:
    roles = {role["name"]: role for role in realm()["roles"]["client"][seed.ROLES_CLIENT_NAME]}
    assert set(roles["admin"]["composites"]["client"][seed.ROLES_CLIENT_NAME]) == {"deployer", "approver"}
    assert roles["deployer"] == {"name": "deployer"}


def test_the_bot_may_view_people_and_the_one_client_of_the_roles() -> None:
    bot = next(user for user in realm()["users"] if user.get("serviceAccountClientId") == seed.BOT_CLIENT)
    assert bot["clientRoles"] == {"realm-management": ["view-users"]}
    who, what = clients()["admin-permissions"]["authorizationSettings"]["policies"]
    assert json.loads(who["config"]["users"]) == [bot["username"]]
    assert json.loads(what["config"]["resources"]) == [seed.ROLES_CLIENT]
    assert json.loads(what["config"]["scopes"]) == ["view"]
    assert json.loads(what["config"]["applyPolicies"]) == [who["name"]]


def test_the_client_of_the_roles_logs_nobody_in() -> None:
    roles_client = clients()[seed.ROLES_CLIENT_NAME]
    assert roles_client["id"] == seed.ROLES_CLIENT
    assert "secret" not in roles_client
    assert not any(roles_client[flow] for flow in roles_client if flow.endswith("Enabled"))


def test_people_cannot_change_who_they_are_in_the_chat() -> None:
    (component,) = realm()["components"]["org.keycloak.userprofile.UserProfileProvider"]
    (document,) = component["config"]["kc.user.profile.config"]
    link = next(each for each in json.loads(document)["attributes"] if each["name"] == seed.LINK_ATTRIBUTE)
    assert link["permissions"] == {"view": ["admin"], "edit": ["admin"]}
