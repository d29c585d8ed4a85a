"""Makes of any example the same state at its largest: the longest names, a reason of three hundred characters, many of
everything that there can be many of.

Called by `pictures`. What it makes must still fit Slack's limits; the tests hold every state against them.
"""

from dataclasses import replace
from datetime import timedelta

from commands.core.card import Card, draw
from commands.core.model import Deployment, Failure
from commands.core.observed import (
    Analysis,
    AnalysisKind,
    AnalysisPhase,
    CanaryStep,
    CanaryStepKind,
    Metric,
    PipelineSnapshot,
    PodProblem,
    Replicas,
    RolloutPhase,
    RolloutSnapshot,
    StepPhase,
    StepSnapshot,
    Strategy,
)
from integrations.slack.gallery.examples import NOON

APP = "a-name-as-long-as-the-catalog-allows-it0"
ENVIRONMENT = "an-environment-as-long-as-can-be-allowed"
VERSION = ("v12.345.678-release-candidate.90+build." + "0123456789" * 9)[:128]
RUNNING = ("v12.345.677-release-candidate.89+build." + "9876543210" * 9)[:128]
NUMBER = 1_234_567
REASON = ("🚀 fix <the> checkout & the basket, مرحبا بالعالم, שלום עולם, 한국어, 👩‍👩‍👧 *bold* `code` " * 6)[:300]
PIPELINE_STEPS = 40
CANARY_STEPS = 20
METRICS = 12
PROBLEMS = 20
PODS = 1_000


def card(shown: Card) -> Card:
    """Make the largest card of the same state."""
    return draw(deployment(shown.deployment), (shown.pending,) if shown.pending else ())


def deployment(row: Deployment) -> Deployment:
    """Make the largest deployment in the same state."""
    back = row.way_back
    return replace(
        row,
        number=NUMBER,
        app=APP,
        environment=ENVIRONMENT,
        version=VERSION,
        reason=REASON,
        way_back=replace(back, version=RUNNING) if back else None,
        pipeline=_pipeline(row.pipeline) if row.pipeline else None,
        rollout=_rollout(row, row.rollout) if row.rollout else None,
        failure=_failure(row.failure) if row.failure else None,
        restore=replace(row.restore, version=RUNNING) if row.restore else None,
    )


def _pipeline(seen: PipelineSnapshot) -> PipelineSnapshot:
    """Put more steps before those that there are, and give each that speaks a long message."""
    known = tuple(replace(step, message=step.message and _long(step.message)) for step in seen.steps)
    more = range(PIPELINE_STEPS - len(known))
    end = NOON + timedelta(hours=1)
    added = tuple(
        StepSnapshot(name=f"step-{n:02}-of-many", phase=StepPhase.SUCCEEDED, started_at=NOON, finished_at=end)
        for n in more
    )
    return replace(seen, steps=(*added, *known))


def _rollout(row: Deployment, seen: RolloutSnapshot) -> RolloutSnapshot:
    number = NUMBER if seen.deployment == row.number else NUMBER + 1
    new = replace(
        seen,
        deployment=number if seen.deployment is not None else None,
        version=VERSION,
        message=seen.message and _long(seen.message),
        desired=PODS,
        new=_pods(seen.new),
        old=_pods(seen.old),
        analyses=_analyses(seen),
        problems=_problems(seen),
    )
    return _steps(new) if seen.strategy is Strategy.CANARY and seen.steps else new


def _pods(side: Replicas) -> Replicas:
    return Replicas(side.ready * (PODS // 5), side.total * (PODS // 5))


def _steps(seen: RolloutSnapshot) -> RolloutSnapshot:
    """Make many steps of the few, and stand at a pause among them where it stood at one."""
    weights = [round(100 * n / CANARY_STEPS) for n in range(1, CANARY_STEPS // 2 + 1)]
    steps = tuple(
        step
        for weight in weights
        for step in (
            CanaryStep(kind=CanaryStepKind.WEIGHT, weight=weight, label=f"{weight} %"),
            CanaryStep(kind=CanaryStepKind.PAUSE, label="pause"),
        )
    )
    return replace(seen, steps=steps, step_index=_index(seen))


def _index(seen: RolloutSnapshot) -> int | None:
    """Stand at the end, at the last gate or at one in between, as before."""
    if seen.step_index is None or seen.step_index >= len(seen.steps):
        return seen.step_index and CANARY_STEPS
    is_last = seen.next_weight == 100  # noqa: PLR2004  # a hundred percent is the end
    return CANARY_STEPS - 1 if is_last else CANARY_STEPS // 2 + 1


def _analyses(seen: RolloutSnapshot) -> tuple[Analysis, ...]:
    if not seen.analyses and seen.strategy is not Strategy.CANARY:
        return ()
    metrics = tuple(
        Metric(
            name=f"a-metric-with-a-long-name-{n:02}",
            phase=AnalysisPhase.FAILED if n % 3 == 0 else AnalysisPhase.RUNNING,
            value="99.812345678901234",
            condition="result[0] >= 0.99 && result[1] <= 0.5",
            measured=1_000 + n,
            message=_long("Post http://prometheus.example.com: connection refused"),
        )
        for n in range(METRICS)
    )
    first = seen.analyses[0] if seen.analyses else None
    kind, phase = (first.kind, first.phase) if first else (AnalysisKind.STEP, AnalysisPhase.RUNNING)
    name = f"{APP}-6f7b9c-20-19"
    return (Analysis(name=name, kind=kind, phase=phase, message=_long("metric failed"), metrics=metrics),)


def _problems(seen: RolloutSnapshot) -> tuple[PodProblem, ...]:
    if not seen.problems and seen.phase is not RolloutPhase.DEGRADED:
        return ()
    kinds = seen.problems or (PodProblem(cause="crash-loop", message="back-off restarting", pod="", exit_code=1),)
    return tuple(
        replace(
            kinds[n % len(kinds)],
            pod=f"{APP}-6f7b9c-{n:05}",
            container=f"container-{n}",
            message=_long(kinds[n % len(kinds)].message),
            restarts=n,
            pods=n + 1,
        )
        for n in range(PROBLEMS)
    )


def _failure(known: Failure) -> Failure:
    lines = tuple(_long(line) for line in known.lines)
    return replace(known, message=_long(known.message), lines=(lines or (_long("a line of a log"),)) * 20)


def _long(text: str) -> str:
    """Say a thing at such length as only a machine does."""
    return (f"{text} & <{'0123456789' * 2}>; " * 40)[:600]
