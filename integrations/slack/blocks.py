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
