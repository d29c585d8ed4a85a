"""Objects of one Kubernetes namespace: made, changed and awaited through the product's own connection.

Every test of this folder goes through it. Nothing here sleeps: whoever waits, watches, and gives up at a deadline.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from integrations.kubernetes.fields import Obj, at, mapping, mappings, parsed, text
from integrations.kubernetes.paths import APPS, ARGO, CORE
from integrations.kubernetes.transport import CONFLICT, NOT_FOUND, UNPROCESSABLE, Answer, Connection

Check = Callable[[Obj], bool]

PATIENCE = 30.0
"""Seconds after which what did not happen counts as not happening; the machine may be busy."""
_SILENCE = timedelta(seconds=150)
_REFUSALS = {NOT_FOUND, CONFLICT, UNPROCESSABLE}
_COLLECTIONS = {
    "AnalysisRun": (ARGO, "analysisruns"),
    "AnalysisTemplate": (ARGO, "analysistemplates"),
    "ConfigMap": (CORE, "configmaps"),
    "Event": (CORE, "events"),
    "Pod": (CORE, "pods"),
    "ReplicaSet": (APPS, "replicasets"),
    "Role": ("/apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "Rollout": (ARGO, "rollouts"),
    "Service": (CORE, "services"),
    "ServiceAccount": (CORE, "serviceaccounts"),
    "Workflow": (ARGO, "workflows"),
    "WorkflowTaskResult": (ARGO, "workflowtaskresults"),
    "WorkflowTemplate": (ARGO, "workflowtemplates"),
}


@dataclass(slots=True)
class Story:
    """All states of one object in the order in which the watch brought them, from the first one on."""

    title: str
    seen: list[Obj] = field(default_factory=list)
    is_deleted: bool = False
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, is_so: Check, *, start: int = 0, seconds: float = PATIENCE) -> Obj:
        """Return the first state from the `start`th on of which `is_so` holds; fail the test when none comes."""
        try:
            async with asyncio.timeout(seconds), self._news:
                while True:
                    for each in self.seen[start:]:
                        if is_so(each):
                            return each
                    start = len(self.seen)
                    await self._news.wait()
        except TimeoutError:
            last = json.dumps(mapping(self.seen[-1] if self.seen else {}, "status"))[:3000]
            pytest.fail(f"{self.title} did not become so within {seconds:g} s; its last status: {last}")

    async def until_quiet(self, *, seconds: float = 1.0) -> None:
        """Wait until nothing has happened to the object for so long."""
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout(seconds), self._news:
                    await self._news.wait()

    async def until_deleted(self, *, seconds: float = PATIENCE) -> None:
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: self.is_deleted)

    def states(self, *path: str) -> list[object]:
        """Return what stood at a path, in order, each value once in a row."""
        values = [at(each, *path) for each in self.seen]
        return [value for index, value in enumerate(values) if index == 0 or values[index - 1] != value]

    async def take(self, lines: AsyncIterator[bytes]) -> None:
        async for line in lines:
            event = parsed(line)
            async with self._news:
                self.seen.append(mapping(event, "object"))
                self.is_deleted = text(event, "type") == "DELETED"
                self._news.notify_all()


@dataclass(frozen=True, slots=True)
class Space:
    """One namespace, reached over a connection of the product."""

    connection: Connection
    name: str
    _made: list[tuple[str, str]] = field(default_factory=list, init=False, repr=False)

    async def create(self, obj: Obj) -> Obj:
        """Create an object and return it as the server has it; fail when the name is taken."""
        answer = await self.try_create(obj)
        assert answer.status < CONFLICT, answer.text
        return answer.body

    async def try_create(self, obj: Obj) -> Answer:
        answer = await self.connection.create(self.path(text(obj, "kind")), obj)
        self._made.append((text(obj, "kind"), text(obj, "metadata", "name")))
        return answer

    async def tidy(self) -> None:
        """Delete what was created here: a node has room for a hundred pods."""
        for kind, name in self._made:
            await self.delete(kind, name)

    async def get(self, kind: str, name: str) -> Obj:
        answer = await self.connection.get(self.path(kind, name))
        assert answer.status != NOT_FOUND, f"there is no {kind} {name}"
        return answer.body

    async def all(self, kind: str, *, selector: str = "") -> list[Obj]:
        answer = await self.connection.list_page(self.path(kind), params={"labelSelector": selector})
        return list(mappings(answer.body, "items"))

    async def merge(self, kind: str, name: str, patch: Obj, *, part: str = "") -> Obj:
        """Merge a patch into an object, or into its subresource `part`."""
        answer = await self.connection.merge_patch(self.path(kind, name, part), patch)
        assert answer.status != NOT_FOUND, f"there is no {kind} {name}"
        return answer.body

    async def json_patch(self, kind: str, name: str, operations: list[Obj], *, part: str = "") -> Answer:
        return await self.connection.json_patch(self.path(kind, name, part), operations)

    async def delete(self, kind: str, name: str) -> None:
        await self.connection.request("DELETE", self.path(kind, name), values=_REFUSALS)

    async def until_gone(self, kind: str, name: str) -> None:
        """Wait until an object that was deleted is no more."""
        async with self.story(kind, name) as story:
            # The watch brings an object that still exists, and nothing of one that does not.
            if (await self.connection.get(self.path(kind, name))).status != NOT_FOUND:
                await story.until_deleted()

    async def until(self, kind: str, name: str, is_so: Check, *, seconds: float = PATIENCE) -> Obj:
        """Watch an object until `is_so` holds of it."""
        async with self.story(kind, name) as story:
            return await story.until(is_so, seconds=seconds)

    @asynccontextmanager
    async def story(self, kind: str, name: str) -> AsyncIterator[Story]:
        """Watch one object for as long as the block lasts; it need not exist yet."""
        params = {"watch": "true", "fieldSelector": f"metadata.name={name}"}
        async with self.connection.stream(self.path(kind), params=params, silence=_SILENCE) as lines:
            assert not isinstance(lines, Answer)
            story = Story(f"{kind} {name}")
            reading = asyncio.create_task(story.take(lines))
            try:
                yield story
            finally:
                reading.cancel()
                await asyncio.wait([reading])

    def path(self, kind: str, *rest: str) -> str:
        group, collection = _COLLECTIONS[kind]
        return "/".join([group, "namespaces", self.name, collection, *filter(None, rest)])
