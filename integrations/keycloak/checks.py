"""What `slipway check` says about Keycloak: the token, the roles client, too many permissions, and a known person.

Called through `KeycloakPeople.check`. An empty realm and a realm that hides its people look alike, hence the canary.
"""

from collections.abc import Awaitable, Callable, Collection

from commands.core.errors import SystemFailure
from commands.core.finding import Finding
from commands.core.model import ChatUser, Person
from commands.core.ports import Stranger
from commands.core.reasons import ReasonCode
from integrations.keycloak.realm import Realm
from integrations.keycloak.settings import KeycloakSettings, RolesFrom

Find = Callable[[ChatUser], Awaitable[Person | Stranger]]
HoldersOf = Callable[[Collection[str]], Awaitable[tuple[str, ...]]]
_HOLDERS = "Keycloak holders of roles"

_STRANGE = {
    ReasonCode.NOT_LINKED: "was not found. Link the account, and give the service account the role view-users:"
    " with query-users alone a realm looks empty.",
    ReasonCode.LINKED_TWICE: "is linked to more than one account. Remove the link from all but one.",
    ReasonCode.ACCOUNT_DISABLED: "is disabled. Enable the account or name another person.",
    ReasonCode.OUTSIDE_TEAM: "is of another Slack team. Name a member of the configured one.",
}


async def examine(
    settings: KeycloakSettings, realm: Realm, *, find: Find, holders_of: HoldersOf, canary: ChatUser | None
) -> tuple[Finding, ...]:
    """Try one thing after the other; without a token nothing else can be tried."""
    findings = [await _try("Keycloak token", realm, realm.token, good=f"{settings.client_id} gets one")]
    if not findings[0].is_ok:
        return tuple(findings)
    if settings.roles_from is RolesFrom.CLIENT:
        good = f"the roles of {settings.roles_client} can be read"
        findings.append(await _try("Keycloak roles client", realm, realm.read_roles_client, good=good))
    findings.append(await _surplus(settings, realm))
    if canary is not None:
        findings += await _canary(find, holders_of, canary)
    return tuple(findings)


async def _try(subject: str, realm: Realm, question: Callable[[], Awaitable[None]], *, good: str) -> Finding:
    try:
        async with realm.budget():
            await question()
    except SystemFailure as failure:
        return Finding(subject=subject, is_ok=False, message=failure.message)
    return Finding(subject=subject, is_ok=True, message=good)


async def _surplus(settings: KeycloakSettings, realm: Realm) -> Finding:
    subject = "Keycloak permissions"
    try:
        async with realm.budget():
            sees_too_much = await realm.can_search_clients()
    except SystemFailure as failure:
        return Finding(subject=subject, is_ok=False, message=failure.message)
    if not sees_too_much:
        return Finding(subject=subject, is_ok=True, message="no more than needed")
    message = (
        f"{settings.client_id} can look clients up, which may show their secrets and is not needed. Take"
        " view-clients and query-clients from its service account and permit Clients:view on the roles client alone."
    )
    return Finding(subject=subject, is_ok=False, message=message)


async def _canary(find: Find, holders_of: HoldersOf, canary: ChatUser) -> list[Finding]:
    subject = f"Keycloak person {canary.team}-{canary.id}"
    try:
        found = await find(canary)
    except SystemFailure as failure:
        return [Finding(subject=subject, is_ok=False, message=failure.message)]
    if isinstance(found, Stranger):
        return [Finding(subject=subject, is_ok=False, message=_STRANGE[found.code])]
    if not found.roles:
        message = f"{found.name} has no roles here. Give one, and check where roles are taken from."
        return [Finding(subject=subject, is_ok=False, message=message)]
    known = Finding(subject=subject, is_ok=True, message=f"{found.name}: {', '.join(sorted(found.roles))}")
    return [known, await _holders(holders_of, found)]


async def _holders(holders_of: HoldersOf, person: Person) -> Finding:
    """Say whether people can be told whom to ask: good to have, so that its lack is no fault."""
    try:
        holders = await holders_of(person.roles)
    except SystemFailure as failure:
        message = f"cannot be listed, so reminders and refusals name the role and nobody: {failure.message}"
        return Finding(subject=_HOLDERS, is_ok=True, message=message)
    if person.chat_id in holders:
        return Finding(subject=_HOLDERS, is_ok=True, message="can be listed, so that people are told whom to ask")
    message = f"are listed without {person.name}, so not all are told of: that takes roles given directly or by group"
    return Finding(subject=_HOLDERS, is_ok=True, message=message)
