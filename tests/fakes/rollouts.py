"""Rollouts in memory: keeps snapshots and carries acts out on them the way the cluster does, all or nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import assert_never

from commands.core.model import Action, Expected, Place
from commands.core.observed import Pause, PauseReason, RolloutPhase, RolloutSnapshot
from commands.core.ports import PatchOutcome


@dataclass(slots=True)
class FakeRollouts:
    """Holds what the cluster has; `put` and `remove` are the cluster, the rest is the port.

    `failure` is raised by the next call that would reach the cluster, then forgotten. `patches` lists what was applied.
    """

    known: dict[Place, RolloutSnapshot] = field(default_factory=dict)
    unsynced: set[Place] = field(default_factory=set)
    patches: list[tuple[Place, Action]] = field(default_factory=list)
    logs: dict[tuple[Place, str, str], tuple[str, ...]] = field(default_factory=dict)
    """What containers have written, by place, pod and container."""
    failure: Exception | None = None
    on_change: Callable[[Place], None] = lambda _place: None

    def put(self, place: Place, snapshot: RolloutSnapshot) -> None:
        self.known[place] = snapshot
        self.on_change(place)

    def remove(self, place: Place) -> None:
        self.known.pop(place, None)
        self.on_change(place)

    def snapshot(self, place: Place) -> RolloutSnapshot | None:
        return None if place in self.unsynced else self.known.get(place)

    def is_synced(self, place: Place) -> bool:
        return place not in self.unsynced

    async def read(self, place: Place) -> RolloutSnapshot | None:
        self._fail()
        return self.known.get(place)

    async def patch(self, place: Place, *, action: Action, expected: Expected) -> PatchOutcome:
        self._fail()
        seen = self.known.get(place)
        if seen is None:
            return PatchOutcome.GONE
        if not _is_as_expected(seen, action, expected):
            return PatchOutcome.CHANGED
        self.patches.append((place, action))
        self.put(place, _after(seen, action, expected))
        return PatchOutcome.APPLIED

    async def log(self, place: Place, *, pod: str, container: str) -> tuple[str, ...]:
        self._fail()
        return self.logs.get((place, pod, container), ())

    def _fail(self) -> None:
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure


def _is_as_expected(seen: RolloutSnapshot, action: Action, expected: Expected) -> bool:
    same = (
        seen.uid == expected.uid
        and seen.generation == expected.generation
        and seen.observed_generation == expected.observed_generation
        and seen.current_hash == expected.current_hash
    )
    if action is Action.PAUSE:
        return same and not seen.is_held
    if action is Action.RESUME:
        return same and seen.is_held
    if action is Action.RESTART:
        return same and seen.restart_at == expected.restart_at
    if action not in {Action.PROMOTE, Action.REANALYSE}:
        is_moving = expected.stable_hash != expected.current_hash and seen.stable_hash == expected.stable_hash
        return same and is_moving and not (action is Action.FULL and seen.is_aborted)
    is_same_step = expected.step_index is None or seen.step_index == expected.step_index
    since = seen.pause.since_text if seen.pause is not None else ""
    return same and is_same_step and bool(since) and since == expected.pause_since


def _after(  # noqa: PLR0911  # one return for each act
    seen: RolloutSnapshot, action: Action, expected: Expected
) -> RolloutSnapshot:
    match action:
        case Action.PAUSE:
            return _held(seen)
        case Action.RESUME:
            return _let_go(seen)
        case Action.PROMOTE:
            free = _let_go(seen)
            return replace(free, pause=None, phase=RolloutPhase.PROGRESSING, message="waiting for rollout to unpause")
        case Action.REANALYSE:
            return replace(_let_go(seen), pause=None, phase=RolloutPhase.PROGRESSING, message="waiting for analysis")
        case Action.RESTART:
            asked = expected.restart_to
            if asked == seen.restart_at:
                return seen
            message = "rollout is restarting"
            restarting = replace(_respecified(seen), restart_at=asked, restarting_since=asked, message=message)
            return replace(restarting, phase=RolloutPhase.PROGRESSING) if seen.pause is None else restarting
        case Action.FULL:
            return replace(_let_go(seen), is_full=True)
        case Action.ABORT:
            return replace(_let_go(seen), is_aborted=True)
        case Action.DEPLOY | Action.APPROVE | Action.CANCEL | Action.RETRY | Action.ROLLBACK:
            raise ValueError(f"a rollout cannot be patched for {action}")
        case _:
            assert_never(action)


def _held(seen: RolloutSnapshot) -> RolloutSnapshot:
    was = seen.pause
    held = Pause(reason=PauseReason.MANUAL)
    if was is not None:
        held = replace(was, reason=PauseReason.MANUAL, beneath=was.reason)
    return replace(_respecified(seen), is_held=True, pause=held, phase=RolloutPhase.PAUSED, message="manually paused")


def _let_go(seen: RolloutSnapshot) -> RolloutSnapshot:
    """Give what the watch shows of a rollout that nobody holds any more; its step's own pause is as it was."""
    if not seen.is_held:
        return seen
    free = replace(_respecified(seen), is_held=False)
    if seen.pause is None or seen.pause.beneath is None:
        return replace(free, pause=None, phase=RolloutPhase.PROGRESSING, message="more replicas need to be updated")
    return replace(free, pause=replace(seen.pause, reason=seen.pause.beneath, beneath=None), message="CanaryPauseStep")


def _respecified(seen: RolloutSnapshot) -> RolloutSnapshot:
    return replace(seen, generation=seen.generation + 1, observed_generation=str(seen.generation + 1))
