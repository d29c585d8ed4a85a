"""Every state that people can see, drawn: the one list that the page shows and the tests hold against Slack's limits.

Called by `page` and by the goldens. A new state is one entry in `states` or `replies`; it is drawn at its ordinary size
and at its largest.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from commands.core.observed import Strategy
from integrations.slack import card as cards
from integrations.slack import form as forms
from integrations.slack import milestones, notices
from integrations.slack.blocks import BLOCKS, TOTAL, Message
from integrations.slack.gallery import largest, looks, replies
from integrations.slack.gallery.states import every_card

FORM, DOTS = "Form", "Behind the dots"
_ROOM_OF_FORM = (250_000, 100)
_PARTS = {
    Strategy.CANARY: "Canary",
    Strategy.BLUE_GREEN: "Blue-green",
    Strategy.ROLLING: "Rolling",
    Strategy.RECREATE: "Recreate",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One state: the message that is sent, and that of the same state at its largest; `part` says where it stands.

    `room` is what Slack takes at most: characters and blocks.
    """

    part: str
    name: str
    message: Message
    largest: Message
    room: tuple[int, int] = (TOTAL, BLOCKS)

    @property
    def title(self) -> str:
        return self.name.replace("-", " ").capitalize()


def messages() -> Iterator[Picture]:
    """Draw every state that is a message."""
    yield from _cards()
    for name, (notice, long) in replies.lists().items():
        drawn = (notices.render(each, home=replies.HOME) for each in (notice, long))
        yield _picture("Lists", name, *drawn)
    for name, (notice, long) in looks.looks().items():
        drawn = (notices.render(each, home=replies.HOME) for each in (notice, long))
        yield _picture(DOTS, name, *drawn)
    for name, notice, long in replies.replies():
        yield _picture("Replies", name, notices.render(notice), notices.render(long))
    for name, line, longer in replies.threads():
        yield _picture("Threads", name, milestones.render(line), milestones.render(longer))


def pictures() -> Iterator[Picture]:
    """Draw everything, the form last, which is no message."""
    yield from messages()
    views = (forms.render(form, channel="C0DEPLOYS") for form in (replies.FORM, replies.LARGEST_FORM))
    ordinary, large = (Message(text="", blocks=tuple(view["blocks"])) for view in views)
    yield Picture(part=FORM, name="form", message=ordinary, largest=large, room=_ROOM_OF_FORM)


def _cards() -> Iterator[Picture]:
    """Draw every card, those of one strategy together."""
    known = every_card()
    for strategy, part in _PARTS.items():
        for name, card in known.items():
            if card.deployment.strategy is strategy:
                yield _picture(part, name, cards.render(card), cards.render(largest.card(card)))


def _picture(part: str, name: str, message: Message, large: Message) -> Picture:
    return Picture(part=part, name=name, message=message, largest=large)
