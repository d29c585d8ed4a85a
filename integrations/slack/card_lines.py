"""The lines of a card that tell of the pipeline and of the rollout: marks, bar, steps and replicas.

Called by `card`. Knows no buttons and no blocks.
"""

import math
from collections.abc import Sequence
from itertools import takewhile

from commands.core.acts import is_ours
from commands.core.addresses import live_address, preview_address
from commands.core.card import Card, Headline
from commands.core.model import Act, Deployment
from commands.core.observed import Pause, PauseReason, Replicas, RolloutSnapshot, StepPhase, StepSnapshot, Strategy
from commands.core.weights import missed
from integrations.slack import card_words
from integrations.slack.phrases import fill
from integrations.slack.text import Mrkdwn

MARKS = {
    StepPhase.PENDING: "○",
    StepPhase.RUNNING: "◐",
    StepPhase.SUCCEEDED: "✓",
    StepPhase.FAILED: "✗",
    StepPhase.SKIPPED: "·",
}
# It takes a moment and says nothing to a reader unless it hangs or fails.
_QUIET = frozenset({"resolve-image"})
_LOUD_PHASES = frozenset({StepPhase.RUNNING, StepPhase.FAILED})
_STEPS_SHOWN = 10
_CELLS = 10
_FULL = 100


def pipeline(deployment: Deployment) -> Mrkdwn:
    """Show the steps in one line; a long pipeline keeps what runs or failed and its neighbours."""
    if deployment.pipeline is None or not deployment.pipeline.steps:
        return fill(card_words.NO_PIPELINE)
    steps = [step for step in deployment.pipeline.steps if step.name not in _QUIET or step.phase in _LOUD_PHASES]
    before, shown, after = _window(steps)
    marks = [_summary(before)] if before else []
    marks += [_step(step) for step in shown]
    marks += [_summary(after)] if after else []
    marks.append(fill(card_words.STEP, mark="○", name="rollout", seconds=""))
    return Mrkdwn("   ".join(marks))


Steps = Sequence[StepSnapshot]


def _window(steps: Steps) -> tuple[Steps, Steps, Steps]:
    if len(steps) <= _STEPS_SHOWN:
        return (), steps, ()
    finished = len(list(takewhile(lambda step: step.phase is StepPhase.SUCCEEDED, steps)))
    start = min(max(finished - 2, 0), len(steps) - _STEPS_SHOWN)
    return steps[:start], steps[start : start + _STEPS_SHOWN], steps[start + _STEPS_SHOWN :]


def _summary(steps: Steps) -> Mrkdwn:
    """Stand for steps that are not shown by the worst of their marks."""
    ranks = [StepPhase.FAILED, StepPhase.RUNNING, StepPhase.PENDING, StepPhase.SKIPPED, StepPhase.SUCCEEDED]
    worst = min((step.phase for step in steps), key=ranks.index)
    return fill(card_words.STEPS_MORE, mark=MARKS[worst], count=len(steps))


def _step(step: StepSnapshot) -> Mrkdwn:
    shown = fill(
        card_words.STEP,
        mark=MARKS[step.phase],
        name=step.name,
        seconds=int(step.duration.total_seconds()) if step.duration and step.phase is not StepPhase.SKIPPED else "",
    )
    if step.phase is StepPhase.RUNNING:
        return Mrkdwn(shown + " …")
    return Mrkdwn(f"{shown} {card_words.SKIPPED}") if step.phase is StepPhase.SKIPPED else shown


def rollout(card: Card) -> Mrkdwn:
    """Show how far the rollout is, why it stands, and its replicas."""
    deployment, seen = card.deployment, card.deployment.rollout
    if seen is None or not is_ours(deployment, seen):
        return fill(card_words.NO_ROLLOUT)
    lines = [_progress(deployment, seen, card.headline), _not_this_weight(seen), _replicas(seen)]
    lines += _held(deployment, seen)
    if card.headline is Headline.UNHEALTHY and seen.message and not seen.problems:
        lines.append(fill(card_words.REASON_SEEN, message=seen.message))
    return Mrkdwn("\n".join(line for line in lines if line))


def _held(deployment: Deployment, seen: RolloutSnapshot) -> list[Mrkdwn]:
    """Say who holds it, and that the clock of what it waits for runs on all the same."""
    if not seen.is_held:
        return []
    hold, pause = deployment.hold, seen.pause
    template = card_words.HELD_BY if hold and hold.by else card_words.HELD_OUTSIDE
    lines = [fill(template, by=hold.by.chat_id if hold and hold.by else "", at=hold.at if hold else "")]
    if seen.is_aborted:
        lines.append(fill(card_words.HELD_BACK))
    elif pause is not None and pause.until is not None:
        is_switch = seen.strategy is Strategy.BLUE_GREEN
        lines.append(fill(card_words.HELD_COUNTDOWN if is_switch else card_words.HELD_CLOCK, at=pause.until))
    return lines


def restarting(deployment: Deployment) -> Mrkdwn:
    """Say that pods are being replaced, and who asked for it; somebody outside may have."""
    seen, asked = deployment.rollout, deployment.restart
    if asked is None and (seen is None or not seen.restarting_since or not is_ours(deployment, seen)):
        return Mrkdwn("")
    by, at = (asked.by.chat_id, asked.at) if asked is not None else ("", "")
    return fill(card_words.RESTARTING, by=by, at=at)


def _progress(deployment: Deployment, seen: RolloutSnapshot, headline: Headline) -> Mrkdwn:
    if seen.strategy is Strategy.BLUE_GREEN:
        return _colours(deployment, seen, headline)
    parts = [_weight(deployment, seen) if seen.strategy is Strategy.CANARY else _pods(deployment, seen)]
    if seen.strategy is Strategy.CANARY and seen.steps and seen.step_index is not None:
        step = min(seen.step_index + 1, len(seen.steps))
        parts.append(fill(card_words.STEP_OF, step=step, steps=len(seen.steps)))
    return Mrkdwn(" · ".join([*parts, *_pause(seen)]))


def _colours(deployment: Deployment, seen: RolloutSnapshot, headline: Headline) -> Mrkdwn:
    running = deployment.ran_before
    if seen.is_aborted:
        return Mrkdwn("")
    if seen.active_hash and seen.active_hash == seen.current_hash:
        template = card_words.GREEN_LIVE if running else card_words.BLUE_LIVE
    elif headline is Headline.GREEN_READY or _holds_green(seen):
        template = card_words.GREEN_BESIDE
    else:
        template = card_words.GREEN_COMES if running else card_words.BLUE_COMES
    told = [fill(template, version=deployment.version, running=running)]
    if headline is Headline.GREEN_READY:
        address = preview_address(deployment)
        told += [fill(card_words.PREVIEW, address=address)] if address else []
        told += _countdown(seen)
    elif template is card_words.BLUE_LIVE:
        told.append(live(live_address(deployment)))
    return Mrkdwn(" · ".join(line for line in told if line))


def _countdown(seen: RolloutSnapshot) -> list[Mrkdwn]:
    pause = seen.pause
    return [fill(card_words.SWITCHES, at=pause.until, seconds=_length(pause))] if pause and pause.until else []


def _holds_green(seen: RolloutSnapshot) -> bool:
    return seen.pause is not None and seen.pause.beneath is PauseReason.GREEN


def live(address: str) -> Mrkdwn:
    """Say where what is live can be reached, where that is known."""
    return fill(card_words.LIVE_AT, address=address) if address else Mrkdwn("")


def _not_this_weight(seen: RolloutSnapshot) -> Mrkdwn:
    """Say when the share that is asked for cannot be had: without a router whole pods make it."""
    if seen.strategy is not Strategy.CANARY or seen.has_router or seen.is_aborted:
        return Mrkdwn("")
    share = missed(pods=seen.desired, weight=seen.weight, may_surge=seen.may_surge)
    if share is None:
        return Mrkdwn("")
    return fill(card_words.NOT_THIS_WEIGHT, weight=seen.weight, pods=seen.desired, share=share)


def _weight(deployment: Deployment, seen: RolloutSnapshot) -> Mrkdwn:
    really: int | str = ""
    if abs(seen.actual_weight - seen.weight) > _rounding(seen):
        really = str(seen.actual_weight)
    return fill(card_words.WEIGHT, bar=bar(seen.weight), weight=seen.weight, actual=really, version=deployment.version)


def _rounding(seen: RolloutSnapshot) -> int:
    """Return how far off whole pods can be: half a pod."""
    return math.ceil(_FULL / 2 / seen.desired) if seen.desired > 0 else 1


def _pods(deployment: Deployment, seen: RolloutSnapshot) -> Mrkdwn:
    share = seen.new.ready * _FULL // seen.desired if seen.desired > 0 else 0
    return fill(card_words.PODS, bar=bar(share), ready=seen.new.ready, total=seen.desired, version=deployment.version)


def bar(percent: int) -> str:
    """Draw a share; anything begun shows a cell and nothing but the end shows all."""
    cells = round(min(max(percent, 0), _FULL) * _CELLS / _FULL)
    if 0 < percent < _FULL:
        cells = min(max(cells, 1), _CELLS - 1)
    return "▰" * cells + "▱" * (_CELLS - cells)


def _pause(seen: RolloutSnapshot) -> list[Mrkdwn]:
    if not seen.is_current or seen.pause is None or seen.is_held:
        return []
    if seen.pause.until is not None:
        return [fill(card_words.NEXT_STEP, at=seen.pause.until, seconds=_length(seen.pause))]
    return [fill(card_words.PAUSED_SINCE, at=seen.pause.since)] if seen.pause.since else []


def _length(pause: Pause) -> int:
    """Say how long a pause takes in all: what is left of it would be wrong as soon as it is read."""
    return int((pause.until - pause.since).total_seconds()) if pause.until and pause.since else 0


def _replicas(seen: RolloutSnapshot) -> Mrkdwn:
    def of(template: str, side: Replicas) -> Mrkdwn:
        return fill(template, ready=side.ready, total=side.total)

    new = of(card_words.REPLICAS_NEW, seen.new)
    return Mrkdwn(f"{new} · {of(card_words.REPLICAS_OLD, seen.old)}") if seen.old.total else new


def effect(act: Act) -> str:
    """Say what an act leads to: a share of the traffic, or the name of a version or step."""
    return f"{act.label} %" if act.label.isdecimal() else act.label


def is_blue_green(deployment: Deployment) -> bool:
    return deployment.strategy is Strategy.BLUE_GREEN
