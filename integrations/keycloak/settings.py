"""What the Keycloak adapter is told: where, as whom, how people are linked and where their roles are.

`bot.settings` builds it. What would end up in a path or a query is checked here, once.
"""

import re
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from integrations.keycloak.links import TEAM_PATTERN

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


class Secret(Protocol):
    """A secret that does not show itself, such as pydantic's SecretStr."""

    def get_secret_value(self) -> str: ...


class Link(StrEnum):
    """How a Slack user is found in the realm, the safest way first."""

    IDP = "idp"
    ATTRIBUTE = "attribute"
    EMAIL = "email"


class RolesFrom(StrEnum):
    """Where the roles that grants speak of are kept."""

    CLIENT = "client"
    REALM = "realm"
    GROUPS = "groups"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeycloakSettings:
    """Settings of `KeycloakPeople`.

    `roles_client` is the UUID (not the client id) of the client whose roles count, needed for RolesFrom.CLIENT only.
    `team` is the Slack team whose members may be found. `budget` is the time for one decision, token included.
    """

    url: str
    realm: str
    client_id: str
    client_secret: Secret = field(repr=False)
    team: str
    roles_client: str = ""
    link: Link = Link.ATTRIBUTE
    attribute: str = "slack_user_id"
    idp_alias: str = "slack"
    email_domain: str = ""
    roles_from: RolesFrom = RolesFrom.CLIENT
    budget: timedelta = timedelta(seconds=2.5)

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in {"http", "https"}:
            raise ValueError("The Keycloak url must begin with https:// (or http:// inside a cluster).")
        if not TEAM_PATTERN.fullmatch(self.team):
            raise ValueError(f"The Slack team {self.team!r} is no team id. Give one such as T0123ABCD.")
        for what, name in (("realm", self.realm), ("attribute", self.attribute), ("identity provider", self.idp_alias)):
            if not _NAME.fullmatch(name):
                raise ValueError(f"The Keycloak {what} {name!r} has characters that cannot stand in a query or a path.")
        if self.roles_from is RolesFrom.CLIENT and not _is_uuid(self.roles_client):
            raise ValueError(
                f"The roles client {self.roles_client!r} is no UUID. Give the UUID from the address of the client's"
                " page in the admin console, not its client id; or take roles from the realm or from groups."
            )
        if self.link is Link.EMAIL and not self.email_domain:
            raise ValueError("People linked by e-mail need an allowed domain. Give one such as example.com.")


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
