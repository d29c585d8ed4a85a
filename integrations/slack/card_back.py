"""The lines of a card about the way back: what became of an abort. Called by `card`; knows no buttons and no blocks."""

from commands.core.model import Deployment, Failure, Restore, Stage
from integrations.slack import back_words
from integrations.slack.phrases import fill
from integrations.slack.text import Mrkdwn


def after_abort(deployment: Deployment) -> Mrkdwn:
    """Say where the traffic is after an abort, and what the Rollout and the release say of it."""
    if deployment.restore is not None:
        return _restored(deployment, deployment.restore)
    if deployment.way_back is None:
        return fill(back_words.BACK_ON_NOTHING)
    template = back_words.BACK_OUTSIDE if deployment.way_back.number else back_words.BACK_UNKNOWN
    return fill(template, running=deployment.ran_before)


def _restored(deployment: Deployment, restore: Restore) -> Mrkdwn:
    if deployment.stage is Stage.RESTORING:
        return fill(back_words.RELEASING_AGAIN, version=restore.version)
    template = back_words.BACK_AND_RELEASED if restore.failure is None else back_words.NOT_RELEASED
    return fill(template, version=restore.version)


def failure_of_restore(deployment: Deployment) -> Failure | None:
    """Return why what ran before could not be released again."""
    return deployment.restore.failure if deployment.restore is not None else None
