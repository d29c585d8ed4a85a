"""A stand-in for Nexus Repository: versions that exist, found by search and downloaded in Maven's layout.

Used by the world and by tests, as `Nexus(faults=…).app()` with `add(Repository(name)).publish(…)`.
"""

from playground.nexus.model import Asset, Repository
from playground.nexus.server import Nexus

__all__ = ["Asset", "Nexus", "Repository"]
