"""The lines of a card whose pipeline stands still: where, since when, why, and what to do about it. Used by `card`."""

from commands.core.model import Deployment, Stage
from commands.core.stalls import under_way
from integrations.slack import card_troubles, card_words
from integrations.slack.phrases import fill
from integrations.slack.text import Mrkdwn


def lines_of(deployment: Deployment) -> Mrkdwn:
    """Say that nothing moves; nothing where something does."""
    stall = deployment.stall
    if stall is None or deployment.stage.is_terminal:
        return Mrkdwn("")
    pipeline = under_way(deployment)
    step = pipeline.step(stall.step) if pipeline else None
    can_cancel = deployment.stage is Stage.BUILDING
    lines = (
        fill(card_words.STALLS[stall.kind], step=stall.step, at=stall.since, detail=stall.detail),
        card_troubles.remedy(deployment, step.cause if step else ""),
        fill(card_words.STALL_NEXT if can_cancel else card_words.STALL_NO_CANCEL, owner=stall.owner),
    )
    return Mrkdwn("\n".join(line for line in lines if line))
