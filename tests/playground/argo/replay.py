"""Replays the requests of a recording against the stand-in: each as soon as it has reached the recorded state."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any, Self

from playground.argo.analysis_runs import AnalysisRunsController
from playground.argo.kubelet import Kubelet
from playground.argo.replica_sets import ReplicaSetsController
from playground.argo.rollouts import RolloutsController
from playground.faults import Fault, Faults
from playground.kubernetes.store import ApiError, Store, WatchEvent
from playground.pace import Pace
from tests.playground.argo.letters import Letters
from tests.playground.argo.rollout_rows import (
    AnalysisRow,
    Condition,
    Counts,
    Row,
    Sizes,
    analysis_row,
    conditions,
    counts,
    row,
    sizes,
    unique,
)
from tests.recordings import Obj, load

KINDS = {
    "rollouts": "Rollout",
    "services": "Service",
    "pods": "Pod",
    "analysistemplates": "AnalysisTemplate",
    "workflows": "Workflow",
    "workflowtemplates": "WorkflowTemplate",
}
JSON_PATCH = "application/json-patch+json"
PATIENCE = 20.0


async def until(store: Store, holds: Callable[[], bool], what: Callable[[], str]) -> None:
    """Wait for store events until `holds`; fail with `what` is missing."""
    changed = asyncio.Event()
    unsubscribe = store.subscribe(lambda _: changed.set())
    try:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                changed.clear()
                await changed.wait()
    except TimeoutError:
        raise AssertionError(f"never came: {what()}") from None
    finally:
        unsubscribe()


class Bed:
    """A store with the Rollouts controller, the ReplicaSet controller and a kubelet, all of them fast."""

    def __init__(self, *, speed: float = 50.0, faults: tuple[Fault, ...] = ()) -> None:
        self.store = Store()
        self.faults = Faults()
        for fault in faults:
            self.faults.add(fault)
        pace = Pace(speed=speed)
        self.kubelet = Kubelet(self.store, pace, self.faults)
        self.parts = (
            RolloutsController(self.store, pace),
            AnalysisRunsController(self.store, pace, self.faults),
            ReplicaSetsController(self.store, pace),
            self.kubelet,
        )
        self.history: list[Obj] = []
        self.analyses: list[Obj] = []
        self.messages: list[str] = []
        self.store.subscribe(self._note)

    def _note(self, event: WatchEvent) -> None:
        if event.object["kind"] == "Rollout" and event.type != "DELETED":
            self.history.append(event.object)
        elif event.object["kind"] == "AnalysisRun":
            self.analyses.append(event.object)
        elif event.object["kind"] == "Event":
            self.messages.append(f"{event.object['reason']}: {event.object['message']}")

    async def __aenter__(self) -> Self:
        for part in self.parts:
            await part.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for part in self.parts:
            await part.stop()

    @property
    def rollout(self) -> Obj:
        return self.history[-1]

    async def until(self, holds: Callable[[Obj], bool], what: str = "the state waited for") -> Obj:
        await until(
            self.store,
            lambda: bool(self.history) and holds(self.rollout),
            lambda: f"{what}; last: {self.rollout.get('status') if self.history else None}",
        )
        return self.rollout


class RolloutReplay:
    """One recording on one bed."""

    def __init__(
        self, name: str, bed: Bed, *, skipped: frozenset[str] = frozenset(), loose: frozenset[str] = frozenset()
    ) -> None:
        self.lines = [line for line in load(name) if not skipped or _operations(line).isdisjoint(skipped)]
        self.bed = bed
        self.loose = loose
        self.recorded, self.own = Letters(), Letters()
        self.rows: list[Row] = []
        self.events: list[str] = []
        self.analyses: dict[str, list[AnalysisRow]] = {}
        self.deleted = False
        self.sets: dict[str | None, Sizes] = {}
        self.end_rows: list[Row] = []
        self.end_sets: dict[str | None, Sizes] = {}
        self.last: Counts = (0, 0, 0, 0)
        self.conditions: frozenset[Condition] = frozenset()

    async def run(self) -> None:
        """Do all acts and wait for the recorded end."""
        for line in self.ordered():
            if "act" in line:
                await self._act(line["act"])
            elif line["kind"] == "rollouts" and line["type"] == "DELETED":
                self.deleted = True
            elif line["kind"] == "rollouts":
                self.rows.append(row(line["object"], self.recorded))
                self.last = counts(line["object"])
                self.conditions = self._told(line["object"])
            elif line["kind"] == "analysisruns":
                _add(self.analyses, self.recorded, line["object"])
            elif line["kind"] == "replicasets" and line["type"] == "DELETED":
                self.sets.pop(self.recorded.name(unique(line["object"])))
            elif line["kind"] == "replicasets":
                self.sets[self.recorded.name(unique(line["object"]))] = sizes(line["object"])
            elif line["kind"] == "events":
                self.events.append(f"{line['object']['reason']}: {line['object']['message']}")
        await self._reach()
        # Taken at this very moment: the delays that the recording did not wait for go on.
        self.end_rows, self.end_sets = self.own_rows(), self.own_sets()

    def ordered(self) -> Iterator[Obj]:
        """The lines, each act before the event of its own change (they arrive in either order)."""
        held: list[Obj] = []
        for line in self.lines:
            if "note" in line:
                continue
            held.append(line)
        yield from sorted(held, key=_moment)

    def _told(self, rollout: Obj) -> frozenset[Condition]:
        return frozenset(entry for entry in conditions(rollout) if entry[0] not in self.loose)

    def own_rows(self) -> list[Row]:
        self.own = Letters()
        return [row(rollout, self.own) for rollout in self.bed.history]

    def own_analyses(self) -> dict[str, list[AnalysisRow]]:
        """The states of each AnalysisRun; call `own_rows` before."""
        found: dict[str, list[AnalysisRow]] = {}
        for run in self.bed.analyses:
            _add(found, self.own, run)
        return found

    def own_sets(self) -> dict[str | None, Sizes]:
        """The sizes of the ReplicaSets; call `own_rows` before."""
        return {self.own.name(unique(obj)): sizes(obj) for obj in self.bed.store.list("ReplicaSet")}

    async def _reach(self) -> None:
        if not self.rows:
            return

        def there() -> bool:
            own = self.own_rows()
            if self.deleted:
                return not self.bed.store.list("Rollout")
            same = bool(own) and own[-1] == self.rows[-1] and counts(self.bed.rollout) == self.last
            return same and self._told(self.bed.rollout) == self.conditions

        def missing() -> str:
            own = self.own_rows()
            now = f"{own[-1]} {counts(self.bed.rollout)} {self._told(self.bed.rollout)}" if own else "nothing"
            return f"{self.rows[-1]} {self.last} {self.conditions}\nis at {now}"

        await until(self.bed.store, there, missing)

    async def _act(self, act: Obj) -> None:
        if act["method"] == "GET":
            return
        await self._reach()
        code = 201 if act["method"] == "POST" else 200
        try:
            self._do(act)
        except ApiError as error:
            code = error.code
        assert code == act["code"], act

    def _do(self, act: Obj) -> None:
        *_, namespace, plural = act["path"].split("/namespaces/")[1].split("/")[:2]
        rest = act["path"].split(f"/{plural}")[-1].strip("/").split("/")
        if act["method"] == "POST":
            meta = {**act["body"]["metadata"], "namespace": namespace}
            self.bed.store.create({**with_defaults(act["body"]), "metadata": meta})
            return
        if act["method"] == "DELETE":
            self.bed.store.delete(KINDS[plural], namespace, rest[0])
            return
        name, subresource = rest[0], rest[1] if len(rest) > 1 else None
        kind = KINDS[plural]
        if act["type"] == JSON_PATCH:
            patch = [self._translated(operation) for operation in act["body"]]
            self.bed.store.json_patch(kind, namespace, name, patch, subresource=subresource)
        else:
            place = None if subresource == "scale" else subresource
            self.bed.store.merge_patch(kind, namespace, name, act["body"], subresource=place)

    def _translated(self, operation: Obj) -> Obj:
        """Put this run's uid, hashes and times for the recorded ones; everything else must hold as it was sent."""
        path, value = operation["path"], operation.get("value")
        known: dict[str, Any] = {"/metadata/uid": self.bed.rollout["metadata"]["uid"]}
        if path.endswith("Hash") and isinstance(value, str):
            known[path] = self.own.find(self.recorded.name(value))
        if path.endswith("/startTime"):
            known[path] = self.bed.rollout["status"]["pauseConditions"][0]["startTime"]
        if path == "/spec/template":
            known[path] = with_defaults({"spec": {"template": value}})["spec"]["template"]
        return {**operation, "value": known[path]} if path in known else operation


def _add(found: dict[str, list[AnalysisRow]], letters: Letters, run: Obj) -> None:
    found.setdefault(letters.text(run["metadata"]["name"]), []).append(analysis_row(run))


def with_defaults(obj: Obj) -> Obj:
    """What the API server writes into a Rollout by its schema before it stores it: the protocol of ports."""
    filled: Obj = json.loads(json.dumps(obj))
    for container in ((filled.get("spec") or {}).get("template") or {}).get("spec", {}).get("containers", ()):
        for port in container.get("ports", ()):
            port.setdefault("protocol", "TCP")
    return filled


def _operations(line: Obj) -> set[str]:
    """What a JSON patch does, as `remove /path`."""
    body = line.get("act", {}).get("body")
    return {f"{entry['op']} {entry['path']}" for entry in body} if isinstance(body, list) else set()


def _moment(line: Obj) -> float:
    return float(line["act"]["sent"] if "act" in line else line["t"])
