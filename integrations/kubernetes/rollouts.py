"""A Rollout, its ReplicaSets, pods and AnalysisRuns, translated into one RolloutSnapshot. Pure; called whenever asked.

The weights and the pauses follow the argo-rollouts project's own client (pkg/kubectl-argo-rollouts and utils/rollout,
versions 1.9.1 and 1.10.1), as do the rules of `phases`. Knows nothing of HTTP or watches.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from commands.core.failure import Cause
from commands.core.observed import (
    Analysis,
    CanaryStep,
    CanaryStepKind,
    Pause,
    PauseReason,
    PodProblem,
    Replicas,
    RolloutPhase,
    RolloutSnapshot,
    Strategy,
)
from commands.core.redaction import mask
from integrations.kubernetes import analyses, problems
from integrations.kubernetes.analyses import RunView
from integrations.kubernetes.fields import (
    Obj,
    annotation,
    at,
    count,
    digits,
    flag,
    label,
    mapping,
    mappings,
    message,
    moment,
    number,
    text,
)
from integrations.kubernetes.labels import HASH_LABEL, REVISION, SCALE_DOWN, controller_of
from integrations.kubernetes.phases import is_act_pending, is_observed, phase_of, strategy_of
from integrations.kubernetes.pods import PodView
from integrations.kubernetes.steps import canary_steps, seconds_of

WHOLE = 100
_ABORTED = re.compile(r"RolloutAborted: Rollout aborted update to revision \d+: (.+)", re.DOTALL)

_REASONS = {
    "CanaryPauseStep": PauseReason.STEP,
    "BlueGreenPause": PauseReason.GREEN,
    "InconclusiveAnalysisRun": PauseReason.INCONCLUSIVE,
    "InconclusiveExperiment": PauseReason.INCONCLUSIVE,
}


@dataclass(frozen=True, slots=True)
class Container:
    """What makes one container of a template recognisable; `env` has literal values only, the rest is defaulted."""

    name: str
    image: str
    env: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaSetView:
    """What is kept of a ReplicaSet. `total` counts pods that exist, `wanted` those that should.

    `until` is when its pods are taken away, `refusal` why it may not make the pods that are missing.
    """

    name: str
    owner: str
    owner_uid: str
    hash: str
    revision: str
    containers: tuple[Container, ...]
    wanted: int
    total: int
    ready: int
    available: int
    until: datetime | None = None
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutView:
    """What is kept of a Rollout: everything of its snapshot that needs no other object."""

    namespace: str
    name: str
    uid: str
    generation: int
    observed_generation: str
    is_observed: bool
    is_act_pending: bool
    """Somebody promoted, aborted or changed the spec, and the controller has not yet acted on it."""
    revision: str
    phase: RolloutPhase
    message: str
    strategy: Strategy
    deployment: int | None
    version: str
    containers: tuple[Container, ...]
    current_hash: str
    stable_hash: str
    step_index: int | None
    steps: tuple[CanaryStep, ...]
    desired: int
    routed_weight: int | None
    pause: Pause | None
    is_held: bool
    restart_at: str
    is_aborted: bool
    is_full: bool
    active_hash: str
    preview_hash: str
    selector: tuple[tuple[str, str], ...]
    has_router: bool
    may_surge: bool
    was_retried: bool
    restarting_since: str
    refusal: str
    analyses: tuple[Analysis, ...]


def project_replica_set(obj: Obj) -> ReplicaSetView | None:
    """Keep what matters of a ReplicaSet; None for one that no Rollout owns."""
    owner = controller_of(obj)
    if text(owner, "kind") != "Rollout":
        return None
    return ReplicaSetView(
        name=text(obj, "metadata", "name"),
        owner=text(owner, "name"),
        owner_uid=text(owner, "uid"),
        hash=label(obj, HASH_LABEL),
        revision=annotation(obj, REVISION),
        containers=_containers(at(obj, "spec", "template", "spec")),
        wanted=count(obj, "spec", "replicas"),
        total=count(obj, "status", "replicas"),
        ready=count(obj, "status", "readyReplicas"),
        available=count(obj, "status", "availableReplicas"),
        until=moment(obj, "metadata", "annotations", SCALE_DOWN),
        refusal=_refusal(obj),
    )


def project_rollout(obj: Obj) -> RolloutView:
    """Keep what matters of a Rollout."""
    phase, said = phase_of(obj)
    steps = canary_steps(obj)
    index = number(obj, "status", "currentStepIndex")
    replicas = number(obj, "spec", "replicas")
    return RolloutView(
        namespace=text(obj, "metadata", "namespace"),
        name=text(obj, "metadata", "name"),
        uid=text(obj, "metadata", "uid"),
        generation=count(obj, "metadata", "generation"),
        observed_generation=text(obj, "status", "observedGeneration"),
        is_observed=is_observed(obj),
        is_act_pending=is_act_pending(obj),
        revision=annotation(obj, REVISION),
        phase=phase,
        message=mask(said),
        strategy=strategy_of(obj),
        deployment=digits(label(obj, "slipway/deployment")),
        version=annotation(obj, "slipway/version"),
        containers=_containers(at(obj, "spec", "template", "spec")),
        current_hash=text(obj, "status", "currentPodHash"),
        stable_hash=text(obj, "status", "stableRS"),
        step_index=min(index, len(steps)) if steps and index is not None else None,
        steps=steps,
        desired=1 if replicas is None else replicas,
        routed_weight=number(obj, "status", "canary", "weights", "canary", "weight"),
        pause=_pause(obj, steps, index) if phase is RolloutPhase.PAUSED else None,
        is_held=flag(obj, "spec", "paused"),
        restart_at=text(obj, "spec", "restartAt"),
        is_aborted=flag(obj, "status", "abort"),
        is_full=flag(obj, "status", "promoteFull"),
        active_hash=text(obj, "status", "blueGreen", "activeSelector"),
        preview_hash=text(obj, "status", "blueGreen", "previewSelector"),
        selector=tuple(sorted((k, str(v)) for k, v in mapping(obj, "spec", "selector", "matchLabels").items())),
        has_router=isinstance(at(obj, "spec", "strategy", "canary", "trafficRouting"), dict),
        was_retried=at(obj, "status", "abort") is False,
        may_surge=str(at(obj, "spec", "strategy", "canary", "maxSurge")) not in {"0", "0%"},
        restarting_since=_restarting_since(obj),
        refusal=_refusal(obj),
        analyses=analyses.named_in(obj),
    )


def _restarting_since(obj: Obj) -> str:
    wanted = text(obj, "spec", "restartAt")
    return wanted if wanted != text(obj, "status", "restartedAt") else ""


def _refusal(obj: Obj) -> str:
    """Say why pods may not be made, by the condition that both kinds have for it."""
    found = (each for each in mappings(obj, "status", "conditions") if text(each, "type") == "ReplicaFailure")
    return next((message(each, "message") for each in found if text(each, "status") == "True"), "")


def snapshot_of(
    rollout: RolloutView,
    replica_sets: Iterable[ReplicaSetView],
    *,
    pods: Iterable[PodView] = (),
    runs: Collection[RunView] = (),
) -> RolloutSnapshot:
    """Put a Rollout and what belongs to it together; what belongs to others, or to an older template, is left out."""
    own = [each for each in replica_sets if each.owner_uid == rollout.uid]
    new = next((each for each in own if each.hash == rollout.current_hash), None)
    old = [each for each in own if each is not new]
    return RolloutSnapshot(
        namespace=rollout.namespace,
        name=rollout.name,
        uid=rollout.uid,
        generation=rollout.generation,
        observed_generation=rollout.observed_generation,
        is_current=rollout.is_observed and new is not None and _is_template_of(new, rollout),
        phase=rollout.phase,
        message=rollout.message,
        strategy=rollout.strategy,
        deployment=rollout.deployment,
        version=rollout.version,
        image=_main_image(rollout.containers),
        current_hash=rollout.current_hash,
        stable_hash=rollout.stable_hash,
        step_index=rollout.step_index,
        steps=rollout.steps,
        weight=_wanted_weight(rollout),
        actual_weight=_actual_weight(rollout, new, old),
        desired=rollout.desired,
        new=Replicas(new.ready, max(new.wanted, new.total)) if new is not None else Replicas(),
        old=Replicas(sum(each.ready for each in old), sum(each.total for each in old)),
        pause=rollout.pause,
        is_held=rollout.is_held,
        restart_at=rollout.restart_at,
        is_aborted=rollout.is_aborted,
        abort_reason=_abort_reason(rollout) if rollout.is_aborted else "",
        is_full=rollout.is_full,
        active_hash=rollout.active_hash,
        preview_hash=rollout.preview_hash,
        old_until=_old_until(rollout, old),
        kept_images=tuple(_main_image(each.containers) for each in sorted(own, key=_newest_first)),
        has_router=rollout.has_router,
        may_surge=rollout.may_surge,
        was_retried=rollout.was_retried,
        restarting_since=rollout.restarting_since,
        analyses=analyses.analyses_of(
            rollout.analyses, runs, uid=rollout.uid, current_hash=rollout.current_hash, said=rollout.message
        ),
        problems=_problems(rollout, new, pods),
    )


def _problems(rollout: RolloutView, new: ReplicaSetView | None, pods: Iterable[PodView]) -> tuple[PodProblem, ...]:
    of_release = problems.of_message(rollout.message)
    if new is None or not _is_template_of(new, rollout):
        # A spec that is invalid makes no ReplicaSet; all else is said of the template before.
        return tuple(each for each in of_release if each.cause == Cause.INVALID_SPEC)
    of_pods = problems.of_pods(pod for pod in pods if pod.replica_set == new.name)
    of_refusal = problems.of_refusal(new.refusal or rollout.refusal, missing=max(new.wanted - new.total, 0))
    return (*of_pods, *of_refusal, *of_release)


def _old_until(rollout: RolloutView, old: Iterable[ReplicaSetView]) -> datetime | None:
    """Say when the last of the pods from before a switch of colours are taken away."""
    if rollout.strategy is not Strategy.BLUE_GREEN or rollout.active_hash != rollout.current_hash:
        return None
    return max((each.until for each in old if each.until is not None and each.total), default=None)


def _newest_first(replica_set: ReplicaSetView) -> tuple[int, str]:
    return -(digits(replica_set.revision) or 0), replica_set.name


def _is_template_of(new: ReplicaSetView, rollout: RolloutView) -> bool:
    """Say whether the ReplicaSet that the status names was made from the template now in the spec.

    For 10 to 20 ms after a new template on top of a pause the status has the new generation and the old hash. The
    containers tell the templates apart, and so does the revision, which the controller writes before it observes.
    """
    is_same_revision = not (rollout.revision and new.revision) or rollout.revision == new.revision
    # A Rollout that refers to a Deployment has no template of its own: there the revision must do.
    return is_same_revision and (not rollout.containers or rollout.containers == new.containers)


def _abort_reason(rollout: RolloutView) -> str:
    """Read why the controller aborted: an abort by somebody has the same message without a reason."""
    found = _ABORTED.match(rollout.message)
    return found[1] if found else ""


def _wanted_weight(rollout: RolloutView) -> int:
    if rollout.strategy is Strategy.BLUE_GREEN:
        return WHOLE if rollout.active_hash and rollout.active_hash == rollout.current_hash else 0
    if rollout.is_aborted:
        return 0
    index = rollout.step_index or 0
    if index >= len(rollout.steps):
        return WHOLE
    passed = reversed(rollout.steps[: index + 1])
    return next((step.weight for step in passed if step.weight is not None), 0)


def _actual_weight(rollout: RolloutView, new: ReplicaSetView | None, old: list[ReplicaSetView]) -> int:
    if rollout.strategy is Strategy.BLUE_GREEN:
        return _wanted_weight(rollout)
    if rollout.routed_weight is not None:
        return min(max(rollout.routed_weight, 0), WHOLE)
    # The sum over the ReplicaSets is of the same moment as its part, which status.availableReplicas is not.
    available = max(new.available, 0) if new is not None else 0
    everything = available + sum(max(each.available, 0) for each in old)
    return available * WHOLE // everything if everything else 0


def _pause(obj: Obj, steps: tuple[CanaryStep, ...], index: int | None) -> Pause | None:
    # Paused by hand comes first: on a pause step the pause conditions stay, and so does their clock.
    is_held = flag(obj, "spec", "paused")
    condition = next(mappings(obj, "status", "pauseConditions"), None)
    reason = _REASONS.get(text(condition, "reason"))
    if reason is None:
        return Pause(reason=PauseReason.MANUAL) if is_held else None
    since = moment(condition, "startTime")
    lasts = _pause_lasts(obj, reason, steps[index] if index is not None and 0 <= index < len(steps) else None)
    until = since + lasts if since is not None and lasts is not None else None
    return Pause(
        reason=PauseReason.MANUAL if is_held else reason,
        beneath=reason if is_held else None,
        since=since,
        until=until,
        since_text=text(condition, "startTime"),
    )


def _pause_lasts(obj: Obj, reason: PauseReason, step: CanaryStep | None) -> timedelta | None:
    if reason is PauseReason.GREEN:
        seconds = seconds_of(at(obj, "spec", "strategy", "blueGreen", "autoPromotionSeconds"))
        return seconds or None
    is_timed = reason is PauseReason.STEP and step is not None and step.kind is CanaryStepKind.PAUSE
    return step.duration if is_timed and step is not None else None


def _containers(pod_spec: object) -> tuple[Container, ...]:
    both = (*mappings(pod_spec, "initContainers"), *mappings(pod_spec, "containers"))
    return tuple(Container(text(each, "name"), text(each, "image"), _env(each)) for each in both)


def _env(container: Obj) -> tuple[tuple[str, str], ...]:
    return tuple((text(each, "name"), text(each, "value")) for each in mappings(container, "env"))


def _main_image(containers: tuple[Container, ...]) -> str:
    named = next((each.image for each in containers if each.name == "app"), None)
    return named if named is not None else next((each.image for each in containers), "")
