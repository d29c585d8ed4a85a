"""The images of a Harbor as plain data: projects with their quotas, repositories, artifacts and their tags.

The world and the pipeline's steps push what is built, tests push more; the server reads it. It knows nothing of HTTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

DEFAULT_PUSHED: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
IMAGE_BYTES: Final = 96 * 2**20
UNLIMITED: Final = -1


class NoRoom(Exception):
    """A push was refused because of the project's quota; the text is Harbor's."""


@dataclass(slots=True, kw_only=True)
class Artifact:
    """One image; `scan` counts what was found by severity, None where nobody has scanned it."""

    digest: str
    pushed: datetime
    tags: dict[str, datetime] = field(default_factory=dict)
    scan: Mapping[str, int] | None = None


class Repository:
    """The artifacts of one name, in the order in which they were pushed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.artifacts: list[Artifact] = []

    def push(self, tag: str, digest: str, *, at: datetime, scan: Mapping[str, int] | None = None) -> Artifact:
        """Put a tag on a digest; a tag that was elsewhere moves."""
        for other in self.artifacts:
            other.tags.pop(tag, None)
        artifact = self.find(digest)
        if artifact is None:
            artifact = Artifact(digest=digest, pushed=at, scan=scan)
            self.artifacts.append(artifact)
        artifact.tags[tag] = at
        return artifact

    def find(self, reference: str) -> Artifact | None:
        """Find an artifact by one of its tags or its digest."""
        return next((one for one in self.artifacts if reference == one.digest or reference in one.tags), None)

    @property
    def tags(self) -> list[str]:
        return sorted(tag for artifact in self.artifacts for tag in artifact.tags)


@dataclass(slots=True)
class Project:
    """A project with its repositories; `quota` is how many bytes it may hold, -1 for any number."""

    name: str
    quota: int = UNLIMITED
    repositories: dict[str, Repository] = field(default_factory=dict)

    @property
    def used(self) -> int:
        return IMAGE_BYTES * sum(len(repository.artifacts) for repository in self.repositories.values())

    def repository(self, name: str) -> Repository:
        """Return the repository of that name, new where there is none; names have no project in them."""
        return self.repositories.setdefault(name, Repository(name))

    def make_room(self) -> None:
        """Refuse an image that the quota leaves no room for."""
        if self.quota != UNLIMITED and self.used + IMAGE_BYTES > self.quota:
            raise NoRoom(
                f"adding {_mib(IMAGE_BYTES)} of storage resource, which when updated to current usage of "
                f"{_mib(self.used)} will exceed the configured upper limit of {_mib(self.quota)}."
            )


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
