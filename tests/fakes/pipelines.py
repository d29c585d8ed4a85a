"""Pipelines in memory: keeps workflows by name and refuses what the cluster would refuse."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from commands.core.errors import Permanent
from commands.core.model import Place
from commands.core.observed import PipelinePhase, PipelineSnapshot
from commands.core.ports import PipelineOrder

Name = tuple[str, str, str]


@dataclass(slots=True)
class FakePipelines:
    """Holds what the cluster has; `put` and `remove` are the cluster, the rest is the port.

    `failure` is raised by the next call that would reach the cluster, then forgotten. `templates` are those that are
    installed, None meaning any. `orders` lists what was submitted, `stopped` what was stopped.
    """

    known: dict[Name, PipelineSnapshot] = field(default_factory=dict)
    unsynced: set[Place] = field(default_factory=set)
    templates: set[str] | None = None
    orders: list[PipelineOrder] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    logs: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    failure: Exception | None = None
    on_change: Callable[[Place], None] = lambda _place: None

    def put(self, place: Place, snapshot: PipelineSnapshot) -> None:
        self.known[_name(place, snapshot.name)] = snapshot
        self.on_change(place)

    def remove(self, place: Place, *, name: str) -> None:
        self.known.pop(_name(place, name), None)
        self.on_change(place)

    def snapshot(self, place: Place, *, name: str) -> PipelineSnapshot | None:
        return None if place in self.unsynced else self.known.get(_name(place, name))

    def is_synced(self, place: Place) -> bool:
        return place not in self.unsynced

    async def submit(self, order: PipelineOrder) -> None:
        self._fail()
        if self.templates is not None and order.template not in self.templates:
            raise Permanent("Kubernetes", f"there is no workflow template {order.template}")
        there = self.known.get(_name(order.place, order.name))
        if there is not None:
            if there.owner != order.owner:
                raise Permanent("Kubernetes", f"the workflow {order.name} belongs to another deployment")
            return
        self.orders.append(order)
        uid = f"uid-{order.name}"
        new = PipelineSnapshot(name=order.name, uid=uid, owner=order.owner, phase=PipelinePhase.WAITING)
        self.put(order.place, new)

    async def stop(self, place: Place, *, name: str) -> None:
        self._fail()
        there = self.known.get(_name(place, name))
        if there is None or there.phase in {PipelinePhase.SUCCEEDED, PipelinePhase.FAILED}:
            return
        self.stopped.append(name)
        self.put(place, replace(there, phase=PipelinePhase.FAILED, message="Stopped with strategy 'Stop'"))

    async def log(self, place: Place, *, name: str, step: str) -> tuple[str, ...]:
        self._fail()
        return self.logs.get((name, step), ()) if _name(place, name) in self.known else ()

    def _fail(self) -> None:
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure


def _name(place: Place, name: str) -> Name:
    return place.cluster, place.namespace, name
