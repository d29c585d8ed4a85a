"""Who holds a role, as chat ids: for telling people whom to ask, never for deciding.

Used by people.py. Direct holders and members of groups are found, the groups below them included; who holds a role
only because another one includes it is not, because Keycloak does not list them.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from integrations.keycloak.connection import Refused
from integrations.keycloak.links import USER_PATTERN
from integrations.keycloak.realm import FORBIDDEN, MOST, NOT_FOUND, Realm
from integrations.keycloak.settings import KeycloakSettings, Link, RolesFrom

DEPTH: Final = 3
GROUPS: Final = 10

Account = Mapping[str, Any]


async def chat_ids(realm: Realm, settings: KeycloakSettings, roles: Collection[str]) -> tuple[str, ...]:
    """List one chat id for each holder who may log in and is linked, by their names."""
    if settings.link is Link.EMAIL:
        return ()  # An address leads from Slack to the account, not back.
    accounts: dict[str, Account] = {}
    for role in sorted(roles):
        found = await _holders(realm, settings, role)
        accounts |= {account["id"]: account for account in found if account.get("enabled") is True}
    named = sorted(accounts.values(), key=lambda account: str(account.get("username", "")))[:MOST]
    ids = [await _chat_id(realm, settings, account) for account in named]
    return tuple(dict.fromkeys(found for found in ids if found))


async def _holders(realm: Realm, settings: KeycloakSettings, role: str) -> list[Account]:
    try:
        if settings.roles_from is RolesFrom.GROUPS:
            return await _members(realm, [await realm.group_at(role)])
        direct = await realm.users_with(role)
    except Refused as exc:
        if exc.status == NOT_FOUND:
            return []  # The grant speaks of a role that is not there, so nobody holds it.
        raise
    return [*direct, *await _members(realm, await _groups(realm, role))]


async def _groups(realm: Realm, role: str) -> list[Account]:
    """List the groups with a role; an account that may not see groups still knows of the direct holders."""
    try:
        return await realm.groups_with(role)
    except Refused as exc:
        if exc.status == FORBIDDEN:
            return []
        raise


async def _members(realm: Realm, groups: list[Account], depth: int = DEPTH) -> list[Account]:
    found: list[Account] = []
    for group in groups[:GROUPS]:
        found += await realm.users_in(group["id"])
        if depth > 1 and len(found) < MOST:
            found += await _members(realm, await realm.groups_in(group["id"]), depth - 1)
    return found


async def _chat_id(realm: Realm, settings: KeycloakSettings, account: Account) -> str:
    """Read the Slack user that an account is linked to; empty where it is linked to none of our team."""
    if settings.link is Link.IDP:
        links = await realm.links_of(account["id"])
        ids = [str(link.get("userId")) for link in links if link["identityProvider"] == settings.idp_alias]
    else:
        values = (account.get("attributes") or {}).get(settings.attribute) or []
        ids = [str(value).removeprefix(f"{settings.team}-") for value in values]
    return next((found for found in ids if USER_PATTERN.fullmatch(found)), "")
