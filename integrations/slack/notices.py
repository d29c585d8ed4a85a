"""Draws a notice: what, why and what next, the rows of a list, and the next steps as buttons.

Called by the client. A choice's button carries the command line that it stands for: pressing it is like typing it.
"""

from collections.abc import Iterator, Sequence

from commands.core.reasons import Choice, Notice
from integrations.slack import blocks, text, words
from integrations.slack.blocks import Block, Keep, Message, Part
from integrations.slack.phrases import fill
from integrations.slack.text import Mrkdwn

CHOICE_PREFIX = "slipway:choice:"
CONFIRM_PREFIX = "slipway:confirm:"
_CHOICES = 10
_PAGE = 2_800
_ROWS_TOTAL = 9_000
_ROW = 400


def render(notice: Notice) -> Message:
    """Draw a notice; without blocks it reads the same, so that a notification says all of it."""
    words_said = sentence(notice)
    parts = [Part(blocks.section(words_said))]
    parts += [Part(blocks.section(page), Keep.EARLIER) for page in _pages(notice.rows)]
    buttons = _buttons(notice.choices)
    parts += [Part(blocks.actions(buttons))] if buttons else []
    return blocks.fit(parts, fallback=words_said)


def is_confirmation(action: str) -> bool:
    """Say whether the button that was pressed is the answer to a question, and not a mere shortcut."""
    return action.startswith(CONFIRM_PREFIX)


def sentence(notice: Notice) -> Mrkdwn:
    """Say a notice without its rows and choices."""
    saying = words.SAYINGS[notice.code]
    filled = (fill(part, notice.facts) for part in (saying.what, saying.why, saying.next) if part)
    return Mrkdwn(" ".join(part.strip() for part in filled if part.strip()))


def _pages(rows: Sequence[str]) -> Iterator[Mrkdwn]:
    """Pack rows into sections until the message is full, then say how many are missing."""
    lines = _lines(rows)
    page: list[Mrkdwn] = []
    for line in lines:
        if page and sum(len(kept) + 1 for kept in page) + len(line) > _PAGE:
            yield Mrkdwn("\n".join(page))
            page = []
        page.append(line)
    if page:
        yield Mrkdwn("\n".join(page))


def _lines(rows: Sequence[str]) -> list[Mrkdwn]:
    lines: list[Mrkdwn] = []
    room = _ROWS_TOTAL
    for shown, row in enumerate(rows):
        line = text.prose(row, limit=_ROW)
        if not line:
            continue
        room -= len(line) + 1
        if room < 0:
            return [*lines, fill(words.AND_MORE, count=len(rows) - shown)]
        lines.append(line)
    return lines


def _buttons(choices: Sequence[Choice]) -> list[Block]:
    usable = [choice for choice in choices if 0 < len(choice.command) <= blocks.BUTTON_VALUE][:_CHOICES]
    return [
        blocks.button(
            label=choice.label,
            action=f"{CONFIRM_PREFIX if choice.is_confirmation else CHOICE_PREFIX}{index}",
            value=choice.command,
            style="primary" if choice.is_confirmation else "",
        )
        for index, choice in enumerate(usable)
    ]
