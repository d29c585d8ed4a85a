"""`/deploy` and `/deploy shop`: what could be meant is offered, to those who may."""

from commands import form
from commands.core.model import ChatUser
from commands.core.reasons import Notice, ReasonCode
from commands.core.requests import FormRequest
from tests.commands.desk import ALICE, EVE, NOBODY, Desk


async def ask(desk: Desk, request: FormRequest, *, user: ChatUser = ALICE) -> Notice:
    notice = await form.run(request, user=user, catalog=desk.catalog, people=desk.people, versions=desk.versions)
    await desk.chat.whisper(channel="C0DEPLOYS", user=user.id, notice=notice)
    return notice


async def test_without_words_the_apps_are_offered() -> None:
    notice = await ask(Desk(), FormRequest())
    assert notice.code is ReasonCode.EMPTY
    assert [choice.command for choice in notice.choices] == [
        "/deploy shop",
        "/deploy pay",
        "/deploy ledger",
        "/deploy desk",
    ]


async def test_with_an_app_its_newest_versions_are_offered() -> None:
    notice = await ask(Desk(), FormRequest(app="store"))
    assert notice.code is ReasonCode.MISSING_VERSION
    assert notice.choices[0].command == "/deploy shop v1.3.0-rc.1"
    assert notice.choices[1].command == "/deploy shop v1.2"


async def test_versions_are_shown_only_to_who_may_deploy_the_app_somewhere() -> None:
    desk = Desk()
    assert (await ask(desk, FormRequest(app="shop"), user=EVE)).code is ReasonCode.ROLE_MISSING
    assert (await ask(desk, FormRequest(app="shop"), user=NOBODY)).code is ReasonCode.NOT_LINKED
    assert desk.versions.asked == []
