"""The lines of a card that say why a release does not come up, and what its analyses say.

Called by `card`. What the cluster writes is shown as it is, behind plain words where its cause is known.
"""

from commands.core.card import Card, Headline
from commands.core.failure import Cause
from commands.core.model import Deployment
from commands.core.observed import Analysis, AnalysisPhase, Metric, PodProblem
from integrations.slack import card_words, text
from integrations.slack.phrases import fill
from integrations.slack.remedies import MEANINGS, REMEDIES, RETRY, RETURN
from integrations.slack.text import Mrkdwn

QUOTES = 1_500
_SHOWN = 3
_METRICS_SHOWN = 4
_RANKS = (
    AnalysisPhase.FAILED,
    AnalysisPhase.ERROR,
    AnalysisPhase.INCONCLUSIVE,
    AnalysisPhase.RUNNING,
    AnalysisPhase.PENDING,
    AnalysisPhase.SUCCESSFUL,
)


def troubles(deployment: Deployment) -> Mrkdwn:
    """Say what keeps the new pods from being ready: the first trouble with its proof and a way on, others by name."""
    seen = deployment.rollout
    if seen is None or not seen.problems:
        return Mrkdwn("")
    first, *others = seen.problems[:_SHOWN]
    lines = [
        _trouble(first),
        text.quote((*_proof(first), *seen.pod_log), limit=QUOTES),
        remedy(deployment, first.cause),
        *(_trouble(each) for each in others),
    ]
    return Mrkdwn("\n".join(line for line in lines if line))


def _trouble(problem: PodProblem) -> Mrkdwn:
    template = card_words.TROUBLE_OF_PODS if problem.pods else card_words.TROUBLE_OF_RELEASE
    details = [fill(card_words.EXIT_CODE, code=problem.exit_code)] if problem.exit_code is not None else []
    if problem.restarts:
        details.append(fill(card_words.RESTARTS, count=problem.restarts))
    return Mrkdwn(
        fill(template, pods=problem.pods, cause=problem.cause) + (f" ({', '.join(details)})" if details else "")
    )


def _proof(problem: PodProblem) -> tuple[str, ...]:
    return (problem.message,) if problem.message else ()


def remedy(deployment: Deployment, cause: str) -> Mrkdwn:
    """Say what to do about a cause; nothing where it is not known."""
    facts = {"app": deployment.app, "version": deployment.version, "environment": deployment.environment}
    template = REMEDIES.get(cause, "")
    if deployment.restore is not None:
        template = template.replace(RETRY, RETURN)
    return fill(template, facts)


def analyses(card: Card) -> Mrkdwn:
    """Say what each analysis that runs or has run for this version found."""
    seen = card.deployment.rollout
    lines = [_analysis(each) for each in seen.analyses] if seen else []
    if lines and card.headline is Headline.INCONCLUSIVE:
        lines.append(Mrkdwn(card_words.DECIDE))
    return Mrkdwn("\n".join(lines))


def _analysis(analysis: Analysis) -> Mrkdwn:
    verdict = fill(card_words.VERDICTS[analysis.phase], analysis=card_words.ANALYSES[analysis.kind])
    metrics = sorted(analysis.metrics, key=lambda metric: _RANKS.index(metric.phase))[:_METRICS_SHOWN]
    told = " · ".join(_metric(each) for each in metrics)
    if not told and analysis.phase is not AnalysisPhase.SUCCESSFUL:
        told = text.escape(analysis.message)
    return Mrkdwn(f"{verdict}: {told}" if told else verdict)


def _metric(metric: Metric) -> Mrkdwn:
    return fill(
        card_words.MEASURED,
        metric=metric.name,
        value=metric.value,
        needs=metric.condition,
        refuses="" if metric.condition else metric.failure_condition,
        measured=metric.measured,
        detail=metric.message,
    )


def why_aborted(card: Card) -> Mrkdwn:
    """Say why the cluster itself aborted: by an analysis with its numbers, or by pods with their last lines."""
    deployment, failure = card.deployment, card.deployment.failure
    if failure is None or failure.cause not in MEANINGS:
        return Mrkdwn("")
    if failure.cause in {Cause.ANALYSIS_FAILED, Cause.ANALYSIS_ERROR}:
        lines = [analyses(card) or text.escape(failure.message)]
    else:
        exit_code = fill(card_words.EXIT_CODE, code=failure.exit_code) if failure.exit_code is not None else ""
        because = fill(card_words.ABORTED_BECAUSE, cause=failure.cause)
        proof = (failure.message, *failure.lines) if failure.message else failure.lines
        lines = [Mrkdwn(f"{because} ({exit_code})" if exit_code else because), text.quote(proof, limit=QUOTES)]
    return Mrkdwn("\n".join(line for line in (*lines, remedy(deployment, failure.cause)) if line))
