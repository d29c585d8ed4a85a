"""Versions in memory: what was published, per artifact."""

from dataclasses import dataclass, field
from datetime import datetime

from commands.core.catalog import App, Artifact
from commands.core.errors import SystemFailure
from commands.core.ordering import order
from commands.core.ports import Available, Found


@dataclass(slots=True)
class FakeVersions:
    """Holds what is published; `failure` is raised by every question until it is taken back; `asked` lists the apps.

    `silent` and `knows_newest` are said with every answer.
    """

    published: dict[Artifact, dict[str, Available]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    failure: SystemFailure | None = None
    silent: str = ""
    knows_newest: bool = True

    def publish(self, artifact: Artifact, version: str, *, at: datetime | None = None) -> None:
        self.published.setdefault(artifact, {})[version] = Available(version=version, published_at=at)

    async def search(self, app: App) -> Found:
        self.asked.append(app.name)
        if self.failure is not None:
            raise self.failure
        found = self.published.get(app.artifact, {}).values()
        newest_first = sorted(found, key=lambda one: order(one.version), reverse=True)
        return Found(tuple(newest_first), silent=self.silent, knows_newest=self.knows_newest)
