"""Keycloak as the port People: a Slack user becomes a person with effective roles, read anew for every decision.

`bot.wiring` builds `KeycloakPeople`, `slipway check` calls its `check`. It knows no grants and decides no permission.
"""

from integrations.keycloak.people import KeycloakPeople
from integrations.keycloak.settings import KeycloakSettings, Link, RolesFrom

__all__ = ["KeycloakPeople", "KeycloakSettings", "Link", "RolesFrom"]
