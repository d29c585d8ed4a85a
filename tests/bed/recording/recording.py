"""One scenario while it runs: its namespace, its watches, what they have brought, and its requests.

The steps of a scenario call this; the command makes one per scenario and writes its lines. It knows no scenario.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

from tests.bed.recording.cluster import JSON, Cluster, path_of
from tests.bed.recording.lines import pick, trim

Obj = dict[str, Any]

ROLLOUT_KINDS: Final = ("rollouts", "replicasets", "pods", "analysisruns", "services", "events")
WORKFLOW_KINDS: Final = ("workflows", "pods")
GONE: Final = 404
BAD: Final = 300
LOOK_SECONDS: Final = 0.1
CATCH_UP_SECONDS: Final = 5.0
LAST_SECONDS: Final = 1.5
EXECUTOR: Final = "executor"


class NeverCameError(Exception):
    """The cluster did not get to a state that a scenario waits for."""


@dataclass
class Recording:
    """See the module; use as an async context manager. `shared` names a namespace that exists and is to stay."""

    cluster: Cluster
    name: str
    kinds: tuple[str, ...] = ROLLOUT_KINDS
    shared: str | None = None
    hidden: frozenset[str] = frozenset()
    lines: list[Obj] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)
    """What a step leaves for later ones."""

    def __post_init__(self) -> None:
        self.namespace = self.shared or f"rec-{self.name}"
        self.started = datetime.now(UTC)
        self._begun = time.monotonic()
        self._state: dict[tuple[str, str], Obj] = {}
        self._floor: dict[tuple[str, str], int] = {}
        self._changed = asyncio.Condition()
        self._watches: list[asyncio.Task[None]] = []
        self._open = True

    async def __aenter__(self) -> Self:
        await self._remove_leftovers()
        if not self.shared:
            await self._make_namespace()
        self.started, self._begun = datetime.now(UTC), time.monotonic()
        for kind in self.kinds:
            _, listed = await self.cluster.call("GET", self._path(kind))
            task = asyncio.create_task(self._watch(kind, listed["metadata"]["resourceVersion"]))
            self._watches.append(task)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave nothing of the scenario on the cluster; none of that is recorded."""
        await asyncio.sleep(LAST_SECONDS)
        self._open = False
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        await self._remove_leftovers()

    # Requests

    async def act(self, method: str, resource: str, body: Any = None, *, content_type: str = JSON) -> Obj:
        """Send a request, write it down with its answer, and return the answer. `resource` is `rollouts/web/status`."""
        sent, path = self._now(), self._path(resource)
        code, answer = await self.cluster.call(method, path, body, content_type)
        told = {"type": content_type, "body": body} if body is not None else {}
        self._remember(method, resource, code, answer)
        act = {"sent": sent, "method": method, "path": path, **told, "code": code}
        self._write({"act": {**act, "response": _short(resource, code, answer)}})
        return answer

    async def prepare(self, method: str, resource: str, body: Any = None) -> Obj:
        """Send a request that is not recorded, and that must not be refused."""
        code, answer = await self.cluster.call(method, self._path(resource), body)
        if code >= BAD:
            raise NeverCameError(f"{method} {resource} was refused with {code}: {answer.get('message', answer)}")
        self._remember(method, resource, code, answer)
        return answer

    def note(self, text: str) -> None:
        self._write({"note": text})

    def _remember(self, method: str, resource: str, code: int, answer: Obj) -> None:
        kind, *rest = resource.split("?", maxsplit=1)[0].split("/")
        meta = answer.get("metadata") or {}
        if code >= BAD or method in {"GET", "DELETE"} or "name" not in meta:
            return
        if rest and "resourceVersion" in meta:
            self._floor[kind, rest[0]] = int(meta["resourceVersion"])

    # What the watches have brought

    def current(self, kind: str, name: str) -> Obj | None:
        """The object, unless what the watch has brought is older than our own last change of it."""
        obj = self._state.get((kind, name))
        fresh = obj is not None and int(obj["metadata"]["resourceVersion"]) >= self._floor.get((kind, name), 0)
        return obj if fresh else None

    def pods(self) -> list[Obj]:
        return [obj for (kind, _), obj in self._state.items() if kind == "pods" and not obj["deleted"]]

    async def get(self, kind: str = "rollouts", name: str = "web") -> Obj:
        """The object as it is after our own last change."""
        return await self.until(lambda obj: obj is not None, "its own change", kind, name, seconds=CATCH_UP_SECONDS)

    async def until(
        self,
        holds: Callable[[Obj | None], bool],
        what: str,
        kind: str = "rollouts",
        name: str = "web",
        *,
        seconds: float = 60,
    ) -> Obj:
        """Wait until `holds` of the object; it is asked with None while nothing fresh is known."""
        await self._wait(lambda: holds(self.current(kind, name)), what, seconds)
        return self._state.get((kind, name), {})

    async def until_no_pods(self, seconds: float = 60) -> None:
        await self._wait(lambda: not self.pods(), "no pod left", seconds)

    async def _wait(self, holds: Callable[[], bool], what: str, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(holds)
        except TimeoutError:
            self.note(f"TIMEOUT after {seconds:g}s: {what}")
            raise NeverCameError(f"{what} did not come within {seconds:g} s") from None

    # The inside

    def _now(self) -> float:
        return round(time.monotonic() - self._begun, 3)

    def _path(self, resource: str) -> str:
        return path_of(self.namespace, resource)

    def _write(self, line: Obj) -> None:
        if self._open:
            self.lines.append({"t": self._now(), **line})

    async def _watch(self, kind: str, version: str) -> None:
        async for event in self.cluster.watch(self._path(kind), version):
            obj = event["object"]
            if (kind == "events" and obj["involvedObject"]["kind"] != "Rollout") or not self._concerns(obj):
                continue
            obj = trim(kind, obj)
            async with self._changed:
                self._state[kind, obj["metadata"]["name"]] = {**obj, "deleted": event["type"] == "DELETED"}
                if kind not in self.hidden:
                    self._write({"kind": kind, "type": event["type"], "object": obj})
                self._changed.notify_all()

    def _concerns(self, obj: Obj) -> bool:
        return not self.shared or str(obj["metadata"]["name"]).startswith(self.name)

    async def _remove_leftovers(self) -> None:
        """Remove all that a scenario of this name has made, also one that was interrupted."""
        if not self.shared:
            await self._remove(f"/api/v1/namespaces/{self.namespace}")
            return
        for kind in ("workflows", "workflowtemplates"):
            _, listed = await self.cluster.call("GET", self._path(kind))
            for obj in filter(self._concerns, listed.get("items") or ()):
                await self._remove(self._path(f"{kind}/{obj['metadata']['name']}"))

    async def _remove(self, path: str) -> None:
        await self.cluster.call("DELETE", path)
        await self._until_found(path, found=False)

    async def _make_namespace(self) -> None:
        labels = {"recording": "1"}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace, "labels": labels}}
        await self.cluster.call("POST", "/api/v1/namespaces", body)
        await self._until_found(self._path("serviceaccounts/default"), found=True)
        if "workflows" in self.kinds:
            await self._make_executor()

    async def _until_found(self, path: str, *, found: bool) -> None:
        while ((await self.cluster.call("GET", path))[0] != GONE) != found:  # noqa: ASYNC110  # the cluster is another process
            await asyncio.sleep(LOOK_SECONDS)

    async def _make_executor(self) -> None:
        """The account under which steps report their results, with its shipped rights."""
        rbac = "rbac.authorization.k8s.io"
        rule = {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
        role = {"apiGroup": rbac, "kind": "Role", "name": EXECUTOR}
        meta = {"metadata": {"name": EXECUTOR}}
        api = f"{rbac}/v1"
        subjects = [{"kind": "ServiceAccount", "name": EXECUTOR, "namespace": self.namespace}]
        await self.prepare("POST", "serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", **meta})
        await self.prepare("POST", "roles", {"apiVersion": api, "kind": "Role", **meta, "rules": [rule]})
        binding = {"apiVersion": api, "kind": "RoleBinding", **meta, "roleRef": role, "subjects": subjects}
        await self.prepare("POST", "rolebindings", binding)


def _short(resource: str, code: int, answer: Obj) -> Obj:
    """Of an object only who it is, and what a subresource is about."""
    meta = answer.get("metadata")
    if code >= BAD or meta is None or answer.get("kind") == "Status":
        return answer
    short: Obj = {"metadata": pick(meta, ("name", "uid", "generation", "resourceVersion"))}
    last = resource.rsplit("/", maxsplit=1)[-1]
    if last in {"status", "scale"}:
        short["status"] = answer.get("status") or {}
    if last == "scale":
        short["spec"] = answer["spec"]
    return short
