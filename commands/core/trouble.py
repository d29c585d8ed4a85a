"""What keeps a release from coming up, as the row remembers it: lasting troubles, a pod's log, why it was aborted.

Pure; called by the lifecycle for every look at a rollout. What the cluster forgets at once is in the row by then: an
aborted rollout's pods go within a tenth of a second, and their logs with them.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from commands.core.decisive import decisive
from commands.core.failure import Cause
from commands.core.model import Deployment, Failure
from commands.core.moves import Effect, ReadPodLog, Wake
from commands.core.observed import Analysis, AnalysisPhase, PodProblem, RolloutPhase, RolloutSnapshot

GRACE = timedelta(seconds=60)
"""How long an app may run without passing its probe before that is a trouble: many take that long to start."""

_LOGGED = frozenset({Cause.CRASH_LOOP, Cause.APP_OUT_OF_MEMORY, Cause.PROBE_FAILING})
_BAD = frozenset({AnalysisPhase.FAILED, AnalysisPhase.ERROR})


def take_in(
    deployment: Deployment, rollout: RolloutSnapshot, *, log: tuple[str, ...] | None, now: datetime
) -> tuple[Deployment, tuple[Effect, ...]]:
    """Put what is seen into the row, and say what must be looked at for it.

    Parameters
    ----------
    log
        The log that was asked for in the look before this one; None when none was.
    """
    shown, ripens = _ripe(rollout, now)
    before = deployment.rollout
    if before is not None and before.current_hash != rollout.current_hash:
        before = None
    kept = before.pod_log if before is not None and _is_troubled(shown) else ()
    kept = kept or decisive(log or ())
    is_aborted = shown.is_aborted and shown.is_current
    failure = (deployment.failure or _why_aborted(before, shown, kept)) if is_aborted else None
    row = replace(deployment, rollout=replace(shown, pod_log=kept), failure=failure)
    spoken = who_speaks(shown)
    effects: list[Effect] = [Wake(ripens)] if ripens is not None else []
    if spoken is not None and not kept and log is None:
        effects.append(ReadPodLog(pod=spoken.pod, container=spoken.container))
    return row, tuple(effects)


def who_speaks(rollout: RolloutSnapshot) -> PodProblem | None:
    """Return the trouble of which a container's own log tells more."""
    return next((each for each in rollout.problems if each.cause in _LOGGED and each.pod), None)


def _ripe(rollout: RolloutSnapshot, now: datetime) -> tuple[RolloutSnapshot, datetime | None]:
    """Leave out what is a trouble only if it lasts; also return when the first of those will be one.

    Once the cluster itself has lost patience, whatever is not ready then is the reason.
    """
    if rollout.phase is RolloutPhase.DEGRADED:
        return rollout, None
    ends = {each: each.since + GRACE for each in rollout.problems if each.since is not None}
    ripe = tuple(each for each in rollout.problems if each not in ends or ends[each] <= now)
    return replace(rollout, problems=ripe), min((end for end in ends.values() if end > now), default=None)


def _is_troubled(rollout: RolloutSnapshot) -> bool:
    """Say whether a log that was read is still of interest: afterwards, too, when the pod is gone."""
    return bool(rollout.problems) or rollout.is_aborted or rollout.phase is RolloutPhase.DEGRADED


def _why_aborted(before: RolloutSnapshot | None, rollout: RolloutSnapshot, log: tuple[str, ...]) -> Failure | None:
    """Explain an abort that nobody asked for: by an analysis, or by pods that did not come up in time."""
    bad = bad_analysis(rollout)
    if bad is not None:
        cause = Cause.ANALYSIS_ERROR if bad.phase is AnalysisPhase.ERROR else Cause.ANALYSIS_FAILED
        return Failure(step="", message=bad.message or rollout.message, cause=cause)
    if all(each.cause != Cause.PROGRESS_DEADLINE for each in rollout.problems):
        return None
    # The pods are gone by now or in a moment, so that what was seen of them before counts as well.
    known = (*rollout.problems, *(before.problems if before is not None else ()))
    worst: PodProblem = next((each for each in known if each.cause != Cause.PROGRESS_DEADLINE), known[0])
    return Failure(
        step="",
        message=worst.message or rollout.abort_reason or rollout.message,
        exit_code=worst.exit_code,
        cause=worst.cause,
        lines=log,
    )


def bad_analysis(rollout: RolloutSnapshot) -> Analysis | None:
    """Return the analysis that ended badly, if one did."""
    return next((each for each in rollout.analyses if each.phase in _BAD), None)
