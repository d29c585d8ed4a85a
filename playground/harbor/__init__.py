"""A stand-in for Harbor: the images that were built, by its API and, for tags and digests, as a registry.

Used by the world and by tests, as `Harbor(faults=…).app()` with `push(…)`.
"""

from playground.harbor.model import Artifact, NoRoom, Project, Repository
from playground.harbor.server import Harbor

__all__ = ["Artifact", "Harbor", "NoRoom", "Project", "Repository"]
