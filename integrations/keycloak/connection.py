"""python-keycloak's connection with what it lacks: one token request at a time, and clients that are really closed.

Used by realm.py. Tried with python-keycloak 7.1.1, which renews a token once per waiting request, leaves the token
client open on close and puts whole answers into its exceptions.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any

from keycloak import KeycloakOpenIDConnection
from keycloak.connection import ConnectionManager
from keycloak.urls_patterns import URL_TOKEN

OK, UNAUTHORIZED = 200, 401
_KNOWN_ERRORS = frozenset({"User not found", "Client not found", "Realm not found."})


class Refused(Exception):
    """Keycloak answered with another status than 200; `error` is one of its known words, never its whole answer."""

    def __init__(self, status: int, *, error: str = "", is_token: bool = False) -> None:
        super().__init__(f"HTTP {status} {error}".strip())
        self.status = status
        self.error = error
        self.is_token = is_token


class SafeConnection(KeycloakOpenIDConnection):  # type: ignore[misc]  # the library's types are not followed
    """The connection of one service account; anything but 200 raises Refused."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._renewing = asyncio.Lock()
        # The library would make it for the first token, and read all certificates while a person waits.
        self.keycloak_openid  # noqa: B018  # making it is the effect

    async def a_get_token(self) -> None:
        """Get a token; asked for here because the library's way puts the whole answer into its exceptions."""
        form = {
            "grant_type": self.grant_type,
            "client_id": self.client_id,
            "client_secret": self.client_secret_key,
        }
        path = URL_TOKEN.format(**{"realm-name": self.realm_name})
        response = await self.keycloak_openid.connection.a_raw_post(path, data=form)
        if response.status_code != OK:
            raise Refused(response.status_code, is_token=True)
        self.token = response.json()

    async def a_raw_get(self, *args: Any, **kwargs: Any) -> Any:
        used = self.token
        if self._is_due():
            used = await self._renew(used)
        response = await ConnectionManager.a_raw_get(self, *args, **kwargs)
        if response.status_code == UNAUTHORIZED:
            await self._renew(used)
            response = await ConnectionManager.a_raw_get(self, *args, **kwargs)
        if response.status_code != OK:
            raise Refused(response.status_code, error=_known_error(response))
        return response

    async def aclose(self) -> None:
        await super().aclose()
        await self.keycloak_openid.connection.aclose()

    def _is_due(self) -> bool:
        return self.token is None or datetime.now(UTC) >= self.expires_at

    async def _renew(self, used: Any) -> Any:
        """Get a new token unless somebody else replaced the used one meanwhile."""
        async with self._renewing:
            if self.token is used:
                await self.a_get_token()
            return self.token


def _known_error(response: Any) -> str:
    try:
        error = response.json().get("error")
    except (ValueError, AttributeError):
        return ""
    return error if isinstance(error, str) and error in _KNOWN_ERRORS else ""
