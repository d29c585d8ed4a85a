"""A chat that remembers: cards by message, threads, whispers, forms. It draws with the real renderers, so that what
cannot be drawn, or a notice whose facts are not those of its code, fails the test that made it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from commands.core.card import Card
from commands.core.errors import Permanent, SystemFailure
from commands.core.form import Form
from commands.core.model import CardRef
from commands.core.reasons import Milestone, MilestoneCode, Notice, PlanCode, ReasonCode
from integrations.slack import plan_words, thread_words, word_facts
from integrations.slack.client import digest_of
from integrations.slack.form import render as render_form
from integrations.slack.milestones import render as render_milestone
from integrations.slack.notices import render as render_notice


@dataclass(frozen=True, slots=True)
class Whisper:
    """What one person was told."""

    channel: str
    user: str
    notice: Notice

    @property
    def code(self) -> ReasonCode:
        return self.notice.code


@dataclass(frozen=True, slots=True)
class Opened:
    """A form that somebody has in front of them."""

    trigger: str
    channel: str
    form: Form


@dataclass(slots=True)
class FakeChat:
    """Implements Chat; `channels` maps names to ids, `trouble` is raised by calls until it is taken away.

    A trigger opens one form; those in `expired` open none.
    """

    channels: dict[str, str] = field(default_factory=lambda: {"#deploys": "C0DEPLOYS", "#prod-deploys": "C0PROD"})
    cards: dict[tuple[str, str], list[Card]] = field(default_factory=dict)
    threads: dict[tuple[str, str], list[Milestone]] = field(default_factory=dict)
    whispers: list[Whisper] = field(default_factory=list)
    forms: list[Opened] = field(default_factory=list)
    expired: set[str] = field(default_factory=set)
    trouble: SystemFailure | None = None

    async def post(self, channel: str, card: Card) -> CardRef:
        self._fail()
        known = f"D{channel}" if channel.startswith("U") else self.channels.get(channel, channel)
        if not known.startswith("D") and known not in self.channels.values():
            raise Permanent("Slack", f"chat.postMessage to {channel}: channel_not_found")
        ref = CardRef(channel=known, ts=f"1700000000.{len(self.cards) + 1:06}", sent=self.digest(card))
        self.cards[known, ref.ts] = [card]
        self.threads[known, ref.ts] = []
        return ref

    async def update(self, ref: CardRef, card: Card) -> CardRef:
        self._fail()
        if (ref.channel, ref.ts) not in self.cards:
            raise Permanent("Slack", f"chat.update of {ref.ts} in {ref.channel}: message_not_found")
        self.cards[ref.channel, ref.ts].append(card)
        return replace(ref, sent=self.digest(card))

    async def say(self, ref: CardRef, milestone: Milestone) -> None:
        self._fail()
        _check(milestone.code, milestone.facts.keys(), thread_words.MILESTONE_FACTS[milestone.code])
        render_milestone(milestone)
        if (ref.channel, ref.ts) not in self.threads:
            raise Permanent("Slack", f"chat.postMessage to {ref.channel}: thread_not_found")
        self.threads[ref.channel, ref.ts].append(milestone)

    async def whisper(self, *, channel: str, user: str, notice: Notice) -> None:
        self._fail()
        _check(notice.code, notice.facts.keys(), word_facts.FACTS[notice.code])
        for line in notice.lines:
            _check(line.code, line.facts.keys(), plan_words.FACTS[line.code])
        render_notice(notice)
        self.whispers.append(Whisper(channel, user, notice))

    async def open_form(self, *, trigger: str, channel: str, form: Form) -> None:
        self._fail()
        render_form(form, channel=channel)
        if trigger in self.expired:
            raise Permanent("Slack", f"views.open to {channel}: expired_trigger_id")
        if trigger in {opened.trigger for opened in self.forms}:
            raise Permanent("Slack", f"views.open to {channel}: exchanged_trigger_id")
        self.forms.append(Opened(trigger, channel, form))

    def digest(self, card: Card) -> str:
        return digest_of(card)

    def shown(self, ref: CardRef) -> Card:
        """Return the card as it looks now."""
        return self.cards[ref.channel, ref.ts][-1]

    def said(self, ref: CardRef) -> list[Milestone]:
        return self.threads[ref.channel, ref.ts]

    def _fail(self) -> None:
        if self.trouble is not None:
            raise self.trouble


def _check(code: ReasonCode | MilestoneCode | PlanCode, given: Iterable[str], wanted: frozenset[str]) -> None:
    missing = wanted - set(given)
    assert not missing, f"{code} lacks the facts {sorted(missing)}"
