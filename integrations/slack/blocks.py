"""The Block Kit that Slipway uses, and the budget that keeps every message within Slack's limits.

Called by the renderers. Numbers: Slack's Block Kit reference; the total as measured by users of its API.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from integrations.slack import text
from integrations.slack.text import Mrkdwn

Block = dict[str, Any]

BLOCKS = 50
TOTAL = 13_000
SECTION = 3_000
CONTEXT = 2_000
FALLBACK = 4_000
BUTTONS = 25
BUTTON_LABEL = 75
BUTTON_VALUE = 2_000
CONFIRM_TEXT = 300
CONFIRM_LABEL = 30
OPTIONS = 100
OVERFLOW = 5
OPTION_LABEL = 75
OPTION_VALUE = 150
MODAL_LABEL = 24
FIELD_LABEL = 150
FIELD_HINT = 2_000


class Keep(IntEnum):
    """How dear a part is: when a message is too long, the least dear part goes first, and the lower of two equals."""

    LAST = 0
    EARLIER = 1
    FIRST = 2
    ALWAYS = 3


@dataclass(frozen=True, slots=True)
class Part:
    """A block and how dear it is."""

    block: Block
    keep: Keep = Keep.ALWAYS


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: the blocks, and the text for notifications and readers of screens."""

    text: str
    blocks: tuple[Block, ...]

    def to_json(self) -> str:
        """Write it the same way every time, so that equal messages are equal texts."""
        return json.dumps({"text": self.text, "blocks": self.blocks}, ensure_ascii=False, sort_keys=True)


def section(markup: Mrkdwn) -> Block:
    return {"type": "section", "text": _markup(text.cut(markup, SECTION))}


def context(markup: Mrkdwn) -> Block:
    return {"type": "context", "elements": [_markup(text.cut(markup, CONTEXT))]}


def actions(buttons: Sequence[Block]) -> Block:
    return {"type": "actions", "elements": list(buttons[:BUTTONS])}


def overflow(options: Sequence[Block], *, action: str) -> Block:
    """Make the menu behind the dots; a question that Slack asks before would be asked whatever is chosen."""
    return {"type": "overflow", "action_id": action, "options": list(options[:OVERFLOW])}


def _markup(markup: Mrkdwn) -> Block:
    # Verbatim: names and addresses that merely stand in a text become neither mentions nor links.
    return {"type": "mrkdwn", "text": markup, "verbatim": True}


def button(*, label: str, action: str, value: str, style: str = "", confirm: Block | None = None) -> Block:
    """Make a button; `label` may be outside text, `style` is empty, primary or danger."""
    block: Block = {
        "type": "button",
        "text": _plain(label, BUTTON_LABEL),
        "action_id": action,
        "value": value,
    }
    return block | ({"style": style} if style else {}) | ({"confirm": confirm} if confirm else {})


def confirm(*, title: str, body: str, yes: str, no: str, is_dangerous: bool) -> Block:
    return {
        "title": _plain(title, 100),
        "text": _plain(body, CONFIRM_TEXT),
        "confirm": _plain(yes, CONFIRM_LABEL),
        "deny": _plain(no, CONFIRM_LABEL),
        "style": "danger" if is_dangerous else "primary",
    }


def option(*, label: str, value: str, detail: str = "") -> Block:
    """Make an option of a menu; `label` and `detail` may be outside text."""
    block: Block = {"text": _plain(label, OPTION_LABEL), "value": value}
    return block | ({"description": _plain(detail, OPTION_LABEL)} if detail else {})


def menu(options: Sequence[Block], *, action: str, hint: str, chosen: str) -> Block:
    """Make a menu of options, the one whose value is `chosen` first seen; `hint` stands there while none is."""
    block: Block = {
        "type": "static_select",
        "action_id": action,
        "placeholder": _plain(hint, FIELD_LABEL),
        "options": list(options[:OPTIONS]),
    }
    initial = next((each for each in block["options"] if each["value"] == chosen), None)
    return block | ({"initial_option": initial} if initial else {})


def entry(*, action: str, hint: str, limit: int, initial: str = "") -> Block:
    """Make a line to type in, with room for `limit` characters."""
    block: Block = {
        "type": "plain_text_input",
        "action_id": action,
        "placeholder": _plain(hint, FIELD_LABEL),
        "max_length": limit,
    }
    return block | ({"initial_value": initial} if initial else {})


def field(element: Block, *, label: str, hint: str = "", is_optional: bool = False) -> Block:
    """Put a menu or a line into a form; its block is found by the name of its action; `hint` stands under it."""
    block: Block = {
        "type": "input",
        "block_id": element["action_id"],
        "label": _plain(label, FIELD_LABEL),
        "element": element,
        "optional": is_optional,
    }
    return block | ({"hint": _plain(hint, FIELD_HINT)} if hint else {})


def modal(fields: Sequence[Block], *, callback: str, metadata: str, title: str, submit: str, close: str) -> Block:
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": metadata,
        "title": _plain(title, MODAL_LABEL),
        "submit": _plain(submit, MODAL_LABEL),
        "close": _plain(close, MODAL_LABEL),
        "blocks": list(fields),
    }


def _plain(label: str, limit: int) -> Block:
    return {"type": "plain_text", "text": text.plain(label, limit=limit) or "-", "emoji": True}


def size(blocks: Sequence[Block]) -> int:
    """Count generously what Slack counts: the blocks as JSON."""
    return len(json.dumps(blocks, ensure_ascii=False))


def fit(parts: Sequence[Part], *, fallback: Mrkdwn) -> Message:
    """Make a message of the parts that fit."""
    kept = list(parts)
    while len(kept) > 1 and (len(kept) > BLOCKS or size([part.block for part in kept]) > TOTAL):
        kept.pop(max(range(len(kept)), key=lambda index: (-kept[index].keep, index)))
    return Message(text=text.cut(fallback, FALLBACK), blocks=tuple(part.block for part in kept))
