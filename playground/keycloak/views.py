"""The JSON in which the admin API shows users, roles, groups and clients.

Called by the server. Shapes as recorded on Keycloak 26.7.4.
"""

from collections.abc import Iterable
from typing import Any

from playground.keycloak.model import Client, Group, Realm, User, stable_id

Obj = dict[str, Any]


def user_element(user: User, *, brief: bool) -> Obj:
    """Show a user as in a list; the brief form has no attributes."""
    shown: Obj = {
        "id": user.id,
        "username": user.username,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "email": user.email,
        "emailVerified": user.email_verified,
        "attributes": {key: list(values) for key, values in user.attributes.items()},
        "enabled": user.enabled,
        "createdTimestamp": int(user.created.timestamp() * 1000),
        "totp": False,
        "disableableCredentialTypes": [],
        "requiredActions": [],
        "notBefore": 0,
        "access": {"manage": False},
    }
    if brief or not user.attributes:
        del shown["attributes"]
    return {key: value for key, value in shown.items() if value != ""}


def user_detail(user: User) -> Obj:
    """Show one user as asked for by id: the same, with links and a fuller access map."""
    refused = ("manage", "mapRoles", "impersonate", "manageGroupMembership", "resetPassword")
    return user_element(user, brief=False) | {
        "federatedIdentities": links(user),
        "access": {"view": True} | dict.fromkeys(refused, False),
    }


def links(user: User) -> list[Obj]:
    return [
        {"identityProvider": alias, "userId": user_id, "userName": user.username}
        for alias, user_id in user.links.items()
    ]


def client_roles(client: Client, names: Iterable[str], *, brief: bool = True) -> list[Obj]:
    return [_role(name, client.id, client.roles, brief=brief) | {"clientRole": True} for name in sorted(names)]


def realm_roles(realm: Realm, names: Iterable[str], *, brief: bool = True) -> list[Obj]:
    return [_role(name, realm.id, realm.realm_roles, brief=brief) | {"clientRole": False} for name in sorted(names)]


def _role(name: str, container: str, roles: dict[str, frozenset[str]], *, brief: bool) -> Obj:
    shown: Obj = {"id": stable_id("role", f"{container}/{name}"), "name": name, "composite": bool(roles.get(name))}
    return shown | {"containerId": container} | ({} if brief else {"attributes": {}})


def group(shown: Group) -> Obj:
    parent = {"parentId": stable_id("group", shown.parent)} if shown.parent else {}
    return {"id": shown.id, "name": shown.name, "path": shown.path, **parent, "subGroups": []}


def client(shown: Client) -> Obj:
    """Show a client to somebody who may view it, and so its secret in clear: that is what the real one does."""
    secret = {"secret": shown.secret} if shown.secret else {}
    return {
        "id": shown.id,
        "clientId": shown.client_id,
        "enabled": shown.enabled,
        "clientAuthenticatorType": "client-secret",
        **secret,
        "publicClient": False,
        "serviceAccountsEnabled": bool(shown.secret),
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "protocol": "openid-connect",
        "access": {"view": True, "configure": False, "manage": False},
    }
