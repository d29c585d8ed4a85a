"""The buttons of a card, named by their effect; what cannot be undone at once asks first.

Called by `card`. The value names a gate and is worth nothing by itself: a click is looked up and checked again.
"""

from commands.core.acts import Possible
from commands.core.card import Card
from commands.core.model import Action, Deployment
from commands.core.observed import Strategy
from integrations.slack import back_words, blocks, card_back, card_words
from integrations.slack.blocks import Block
from integrations.slack.phrases import label

ACTION_PREFIX = "slipway:"
MENU = f"{ACTION_PREFIX}menu"
_ROW = 5


def buttons(card: Card) -> list[Block]:
    """Give the buttons by their importance, and behind the dots what is left or finds no room."""
    room = _ROW if not card.menu and len(card.buttons) <= _ROW else _ROW - 1
    rest = [_choice(card.deployment, act) for act in (*card.buttons[room:], *card.menu)]
    shown = [_button(card.deployment, act) for act in card.buttons[:room]]
    return [*shown, blocks.overflow(rest, action=MENU)] if rest else shown


def _choice(deployment: Deployment, act: Possible) -> Block:
    """Make an option; it names its act in its value, because a menu has one name for all of them."""
    return blocks.option(label=_label(deployment, act), value=f"{act.action.value}:{deployment.id}:{act.gate}")


def _button(deployment: Deployment, act: Possible) -> Block:
    return blocks.button(
        label=_label(deployment, act),
        action=f"{ACTION_PREFIX}{act.action.value}",
        value=f"{deployment.id}:{act.gate}",
        style=_STYLES.get(act.action, ""),
        confirm=_confirm(deployment, act),
    )


_STYLES = {Action.PROMOTE: "primary", Action.ABORT: "danger"}
_DANGEROUS = frozenset({Action.ABORT, Action.ROLLBACK})


def _is_switch(deployment: Deployment, act: Possible) -> bool:
    rollout = deployment.rollout
    return act.action is Action.PROMOTE and rollout is not None and rollout.strategy is Strategy.BLUE_GREEN


def _label(deployment: Deployment, act: Possible) -> str:
    if _is_switch(deployment, act):
        return label(card_words.SWITCH, version=deployment.version)
    if act.action in {Action.ROLLBACK, Action.RETRY}:
        return label(card_back.button(deployment, act), effect=act.effect)
    rollout = deployment.rollout
    if act.action is Action.PROMOTE and rollout and rollout.pause and rollout.pause.until and not rollout.is_held:
        return label(card_words.ADVANCE_NOW)
    return label(
        _LABELS.get(act.action, act.action.value.capitalize()),
        weight=rollout.weight if rollout else 0,
        effect=act.effect,
    )


_LABELS = {
    Action.PROMOTE: card_words.ADVANCE,
    Action.FULL: card_words.GO_FULL,
    Action.ABORT: card_words.ABORT,
    Action.CANCEL: card_words.CANCEL,
    Action.PAUSE: card_words.HOLD,
    Action.RESUME: card_words.RESUME,
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
    if _is_switch(deployment, act):
        return card_words.CONFIRM_SWITCH
    return _QUESTIONS.get(act.action, "")


_QUESTIONS = {
    Action.FULL: card_words.CONFIRM_FULL,
    Action.ABORT: card_words.CONFIRM_ABORT,
    Action.ROLLBACK: back_words.CONFIRM_BACK,
    Action.RETRY: back_words.CONFIRM_AGAIN,
}
