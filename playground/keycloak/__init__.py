"""A stand-in for Keycloak: one realm, its token endpoint and the reading part of its admin API.

Used by the world and by tests, as `Keycloak(realm, pace=…, faults=…).app()`.
"""

from playground.keycloak.model import Client, Group, Realm, User
from playground.keycloak.server import Keycloak

__all__ = ["Client", "Group", "Keycloak", "Realm", "User"]
