"""Versions in memory: what was published, per artifact."""

from dataclasses import dataclass, field
from datetime import datetime

from commands.core.catalog import App, Artifact
from commands.core.errors import SystemFailure
from commands.core.ports import Available
from integrations.nexus.ordering import order


@dataclass(slots=True)
class FakeVersions:
    """Holds what is published; `failure` is raised by every question until it is taken back; `asked` lists the apps."""

    published: dict[Artifact, dict[str, Available]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    failure: SystemFailure | None = None

    def publish(self, artifact: Artifact, version: str, *, at: datetime | None = None) -> None:
        self.published.setdefault(artifact, {})[version] = Available(version=version, published_at=at)

    async def search(self, app: App) -> tuple[Available, ...]:
        self.asked.append(app.name)
        if self.failure is not None:
            raise self.failure
        found = self.published.get(app.artifact, {}).values()
        return tuple(sorted(found, key=lambda one: order(one.version), reverse=True))
