"""The lines of a card about the way back: what one can go back to, and what became of an abort.

Called by `card` and `card_buttons`; knows no blocks.
"""

from commands.core.acts import Possible, can_switch_back
from commands.core.back import Readiness, readiness
from commands.core.model import Action, Deployment, Failure, Restore, Stage, Takeover, WayBack
from integrations.slack import back_words
from integrations.slack.phrases import fill, label
from integrations.slack.text import Mrkdwn


def button(deployment: Deployment, act: Possible) -> str:
    """Choose the name of a button of a finished card."""
    if act.action is Action.RETRY:
        return back_words.AGAIN
    if deployment.stage is Stage.ABORTED:
        return back_words.RESTORE
    return back_words.SWITCH_BACK if can_switch_back(deployment) else back_words.ROLL_BACK


def source(deployment: Deployment) -> Mrkdwn | None:
    """Say which earlier deployment one repeats."""
    if deployment.source is None:
        return None
    is_back = deployment.source.action is Action.ROLLBACK
    return fill(back_words.GOES_BACK if is_back else back_words.TRIES_AGAIN, number=deployment.source.number)


def later(deployment: Deployment) -> Mrkdwn | None:
    """Say what took over from one that had arrived."""
    known = deployment.later
    if known is None or known.state is not Takeover.DONE:
        return None
    template = back_words.LEFT if known.action is Action.ROLLBACK else back_words.FOLLOWED
    return fill(template, version=known.version, by=known.by.chat_id, number=known.number)


def stands(deployment: Deployment) -> Mrkdwn | None:
    """Say until when the version from before a switch stands beside it."""
    rollout = deployment.rollout
    if rollout is None or rollout.old_until is None or not can_switch_back(deployment):
        return None
    return fill(back_words.STANDS, version=deployment.ran_before, until=rollout.old_until)


def running(deployment: Deployment, back: WayBack, *, is_before: bool) -> Mrkdwn:
    """Say what runs, or what ran before, and whether it could come back at once; what is not known is not said."""
    state = readiness(deployment)
    ready = back_words.READY if is_before else back_words.READY_LATER
    words = {
        Readiness.READY: ready,
        Readiness.NEEDS_IMAGE: back_words.NEEDS_IMAGE,
        Readiness.NOT_RELEASED_HERE: back_words.NOT_RELEASED_HERE,
    }
    said = label(words[state], seconds=back.seconds) if state in words else ""
    template = back_words.RUNNING_NOW if is_before else back_words.BEFORE
    return fill(template, version=back.version, since=back.since or "", back=said)


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
