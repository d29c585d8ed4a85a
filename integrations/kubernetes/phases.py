"""The client-side rules for a Rollout's phase and strategy, as the argo-rollouts project's own client has them. Pure.

Called by `rollouts` (pkg/kubectl-argo-rollouts and utils/rollout, versions 1.9.1 and 1.10.1).
"""

from commands.core.observed import RolloutPhase, Strategy
from integrations.kubernetes.fields import Obj, annotation, at, count, digits, flag, mappings, text


def is_observed(obj: Obj) -> bool:
    """Say whether the controller has seen the newest spec; an observed generation that is no number counts as seen."""
    observed = digits(text(obj, "status", "observedGeneration"))
    generation = count(obj, "metadata", "generation")
    # A larger one was left by a controller of the age when a hash stood here that happened to be a number.
    return observed is None or observed >= generation


def is_act_pending(obj: Obj) -> bool:
    """Say whether something was done to it that the controller has not yet acted on.

    A change of the spec, which a hold, a resume and a restart are, is lost by 1.9 in the same moment as a promote is:
    then its generation is not observed. A held rollout is left alone, because there a promote waits for the resume.
    """
    if not is_observed(obj) or is_aborting(obj):
        return True
    if flag(obj, "spec", "paused"):
        return False
    is_paused = text(obj, "status", "phase") == RolloutPhase.PAUSED
    # What went on past an undecided analysis has left no mark but that: paused, and nothing it is paused for.
    has_no_reason = is_paused and not any(mappings(obj, "status", "pauseConditions"))
    return is_unpausing(obj) or has_no_reason or (is_paused and flag(obj, "status", "promoteFull"))


def is_unpausing(obj: Obj) -> bool:
    """Say whether somebody promoted and the controller has not yet acted on it."""
    return flag(obj, "status", "controllerPause") and not any(mappings(obj, "status", "pauseConditions"))


def is_aborting(obj: Obj) -> bool:
    """Say whether somebody aborted and the controller has not yet acted on it; it notes the time when it does."""
    return flag(obj, "status", "abort") and not text(obj, "status", "abortedAt")


def phase_of(obj: Obj) -> tuple[RolloutPhase, str]:
    """Return phase and message after the client-side rules, in their order."""
    if not is_observed(obj):
        return RolloutPhase.PROGRESSING, "waiting for rollout spec update to be observed"
    if is_unpausing(obj):
        return RolloutPhase.PROGRESSING, "waiting for rollout to unpause"
    try:
        return RolloutPhase(text(obj, "status", "phase")), text(obj, "status", "message")
    except ValueError:
        return RolloutPhase.PROGRESSING, "waiting for the rollouts controller"


def strategy_of(obj: Obj) -> Strategy:
    """Tell the strategy by the spec; recreate and rolling look alike there and are told apart by the annotation."""
    if isinstance(at(obj, "spec", "strategy", "blueGreen"), dict):
        return Strategy.BLUE_GREEN
    if any(mappings(obj, "spec", "strategy", "canary", "steps")):
        return Strategy.CANARY
    return Strategy.RECREATE if annotation(obj, "slipway/strategy") == Strategy.RECREATE else Strategy.ROLLING
