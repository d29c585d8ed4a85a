"""What one pass over a Rollout looks at: the Rollout, its ReplicaSets, Services, pods and the time. Read only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from playground.argo.canonical import canonical
from playground.argo.names import HASH, HISTORY, REVISION, Obj, dig, json_hash, moment, seconds_of
from playground.argo.weights import WHOLE, Count, limits

DEFAULT_DEADLINE: Final = 600


def wanted(replica_set: Obj | None) -> int:
    return int(dig(replica_set, "spec", "replicas") or 0)


def actual(replica_set: Obj | None) -> int:
    return int(dig(replica_set, "status", "replicas") or 0)


def available(replica_set: Obj | None) -> int:
    return int(dig(replica_set, "status", "availableReplicas") or 0)


def ready(replica_set: Obj | None) -> int:
    return int(dig(replica_set, "status", "readyReplicas") or 0)


def hash_of(replica_set: Obj | None) -> str | None:
    found: str | None = dig(replica_set, "metadata", "labels", HASH)
    return found


def annotation(obj: Obj | None, name: str) -> str | None:
    found: str | None = dig(obj, "metadata", "annotations", name)
    return found


def revision(obj: Obj | None) -> int:
    return int(annotation(obj, REVISION) or 0)


def born(replica_set: Obj) -> int:
    """The revision that created a ReplicaSet: the order of creation, finer than timestamps of whole seconds."""
    past = [int(text) for text in (annotation(replica_set, HISTORY) or "").split(",") if text]
    return min([*past, revision(replica_set)])


def count(replica_set: Obj | None) -> Count:
    return Count(wanted(replica_set), available(replica_set))


@dataclass(frozen=True)
class View:
    """One moment. `marks` are exact instants of what the objects keep in whole seconds only."""

    rollout: Obj
    replica_sets: tuple[Obj, ...]
    now: datetime
    services: Mapping[str, Obj] = field(default_factory=dict)
    pods: tuple[Obj, ...] = ()
    analysis_runs: Mapping[str, Obj] = field(default_factory=dict)
    analysis_templates: Mapping[str, Obj] = field(default_factory=dict)
    marks: Mapping[str, datetime] = field(default_factory=dict)
    speed: float = 1.0

    @cached_property
    def name(self) -> str:
        return str(self.rollout["metadata"]["name"])

    @cached_property
    def spec(self) -> Obj:
        spec: Obj = self.rollout["spec"]
        return spec

    @cached_property
    def status(self) -> Obj:
        status: Obj = self.rollout.get("status") or {}
        return status

    @cached_property
    def replicas(self) -> int:
        return int(self.spec.get("replicas", 1))

    @cached_property
    def canary(self) -> Obj | None:
        found = self.spec["strategy"].get("canary")
        return None if found is None or self.blue_green is not None else dict(found)

    @cached_property
    def blue_green(self) -> Obj | None:
        found: Obj | None = self.spec["strategy"].get("blueGreen")
        return found

    @cached_property
    def limits(self) -> tuple[int, int]:
        return limits(self.canary or {}, self.replicas)

    @cached_property
    def steps(self) -> list[Obj]:
        return list((self.canary or {}).get("steps") or ())

    @cached_property
    def steps_hash(self) -> str:
        return json_hash(self.steps or None)

    @cached_property
    def template_hash(self) -> str:
        return json_hash(canonical(self.spec["template"]))

    @cached_property
    def new(self) -> Obj | None:
        return self.by_hash(self.template_hash)

    @cached_property
    def stable(self) -> Obj | None:
        return self.by_hash(self.status.get("stableRS"))

    @cached_property
    def others(self) -> tuple[Obj, ...]:
        """Neither new nor stable, oldest first."""
        kept = {hash_of(self.new), hash_of(self.stable)}
        return tuple(sorted((rs for rs in self.replica_sets if hash_of(rs) not in kept), key=born))

    def by_hash(self, wanted_hash: str | None) -> Obj | None:
        return next((rs for rs in self.replica_sets if hash_of(rs) == wanted_hash), None)

    @cached_property
    def paused(self) -> bool:
        return bool(self.status.get("pauseConditions")) or bool(self.spec.get("paused"))

    @cached_property
    def fully_promoted(self) -> bool:
        stable = self.status.get("stableRS")
        return stable is not None and stable == self.status.get("currentPodHash")

    @cached_property
    def template_changed(self) -> bool:
        known = self.status.get("currentPodHash")
        return known != self.template_hash and not (known is None and self.blue_green is not None)

    @cached_property
    def changed(self) -> bool:
        """Another template, or other steps, than the status speaks of."""
        steps = self.blue_green is None and self.status.get("currentStepHash") != self.steps_hash
        return self.template_changed or steps

    @cached_property
    def index(self) -> int | None:
        return self.status.get("currentStepIndex", 0) if self.steps else None

    @cached_property
    def step(self) -> Obj | None:
        return self.steps[self.index] if self.index is not None and self.index < len(self.steps) else None

    @cached_property
    def weight(self) -> int:
        """The weight of the nearest setWeight at or before the current step."""
        status = self.status
        if status.get("promoteFull") or status.get("stableRS") in {None, status.get("currentPodHash")}:
            return WHOLE
        if status.get("abort"):
            return 0
        if self.step is None or self.index is None:
            return WHOLE
        passed = (step["setWeight"] for step in reversed(self.steps[: self.index + 1]) if "setWeight" in step)
        return next(passed, 0)

    @cached_property
    def rolls_back(self) -> bool:
        """Whether the new template is an older one that the rollback window lets pass without steps."""
        window = int(dig(self.spec, "rollbackWindow", "revisions") or 0)
        if not window or self.new is None or self.stable is None or born(self.new) >= born(self.stable):
            return False
        between = [rs for rs in self.replica_sets if born(self.new) < born(rs) < born(self.stable)]
        return len(between) < window

    def pause(self, reason: str) -> Obj | None:
        pauses = self.status.get("pauseConditions") or ()
        return next((pause for pause in pauses if pause["reason"] == reason), None)

    def since(self, mark: str, written: str | None) -> datetime:
        """The exact instant of a mark, or the one that an object tells in whole seconds."""
        return self.marks.get(mark) or (moment(written) if written else self.now)

    def left(self, start: datetime, duration: Any) -> float:
        """Stand-in seconds until `duration` after `start` has passed; negative when it has."""
        return seconds_of(duration) - (self.now - start).total_seconds() * self.speed

    def after(self, duration: Any) -> datetime:
        """The instant at which a stand-in duration that starts now will have passed."""
        return self.now + timedelta(seconds=seconds_of(duration) / self.speed)
