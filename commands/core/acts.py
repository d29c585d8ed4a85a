"""What a person can do to a deployment right now, and the exact thing that would be moved.

A gate is the name of one such thing: this pause of this step of this template. Buttons carry its hash; a click whose
gate is no longer there is a click on the past. Pure; used by the card, the verbs and the lifecycle.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from commands.core.model import Act, Action, Deployment, Expected, Stage, Takeover
from commands.core.observed import AnalysisKind, AnalysisPhase, PauseReason, RolloutSnapshot, StepPhase, Strategy
from commands.core.reasons import Fact, Notice, ReasonCode

GATE_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """An act that would work now; `effect` is its outcome as a fact for the label ("50", "v1.1", "")."""

    action: Action
    gate: str
    effect: str = ""


def possible(deployment: Deployment) -> tuple[Possible, ...]:
    """List what can be done to a deployment, in the order of its buttons."""
    rollout = deployment.rollout
    match deployment.stage:
        case Stage.BUILDING:
            return (_possible(deployment, Action.CANCEL),)
        case Stage.ROLLING_OUT | Stage.PAUSED if rollout is not None and is_ours(deployment, rollout):
            passed = {Action.PROMOTE, Action.FULL} if deployment.goes_straight_through else set()
            moves = (act for act in _on_rollout(deployment, rollout) if act.action not in passed)
            return (*moves, *_restart(deployment, rollout))
        case stage if stage.is_terminal:
            return (*_after(deployment), *_restart_of_what_runs(deployment))
        case _:
            return ()


def _restart_of_what_runs(deployment: Deployment) -> list[Possible]:
    rollout, later = deployment.rollout, deployment.later
    is_newest = later is None or later.state is Takeover.NOTHING
    if deployment.stage is not Stage.SUCCEEDED or rollout is None or not is_ours(deployment, rollout) or not is_newest:
        return []
    return _restart(deployment, rollout)


def _restart(deployment: Deployment, rollout: RolloutSnapshot) -> list[Possible]:
    is_steady = rollout.is_current and bool(rollout.stable_hash) and not rollout.is_aborted
    can = is_steady and not rollout.restarting_since and deployment.restart is None
    return [_possible(deployment, Action.RESTART)] if can else []


def _possible(deployment: Deployment, action: Action, effect: str = "") -> Possible:
    return Possible(action=action, gate=gate_of(deployment, action), effect=effect)


def _after(deployment: Deployment) -> list[Possible]:
    """List what can be done once it is over, as long as nothing else has begun since."""
    later = deployment.later
    is_newest = later is None or (deployment.stage is Stage.SUCCEEDED and later.state is Takeover.NOTHING)
    if not is_newest:
        return []
    acts = []
    back = deployment.way_back
    if back is not None and back.number and has_left_traces(deployment):
        acts.append(_possible(deployment, Action.ROLLBACK, back.version))
    if deployment.stage in _RETRYABLE:
        step = deployment.failure.step if deployment.failure and deployment.stage is Stage.FAILED else ""
        acts.append(_possible(deployment, Action.RETRY, step))
    return acts


_RETRYABLE = {Stage.FAILED, Stage.ABORTED, Stage.CANCELLED}


def has_left_traces(deployment: Deployment) -> bool:
    """Say whether an ended deployment changed what runs, so that there is something to go back from."""
    restore, back = deployment.restore, deployment.way_back
    if restore is not None:
        return restore.failure is not None
    match deployment.stage:
        case Stage.SUCCEEDED:
            return back is None or back.digest != deployment.content.digest
        case Stage.FAILED:
            release = deployment.pipeline.step("release") if deployment.pipeline else None
            has_begun = release is not None and release.phase not in {StepPhase.PENDING, StepPhase.SKIPPED}
            return has_begun or deployment.rollout is not None
        case _:
            return deployment.stage in {Stage.ABORTED, Stage.SUPERSEDED}


def can_switch_back(deployment: Deployment) -> bool:
    """Say whether the old version still stands beside the new one, so that going back is one switch."""
    back, rollout = deployment.way_back, deployment.rollout
    stands = rollout is not None and rollout.old_until is not None and deployment.watched_until is not None
    return stands and back is not None and back.strategy is Strategy.BLUE_GREEN


def next_gate(deployment: Deployment) -> Action | None:
    """Return what takes a deployment that goes straight through past where it stands; None where nothing has to."""
    rollout = deployment.rollout
    if rollout is None or not deployment.goes_straight_through or not is_ours(deployment, rollout):
        return None
    if rollout.is_held or not rollout.is_current or not is_moving(rollout):
        return None
    if rollout.strategy is Strategy.CANARY:
        return None if rollout.is_full else Action.FULL
    return Action.PROMOTE if is_waiting(rollout) else None


def _on_rollout(deployment: Deployment, rollout: RolloutSnapshot) -> list[Possible]:
    if not rollout.is_current:
        return []
    resume = [_possible(deployment, Action.RESUME)] if rollout.is_held else []
    if not is_moving(rollout):
        return resume
    acts = resume
    if is_waiting(rollout):
        effect = "" if rollout.strategy is Strategy.BLUE_GREEN else str(rollout.next_weight)
        acts.append(_possible(deployment, Action.PROMOTE, effect))
    if is_undecided(rollout):
        acts.append(_possible(deployment, Action.REANALYSE))
    if can_be_held(rollout):
        acts.append(_possible(deployment, Action.PAUSE))
    if can_go_to_the_end(rollout):
        acts.append(_possible(deployment, Action.FULL, "100"))
    return [*acts, _possible(deployment, Action.ABORT, deployment.ran_before)]


def is_moving(rollout: RolloutSnapshot) -> bool:
    """Say whether a release is on its way: neither through nor taken back."""
    # In its first moment a Rollout has no stable version yet: there is nothing that could be gone back to.
    return not rollout.is_aborted and rollout.stable_hash not in {"", rollout.current_hash}


def can_be_held(rollout: RolloutSnapshot) -> bool:
    """Say whether it could be held; in the middle of a recreate that would only make the outage longer."""
    return is_moving(rollout) and not rollout.is_held and rollout.strategy is not Strategy.RECREATE


def is_ours(deployment: Deployment, rollout: RolloutSnapshot | None) -> bool:
    """Say whether a rollout is the release of this deployment: its number and, once known, its image's digest."""
    if rollout is None or rollout.deployment != deployment.number:
        return False
    digest = deployment.content.digest
    return not digest or "@" not in rollout.image or rollout.image.endswith(digest)


def is_waiting(rollout: RolloutSnapshot) -> bool:
    """Say whether one promote would move it, held or not: it stands at a step, at a green, or at an analysis step."""
    if not rollout.is_current:
        return False
    return _waits_for(rollout) in _PROMOTABLE or (is_undecided(rollout) and _is_at_analysis(rollout))


def is_undecided(rollout: RolloutSnapshot) -> bool:
    """Say whether it stands because an analysis could not decide, held or not."""
    return rollout.is_current and _waits_for(rollout) is PauseReason.INCONCLUSIVE


def _waits_for(rollout: RolloutSnapshot) -> PauseReason | None:
    return (rollout.pause.beneath or rollout.pause.reason) if rollout.pause else None


def _is_at_analysis(rollout: RolloutSnapshot) -> bool:
    """Say whether the analysis is a step of its own, which can be left; one beside the steps can only be made again."""
    return any(each.kind is AnalysisKind.STEP and each.phase is AnalysisPhase.INCONCLUSIVE for each in rollout.analyses)


def can_go_to_the_end(rollout: RolloutSnapshot) -> bool:
    """Say whether going to the end would skip something; on blue-green only what an analysis holds up."""
    if rollout.is_full:
        return False
    if rollout.strategy is Strategy.BLUE_GREEN:
        return is_undecided(rollout)
    return rollout.strategy is Strategy.CANARY and has_more_gates(rollout)


def awaited(deployment: Deployment) -> Action | None:
    """Name the act that only a person can do for it to go on; None where it goes on by itself or has ended."""
    rollout = deployment.rollout
    if deployment.stage.is_terminal or rollout is None or not is_ours(deployment, rollout) or rollout.is_aborted:
        return None
    if rollout.is_held:
        return Action.RESUME
    is_paused = rollout.is_current and rollout.pause is not None and rollout.pause.until is None
    return Action.PROMOTE if is_paused and next_gate(deployment) is None else None


_PROMOTABLE = {PauseReason.STEP, PauseReason.GREEN}


def has_more_gates(rollout: RolloutSnapshot) -> bool:
    """Say whether going to the end would skip anything that one promote would not."""
    return rollout.pause is None or is_undecided(rollout) or rollout.next_weight < 100  # noqa: PLR2004  # a hundred percent is the end


def gate_of(deployment: Deployment, action: Action) -> str:
    """Return the gate that an action would move now; stable while the thing it moves is the same.

    Promote and a new analysis name the pause itself, pause, resume and restart the hold or restart by its number,
    abort and full the template that is on its way, cancel the pipeline; going back and trying again name the deployment
    as it was left.
    """
    rollout = deployment.rollout
    parts = [deployment.id, action.value]
    if action in {Action.ROLLBACK, Action.RETRY}:
        # What came to nothing meanwhile makes it a new question.
        parts.append(str(deployment.later.number if deployment.later else 0))
        rollout = None
    if rollout is not None and action is not Action.CANCEL:
        parts += [rollout.uid, rollout.current_hash, *_place(deployment, rollout, action)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:GATE_LENGTH]


def _place(deployment: Deployment, rollout: RolloutSnapshot, action: Action) -> tuple[str, ...]:
    match action:
        case Action.PROMOTE | Action.REANALYSE:
            return str(rollout.step_index), rollout.pause.since_text if rollout.pause else ""
        case Action.PAUSE:
            return (_holds(deployment),)
        case Action.RESUME:
            return _holds(deployment), str(rollout.is_held)
        case Action.RESTART:
            return (str(deployment.restarts),)
        case _:
            return ()


def _holds(deployment: Deployment) -> str:
    return str(deployment.hold.count if deployment.hold else 0)


def restart_text(at: datetime) -> str:
    """Write the time of a restart the way the cluster does."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def expected_of(rollout: RolloutSnapshot, action: Action, *, at: datetime | None = None) -> Expected:
    """Return what the cluster must still be like for an act to count; `at` is when it was asked for."""
    is_promote = action in {Action.PROMOTE, Action.REANALYSE}
    return Expected(
        uid=rollout.uid,
        generation=rollout.generation,
        observed_generation=rollout.observed_generation,
        current_hash=rollout.current_hash,
        stable_hash=rollout.stable_hash,
        was_retried=rollout.was_retried,
        step_index=rollout.step_index if is_promote else None,
        pause_since=rollout.pause.since_text if is_promote and rollout.pause else "",
        is_held=rollout.is_held,
        is_undecided=is_promote and is_undecided(rollout),
        restart_at=rollout.restart_at,
        restart_to=restart_text(at) if action is Action.RESTART and at else "",
    )


def has_gone_on(rollout: RolloutSnapshot | None, action: Action, expected: Expected) -> bool:
    """Say whether what was to be promoted went on by itself, as a pause does that ended while the rollout was held.

    Letting go of it, which comes first, is enough to end such a pause.
    """
    if rollout is None or action is not Action.PROMOTE or not expected.is_held or rollout.is_held:
        return False
    is_same = rollout.uid == expected.uid and rollout.current_hash == expected.current_hash
    since = rollout.pause.since_text if rollout.pause else ""
    return is_same and not rollout.is_aborted and since != expected.pause_since


def already(act: Act, *, now: datetime) -> Notice:
    """Say who did the same thing before, and how long ago."""
    facts: dict[str, Fact] = {
        "action": act.action.value,
        "by": act.by.chat_id,
        "ago": max(1, int((now - act.at).total_seconds())),
    }
    return Notice(code=ReasonCode.ALREADY_DONE, facts=facts)


def names(deployment: Deployment) -> dict[str, Fact]:
    """Name a deployment in a reply."""
    return {
        "app": deployment.app,
        "environment": deployment.environment,
        "version": deployment.version,
        "deployment": deployment.number,
    }
