"""Draws the card of a deployment: the same card gives the same message, to the last character.

Called by the client; the lines of pipeline and rollout are in `card_lines`, the buttons in `card_buttons`.
"""

from dataclasses import replace

from commands.core.acts import is_ours
from commands.core.addresses import live_address
from commands.core.card import Card, Headline
from commands.core.model import Act, Action, Deployment, Failure, OutsideKind, Stage, Takeover
from commands.core.owners import OF_THE_APP
from integrations.slack import (
    blocks,
    card_back,
    card_buttons,
    card_lines,
    card_stalls,
    card_troubles,
    card_words,
    text,
)
from integrations.slack.blocks import Keep, Message, Part
from integrations.slack.phrases import fill
from integrations.slack.text import Mrkdwn

_OUTSIDE_SHOWN = 3
_QUOTES = 800
"""What of the decisive lines fits the screen of a phone; the thread has more."""
_BEFORE_RELEASE = frozenset({"fetch-artifact", "build-image", "resolve-image", "fetch-chart"})
_WITH_PIPELINE = frozenset({Headline.BUILDING, Headline.RELEASING, Headline.FAILED, Headline.CANCELLED})
_WITH_FAILURE = frozenset({Headline.FAILED, Headline.RESTORING})
_BEFORE_ROLLOUT = frozenset({Headline.QUEUED, Headline.BUILDING, Headline.RELEASING})
_WITH_ROLLOUT = frozenset(
    {
        Headline.ROLLING_OUT,
        Headline.WAITS_FOR_PROMOTE,
        Headline.TIMED_PAUSE,
        Headline.GREEN_READY,
        Headline.HELD,
        Headline.INCONCLUSIVE,
        Headline.UNHEALTHY,
        Headline.ABORTING,
    }
)


def render(card: Card) -> Message:
    """Draw a card: two lines that tell the story, the detail, and the buttons or what is pending."""
    deployment = card.deployment
    head = Mrkdwn(f"{title(card)}\n{subtitle(deployment)}")
    parts = [Part(blocks.section(head))]
    parts += _body(card)
    parts += _part(card_back.source(deployment), Keep.EARLIER)
    parts += _part(_outside(deployment), Keep.FIRST)
    parts += _part(card_back.stands(deployment), Keep.FIRST)
    parts += _part(card_back.later(deployment), Keep.FIRST)
    parts += _part(_way_back(card), Keep.EARLIER)
    parts += _acting(card)
    return blocks.fit(parts, fallback=head)


def _part(line: Mrkdwn | None, keep: Keep) -> list[Part]:
    return [Part(blocks.context(line), keep)] if line else []


def title(card: Card) -> Mrkdwn:
    """Name the deployment and say where it stands."""
    deployment = card.deployment
    emoji, headline = card_words.HEADLINES[card.headline]
    return fill(
        card_words.TITLE.replace("{headline}", headline),
        emoji=emoji,
        app=text.clip(deployment.app, 80),
        version=text.clip(deployment.version, 128),
        environment=text.clip(deployment.environment, 80),
        strategy=deployment.strategy.value,
        number=deployment.number,
        seconds=deployment.seconds,
        step=deployment.failure.step if deployment.failure else "",
        running=text.clip(deployment.ran_before, 128),
    )


def subtitle(deployment: Deployment) -> Mrkdwn:
    """Say who asked for it, when and why."""
    return fill(
        card_words.SUBTITLE,
        by=deployment.requester.chat_id,
        at=deployment.created_at,
        reason=deployment.reason,
    )


def _body(card: Card) -> list[Part]:
    deployment = card.deployment
    lines: list[tuple[Mrkdwn, Keep]] = []
    if card.headline in _WITH_PIPELINE and not _failed_in_rollout(card):
        lines.append((card_lines.pipeline(deployment), Keep.FIRST))
        lines.append((card_stalls.lines_of(deployment) or _held(deployment), Keep.FIRST))
    if card.headline in _WITH_ROLLOUT:
        lines.append((card_lines.rollout(card), Keep.FIRST))
        lines += _explained(card)
    if card.headline in _WITH_FAILURE and deployment.failure:
        why = card_troubles.why_aborted(card) or failure(deployment, deployment.failure)
        lines.append((why, Keep.FIRST))
    lines.append((card_lines.restarting(deployment), Keep.FIRST))
    if outcome := _outcome(card):
        lines.append((outcome, Keep.FIRST))
    if card.headline is Headline.RESTORING:
        lines.append((card_stalls.lines_of(deployment), Keep.FIRST))
    lines.append((not_restored(deployment), Keep.FIRST))
    return [Part(blocks.section(line), keep) for line, keep in lines if line]


def not_restored(deployment: Deployment) -> Mrkdwn:
    """Say why what ran before could not be released again; empty where it could, or need not."""
    why = card_back.failure_of_restore(deployment)
    if why is None:
        return Mrkdwn("")
    # What would mend the restore is a deploy of what ran before, not of what was aborted.
    return failure(replace(deployment, version=deployment.ran_before), why)


def _explained(card: Card) -> list[tuple[Mrkdwn, Keep]]:
    """Say why it stands where it stands; what aborted it is told in place of what was seen before."""
    why = card_troubles.why_aborted(card)
    if why:
        return [(why, Keep.FIRST)]
    return [(card_troubles.analyses(card), Keep.FIRST), (card_troubles.troubles(card.deployment), Keep.FIRST)]


def _failed_in_rollout(card: Card) -> bool:
    failure = card.deployment.failure
    return card.headline is Headline.FAILED and failure is not None and not failure.step


def failure(deployment: Deployment, why: Failure) -> Mrkdwn:
    """Say the cause, the proof and what became of the release, so that nobody has to open anything."""
    is_sentence = " " in why.cause.strip()
    message = why.cause if is_sentence else why.message
    details = [fill(card_words.FAILED_STEP, step=why.step)] if why.step else []
    if why.exit_code is not None:
        details.append(fill(card_words.EXIT_CODE, code=why.exit_code))
    if why.cause and not is_sentence:
        details.append(text.escape(why.cause.replace("-", " "), limit=60))
    first = fill(card_words.FAILURE, message=message) + (f" ({', '.join(details)})" if details else "")
    proof = (why.message,) if is_sentence and why.message not in {"", why.cause, *why.lines} else ()
    quoted = text.quote((*why.lines, *proof), limit=_QUOTES)
    released = "" if deployment.restore is not None else _released(deployment, why)
    lines = (
        *(first, quoted, released),
        *(card_troubles.remedy(deployment, why.cause), _owner(why)),
    )
    return Mrkdwn("\n".join(line for line in lines if line))


def _held(deployment: Deployment) -> Mrkdwn:
    """Say why a step that should begin does not, long before its time runs out."""
    step = deployment.pipeline.held_step if deployment.pipeline and not deployment.stage.is_terminal else None
    if step is None:
        return Mrkdwn("")
    said = fill(card_words.HELD_STEP, step=step.name, message=step.message)
    return Mrkdwn(f"{said}\n{card_troubles.remedy(deployment, step.cause)}")


def _owner(failure: Failure) -> Mrkdwn:
    """Name who can mend it."""
    template = card_words.OWNER if failure.step and failure.cause not in OF_THE_APP else card_words.OWNER_OF_APP
    return fill(template, owner=failure.owner) if failure.owner else Mrkdwn("")


def _released(deployment: Deployment, failure: Failure) -> Mrkdwn:
    if failure.step in _BEFORE_RELEASE:
        template = card_words.NOTHING_RELEASED
    else:
        template = card_words.MAYBE_RELEASED if failure.step else card_words.NOT_FINISHED
    return fill(template, running=deployment.ran_before)


def _outcome(card: Card) -> Mrkdwn | None:
    deployment = card.deployment
    running = deployment.ran_before
    match card.headline:
        case Headline.ABORTING:
            return fill(card_words.GOING_BACK, running=running)
        case headline if headline is Headline.ABORTED or deployment.restore is not None:
            return card_back.after_abort(deployment)
        case Headline.CANCELLED:
            return fill(card_words.NOTHING_RELEASED, running=running)
        case Headline.SUPERSEDED:
            rollout = deployment.rollout
            return fill(
                card_words.TAKEN_OVER,
                version="" if rollout is None or is_ours(deployment, rollout) else rollout.version,
            )
        case Headline.DONE:
            is_blue = not running and card_lines.is_blue_green(deployment)
            first = fill(card_words.FIRST_BLUE, version=deployment.version) if is_blue else ""
            address = live_address(deployment)
            return Mrkdwn(" · ".join(line for line in (first, card_lines.live(address)) if line))
        case _:
            return None


def _outside(deployment: Deployment) -> Mrkdwn | None:
    """Tell the newest things that were done outside; that it is held has a line of its own."""
    is_held = deployment.hold is not None and not deployment.hold.is_over
    told = [each for each in deployment.outside if not (is_held and each.kind is OutsideKind.PAUSED)]
    lines = [
        fill(card_words.OUTSIDE, change=each.kind.value, at=each.at, detail=each.detail)
        for each in told[-_OUTSIDE_SHOWN:]
    ]
    return Mrkdwn("\n".join(lines)) if lines else None


def _way_back(card: Card) -> Mrkdwn | None:
    """Say what runs, or what one could go back to; a card that ended otherwise has said it in its outcome."""
    deployment, back = card.deployment, card.deployment.way_back
    is_live = not deployment.stage.is_terminal or deployment.stage is Stage.SUCCEEDED
    has_gone = deployment.later is not None and deployment.later.state is not Takeover.NOTHING
    if not is_live or has_gone or card.headline in {Headline.ABORTING, Headline.RESTORING}:
        return None
    if back is None:
        return None if deployment.stage.is_terminal else fill(card_words.FIRST_DEPLOY)
    return card_back.running(deployment, back, is_before=card.headline in _BEFORE_ROLLOUT)


def _acting(card: Card) -> list[Part]:
    pending = [Part(blocks.section(_pending(card.deployment, card.pending)))] if card.pending is not None else []
    return [*pending, Part(blocks.actions(card_buttons.buttons(card)))]


def _pending(deployment: Deployment, act: Act) -> Mrkdwn:
    return fill(
        card_words.PENDING,
        action=act.action.value,
        app=deployment.app,
        label="" if act.action is Action.FULL else card_lines.effect(act),
        by=act.by.chat_id,
    )
