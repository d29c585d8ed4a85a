"""What somebody did to a rollout outside Slipway: found by comparing two views of it with the acts asked for here.

Pure; called by the lifecycle for every new view of a rollout. What an act of Slipway's explains is never taken for one
from outside, and what nothing here explains is never claimed.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from commands.core import holds
from commands.core.acts import gate_of, is_ours, is_waiting, restart_text
from commands.core.model import Act, Action, ActState, Deployment, OutsideChange, OutsideKind
from commands.core.observed import CanaryStepKind, RolloutPhase, RolloutSnapshot
from commands.core.reasons import Milestone, MilestoneCode

KEPT: Final = 8
"""How many changes a row remembers: somebody's script may make one a second."""
_SKEW: Final = timedelta(seconds=3)
"""How much the cluster's clock may be ahead of ours when a timed pause ends."""
_SAID_ELSEWHERE: Final = frozenset({OutsideKind.PAUSED, OutsideKind.RESUMED, OutsideKind.ABORTED, OutsideKind.DELETED})
"""The holds, and the end that these come to, have lines of their own."""


def observe(before: Deployment, after: Deployment, acts: tuple[Act, ...], *, now: datetime) -> Deployment:
    """Put into a row that has a new view of its rollout what nobody here did to it since the row was last written."""
    old, new = before.rollout, after.rollout
    if new is None:
        return after
    row = replace(after, pod_hash=new.current_hash) if new.is_current else after
    if old is None or not is_ours(before, old):
        return row
    if old.uid != new.uid:
        return noted(row, OutsideKind.RELEASED, now=now, detail=new.version)
    asked = tuple(act for act in acts if act.state is not ActState.REFUSED)
    for kind, detail in _found(before, after, old, new, asked, now=now):
        row = noted(row, kind, now=now, detail=detail)
    return row


def noted(row: Deployment, kind: OutsideKind, *, now: datetime, detail: str = "") -> Deployment:
    """Remember a change; the oldest of too many is forgotten."""
    change = OutsideChange(kind=kind, at=now, detail=detail)
    return replace(row, outside=(*row.outside, change)[-KEPT:])


def aborted(row: Deployment, *, now: datetime) -> Deployment:
    """Remember that it was aborted, where that was done before anybody here looked at it."""
    is_noted = any(each.kind is OutsideKind.ABORTED for each in row.outside)
    return row if is_noted else noted(row, OutsideKind.ABORTED, now=now)


def milestones(before: Deployment, after: Deployment) -> tuple[Milestone, ...]:
    """Say what was done outside since the row was last written."""
    new = (each for each in after.outside if each not in before.outside and each.kind not in _SAID_ELSEWHERE)
    return tuple(
        Milestone(
            key=f"outside:{each.kind.value}:{each.at.isoformat()}",
            code=MilestoneCode.MOVED_OUTSIDE,
            facts={"change": each.kind.value, "at": each.at, "detail": each.detail},
        )
        for each in new
    )


def takeover(deployment: Deployment, rollout: RolloutSnapshot) -> tuple[OutsideKind, str] | None:
    """Say what took the place of a deployment's own release; None for a later deployment of Slipway's."""
    if rollout.deployment is None or rollout.deployment < deployment.number:
        return OutsideKind.RELEASED, rollout.version
    if rollout.deployment == deployment.number:
        return OutsideKind.IMAGE_CHANGED, rollout.image.rpartition("/")[2]
    return None


def runs_otherwise(last: Deployment | None, rollout: RolloutSnapshot | None) -> bool:
    """Say whether what runs is not what the last successful deployment released: somebody changed it since."""
    if last is None or rollout is None or not rollout.is_current or rollout.deployment is None:
        return False
    return rollout.deployment <= last.number and not is_ours(last, rollout)


def _found(
    before: Deployment,
    after: Deployment,
    old: RolloutSnapshot,
    new: RolloutSnapshot,
    acts: tuple[Act, ...],
    *,
    now: datetime,
) -> Iterable[tuple[OutsideKind, str]]:
    held = {each.code for each in holds.milestones(before, after, acts)}
    if MilestoneCode.HELD_OUTSIDE in held:
        yield OutsideKind.PAUSED, ""
    if MilestoneCode.RESUMED_OUTSIDE in held:
        yield OutsideKind.RESUMED, ""
    if new.desired != old.desired and not _is_scaled_by_itself(after):
        yield OutsideKind.SCALED, f"{old.desired} → {new.desired}"
    if new.restart_at not in {old.restart_at, "", *_restarts(acts)}:
        yield OutsideKind.RESTARTED, ""
    yield from _of_release(before, old, new, acts, now=now)


def _of_release(
    before: Deployment, old: RolloutSnapshot, new: RolloutSnapshot, acts: tuple[Act, ...], *, now: datetime
) -> Iterable[tuple[OutsideKind, str]]:
    """Say what became of the release itself: at most one thing at a time."""
    is_edited = new.is_current and before.pod_hash not in {"", new.current_hash}
    if is_edited or new.steps != old.steps:
        yield OutsideKind.EDITED, ""
    elif new.is_aborted and not old.is_aborted:
        if not new.abort_reason and not _is_asked(before, acts, Action.ABORT):
            yield OutsideKind.ABORTED, ""
    elif old.is_aborted and not new.is_aborted:
        if not any(act.action in {Action.RETRY, Action.FULL} for act in acts):
            yield OutsideKind.RETRIED, ""
    elif old.is_current and new.is_current and _is_promoted(before, old, new, acts, now=now):
        yield OutsideKind.PROMOTED, f"{new.weight} %" if new.weight != old.weight else ""


def _is_promoted(
    before: Deployment, old: RolloutSnapshot, new: RolloutSnapshot, acts: tuple[Act, ...], *, now: datetime
) -> bool:
    """Say whether a pause that only a person ends was ended by nobody that Slipway knows."""
    if new.is_aborted or new.is_held or before.goes_straight_through or _is_asked(before, acts, Action.FULL):
        return False
    was, now_at = old.step_index or 0, new.step_index or 0
    if not is_waiting(old):
        # More happened than was seen. At the end it may be a way back that the controller took in one go.
        # A gate that it stands at without a pause is one that is being left: whoever did that has been told of.
        first = was + 1 if any(each.kind is OutsideKind.PROMOTED for each in before.outside) else was
        passed = [at for at in range(first, min(now_at, len(old.steps))) if _is_gate(old, at)]
        return now_at < len(old.steps) and any(not _was_promoted(acts, old, at) for at in passed)
    until = old.pause.until if old.pause else None
    has_ended_itself = until is not None and now >= until - _SKEW
    goes_on = new.pause is None and new.phase in {RolloutPhase.PROGRESSING, RolloutPhase.HEALTHY}
    is_asked = any(_is_asked(before, acts, action) for action in (Action.PROMOTE, Action.REANALYSE))
    is_explained = is_asked or _was_promoted(acts, old, was)
    return (now_at > was or goes_on) and not has_ended_itself and not is_explained


def _is_gate(rollout: RolloutSnapshot, index: int) -> bool:
    step = rollout.steps[index]
    return step.kind is CanaryStepKind.PAUSE and step.duration is None


def _was_promoted(acts: tuple[Act, ...], rollout: RolloutSnapshot, index: int) -> bool:
    """Say whether somebody here asked to go on from a step of this template, seen by the row or not."""
    return any(
        act.expected is not None
        and act.expected.current_hash == rollout.current_hash
        and act.expected.step_index == index
        and rollout.step_index is not None
        for act in acts
    )


def _is_asked(before: Deployment, acts: tuple[Act, ...], action: Action) -> bool:
    gate = gate_of(before, action)
    return any(act.gate == gate for act in acts)


def _restarts(acts: tuple[Act, ...]) -> frozenset[str]:
    """Return the restarts that were asked for here, each by its time as the cluster writes it."""
    return frozenset(restart_text(act.at) for act in acts if act.action is Action.RESTART)


def _is_scaled_by_itself(deployment: Deployment) -> bool:
    """Say whether an autoscaler sets the number of pods, which is nobody's doing."""
    try:
        scaling = json.loads(dict(deployment.parameters).get("values", "{}")).get("autoscaling")
    except (ValueError, AttributeError):
        return False
    return isinstance(scaling, dict) and bool(scaling.get("enabled"))
