"""Draws what a card's dots lead to: all of one deployment, links to other systems, lines to be copied, a log.

Called by `notices`. It says with the card's own lines what the card says, so that the two never disagree.
"""

from collections.abc import Iterator, Sequence

from commands.core.card import Card, draw
from commands.core.model import Act, Action, ActState, Deployment, OutsideChange
from commands.core.observed import StepPhase, StepSnapshot
from commands.core.reading import Details, Link
from integrations.slack import card as cards
from integrations.slack import card_back, card_lines, card_stalls, card_troubles, listing, text
from integrations.slack import details_words as words
from integrations.slack.phrases import fill, label
from integrations.slack.text import Mrkdwn

_BETWEEN = " · "
_STEPS = 10
_DEEDS = 10
_COMMAND = 1_200
_BLOCK = 2_800


def paragraphs(details: Details, *, home: str) -> Iterator[Mrkdwn]:
    """Say all that is known of a deployment, a paragraph for each question that a reader may have."""
    card = draw(details.deployment, details.acts)
    for lines in (
        _head(card),
        _way(details, card),
        _problems(card),
        _content(details.deployment),
        _deeds(details),
        _around(details, home=home),
    ):
        kept = [line for line in lines if line]
        if kept:
            yield Mrkdwn("\n".join(kept))


def _head(card: Card) -> Iterator[Mrkdwn | None]:
    deployment = card.deployment
    yield cards.title(card)
    yield cards.subtitle(deployment)
    yield card_back.source(deployment)
    place = deployment.place
    yield fill(words.PLACE, namespace=place.namespace, cluster=place.cluster, workflow=deployment.workflow)


def _way(details: Details, card: Card) -> Iterator[Mrkdwn]:
    """Say when each part began and how long it took, and how far the rollout is."""
    deployment = details.deployment
    yield _times(deployment)
    steps = deployment.pipeline.steps if deployment.pipeline else ()
    if steps:
        more = [fill(words.STEPS_MORE, count=len(steps) - _STEPS)] if len(steps) > _STEPS else []
        shown = _BETWEEN.join([*more, *(_step(step) for step in steps[-_STEPS:])])
        yield Mrkdwn(f"{words.PIPELINE} {shown}")
    if details.is_live:
        yield Mrkdwn(f"{words.ROLLOUT} {card_lines.rollout(card)}")
        yield card_lines.restarting(deployment)


def _times(deployment: Deployment) -> Mrkdwn:
    release = deployment.pipeline.step("release") if deployment.pipeline else None
    return fill(
        words.TIMES,
        began=deployment.created_at,
        released=(release.finished_at if release and release.phase is StepPhase.SUCCEEDED else None) or "",
        ended=deployment.finished_at or "",
        seconds=deployment.seconds,
    )


def _step(step: StepSnapshot) -> Mrkdwn:
    template = {StepPhase.SKIPPED: words.SKIPPED, StepPhase.RUNNING: words.RUNNING}.get(step.phase, words.STEP)
    seconds = max(1, int(step.duration.total_seconds())) if step.duration else 0
    return fill(template, mark=card_lines.MARKS[step.phase], name=step.name, at=step.started_at or "", seconds=seconds)


def _problems(card: Card) -> Iterator[Mrkdwn]:
    """Say what its analyses measured, what is wrong with it and what stands still, as the card does."""
    deployment = card.deployment
    yield card_stalls.lines_of(deployment)
    why = card_troubles.why_aborted(card)
    if not why:
        yield card_troubles.analyses(card)
        yield Mrkdwn("") if deployment.stage.is_terminal else card_troubles.troubles(deployment)
    if deployment.failure is not None:
        yield why or cards.failure(deployment, deployment.failure)
    yield cards.not_restored(deployment)


def _content(deployment: Deployment) -> Iterator[Mrkdwn]:
    parameters, content = dict(deployment.parameters), deployment.content
    yield fill(words.IMAGE, image=parameters.get("image", ""), digest=content.digest)
    repository = parameters.get("chart-repository", "")
    yield fill(words.CHART, path=parameters.get("chart-path", ""), repository=repository, commit=content.chart_commit)


def _deeds(details: Details) -> Iterator[Mrkdwn]:
    """Say what people here and outside did, in the order in which they did it."""
    deeds: list[Act | OutsideChange] = sorted((*details.acts, *details.deployment.outside), key=lambda deed: deed.at)
    yield fill(words.DEEDS, count=len(deeds))
    if len(deeds) > _DEEDS:
        yield fill(words.MORE, count=len(deeds) - _DEEDS)
    yield from (_deed(deed) for deed in deeds[-_DEEDS:])


def _deed(deed: Act | OutsideChange) -> Mrkdwn:
    if isinstance(deed, OutsideChange):
        return fill(words.CHANGE, at=deed.at, change=deed.kind.value, detail=deed.detail)
    is_open = "yes" if deed.state is ActState.REQUESTED else ""
    return fill(
        words.DEED,
        at=deed.at,
        by=deed.by.chat_id,
        action=deed.action.value,
        label="" if deed.action is Action.FULL else card_lines.effect(deed),
        is_open=is_open,
    )


def _around(details: Details, *, home: str) -> Iterator[Mrkdwn | None]:
    """Say what one can go back to, what took over, and what runs there now."""
    deployment = details.deployment
    back = deployment.way_back
    if back is not None:
        yield card_back.running(deployment, back, is_before=False)
    yield card_back.stands(deployment)
    yield card_back.later(deployment)
    if details.now is not None:
        yield Mrkdwn(f"{words.NOW} {listing.detail(details.now, home=home)}")


def link(shown: Link) -> Mrkdwn:
    """Say a page of another system as a line that leads to it."""
    return text.link(shown.address, label=label(words.LINKS[shown.kind], name=shown.name))


def commands(lines: Sequence[str]) -> Iterator[Mrkdwn]:
    """Show lines to be copied: the deployment's own by itself, then what can be done to it."""
    yield text.preformatted(tuple(lines[:1]), limit=_BLOCK, longest=_COMMAND)
    if len(lines) > 1:
        block = text.preformatted(tuple(lines[1:]), limit=_BLOCK, longest=_COMMAND)
        yield Mrkdwn(f"{words.BUTTONS}\n{block}")


def log(lines: Sequence[str]) -> Mrkdwn:
    """Show the newest lines of a log that one message holds."""
    return text.preformatted(tuple(lines), limit=_BLOCK)
