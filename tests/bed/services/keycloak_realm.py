"""The bed's Keycloak realm as one import document, made from the playground's seed: the same people, the same rights.

Used by `keycloak`, which imports it once. The bot may read people (view-users) and, by a fine-grained permission, the
one client that holds the roles; it may not look other clients up, which would show their secrets.
"""

import json
from typing import Any, Final

from playground import seed

Obj = dict[str, Any]

BOT_ACCOUNT: Final = f"service-account-{seed.BOT_CLIENT}"
PROVIDER: Final = "slack"
PROFILE_PROVIDER: Final = "org.keycloak.userprofile.UserProfileProvider"
ACCESS_TOKEN_SECONDS: Final = 300

_SCOPES: Final[dict[str, tuple[str, ...]]] = {
    "Organizations": ("view", "manage"),
    "Roles": ("map-role", "map-role-client-scope", "map-role-composite"),
    "Groups": (
        "view-members",
        "manage-membership",
        "manage",
        "manage-membership-of-members",
        "manage-members",
        "impersonate-members",
        "view",
    ),
    "Users": ("impersonate", "map-roles", "manage", "manage-group-membership", "reset-password", "view"),
    "Clients": ("map-roles-composite", "manage", "map-roles", "map-roles-client-scope", "view"),
}
_ALIASES: Final = {
    "manage-group-membership": ["manage-membership-of-members"],
    "view": ["view-members"],
    "manage": ["manage-members"],
    "impersonate": ["impersonate-members"],
}
_ADMIN_ONLY: Final = {"view": ["admin"], "edit": ["admin"]}
_ADMIN_AND_USER: Final = {"view": ["admin", "user"], "edit": ["admin", "user"]}


def realm() -> Obj:
    """Return the document that `kc.sh start --import-realm` takes."""
    return {
        "realm": seed.REALM,
        "enabled": True,
        "duplicateEmailsAllowed": False,
        "loginWithEmailAllowed": True,
        "verifyEmail": True,
        "registrationAllowed": False,
        "adminPermissionsEnabled": True,
        # Plain HTTP from private addresses only, and the bed has no others.
        "sslRequired": "external",
        "accessTokenLifespan": ACCESS_TOKEN_SECONDS,
        "roles": {"client": {seed.ROLES_CLIENT_NAME: [_role(name) for name in seed.COMPOSITES]}},
        "clients": [_roles_client(), _bot_client(), _permissions_client()],
        "identityProviders": [_identity_provider()],
        "components": {PROFILE_PROVIDER: [_user_profile()]},
        "users": [*(_user(person) for person in seed.PEOPLE if person.linked), _bot_account()],
    }


def _role(name: str) -> Obj:
    parts = sorted(seed.COMPOSITES[name])
    if not parts:
        return {"name": name}
    return {"name": name, "composite": True, "composites": {"client": {seed.ROLES_CLIENT_NAME: parts}}}


def _user(person: seed.SeedPerson) -> Obj:
    return {
        "username": person.name,
        "enabled": person.enabled,
        "email": person.email,
        "emailVerified": True,
        "firstName": person.name.capitalize(),
        "lastName": "Example",
        "attributes": {seed.LINK_ATTRIBUTE: [f"{seed.TEAM}-{person.slack_id}"]},
        "clientRoles": {seed.ROLES_CLIENT_NAME: list(person.roles)},
        "federatedIdentities": [
            {"identityProvider": PROVIDER, "userId": person.slack_id, "userName": person.name},
        ],
        # An import does not add the roles that everybody gets otherwise.
        "realmRoles": [f"default-roles-{seed.REALM}"],
    }


def _bot_account() -> Obj:
    return {
        "username": BOT_ACCOUNT,
        "enabled": True,
        "serviceAccountClientId": seed.BOT_CLIENT,
        "clientRoles": {"realm-management": ["view-users"]},
    }


def _client(client_id: str, **changes: Any) -> Obj:
    return {
        "clientId": client_id,
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": False,
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": False,
        **changes,
    }


def _roles_client() -> Obj:
    return _client(seed.ROLES_CLIENT_NAME, id=seed.ROLES_CLIENT)


def _bot_client() -> Obj:
    return _client(
        seed.BOT_CLIENT,
        secret=seed.BOT_SECRET,
        clientAuthenticatorType="client-secret",
        implicitFlowEnabled=False,
        serviceAccountsEnabled=True,
    )


def _permissions_client() -> Obj:
    return _client(
        "admin-permissions",
        bearerOnly=False,
        standardFlowEnabled=True,
        serviceAccountsEnabled=True,
        authorizationServicesEnabled=True,
        fullScopeAllowed=False,
        attributes={"realm_client": "false"},
        authorizationSettings=_authorization(),
    )


def _authorization() -> Obj:
    resources = [_resource(name, scopes) | {"type": name} for name, scopes in _SCOPES.items()]
    return {
        "allowRemoteResourceManagement": True,
        "policyEnforcementMode": "ENFORCING",
        "decisionStrategy": "UNANIMOUS",
        "resources": [*resources, _resource(seed.ROLES_CLIENT, _SCOPES["Clients"])],
        "scopes": _names(sorted({scope for scopes in _SCOPES.values() for scope in scopes})),
        "policies": _policies(),
        "authorizationSchema": {"resourceTypes": {name: _resource_type(name) for name in _SCOPES}},
    }


def _policies() -> list[Obj]:
    """Permit the bot, and nobody else, to view the roles client, and no other."""
    who = _policy("the bot", "user", users=[BOT_ACCOUNT])
    what = _policy(
        "the bot views the roles client",
        "scope",
        resources=[seed.ROLES_CLIENT],
        scopes=["view"],
        applyPolicies=[who["name"]],
    )
    what["config"]["defaultResourceType"] = "Clients"
    return [who, what]


def _policy(name: str, kind: str, **lists: list[str]) -> Obj:
    # Keycloak keeps the lists of a policy as JSON inside strings.
    config = {key: json.dumps(values) for key, values in lists.items()}
    return {"name": name, "type": kind, "logic": "POSITIVE", "decisionStrategy": "UNANIMOUS", "config": config}


def _resource(name: str, scopes: tuple[str, ...]) -> Obj:
    return {"name": name, "ownerManagedAccess": False, "attributes": {}, "uris": [], "scopes": _names(scopes)}


def _resource_type(name: str) -> Obj:
    kind: Obj = {"type": name, "scopes": list(_SCOPES[name]), "scopeAliases": {}}
    if name == "Users":
        kind |= {"scopeAliases": _ALIASES, "groupType": "Groups"}
    return kind


def _names(scopes: tuple[str, ...] | list[str]) -> list[Obj]:
    return [{"name": scope} for scope in scopes]


def _identity_provider() -> Obj:
    """Slack as one that accounts are linked to only: nobody logs in through it, and nothing here reaches it."""
    return {
        "alias": PROVIDER,
        "displayName": "Slack",
        "providerId": "oidc",
        "enabled": True,
        "trustEmail": False,
        "storeToken": False,
        "linkOnly": True,
        "addReadTokenRoleOnCreate": False,
        "config": {
            "clientId": "demo-slack-client",
            "clientSecret": "demo-unused",
            "clientAuthMethod": "client_secret_post",
            "issuer": "https://slack.com",
            "authorizationUrl": "https://slack.com/openid/connect/authorize",
            "tokenUrl": "https://slack.com/api/openid.connect.token",
            "jwksUrl": "https://slack.com/openid/connect/keys",
            "useJwksUrl": "true",
            "validateSignature": "true",
            "defaultScope": "openid profile email",
            "syncMode": "IMPORT",
        },
    }


def _user_profile() -> Obj:
    """Declare the link as an attribute that administrators alone see and change: whoever could, could be anybody."""
    longest = {"length": {"max": 255}}
    attributes = [
        _attribute("username", {"length": {"min": 3, "max": 255}, "username-prohibited-characters": {}}),
        _attribute("email", {"email": {}, **longest}),
        _attribute("firstName", {**longest, "person-name-prohibited-characters": {}}),
        _attribute("lastName", {**longest, "person-name-prohibited-characters": {}}),
        _attribute(
            seed.LINK_ATTRIBUTE,
            {"pattern": {"pattern": "^[TE][A-Z0-9]{1,20}-[UW][A-Z0-9]{1,20}$", "error-message": "use TEAM-USER"}},
        )
        | {"displayName": "Slack user (TEAM-USER)", "permissions": _ADMIN_ONLY},
    ]
    document = json.dumps({"attributes": attributes})
    return {
        "providerId": "declarative-user-profile",
        "subComponents": {},
        "config": {"kc.user.profile.config": [document]},
    }


def _attribute(name: str, validations: Obj) -> Obj:
    return {
        "name": name,
        "displayName": f"${{{name}}}",
        "validations": validations,
        "permissions": _ADMIN_AND_USER,
        "multivalued": False,
    }
