"""The few questions that Slipway asks a realm, each one GET, with the vendor's failures translated.

Used by people.py and checks.py. It knows paths and statuses; it knows neither Slack nor what an answer means.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import quote

from keycloak import KeycloakAdmin
from keycloak.exceptions import KeycloakConnectionError

from commands.core.errors import Permanent, SystemFailure, Temporary
from integrations.keycloak.connection import UNAUTHORIZED, Refused, SafeConnection
from integrations.keycloak.settings import KeycloakSettings, RolesFrom

_log = logging.getLogger(__name__)

SYSTEM: Final = "Keycloak"
PHASE_SECONDS: Final = 2
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
MOST: Final = 50
"""How many of a list are read where some of it will do."""

_FIRST_ERROR, _FIRST_SERVER_ERROR = 400, 500
_RETRYABLE = frozenset({408, 429})


class UserGone(Exception):
    """The account was deleted between two questions."""


class Realm:
    """One realm as one service account sees it. Nothing is cached but the token."""

    def __init__(self, settings: KeycloakSettings) -> None:
        self._settings = settings
        self._is_down = False
        self._connection = SafeConnection(
            server_url=settings.url.rstrip("/") + "/",
            realm_name=quote(settings.realm, safe=""),
            client_id=settings.client_id,
            client_secret_key=settings.client_secret.get_secret_value(),
            grant_type="client_credentials",
            timeout=PHASE_SECONDS,
        )
        self._admin = KeycloakAdmin(connection=self._connection)

    @asynccontextmanager
    async def budget(self, *, is_noted: bool = True) -> AsyncIterator[None]:
        """Give what is inside the time of one decision, translate its failures and log the first and the last one.

        What nothing depends on is not noted: its refusal is no outage.
        """
        try:
            async with asyncio.timeout(self._settings.budget.total_seconds()):
                yield
        except (TimeoutError, Refused, KeycloakConnectionError) as exc:
            failure = self._translate(exc)
            self._note(failure, is_noted=is_noted)
            raise failure from exc
        except SystemFailure as failure:
            self._note(failure, is_noted=is_noted)
            raise
        self._note(None, is_noted=is_noted)

    async def users(self, query: Mapping[str, str]) -> list[Mapping[str, Any]]:
        """Find at most two accounts: a second one is all it takes to know that a link is not unique."""
        # The library changes the mapping that it is given.
        return _elements(await self._shaped(self._admin.a_get_users({**query, "max": 2})), "id")

    async def roles(self, user_id: str) -> frozenset[str]:
        """Read effective roles: composites and what groups pass on included.

        Raises
        ------
        UserGone
            There is no such account any more.
        """
        user, client = quote(user_id, safe=""), self._settings.roles_client
        try:
            match self._settings.roles_from:
                case RolesFrom.CLIENT:
                    question = self._admin.a_get_composite_client_roles_of_user(user, client, brief_representation=True)
                case RolesFrom.REALM:
                    question = self._admin.a_get_composite_realm_roles_of_user(user)
                case RolesFrom.GROUPS:
                    groups = _elements(await self._shaped(self._admin.a_get_user_groups(user)), "path")
                    return frozenset(path for group in groups for path in with_parents(group["path"]))
            return frozenset(role["name"] for role in _elements(await self._shaped(question), "name"))
        except Refused as exc:
            if exc.error == "User not found":
                raise UserGone from exc
            raise

    async def users_with(self, role: str) -> list[Mapping[str, Any]]:
        """List the first accounts that were given a role directly."""
        return await self._some(f"{self._role_path(role)}/users")

    async def groups_with(self, role: str) -> list[Mapping[str, Any]]:
        """List the first groups that were given a role directly."""
        return await self._some(f"{self._role_path(role)}/groups")

    async def group_at(self, path: str) -> Mapping[str, Any]:
        """Find a group by its path."""
        answer = await self._json(f"group-by-path/{quote(path.removeprefix('/'), safe='/')}")
        return _elements([answer], "id")[0]

    async def users_in(self, group_id: str) -> list[Mapping[str, Any]]:
        """List the first accounts that are in a group themselves, not in one below it."""
        return await self._some(f"groups/{quote(group_id, safe='')}/members")

    async def groups_in(self, group_id: str) -> list[Mapping[str, Any]]:
        """List the first groups right below a group."""
        return await self._some(f"groups/{quote(group_id, safe='')}/children")

    async def links_of(self, user_id: str) -> list[Mapping[str, Any]]:
        """List the identities at other providers that an account is linked to."""
        answer = await self._json(f"users/{quote(user_id, safe='')}/federated-identity")
        return _elements(answer, "identityProvider")

    def _role_path(self, role: str) -> str:
        of_client = f"clients/{self._settings.roles_client}/" if self._settings.roles_from is RolesFrom.CLIENT else ""
        return f"{of_client}roles/{quote(role, safe='')}"

    async def _some(self, path: str) -> list[Mapping[str, Any]]:
        return _elements(await self._json(path, max=MOST, briefRepresentation="false"), "id")

    async def _json(self, path: str, **query: Any) -> Any:
        response = await self._connection.a_raw_get(f"admin/realms/{self._connection.realm_name}/{path}", **query)
        try:
            return response.json()
        except ValueError:
            raise _not_keycloak() from None

    async def token(self) -> None:
        """Get a token, whatever is held already."""
        await self._shaped(self._connection.a_get_token())

    async def read_roles_client(self) -> None:
        """Read the client whose roles count, to see that the account may."""
        await self._shaped(self._admin.a_get_client(self._settings.roles_client))

    async def can_search_clients(self) -> bool:
        """Say whether the account may look clients up; what deciding needs is refused here with 403."""
        path = f"admin/realms/{self._connection.realm_name}/clients"
        try:
            await self._shaped(self._connection.a_raw_get(path, clientId=self._settings.client_id))
        except Refused as exc:
            if exc.status == FORBIDDEN:
                return False
            raise
        return True

    async def aclose(self) -> None:
        await self._connection.aclose()

    async def _shaped(self, question: Any) -> Any:
        try:
            return await question
        except (TypeError, KeyError, ValueError, AttributeError):
            # The library puts the whole answer into these; whatever answered, it is not the admin API.
            raise _not_keycloak() from None

    def _note(self, failure: SystemFailure | None, *, is_noted: bool) -> None:
        if not is_noted:
            return
        if failure is not None and not self._is_down:
            _log.warning("Keycloak cannot be asked: %s", failure.message)
        if failure is None and self._is_down:
            _log.warning("Keycloak answers again.")
        self._is_down = failure is not None

    def _translate(self, exc: Exception) -> SystemFailure:
        match exc:
            case Refused():
                return self._refusal(exc)
            case KeycloakConnectionError():
                cause = type(exc.__cause__).__name__
                # The inner exception may quote the headers it could not send.
                exc.__cause__, exc.__suppress_context__ = None, True
                return Temporary(SYSTEM, f"{self._settings.url} could not be reached ({cause}).")
            case _:
                seconds = self._settings.budget.total_seconds()
                return Temporary(SYSTEM, f"{self._settings.url} gave no answer within {seconds:g} s.")

    def _refusal(self, refused: Refused) -> SystemFailure:
        status, settings = refused.status, self._settings
        if status >= _FIRST_SERVER_ERROR or status in _RETRYABLE:
            return Temporary(SYSTEM, f"{settings.url} is not ready (HTTP {status}).")
        if status < _FIRST_ERROR:
            return Permanent(SYSTEM, f"{settings.url} leads elsewhere (HTTP {status}). Give the address it leads to.")
        return Permanent(SYSTEM, f"{_what(refused, settings)} (HTTP {status}). {_remedy(refused, settings)}")


def _what(refused: Refused, settings: KeycloakSettings) -> str:
    if refused.status == NOT_FOUND and refused.error == "Client not found":
        return f"there is no client with the UUID {settings.roles_client}"
    if refused.status == NOT_FOUND:
        return f"there is no realm {settings.realm} at {settings.url}"
    if refused.is_token:
        return f"the client {settings.client_id} got no token"
    if refused.status == UNAUTHORIZED:
        return f"the token of {settings.client_id} is not accepted"
    return f"{settings.client_id} may not read people and their roles"


def _remedy(refused: Refused, settings: KeycloakSettings) -> str:
    if refused.status == NOT_FOUND and refused.error == "Client not found":
        return "Take the UUID from the address of the client's page in the admin console; it is not the client id."
    if refused.status == NOT_FOUND:
        return "Check the address and the realm."
    if refused.is_token:
        return "Check its id and secret, that it is enabled and that its service account is on."
    if refused.status == UNAUTHORIZED:
        return "Check that the client is still enabled."
    if settings.roles_from is RolesFrom.CLIENT:
        return "Give its service account the role view-users, and the permission Clients:view on the roles client."
    return "Give its service account the role view-users."


def with_parents(path: str) -> frozenset[str]:
    """Return a group's path and those above it: `/sre/oncall` also means `/sre`. A slash in a name is written `~/`."""
    steps = path.replace("~/", "\0").split("/")[1:]
    paths = ("/" + "/".join(steps[: end + 1]) for end in range(len(steps)))
    return frozenset(path.replace("\0", "~/") for path in paths)


def _elements(answer: Any, key: str) -> list[Mapping[str, Any]]:
    """Check that an answer is a list of objects with a text where the key is."""
    if isinstance(answer, list) and all(isinstance(one, dict) and isinstance(one.get(key), str) for one in answer):
        return answer
    raise _not_keycloak()


def _not_keycloak() -> Permanent:
    return Permanent(
        SYSTEM, "the answer is not that of Keycloak's admin API. Check that the address leads to Keycloak itself."
    )
