"""What a plan asks, in memory: charts with their commits, what they make, and the objects of a cluster."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from commands.core.catalog import Chart
from commands.core.errors import Permanent, SystemFailure
from commands.core.manifest import Manifest, read
from commands.core.model import Place
from commands.core.rendering import Draft


@dataclass(slots=True)
class FakeCharts:
    """Holds repositories as commits by reference; an archive is the commit's own name. `failure` is always raised."""

    refs: dict[tuple[str, str], str] = field(default_factory=dict)
    failure: SystemFailure | None = None
    asked: list[str] = field(default_factory=list)

    def push(self, chart: Chart, commit: str) -> None:
        self.refs[chart.repository, chart.ref] = commit

    async def commit(self, chart: Chart) -> str:
        self._ask(chart.ref)
        commit = self.refs.get((chart.repository, chart.ref))
        if commit is None:
            raise Permanent("Gitea", f"{chart.ref} of {chart.repository} is not there")
        return commit

    async def archive(self, chart: Chart, *, commit: str) -> bytes:
        self._ask(commit)
        if commit not in self.refs.values():
            raise Permanent("Gitea", f"commit {commit} of {chart.repository} is not there")
        return commit.encode()

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.failure is not None:
            raise self.failure


@dataclass(slots=True)
class FakeRenderer:
    """Makes the documents it was told to, in which `{digest}`, `{version}` and `{strategy}` are filled in."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    failure: SystemFailure | None = None

    async def render(self, archive: bytes, *, folder: str, draft: Draft) -> tuple[Manifest, ...]:
        assert archive
        assert folder
        self.drafts.append(draft)
        if self.failure is not None:
            raise self.failure
        values: Any = draft.values
        known = {
            "{digest}": values["image"]["digest"],
            "{version}": values["slipway"]["version"],
            "{strategy}": values["strategy"],
        }
        text = json.dumps(self.documents)
        for name, value in known.items():
            text = text.replace(name, value)
        return tuple(read(each) for each in json.loads(text))


@dataclass(slots=True)
class FakeObjects:
    """Holds objects by place, kind and name; one that was told to fail cannot be read."""

    known: dict[tuple[Place, str, str], Manifest | SystemFailure] = field(default_factory=dict)
    failure: SystemFailure | None = None

    def put(self, place: Place, document: dict[str, Any]) -> None:
        manifest = read(document)
        self.known[place, manifest.kind, manifest.name] = manifest

    def hide(self, place: Place, kind: str, name: str, failure: SystemFailure) -> None:
        self.known[place, kind, name] = failure

    async def read(self, place: Place, wanted: Sequence[Manifest]) -> tuple[Manifest | SystemFailure | None, ...]:
        if self.failure is not None:
            raise self.failure
        return tuple(None if each.is_secret else self.known.get((place, each.kind, each.name)) for each in wanted)
