"""`/deploy` and `/deploy shop`: the form offers what could be meant, versions to those who may, and always opens."""

import asyncio
from dataclasses import replace

import pytest
from typing_extensions import override

from commands import form
from commands.core.catalog import App
from commands.core.errors import Permanent, SystemFailure, Temporary
from commands.core.form import MAX_VERSIONS, Destination, Form
from commands.core.model import ChatUser
from commands.core.observed import Strategy
from commands.core.ports import Found
from commands.core.reasons import Notice, Offer, ReasonCode
from commands.core.requests import FormRequest
from tests.bot import loops
from tests.commands.desk import ALICE, BOB, EVE, NOBODY, Desk
from tests.fakes.versions import FakeVersions
from tests.make import NOON, healthy, rollout

VERSIONS = ("v1.3.0-rc.1", "v1.2", "v1.1", "v1.0")
OFFERS = tuple(Offer(version=version) for version in VERSIONS)


class Stuck(FakeVersions):
    """A repository that never answers."""

    @override
    async def search(self, app: App) -> Found:
        await asyncio.Event().wait()
        return Found()


async def ask(desk: Desk, request: FormRequest, *, user: ChatUser = ALICE) -> Form | Notice:
    answer = await form.run(
        request,
        user=user,
        catalog=desk.catalog,
        people=desk.people,
        versions=desk.versions,
        rollouts=desk.rollouts,
        clock=desk.clock,
    )
    if isinstance(answer, Form):
        await desk.chat.open_form(trigger="1.2.abcdef", channel="C0DEPLOYS", form=answer)
    else:
        await desk.chat.whisper(channel="C0DEPLOYS", user=user.id, notice=answer)
    return answer


async def opened(desk: Desk, request: FormRequest, *, user: ChatUser = ALICE) -> Form:
    answer = await ask(desk, request, user=user)
    assert isinstance(answer, Form)
    return answer


@pytest.mark.parametrize("user", [ALICE, EVE, NOBODY])
async def test_without_words_the_form_has_the_whole_catalog_and_nobody_is_asked(user: ChatUser) -> None:
    desk = Desk()
    desk.people.failure = desk.versions.failure = Temporary("Keycloak", "must not be asked")
    assert await opened(desk, FormRequest(), user=user) == Form(
        apps=("shop", "pay", "ledger", "desk"),
        destinations=(
            Destination(name="staging"),
            Destination(name="production", is_protected=True),
            Destination(name="vault"),
            Destination(name="office"),
        ),
        environment="staging",
    )
    assert (desk.people.asked, desk.versions.asked) == ([], [])


async def test_with_an_app_the_form_has_its_versions_and_where_it_may_go() -> None:
    assert await opened(Desk(), FormRequest(app="store")) == Form(
        apps=("shop", "pay", "ledger", "desk"),
        destinations=(Destination(name="staging"), Destination(name="production", is_protected=True)),
        app="shop",
        environment="staging",
        versions=OFFERS,
        count=4,
        opened_at=NOON,
        usual=Strategy.CANARY,
    )


async def test_an_app_without_a_usual_strategy_has_none_in_the_form() -> None:
    assert (await opened(Desk(), FormRequest(app="pay"))).usual is None


async def test_what_runs_in_full_is_said_and_what_is_on_its_way_is_not() -> None:
    desk = Desk()
    desk.rollouts.put(desk.place("shop"), healthy(version="v1.1"))
    desk.rollouts.put(desk.place("shop", "production"), rollout(version="v1.2"))
    found = await opened(desk, FormRequest(app="shop"))
    assert [destination.running for destination in found.destinations] == ["v1.1", ""]


async def test_a_protected_environment_is_never_chosen_already() -> None:
    desk = Desk()
    only = replace(desk.catalog.apps["shop"], environments=("production",))
    protected = replace(desk.catalog.environments["production"], is_default=True)
    catalog = replace(
        desk.catalog,
        apps={**desk.catalog.apps, "shop": only},
        environments={"vault": desk.catalog.environments["vault"], "production": protected},
    )
    desk = Desk(catalog=catalog)
    assert (await opened(desk, FormRequest(app="shop"))).environment == ""
    desk.chat.forms.clear()
    assert (await opened(desk, FormRequest())).environment == ""


async def test_only_versions_that_could_be_typed_are_offered_and_no_more_than_a_menu_holds() -> None:
    desk = Desk()
    artifact = desk.catalog.apps["shop"].artifact
    for odd in ("v9 beta", "-v9", "v9.", "v" * 129, "<!channel>"):
        desk.versions.publish(artifact, odd)
    for number in range(MAX_VERSIONS):
        desk.versions.publish(artifact, f"v2.{number}")
    found = await opened(desk, FormRequest(app="shop"))
    assert [offer.version for offer in found.versions] == [f"v2.{number}" for number in reversed(range(MAX_VERSIONS))]
    assert found.count == MAX_VERSIONS + len(VERSIONS)


async def test_a_system_that_did_not_answer_is_said_in_the_form() -> None:
    desk = Desk()
    desk.versions.silent, desk.versions.knows_newest = "Nexus", False
    found = await opened(desk, FormRequest(app="shop"))
    assert (found.silent, found.knows_newest) == ("Nexus", False)


async def test_versions_are_shown_only_to_who_may_deploy_the_app_somewhere() -> None:
    desk = Desk()
    for user, code in ((EVE, ReasonCode.ROLE_MISSING), (BOB, ReasonCode.ROLE_MISSING), (NOBODY, ReasonCode.NOT_LINKED)):
        answer = await ask(desk, FormRequest(app="shop"), user=user)
        assert isinstance(answer, Notice)
        assert answer.code is code
    assert desk.versions.asked == []


async def test_an_app_that_is_not_there_opens_no_form() -> None:
    answer = await ask(Desk(), FormRequest(app="shpo"))
    assert answer == Notice(code=ReasonCode.UNKNOWN_APP, facts={"word": "shpo", "guess": ""})


@pytest.mark.parametrize("failure", [Temporary("Nexus", "search: HTTP 503"), Permanent("Nexus", "search: HTTP 401")])
async def test_without_the_repository_the_form_opens_without_versions(failure: SystemFailure) -> None:
    desk = Desk()
    desk.versions.failure = failure
    found = await opened(desk, FormRequest(app="shop"))
    assert (found.app, found.versions, found.usual) == ("shop", (), Strategy.CANARY)


async def test_without_the_login_server_the_form_opens_and_shows_no_versions() -> None:
    desk = Desk()
    desk.people.failure = Temporary("Keycloak", "token: no answer in time")
    assert (await opened(desk, FormRequest(app="shop"), user=EVE)).versions == ()
    assert desk.versions.asked == []


def test_a_form_does_not_wait_longer_for_versions_than_it_can() -> None:
    async def main() -> tuple[Form, float]:
        begun = loops.now()
        return await opened(Desk(versions=Stuck()), FormRequest(app="shop")), loops.now() - begun

    found, seconds = loops.run(main())
    assert (found.app, found.versions) == ("shop", ())
    assert seconds == pytest.approx(1.5, abs=0.01)


async def test_the_same_can_be_said_in_words() -> None:
    desk = Desk()
    apps = form.in_words(await opened(desk, FormRequest()))
    assert apps.code is ReasonCode.EMPTY
    assert [choice.command for choice in apps.choices] == [
        "/deploy shop",
        "/deploy pay",
        "/deploy ledger",
        "/deploy desk",
    ]
    desk.chat.forms.clear()
    newest = form.in_words(await opened(desk, FormRequest(app="shop")))
    assert (newest.code, newest.facts) == (ReasonCode.MISSING_VERSION, {"app": "shop"})
    assert [choice.command for choice in newest.choices] == [f"/deploy shop {version}" for version in VERSIONS]
    for notice in (apps, newest):
        await desk.chat.whisper(channel="C0DEPLOYS", user=ALICE.id, notice=notice)
