"""The buttons of a card, named by their effect; what cannot be undone at once asks first.

Called by `card`. The value names a gate and is worth nothing by itself: a click is looked up and checked again.
"""

from collections.abc import Sequence

from commands.core.acts import Possible, is_undecided
from commands.core.card import Card
from commands.core.model import Action, Deployment
from commands.core.observed import RolloutSnapshot, Strategy
from commands.core.requests import Look
from integrations.slack import back_words, blocks, card_back, card_words
from integrations.slack.blocks import Block
from integrations.slack.phrases import label

ACTION_PREFIX = "slipway:"
MENU = f"{ACTION_PREFIX}menu"
_IN_SIGHT = 4
"""And the dots make five, which a phone shows without scrolling."""


def buttons(card: Card) -> list[Block]:
    """Give the buttons by their importance, and behind the dots what is left, is rarely wanted or can only be read."""
    deployment = card.deployment
    wanted: list[Possible | Look] = [*card.buttons, *([Look.LOG] if card.has_log else [])]
    spare = _spare(deployment, wanted)
    behind = [*spare, Look.DETAILS, *card.menu, Look.LINKS, Look.COMMAND]
    shown = [_button(deployment, each) for each in wanted if each not in spare]
    return [*shown, blocks.overflow([_choice(deployment, each) for each in behind], action=MENU)]


def _spare(deployment: Deployment, wanted: Sequence[Possible | Look]) -> list[Possible | Look]:
    """Choose what has no room in sight: the last of what is done without a question, for a menu cannot ask one."""
    silent = [each for each in wanted if isinstance(each, Look) or not _question(deployment, each)]
    too_many = max(0, len(wanted) - _IN_SIGHT)
    return silent[max(0, len(silent) - too_many) :]


def _choice(deployment: Deployment, wanted: Possible | Look) -> Block:
    """Make an option; it names its act in its value, because a menu has one name for all of them."""
    if isinstance(wanted, Look):
        return blocks.option(label=card_words.LOOKS[wanted], value=_value(deployment, wanted))
    value = f"{wanted.action.value}:{deployment.id}:{wanted.gate}"
    return blocks.option(label=_label(deployment, wanted), value=value)


def _value(deployment: Deployment, look: Look) -> str:
    """Name what is to be read, and of which deployment; there is no gate, for nothing is moved."""
    return f"{look.value}:{deployment.id}"


def _button(deployment: Deployment, act: Possible | Look) -> Block:
    if isinstance(act, Look):
        action = f"{ACTION_PREFIX}{act.value}"
        return blocks.button(label=card_words.LOOKS[act], action=action, value=_value(deployment, act))
    return blocks.button(
        label=_label(deployment, act),
        action=f"{ACTION_PREFIX}{act.action.value}",
        value=f"{deployment.id}:{act.gate}",
        style=_STYLES.get(act.action, ""),
        confirm=_confirm(deployment, act),
    )


_STYLES = {Action.PROMOTE: "primary", Action.ABORT: "danger"}
_DANGEROUS = frozenset({Action.ABORT, Action.ROLLBACK})


def _label(deployment: Deployment, act: Possible) -> str:
    if act.action in {Action.ROLLBACK, Action.RETRY}:
        return label(card_back.button(deployment, act), effect=act.effect)
    rollout = deployment.rollout
    template = _LABELS.get(act.action, act.action.value.capitalize())
    if rollout is not None and act.action in {Action.PROMOTE, Action.FULL}:
        template = _label_of_move(rollout, act.action)
    return label(template, weight=rollout.weight if rollout else 0, effect=act.effect, version=deployment.version)


def _label_of_move(rollout: RolloutSnapshot, action: Action) -> str:
    """Name what a promote or going to the end would do where it stands."""
    is_blue_green = rollout.strategy is Strategy.BLUE_GREEN
    if is_undecided(rollout) and (is_blue_green or action is Action.PROMOTE):
        return card_words.SWITCH_ANYWAY if is_blue_green else card_words.GO_ON
    if action is Action.FULL:
        return card_words.GO_FULL
    if is_blue_green:
        return card_words.SWITCH
    is_timed = rollout.pause is not None and rollout.pause.until is not None and not rollout.is_held
    return card_words.ADVANCE_NOW if is_timed else card_words.ADVANCE


_LABELS = {
    Action.ABORT: card_words.ABORT,
    Action.CANCEL: card_words.CANCEL,
    Action.PAUSE: card_words.HOLD,
    Action.RESUME: card_words.RESUME,
    Action.REANALYSE: card_words.REANALYSE,
    Action.RESTART: card_words.RESTART,
}


def _confirm(deployment: Deployment, act: Possible) -> Block | None:
    question = _question(deployment, act)
    if not question:
        return None
    return blocks.confirm(
        title=label(card_words.CONFIRM_TITLE),
        body=label(
            question,
            app=deployment.app,
            environment=deployment.environment,
            version=deployment.version,
            running=deployment.ran_before,
            strategy=deployment.strategy.value,
        ),
        yes=_label(deployment, act),
        no=label(card_words.CONFIRM_DENY),
        is_dangerous=act.action in _DANGEROUS,
    )


def _question(deployment: Deployment, act: Possible) -> str:
    rollout = deployment.rollout
    if act.action not in {Action.PROMOTE, Action.FULL} or rollout is None:
        return _QUESTIONS.get(act.action, "")
    is_blue_green = rollout.strategy is Strategy.BLUE_GREEN
    if is_undecided(rollout) and (is_blue_green or act.action is Action.PROMOTE):
        return card_words.CONFIRM_ANYWAY if is_blue_green else card_words.CONFIRM_GO_ON
    if act.action is Action.FULL:
        return card_words.CONFIRM_FULL
    return card_words.CONFIRM_SWITCH if is_blue_green else ""


_QUESTIONS = {
    Action.ABORT: card_words.CONFIRM_ABORT,
    Action.ROLLBACK: back_words.CONFIRM_BACK,
    Action.RETRY: back_words.CONFIRM_AGAIN,
}
