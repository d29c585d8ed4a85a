"""Going back and trying again through dispatch and worker: typed, confirmed, pressed and shown on every card."""

from dataclasses import replace

from commands.core.acts import possible
from commands.core.card import Headline
from commands.core.model import Action, Deployment, Stage, Takeover
from commands.core.reasons import Notice, ReasonCode
from commands.core.requests import PressRequest
from tests import make
from tests.bot import loops
from tests.bot.loops import settle
from tests.bot.office import CHANNEL, Office
from tests.commands.desk import ALICE, EVE
from tests.commands.test_again import CAROL, failed, history


def office() -> Office:
    return Office(desk=history())


def press(row: Deployment, action: Action) -> PressRequest:
    gate = next(act.gate for act in possible(row) if act.action is action)
    return PressRequest(action=action, deployment=row.id, gate=gate)


async def row_of(desk_of: Office, deployment: str) -> Deployment:
    row = await desk_of.desk.deployments.load(deployment)
    assert row is not None
    return row


def test_a_typed_rollback_is_answered_by_its_card_and_every_card_says_what_came_of_it() -> None:
    async def main() -> None:
        here = office()
        desk = here.desk
        async with here.working():
            assert await here.types("rollback shop", user=CAROL, command="/rollout") is None
            await settle()
            (order,) = desk.pipelines.orders
            assert order.template == "slipway-release"
            left = await row_of(here, "d142")
            assert left.later is not None
            assert left.later.state is Takeover.UNDERWAY
            assert left.card is not None
            assert desk.chat.shown(left.card).buttons == ()
            desk.pipelines.put(order.place, make.pipeline(name=order.name, owner="d143", steps=()))
            arrived = make.restored(deployment=143)
            desk.rollouts.put(order.place, arrived)
            await settle()
            assert (await row_of(here, "d143")).stage is Stage.SUCCEEDED
            left = await row_of(here, "d142")
            assert left.later is not None
            assert left.later.state is Takeover.DONE
            assert left.card is not None
            assert desk.chat.shown(left.card).headline is Headline.DONE
            assert [line.key for line in desk.chat.said(left.card)] == ["left:143"]

    loops.run(main())


def test_a_pressed_button_of_a_finished_card_starts_once() -> None:
    async def main() -> None:
        here = office()
        card = await row_of(here, "d142")
        request = press(card, Action.ROLLBACK)
        async with here.working():
            assert await here.dispatch.press(request, user=CAROL) is None
            again = await here.dispatch.press(request, user=CAROL)
            assert isinstance(again, Notice)
            assert again.code in {ReasonCode.REPEATED, ReasonCode.ALREADY_DONE}
            refused = await here.dispatch.press(request, user=EVE)
            assert isinstance(refused, Notice)
            assert refused.code is ReasonCode.ROLE_MISSING
            await settle()
            assert len(here.desk.pipelines.orders) == 1
            assert (await row_of(here, "d143")).channel == CHANNEL

    loops.run(main())


async def test_what_failed_is_tried_again_by_word_and_by_a_press() -> None:
    here = office()
    card = failed(here.desk)
    assert await here.types("retry shop", user=CAROL, command="/rollout") is None
    tried = await row_of(here, "d144")
    here.desk.deployments.put(replace(tried, stage=Stage.CANCELLED))
    assert await here.dispatch.press(press(card, Action.RETRY), user=CAROL) is None
    assert (await row_of(here, "d145")).version == card.version


async def test_a_press_on_what_is_not_there_is_a_press_on_the_past() -> None:
    here = office()
    for action in (Action.ROLLBACK, Action.RETRY):
        answer = await here.dispatch.press(PressRequest(action=action, deployment="no", gate="0" * 12), user=ALICE)
        assert isinstance(answer, Notice)
        assert answer.code is ReasonCode.STALE


async def test_a_rollback_of_a_protected_environment_starts_when_it_is_confirmed() -> None:
    here = office()
    place = here.desk.place("shop", "production")
    here.desk.deployments.put(make.earlier(id="d1", number=1, environment="production", place=place))
    here.desk.rollouts.put(place, make.healthy(deployment=2, version="v1.2"))
    asked = await here.types("rollback shop to v1.1 production", user=CAROL, command="/rollout")
    assert isinstance(asked, Notice)
    assert asked.code is ReasonCode.CONFIRM_BACK
    command, _, text = asked.choices[0].command.partition(" ")
    answer = await here.dispatch.command(command=command, text=text, origin=here.origin(CAROL), is_confirmed=True)
    assert isinstance(answer, Notice)
    assert answer.code is ReasonCode.STARTED
