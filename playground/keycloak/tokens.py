"""Access tokens of service accounts: issued to clients that prove their secret, checked against a table.

They look like JWTs, but nothing is signed: a token is valid when it was issued here and its time is not over.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

from playground.keycloak.model import Client, Realm
from playground.pace import Pace

Obj = dict[str, Any]
_REFUSED = "Invalid client or Invalid client credentials"


class TokenRefusal(Exception):
    """The token endpoint says no: an OAuth error with its HTTP status."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description

    def to_json(self) -> Obj:
        return {"error": self.error, "error_description": self.description}


class Tokens:
    """Issued tokens; `lifetime` can be shortened and `forget` ends all of them at once."""

    def __init__(self, pace: Pace) -> None:
        self.lifetime = timedelta(seconds=300)
        self.issued = 0
        self._pace = pace
        self._table: dict[str, tuple[str, float]] = {}

    def issue(self, realm: Realm, form: Mapping[str, str], authorization: str) -> Obj:
        """Answer `grant_type=client_credentials`, the secret in the body or as Basic; TokenRefusal says why not."""
        if not form.get("grant_type"):
            raise TokenRefusal(400, "invalid_request", "Missing form parameter: grant_type")
        client = _authenticate(realm, form, authorization)
        if form["grant_type"] != "client_credentials":
            raise TokenRefusal(400, "unsupported_grant_type", "Unsupported grant_type")
        token = self._mint(realm, client)
        return {
            "access_token": token,
            "expires_in": int(self.lifetime.total_seconds()),
            "refresh_expires_in": 0,
            "token_type": "Bearer",
            "not-before-policy": 0,
            "scope": "email profile",
        }

    def holder(self, realm: Realm, authorization: str) -> Client | None:
        """Return the enabled client whose live token this is."""
        scheme, _, token = authorization.partition(" ")
        client_uuid, expires = self._table.get(token, ("", 0.0))
        if scheme.lower() != "bearer" or self._pace.now().timestamp() >= expires:
            return None
        client = realm.client(client_uuid)
        return client if client and client.enabled else None

    def forget(self) -> None:
        """End every token: the next request gets 401, as after a restart with new keys."""
        self._table.clear()

    def _mint(self, realm: Realm, client: Client) -> str:
        expires = (self._pace.now() + self.lifetime).timestamp()
        claims = {"iss": realm.name, "azp": client.client_id, "exp": int(expires), "aud": "realm-management"}
        token = ".".join((_part({"alg": "RS256", "typ": "JWT"}), _part(claims), secrets.token_urlsafe(32)))
        self._table[token] = (client.id, expires)
        self.issued += 1
        return token


def _part(content: Obj) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _authenticate(realm: Realm, form: Mapping[str, str], authorization: str) -> Client:
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if authorization.lower().startswith("basic "):
        client_id, secret = _read_basic(authorization)
    client = realm.client_by_name(client_id)
    if client is None or not client.enabled:
        raise TokenRefusal(401, "invalid_client", _REFUSED)
    if not client.secret or not secrets.compare_digest(client.secret.encode(), secret.encode()):
        raise TokenRefusal(401, "unauthorized_client", _REFUSED)
    return client


def _read_basic(authorization: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(user), unquote_plus(password)
