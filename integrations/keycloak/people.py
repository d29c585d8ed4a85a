"""The port People on Keycloak: at most two GETs per decision, nothing cached, every doubt answered with Stranger.

Built by `bot.wiring`. Whether somebody is a guest, a bot or deactivated in Slack is for the Slack side to say.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from commands.core.finding import Finding
from commands.core.model import ChatUser, Person
from commands.core.ports import Stranger
from commands.core.reasons import ReasonCode
from integrations.keycloak import checks, holding, links
from integrations.keycloak.realm import Realm, UserGone
from integrations.keycloak.settings import KeycloakSettings, Link

EmailOf = Callable[[ChatUser], Awaitable[str | None]]


class KeycloakPeople:
    """People of one realm.

    Parameters
    ----------
    settings
        Where the realm is and how its people are linked.
    email_of
        Reads a chat user's address; needed for Link.EMAIL and called for nothing else. What it raises passes through.
    """

    def __init__(self, settings: KeycloakSettings, *, email_of: EmailOf | None = None) -> None:
        if settings.link is Link.EMAIL and email_of is None:
            raise ValueError("People linked by e-mail need a way to read a Slack user's address.")
        self._settings = settings
        self._email_of = email_of
        self._realm = Realm(settings)

    async def find(self, user: ChatUser) -> Person | Stranger:
        """Look a person up and read their roles, both fresh."""
        if user.team != self._settings.team:
            return Stranger(code=ReasonCode.OUTSIDE_TEAM)
        lookup = await self._lookup(user)
        if lookup is None:
            return Stranger(code=ReasonCode.NOT_LINKED)
        async with self._realm.budget():
            account = _only(await self._realm.users(lookup.query), lookup)
            if isinstance(account, Stranger):
                return account
            try:
                roles = await self._realm.roles(account["id"])
            except UserGone:
                return Stranger(code=ReasonCode.NOT_LINKED)
        name = str(account.get("username") or account["id"])
        return Person(id=account["id"], name=name, chat_id=user.id, roles=roles)

    async def holders_of(self, roles: Collection[str]) -> tuple[str, ...]:
        """List whom to ask; an ornament, so its failures are the caller's to pass over and no outage of ours."""
        async with self._realm.budget(is_noted=False):
            return await holding.chat_ids(self._realm, self._settings, roles)

    async def check(self, canary: ChatUser | None = None) -> tuple[Finding, ...]:
        """Try everything that a decision needs; `canary` is somebody who must be found and must hold a role."""
        return await checks.examine(
            self._settings, self._realm, find=self.find, holders_of=self.holders_of, canary=canary
        )

    async def aclose(self) -> None:
        await self._realm.aclose()

    async def _lookup(self, user: ChatUser) -> links.Lookup | None:
        if not links.is_well_formed(user):
            return None
        match self._settings.link:
            case Link.ATTRIBUTE:
                return links.by_attribute(user, attribute=self._settings.attribute)
            case Link.IDP:
                return links.by_provider(user, alias=self._settings.idp_alias)
            case Link.EMAIL:
                # Slack's time is not Keycloak's: this wait lies under the caller's timeout only.
                email = await self._email_of(user) if self._email_of else None
                return links.by_email(email, domain=self._settings.email_domain) if email else None


def _only(found: list[Mapping[str, Any]], lookup: links.Lookup) -> Mapping[str, Any] | Stranger:
    """Return the one account that was found, if it is really linked and may log in."""
    if len(found) > 1:
        return Stranger(code=ReasonCode.LINKED_TWICE)
    if not found or not found[0]["id"].strip(".") or not lookup.is_proof(found[0]):
        return Stranger(code=ReasonCode.NOT_LINKED)
    if found[0].get("enabled") is not True:
        return Stranger(code=ReasonCode.ACCOUNT_DISABLED)
    return found[0]
