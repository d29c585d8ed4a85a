"""Draws the rows of lists: what runs where, and what was deployed. The same rows give the same lines.

Called by `notices`. `home` is the workspace's own address, from which links to cards are made; without it there are
none.
"""

from collections.abc import Iterator

from commands.core.acts import is_ours
from commands.core.card import headline_of
from commands.core.model import CardRef, Deployment
from commands.core.observed import RolloutPhase, RolloutSnapshot, Strategy
from commands.core.reading import HistoryRow, StatusRow
from integrations.slack import card_words, text
from integrations.slack import listing_words as words
from integrations.slack.phrases import fill
from integrations.slack.text import Mrkdwn

_BETWEEN = " · "
_VERSION = 60
_REASON = 300
_ROLES = 3


def brief(row: StatusRow, *, home: str) -> Mrkdwn:
    """Say a place in a line of the list of all."""
    said = list(_going(row.moving, home)) if row.moving else list(_standing(row))
    return Mrkdwn(_BETWEEN.join([_place(row), *said]))


def line(row: StatusRow, *, home: str) -> Mrkdwn:
    """Say a place in a line of the list of what moves: with whoever asked, and whom it waits for."""
    said = list(_moving(row.moving, row, home)) if row.moving else list(_standing(row))
    return Mrkdwn(_BETWEEN.join([_place(row), *said]))


def detail(row: StatusRow, *, home: str) -> Mrkdwn:
    """Say all that is known of one of an app's environments: what is served and, below, what moves."""
    start = fill(words.ENVIRONMENT, emoji=_emoji(row), environment=row.environment)
    served = [_served(row)] if row.moving and not _is_done(row) else list(_standing(row))
    lines = [Mrkdwn(_BETWEEN.join([start, *served]))]
    if row.moving is not None:
        moving = Mrkdwn(_BETWEEN.join(_moving(row.moving, row, home)))
        lines.append(Mrkdwn(f"{words.BELOW} {moving}"))
    return Mrkdwn("\n".join(lines))


def past(row: HistoryRow, *, home: str) -> Mrkdwn:
    """Say one deployment of an app's history, why it was made on a line of its own."""
    deployment = row.deployment
    emoji, headline = _headline(deployment)
    parts = [
        Mrkdwn(f"{emoji} {_number(deployment, home)} {_version(deployment.version)}"),
        text.escape(deployment.environment),
        fill(words.STRATEGY, strategy=deployment.strategy.value),
        headline,
        fill(words.BY, by=deployment.requester.chat_id),
        fill(words.AT, at=deployment.created_at),
    ]
    source = deployment.source
    more = [fill(words.SOURCES[source.action], number=source.number)] if source else []
    more += [fill(words.REASON, reason=text.clip(deployment.reason, _REASON))] if deployment.reason else []
    more += [fill(words.DIGEST, digest=deployment.content.digest)] if deployment.content.digest else []
    more += [fill(words.RUNS_NOW)] if row.runs else []
    more += [fill(words.CAN_RETURN)] if row.can_return else []
    return Mrkdwn("\n".join(_BETWEEN.join(line) for line in (parts, more) if line))


def _place(row: StatusRow) -> Mrkdwn:
    return fill(words.PLACE, emoji=_emoji(row), app=row.app, environment=row.environment)


def _emoji(row: StatusRow) -> str:
    if row.moving is not None:
        return card_words.HEADLINES[headline_of(row.moving)][0]
    if row.rollout is None:
        return words.IDLE
    if row.rollout.phase is RolloutPhase.DEGRADED:
        return words.UNWELL
    return words.WELL if row.rollout.is_done else words.MOVES


def _is_done(row: StatusRow) -> bool:
    return row.rollout is not None and row.rollout.is_done


def _standing(row: StatusRow) -> Iterator[Mrkdwn]:
    """Say what is there where no deployment moves."""
    rollout = row.rollout
    if rollout is None:
        yield fill(words.NOTHING_RUNS if row.is_known else words.NOT_KNOWN)
        return
    if not rollout.is_done:
        yield from _unfinished(row, rollout)
        return
    yield _version(row.running or rollout.version)
    yield fill(words.STRATEGY, strategy=rollout.strategy.value)
    yield fill(words.READY, ready=rollout.new.ready, total=rollout.desired)
    if row.is_changed:
        yield fill(words.CHANGED, image=text.clip(rollout.image.rpartition("/")[2], _VERSION))
    elif row.since is not None:
        yield fill(words.SINCE, since=row.since)


def _unfinished(row: StatusRow, rollout: RolloutSnapshot) -> Iterator[Mrkdwn]:
    """Say what a rollout that nobody here moves has come to."""
    phase = words.ABORTED if rollout.is_aborted else words.PHASES[rollout.phase]
    if row.running and row.running != rollout.version:
        yield fill(words.SERVES, version=text.clip(row.running, _VERSION))
    yield fill(words.UNFINISHED, version=text.clip(rollout.version, _VERSION), phase=phase)
    if rollout.phase in {RolloutPhase.PROGRESSING, RolloutPhase.PAUSED}:
        yield from _share(rollout)
        yield fill(words.OUTSIDE)


def _served(row: StatusRow) -> Mrkdwn:
    if row.rollout is None and not row.is_known:
        return fill(words.NOT_KNOWN)
    if not row.running:
        return fill(words.FIRST)
    parts = [fill(words.SERVES, version=text.clip(row.running, _VERSION))]
    if row.since is not None:
        parts.append(fill(words.SINCE, since=row.since))
    return Mrkdwn(_BETWEEN.join(parts))


def _going(deployment: Deployment, home: str) -> Iterator[Mrkdwn]:
    """Say what moves and how far it is."""
    rollout = deployment.rollout
    yield Mrkdwn(f"{_number(deployment, home)} {_version(deployment.version)}")
    yield _headline(deployment)[1]
    if rollout is not None and is_ours(deployment, rollout) and not rollout.is_aborted:
        yield from _share(rollout)


def _moving(deployment: Deployment, row: StatusRow, home: str) -> Iterator[Mrkdwn]:
    """Say all that is known of what moves: also how, who asked for it and whom it waits for."""
    first, *rest = _going(deployment, home)
    yield first
    yield fill(words.STRATEGY, strategy=deployment.strategy.value)
    yield from rest
    yield fill(words.BY, by=deployment.requester.chat_id)
    if row.waits_for:
        yield fill(words.WAITS_FOR, roles=", ".join(row.waits_for[:_ROLES]))


def _share(rollout: RolloutSnapshot) -> Iterator[Mrkdwn]:
    if rollout.strategy is not Strategy.CANARY:
        yield fill(words.READY, ready=rollout.new.ready, total=rollout.desired)
        return
    yield fill(words.WEIGHT, weight=rollout.weight)
    if rollout.steps and rollout.step_index is not None:
        step = min(rollout.step_index + 1, len(rollout.steps))
        yield fill(card_words.STEP_OF, step=step, steps=len(rollout.steps))


def _headline(deployment: Deployment) -> tuple[str, Mrkdwn]:
    emoji, headline = card_words.HEADLINES[headline_of(deployment)]
    failure = deployment.failure
    return emoji, fill(headline, {"seconds": deployment.seconds, "step": failure.step if failure else ""})


def _number(deployment: Deployment, home: str) -> Mrkdwn:
    """Name a deployment by its number, which leads to its card where that is known."""
    number = fill(words.NUMBER, number=deployment.number)
    return text.link(_address(deployment.card, home), label=number) if deployment.card and home else number


def _address(card: CardRef, home: str) -> str:
    return f"{home}archives/{card.channel}/p{card.ts.replace('.', '')}"


def _version(version: str) -> Mrkdwn:
    return text.code(text.clip(version, _VERSION))
