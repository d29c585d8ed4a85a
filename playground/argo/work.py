"""What one pass over a Rollout decides: effects in their order, the fate of its pauses, instants to remember.

Filled by canary, blue_green and rollout_pass; carried out by rollouts. It changes no object itself.
"""

from dataclasses import dataclass, field
from datetime import datetime

from playground.argo.conditions import Condition, put
from playground.argo.names import DESIRED, Obj, difference, timestamp
from playground.argo.phase import phase_of
from playground.argo.view import View, annotation, revision, wanted


@dataclass(frozen=True, slots=True)
class Create:
    object: Obj


@dataclass(frozen=True, slots=True)
class Patch:
    """A merge patch of an object in the Rollout's namespace."""

    kind: str
    name: str
    body: Obj
    subresource: str | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Emit:
    """An event about the Rollout."""

    reason: str
    message: str
    warning: bool = False


Effect = Create | Patch | Delete | Emit
ROLLOUT = "Rollout"
REPLICA_SET = "ReplicaSet"


@dataclass
class Work:
    """The notes of one pass."""

    view: View
    effects: list[Effect] = field(default_factory=list)
    wakes: list[float] = field(default_factory=list)
    marks: dict[str, datetime] = field(default_factory=dict)
    restarted: bool = False
    selected: dict[str, str] = field(default_factory=dict)
    abort_message: str | None = None
    unabort: bool = False
    clear_pauses: bool = False
    ended_pauses: set[str] = field(default_factory=set)
    new_pauses: list[str] = field(default_factory=list)
    analyses: dict[str, Obj] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.marks.update(self.view.marks)

    @property
    def aborted(self) -> bool:
        return not self.unabort and (bool(self.view.status.get("abort")) or self.abort_message is not None)

    def emit(self, reason: str, message: str, *, warning: bool = False) -> None:
        self.effects.append(Emit(reason, message, warning))

    def patch(self, kind: str, name: str, body: Obj) -> None:
        self.effects.append(Patch(kind, name, body))

    def condition(self, status: Obj, condition: Condition, *, renew: bool = False) -> bool:
        """Write a condition; that of progress is remembered exactly, because deadlines count from it."""
        written = put(status, condition, self.view.now, renew=renew)
        if written and condition.type == "Progressing":
            self.marks["progress"] = self.view.now
        return written

    def scale(self, replica_set: Obj, size: int) -> bool:
        """Tell a ReplicaSet how many pods to have; True when that is another number than before."""
        before, desired = wanted(replica_set), str(self.view.replicas)
        name = replica_set["metadata"]["name"]
        if before == size and annotation(replica_set, DESIRED) == desired:
            return False
        body: Obj = {"metadata": {"annotations": {DESIRED: desired}}, "spec": {"replicas": size}}
        self.patch(REPLICA_SET, name, body)
        if before != size:
            way = "up" if size > before else "down"
            rest = f"ReplicaSet {name} (revision {revision(replica_set)}) from {before} to {size}"
            self.emit("ScalingReplicaSet", f"Scaled {way} {rest}")
        return before != size

    def persist(self, status: Obj) -> None:
        """Write a status with its pauses settled; then the events of the change."""
        settle_pauses(self, status)
        self.observe(status)
        self._tell_of_pause(status)

    def observe(self, status: Obj) -> None:
        """Write a status as it is: generation observed, phase said."""
        view = self.view
        status["observedGeneration"] = str(view.rollout["metadata"]["generation"])
        phase, message = phase_of(view.spec, status)
        status["phase"] = phase
        set_or_drop(status, "message", message)
        self.write_status(status)

    def write_status(self, status: Obj) -> None:
        if patch := difference(self.view.status, status):
            self.effects.append(Patch(ROLLOUT, self.view.name, {"status": patch}, "status"))

    def _tell_of_pause(self, status: Obj) -> None:
        before, after = (bool(state.get("pauseConditions")) for state in (self.view.status, status))
        if after and not before:
            self.emit("RolloutPaused", f"Rollout is paused ({status['pauseConditions'][0]['reason']})")
        elif before and not after and not status.get("abort"):
            self.emit("RolloutResumed", "Rollout is resumed")


def set_or_drop(status: Obj, key: str, value: object) -> None:
    """Argo leaves zero, empty and false out."""
    if value:
        status[key] = value
    else:
        status.pop(key, None)


def settle_pauses(work: Work, status: Obj) -> None:
    """Write abort, pauseConditions and controllerPause. Each status written without a pause ends controllerPause too.

    That is why a promote which meets spec.paused is lost: the mark of it is gone before the step could see it.
    """
    old, now = work.view.status, timestamp(work.view.now)
    if work.aborted:
        status["abort"] = True
        status["abortedAt"] = old.get("abortedAt") or now
        set_or_drop(status, "pauseConditions", None)
        set_or_drop(status, "controllerPause", None)
        return
    if old.get("abort"):
        status.pop("abort", None)
    status.pop("abortedAt", None)
    pauses = [] if work.clear_pauses else _pauses(work, old)
    set_or_drop(status, "pauseConditions", pauses)
    set_or_drop(status, "controllerPause", bool(pauses))


def _pauses(work: Work, old: Obj) -> list[Obj]:
    kept = [pause for pause in old.get("pauseConditions") or () if pause["reason"] not in work.ended_pauses]
    if work.new_pauses:
        work.marks["pause"] = work.view.now
    return kept + [{"reason": reason, "startTime": timestamp(work.view.now)} for reason in work.new_pauses]
