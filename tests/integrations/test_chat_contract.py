"""What every chat does, held against the fake and against the real adapter in front of the stand-in workspace."""

import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

import pytest

from commands.core.card import draw
from commands.core.errors import Permanent, Temporary
from commands.core.form import Destination, Form
from commands.core.model import CardRef, Stage
from commands.core.ports import Chat
from commands.core.reasons import Milestone, MilestoneCode, Notice, ReasonCode
from integrations.slack.client import SlackChat
from integrations.slack.connection import SlackSettings, new_session, web_client
from playground.faults import Fault, Faults
from playground.slack.model import Channel, Person
from playground.slack.server import Options, SlackStandIn
from tests.fakes.chat import FakeChat
from tests.make import deployment, rollout

CARD = draw(deployment(), ())
OTHER = draw(deployment(rollout=rollout(), stage=Stage.ROLLING_OUT), ())
PROMOTED = Milestone(key="s", code=MilestoneCode.PROMOTED, facts={"by": "U0ALICE"})
STALE = Notice(code=ReasonCode.STALE)
FORM = Form(apps=("shop",), destinations=(Destination(name="staging"),), environment="staging")


@dataclass(frozen=True)
class World:
    """A chat, what people see of it, and how to take it down."""

    chat: Chat
    cards: Callable[[str], int]
    thread: Callable[[CardRef], int]
    whispers: Callable[[str], int]
    break_down: Callable[[], None]
    trigger: Callable[[], str]
    expired_trigger: Callable[[], str]
    forms: Callable[[], int]


def with_fake() -> World:
    chat = FakeChat()

    triggers = (f"1.{number}.abcdef" for number in itertools.count())

    def break_down() -> None:
        chat.trouble = Temporary("Slack", "down")

    def expired_trigger() -> str:
        chat.expired.add("0.0.abcdef")
        return "0.0.abcdef"

    return World(
        chat=chat,
        cards=lambda channel: sum(key[0] == channel for key in chat.cards),
        thread=lambda ref: len(chat.threads[ref.channel, ref.ts]),
        whispers=lambda user: sum(whisper.user == user for whisper in chat.whispers),
        break_down=break_down,
        trigger=lambda: next(triggers),
        expired_trigger=expired_trigger,
        forms=lambda: len(chat.forms),
    )


def with_slack(slack: SlackStandIn, faults: Faults, chat: SlackChat) -> World:
    workspace, triggers = slack.slack.workspace, slack.slack.triggers

    def expired_trigger() -> str:
        trigger = triggers.issue("U0ALICE")
        triggers._issued[trigger].until = 0
        return trigger

    return World(
        chat=chat,
        cards=lambda channel: len(workspace.history(channel)),
        thread=lambda ref: len(workspace.replies(workspace.message(ref.channel, ref.ts))),
        whispers=lambda user: len(workspace.ephemerals(user)),
        break_down=lambda: faults.add(Fault(system="slack", kind="status", options={"status": 503})),
        trigger=lambda: triggers.issue("U0ALICE"),
        expired_trigger=expired_trigger,
        forms=lambda: len(slack.slack.views.open_by("U0ALICE")),
    )


@pytest.fixture(params=["fake", "slack"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "fake":
        yield with_fake()
        return
    faults = Faults()
    people = [Person("U0ALICE", "alice"), Person("U0EVE", "eve")]
    channels = [Channel("C0DEPLOYS", "deploys"), Channel("C0PROD", "prod-deploys")]
    slack = SlackStandIn(people=people, channels=channels, faults=faults, options=Options(rate_limits=False))
    await slack.start()
    settings = SlackSettings(bot_token="xoxb-demo", app_token="xapp-demo", team="T0SLIPWAY", api_url=slack.api_url)
    chat = SlackChat(web_client(settings, new_session()))
    yield with_slack(slack, faults, chat)
    await chat.aclose()
    await slack.stop()


@pytest.mark.parametrize("channel", ["C0DEPLOYS", "#deploys"])
async def test_posted_card_is_where_its_reference_says(world: World, channel: str) -> None:
    ref = await world.chat.post(channel, CARD)
    assert ref.channel == "C0DEPLOYS"
    assert ref.ts
    assert ref.sent == world.chat.digest(CARD)
    assert world.cards("C0DEPLOYS") == 1


async def test_update_changes_the_card_and_posts_nothing(world: World) -> None:
    ref = await world.chat.post("C0DEPLOYS", CARD)
    changed = await world.chat.update(ref, OTHER)
    assert changed == replace(ref, sent=world.chat.digest(OTHER))
    assert world.cards("C0DEPLOYS") == 1


async def test_card_can_be_sent_twice_the_same(world: World) -> None:
    ref = await world.chat.post("C0DEPLOYS", CARD)
    assert await world.chat.update(ref, CARD) == ref


async def test_milestones_are_added_to_the_thread(world: World) -> None:
    ref = await world.chat.post("C0DEPLOYS", CARD)
    await world.chat.say(ref, PROMOTED)
    await world.chat.say(ref, replace(PROMOTED, is_broadcast=True, lines=("one", "two")))
    assert world.thread(ref) == 2


async def test_whisper_reaches_one_person(world: World) -> None:
    await world.chat.whisper(channel="C0DEPLOYS", user="U0EVE", notice=STALE)
    assert (world.whispers("U0EVE"), world.whispers("U0ALICE")) == (1, 0)
    assert world.cards("C0DEPLOYS") == 0


async def test_unknown_channel_is_permanent(world: World) -> None:
    with pytest.raises(Permanent, match="channel_not_found"):
        await world.chat.post("#nowhere", CARD)


async def test_update_of_a_card_that_is_gone_is_permanent(world: World) -> None:
    with pytest.raises(Permanent, match="message_not_found"):
        await world.chat.update(CardRef(channel="C0DEPLOYS", ts="1600000000.000001"), CARD)


async def test_milestone_of_a_card_that_is_gone_is_permanent(world: World) -> None:
    with pytest.raises(Permanent, match="thread_not_found"):
        await world.chat.say(CardRef(channel="C0DEPLOYS", ts="1600000000.000001"), PROMOTED)


async def test_chat_that_is_down_is_temporary(world: World) -> None:
    ref = await world.chat.post("C0DEPLOYS", CARD)
    world.break_down()
    with pytest.raises(Temporary):
        await world.chat.update(ref, CARD)
    with pytest.raises(Temporary):
        await world.chat.say(ref, PROMOTED)
    with pytest.raises(Temporary):
        await world.chat.whisper(channel="C0DEPLOYS", user="U0EVE", notice=STALE)
    with pytest.raises(Temporary):
        await world.chat.open_form(trigger=world.trigger(), channel="C0DEPLOYS", form=FORM)


async def test_digests_tell_cards_apart(world: World) -> None:
    assert world.chat.digest(CARD) == world.chat.digest(draw(deployment(), ()))
    assert world.chat.digest(CARD) != world.chat.digest(OTHER)


async def test_form_opens_once_for_a_trigger(world: World) -> None:
    trigger = world.trigger()
    await world.chat.open_form(trigger=trigger, channel="C0DEPLOYS", form=FORM)
    assert world.forms() == 1
    with pytest.raises(Permanent, match="exchanged_trigger_id"):
        await world.chat.open_form(trigger=trigger, channel="C0DEPLOYS", form=FORM)
    assert world.cards("C0DEPLOYS") == 0


async def test_form_does_not_open_when_its_trigger_is_too_old(world: World) -> None:
    with pytest.raises(Permanent, match="expired_trigger_id"):
        await world.chat.open_form(trigger=world.expired_trigger(), channel="C0DEPLOYS", form=FORM)
    assert world.forms() == 0
