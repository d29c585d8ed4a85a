"""Draws a notice: what, why and what next, the rows of a list, what is offered, and the next steps as buttons.

Called by the client. A choice's button carries the command line that it stands for: pressing it is like typing it.
"""

from collections.abc import Iterator, Sequence

from commands.core.reasons import Choice, Label, Notice, PlanLine, ReasonCode
from integrations.slack import blocks, details, listing, names, offers, plan_words, text, words
from integrations.slack.blocks import Block, Keep, Message, Part
from integrations.slack.phrases import fill
from integrations.slack.text import Mrkdwn

CHOICE_PREFIX = "slipway:choice:"
CONFIRM_PREFIX = "slipway:confirm:"
_CHOICES = 10
_PAGE = 2_800
_ROWS_TOTAL = 9_000
_ROW = 400
_PLAN_LINES = 40


def render(notice: Notice, *, home: str = "") -> Message:
    """Draw a notice; without blocks it reads the same, so that a notification says all of it.

    Parameters
    ----------
    home
        The workspace's own address, for links to cards; empty where it is not known.
    """
    words_said = sentence(notice)
    parts = [Part(blocks.section(words_said))]
    rows = _rows(notice.rows)
    parts += [Part(blocks.section(page), Keep.EARLIER) for page in _pages(rows, count=len(rows))]
    parts += [Part(blocks.section(page), Keep.EARLIER) for page in _listed(notice, home)]
    plan = _pages(_plan(notice.lines), count=len(notice.lines))
    parts += [Part(blocks.section(page), Keep.EARLIER) for page in plan]
    lines = [offers.line(offer) for offer in notice.offers]
    parts += [Part(blocks.section(Mrkdwn("\n".join(lines))), Keep.EARLIER)] if lines else []
    parts += [Part(blocks.section(line), Keep.EARLIER) for line in _looked(notice, home) if line]
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


def has_cards(notice: Notice) -> bool:
    """Say whether it names deployments whose cards could be linked."""
    now = notice.details.now if notice.details else None
    moving = [row.moving for row in (*notice.status, *([now] if now else []))]
    moving += [row.deployment for row in notice.history]
    return any(row is not None and row.card is not None for row in moving)


def _listed(notice: Notice, home: str) -> Iterator[Mrkdwn]:
    """Draw the page of a list: lines close together, what takes more than a line on its own."""
    match notice.code:
        case ReasonCode.STATUS:
            yield from (listing.detail(row, home=home) for row in notice.status)
        case ReasonCode.FLEET:
            yield from _pages([listing.brief(row, home=home) for row in notice.status], count=len(notice.status))
        case _:
            yield from _pages([listing.line(row, home=home) for row in notice.status], count=len(notice.status))
    yield from (listing.past(row, home=home) for row in notice.history)


def _looked(notice: Notice, home: str) -> Iterator[Mrkdwn]:
    """Draw what was read of one deployment."""
    if notice.details is not None:
        yield from details.paragraphs(notice.details, home=home)
    if notice.links:
        yield Mrkdwn("\n".join(details.link(link) for link in notice.links))
    if notice.commands:
        yield from details.commands(notice.commands)
    if notice.log:
        yield details.log(notice.log)


def _rows(rows: Sequence[str]) -> list[Mrkdwn]:
    return [line for line in (text.prose(row, limit=_ROW) for row in rows) if line]


def _plan(lines: Sequence[PlanLine]) -> list[Mrkdwn]:
    """Say a plan's lines; there may be as many as a chart has fields, so those that nobody reads are not written."""
    return [fill(plan_words.LINES[line.code], line.facts) for line in lines[:_PLAN_LINES]]


def _pages(lines: Sequence[Mrkdwn], *, count: int) -> Iterator[Mrkdwn]:
    """Pack lines into sections until the message is full, then say how many of all are missing."""
    page: list[Mrkdwn] = []
    for line in _fitting(lines, count):
        if page and sum(len(kept) + 1 for kept in page) + len(line) > _PAGE:
            yield Mrkdwn("\n".join(page))
            page = []
        page.append(line)
    if page:
        yield Mrkdwn("\n".join(page))


def _fitting(lines: Sequence[Mrkdwn], count: int) -> list[Mrkdwn]:
    kept: list[Mrkdwn] = []
    room = _ROWS_TOTAL
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return [*kept, fill(names.AND_MORE, count=count - len(kept))] if len(kept) < count else kept


def _buttons(choices: Sequence[Choice]) -> list[Block]:
    usable = [choice for choice in choices if 0 < len(choice.command) <= blocks.BUTTON_VALUE][:_CHOICES]
    return [
        blocks.button(
            label=names.LABELS[choice.label] if isinstance(choice.label, Label) else choice.label,
            action=f"{CONFIRM_PREFIX if choice.is_confirmation else CHOICE_PREFIX}{index}",
            value=choice.command,
            style="primary" if choice.is_confirmation else "",
        )
        for index, choice in enumerate(usable)
    ]
