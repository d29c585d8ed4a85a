"""The AnalysisRuns that a Rollout's status names, with what they measured. Pure; called by `watching` and `rollouts`.

What a run measures and what it is held to are shown as the cluster writes them; nothing is computed here.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final

from commands.core.observed import Analysis, AnalysisKind, AnalysisPhase, Metric
from integrations.kubernetes.fields import Obj, count, flag, label, mapping, mappings, message, text
from integrations.kubernetes.labels import HASH_LABEL, controller_of

ABORTED_BY: Final = "analysis phase error/failed"
"""What the message of a Rollout says when an analysis has aborted it."""

_NAMED: Final = (
    (("canary", "currentStepAnalysisRunStatus"), AnalysisKind.STEP),
    (("canary", "currentBackgroundAnalysisRunStatus"), AnalysisKind.BACKGROUND),
    (("blueGreen", "prePromotionAnalysisRunStatus"), AnalysisKind.PRE_PROMOTION),
    (("blueGreen", "postPromotionAnalysisRunStatus"), AnalysisKind.POST_PROMOTION),
)
_KINDS: Final = {
    "Step": AnalysisKind.STEP,
    "Background": AnalysisKind.BACKGROUND,
    "PrePromotion": AnalysisKind.PRE_PROMOTION,
    "PostPromotion": AnalysisKind.POST_PROMOTION,
}
_PHASES: Final = {
    "Pending": AnalysisPhase.PENDING,
    "Running": AnalysisPhase.RUNNING,
    "Successful": AnalysisPhase.SUCCESSFUL,
    "Failed": AnalysisPhase.FAILED,
    "Error": AnalysisPhase.ERROR,
    "Inconclusive": AnalysisPhase.INCONCLUSIVE,
}
_UNDER_WAY: Final = frozenset({AnalysisPhase.PENDING, AnalysisPhase.RUNNING})
_BAD: Final = frozenset({AnalysisPhase.FAILED, AnalysisPhase.ERROR})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """What is kept of an AnalysisRun; `created` orders the runs of one template."""

    analysis: Analysis
    owner: str
    owner_uid: str
    hash: str
    created: str


def project_run(obj: Obj) -> RunView | None:
    """Keep what matters of an AnalysisRun; None for one that no Rollout owns or of a kind that is not known."""
    owner = controller_of(obj)
    kind = _KINDS.get(label(obj, "rollout-type"))
    if text(owner, "kind") != "Rollout" or kind is None:
        return None
    return RunView(
        analysis=Analysis(
            name=text(obj, "metadata", "name"),
            kind=kind,
            phase=_phase(obj, "status", "phase"),
            message=message(obj, "status", "message"),
            metrics=tuple(_metrics(obj)),
        ),
        owner=text(owner, "name"),
        owner_uid=text(owner, "uid"),
        hash=label(obj, HASH_LABEL),
        created=text(obj, "metadata", "creationTimestamp"),
    )


def _metrics(run: Obj) -> Iterator[Metric]:
    """Put what was measured beside what was asked; metrics of a dry run decide nothing and are left out."""
    results = {text(each, "name"): each for each in mappings(run, "status", "metricResults")}
    for asked in mappings(run, "spec", "metrics"):
        result = results.get(text(asked, "name"), {})
        if flag(result, "dryRun"):
            continue
        *_, newest = ({}, *mappings(result, "measurements"))
        yield Metric(
            name=text(asked, "name"),
            phase=_phase(result, "phase"),
            value=message(newest, "value"),
            condition=message(asked, "successCondition"),
            failure_condition=message(asked, "failureCondition"),
            # Errors are counted apart from what gave a value.
            measured=count(result, "count") + count(result, "error"),
            message=message(newest, "message") or message(result, "message"),
        )


def named_in(rollout: Obj) -> tuple[Analysis, ...]:
    """List the analyses that a Rollout's status names, with no more than it says of them."""
    found = ((mapping(rollout, "status", *path), kind) for path, kind in _NAMED)
    return tuple(
        Analysis(name=text(each, "name"), kind=kind, phase=_phase(each, "status"), message=message(each, "message"))
        for each, kind in found
        if text(each, "name")
    )


def analyses_of(
    named: tuple[Analysis, ...], runs: Collection[RunView], *, uid: str, current_hash: str, said: str
) -> tuple[Analysis, ...]:
    """Fill what a status names with what the runs say.

    The status names a failed run for one event only. So once the Rollout's message (`said`) says that an analysis has
    aborted it, the newest bad run of its template is named, too.
    """
    own = [each for each in runs if each.owner_uid == uid]
    known = {each.analysis.name: each.analysis for each in own}
    found = tuple(_filled(each, known.get(each.name)) for each in named)
    if ABORTED_BY not in said or any(each.phase in _BAD for each in found):
        return found
    bad = [each for each in own if each.hash == current_hash and each.analysis.phase in _BAD]
    newest = max(bad, key=lambda each: (each.created, each.analysis.name), default=None)
    return (*found, newest.analysis) if newest is not None else found


def _filled(named: Analysis, run: Analysis | None) -> Analysis:
    """Prefer the run, unless it was seen before what the status knows already."""
    if run is None:
        return named
    is_behind = run.phase in _UNDER_WAY and named.phase not in _UNDER_WAY
    return replace(run, kind=named.kind, phase=named.phase, message=named.message) if is_behind else run


def _phase(obj: Obj, *path: str) -> AnalysisPhase:
    """Return a phase; what has none yet is pending."""
    return _PHASES.get(text(obj, *path), AnalysisPhase.PENDING)
