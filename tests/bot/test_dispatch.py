import asyncio
import logging
from collections.abc import Sequence

import pytest
from typing_extensions import override

from bot.dispatch import Answer
from commands.core.acts import gate_of
from commands.core.card import Headline
from commands.core.catalog import App
from commands.core.errors import Permanent, SystemFailure, Temporary
from commands.core.manifest import Manifest
from commands.core.model import Action, ActState, ChatUser, Content, Deployment, Person, Stage
from commands.core.ports import Found, Stranger
from commands.core.reasons import Choice, Notice, PlanCode, ReasonCode
from commands.core.rendering import Draft
from commands.core.requests import DeployRequest, Misunderstood, PressRequest
from tests import make
from tests.bot import loops
from tests.bot.loops import settle
from tests.bot.office import CHANNEL, HINT, Office
from tests.commands.desk import ALICE, BOB, EVE, NOBODY, Desk
from tests.fakes.people import FakePeople
from tests.fakes.rendering import FakeRenderer
from tests.fakes.versions import FakeVersions

OUTSIDER = ChatUser(id="U0ALICE", team="T0ELSEWHERE")


class Stuck(FakeVersions):
    """A repository that never answers."""

    @override
    async def search(self, app: App) -> Found:
        await asyncio.Event().wait()
        return Found()


class Slow(FakeRenderer):
    """A helm that never gets ready."""

    @override
    async def render(self, archive: bytes, *, folder: str, draft: Draft) -> tuple[Manifest, ...]:
        await asyncio.Event().wait()
        return ()


class Broken(FakePeople):
    """A login server that raises whatever it is told to."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    @override
    async def find(self, user: ChatUser) -> Person | Stranger:
        raise self.error


def paused(office: Office, **changes: object) -> Deployment:
    row = make.deployment(stage=Stage.PAUSED, content=Content(digest=make.DIGEST), rollout=make.rollout(), **changes)
    office.desk.rollouts.put(row.place, make.rollout())
    return office.desk.deployments.put(row)


def press(row: Deployment, action: Action = Action.PROMOTE) -> PressRequest:
    return PressRequest(action=action, deployment=row.id, gate=gate_of(row, action))


def code(answer: Answer) -> ReasonCode | None:
    return answer.code if isinstance(answer, Notice) else None


async def states(office: Office, row: Deployment) -> Sequence[ActState]:
    return [act.state for act in await office.desk.deployments.acts(row.id)]


@pytest.mark.parametrize("line", ["shop v1.2", "help", "", "promote shop", "nonsense " * 900])
async def test_people_of_another_team_are_refused_before_anything_is_looked_at(line: str) -> None:
    office = Office()
    office.desk.people.failure = office.desk.versions.failure = Temporary("Keycloak", "must not be asked")
    office.desk.deployments.failure = Temporary("the database", "must not be asked")
    notice = await office.types(line, user=OUTSIDER)
    assert notice == Notice(code=ReasonCode.OUTSIDE_TEAM, facts={"hint": HINT})
    assert (office.desk.people.asked, office.desk.versions.asked) == ([], [])
    pressed = await office.dispatch.press(press(make.deployment()), user=OUTSIDER)
    assert pressed == notice


@pytest.mark.parametrize(
    ("command", "line", "expected"),
    [
        ("/deploy", "shop v9", ReasonCode.UNKNOWN_VERSION),
        ("/deploy", "shap v1.2", ReasonCode.UNKNOWN_APP),
        ("/deploy", "shop v1.2 sideways", ReasonCode.UNKNOWN_WORD),
        ("/deploy", "shop v1.2 to nowhere", ReasonCode.UNKNOWN_ENVIRONMENT),
        ("/deploy", "shop v1.2 to vault", ReasonCode.WRONG_ENVIRONMENT),
        ("/deploy", "shop ???", ReasonCode.MALFORMED_VERSION),
        ("/deploy", "ledger v1.2", ReasonCode.APPROVAL_NEEDED),
        ("/deploy", "pay v1.2", ReasonCode.STRATEGY_NEEDED),
        ("/deploy", "shop v1.2 to production", ReasonCode.CONFIRM),
        ("/deploy", "x" * 5000, ReasonCode.TOO_LONG),
        ("/deploy", "help", ReasonCode.HELP),
        ("/deploy", "help deploy", ReasonCode.HELP),
        ("/deploy", "help dploy", ReasonCode.UNKNOWN_VERB),
        ("/rollout", "", ReasonCode.MOTION),
        ("/rollout", "status all", ReasonCode.FLEET),
        ("/rollout", "history shop", ReasonCode.HISTORY),
        ("/rollout", "status shop", ReasonCode.STATUS),
        ("/rollout", "promote", ReasonCode.MISSING_APP),
        ("/deploy", "plan", ReasonCode.MISSING_APP),
        ("/deploy", "plan shop", ReasonCode.MISSING_VERSION),
        ("/deploy", "plan shpo v1.2", ReasonCode.UNKNOWN_APP),
        ("/rollout", "plan shop v1.2", ReasonCode.PLAN),
        ("/deploy", "help plan", ReasonCode.HELP),
        ("/rollout", "promote shop", ReasonCode.NOTHING_IN_MOTION),
        ("/rollout", "abort shop", ReasonCode.NOTHING_TO_ABORT),
        ("/rollout", "prommote shop", ReasonCode.UNKNOWN_VERB),
    ],
)
async def test_every_kind_of_line_gets_an_answer_that_can_be_said(
    command: str, line: str, expected: ReasonCode
) -> None:
    office = Office()
    assert code(await office.types(line, command=command)) is expected
    assert office.desk.chat.whispers[-1].code is expected


@pytest.mark.parametrize(("line", "app", "count"), [("", "", 0), ("deploy", "", 0), ("shop", "shop", 4)])
async def test_an_unfinished_deploy_is_answered_by_the_form(line: str, app: str, count: int) -> None:
    office = Office()
    assert await office.types(line) is None
    (opened,) = office.desk.chat.forms
    assert (opened.form.app, len(opened.form.versions)) == (app, count)
    assert office.desk.chat.whispers == []


async def test_a_form_is_not_for_people_of_another_team() -> None:
    office = Office()
    for request in (DeployRequest(app="shop", version="v1.2"), Misunderstood(notice=Notice(code=ReasonCode.EMPTY))):
        notice = await office.dispatch.submit(request, origin=office.origin(OUTSIDER))
        assert notice == Notice(code=ReasonCode.OUTSIDE_TEAM, facts={"hint": HINT})
    assert office.desk.deployments.rows == {}


@pytest.mark.parametrize(("failure", "expected"), [(Temporary("Keycloak", "down"), ReasonCode.RIGHTS_UNKNOWN)])
async def test_what_was_entered_is_answered_when_a_system_fails(failure: SystemFailure, expected: ReasonCode) -> None:
    office = Office(desk=Desk(people=Broken(failure)))
    notice = await office.dispatch.submit(DeployRequest(app="shop", version="v1.2"), origin=office.origin())
    assert notice == Notice(code=expected, facts={"hint": HINT})


@pytest.mark.parametrize(
    ("user", "expected"),
    [(NOBODY, ReasonCode.NOT_LINKED), (EVE, ReasonCode.ROLE_MISSING), (BOB, ReasonCode.ROLE_MISSING)],
)
async def test_whoever_may_not_deploy_is_told_why(user: ChatUser, expected: ReasonCode) -> None:
    office = Office()
    assert code(await office.types("shop v1.2", user=user)) is expected
    assert office.desk.deployments.rows == {}


async def test_whoever_lacks_a_role_is_told_whom_to_ask_where_the_login_server_tells() -> None:
    office = Office()
    for number in range(9):
        office.desk.people.add(f"deployer-{number}", chat_ids=[f"U0DEP{number}"], roles=["deployer"])
    row = paused(office)
    denied = await office.dispatch.press(press(row), user=EVE)
    assert denied is not None
    assert denied.facts["people"] == "U0BOB"
    typed = await office.types("shop v1.2", user=EVE)
    assert typed is not None
    assert typed.facts["people"] == "U0ALICE, U0DEP0, U0DEP1"
    office.desk.people.is_secretive = True
    silent = await office.dispatch.press(press(row), user=EVE)
    assert silent is not None
    assert (silent.code, silent.facts["people"]) == (ReasonCode.ROLE_MISSING, "")


async def test_the_teams_own_hint_stands_in_every_answer_that_has_room_for_one() -> None:
    office = Office()
    typed = await office.types("shop v1.2", user=NOBODY)
    assert typed == Notice(code=ReasonCode.NOT_LINKED, facts={"hint": HINT})
    row = paused(office)
    assert await office.dispatch.press(press(row), user=NOBODY) == typed


async def test_a_deploy_is_answered_by_its_card_alone_where_it_was_typed() -> None:
    office = Office()
    async with office.working():
        assert await office.types("shop v1.2") is None
    assert office.desk.chat.whispers == []
    (row,) = office.desk.deployments.rows.values()
    assert (row.app, row.version, row.channel) == ("shop", "v1.2", CHANNEL)


def test_a_deploy_is_followed_by_the_worker() -> None:
    async def main() -> None:
        office = Office()
        async with office.working():
            await office.types("shop v1.2")
            await settle()
            assert len(office.desk.pipelines.orders) == 1
            ((card,),) = office.desk.chat.cards.values()
            assert card.headline is Headline.BUILDING

    loops.run(main())


def test_a_plan_is_given_the_time_to_say_what_was_too_slow() -> None:
    async def main() -> tuple[Answer, float]:
        office = Office(desk=Desk(versions=Stuck(), renderer=Slow()))
        office.desk.charts.push(office.desk.catalog.apps["shop"].chart, "c" * 40)
        begun = loops.now()
        return await office.types("plan shop v1.2"), loops.now() - begun

    notice, seconds = loops.run(main())
    assert isinstance(notice, Notice)
    found = {line.code: line.facts for line in notice.lines}
    assert found[PlanCode.VERSION_UNCHECKED]["system"] == "the artifact store"
    assert found[PlanCode.NOT_COMPARED]["why"] == "the comparison: no answer within 10 s"
    assert 15 <= seconds < 25


async def test_the_same_command_twice_starts_once() -> None:
    office = Office()
    origin = office.origin()
    first = await office.dispatch.command(command="/deploy", text="shop v1.2", origin=origin)
    second = await office.dispatch.command(command="/deploy", text="shop v1.2", origin=origin)
    assert (first, code(second)) == (None, ReasonCode.REPEATED)
    assert code(await office.types("shop v1.1")) is ReasonCode.BUSY


async def test_a_typed_line_never_counts_as_a_confirmation() -> None:
    office = Office()
    question = await office.types("shop v1.2 to production")
    assert question is not None
    (choice,) = question.choices
    assert choice.is_confirmation
    command, _, text = choice.command.partition(" ")
    for line in (
        text,
        f"{text} confirm",
        f"{text} is_confirmed",
        f"{text} --yes",
        f"confirm {text}",
        f"{text} because yes",
    ):
        answer = await office.types(line, command=command)
        assert answer is not None
    assert office.desk.deployments.rows == {}


async def test_a_confirmed_deploy_starts_and_says_where_its_card_is() -> None:
    office = Office()
    line = "shop v1.2 to production"
    notice = await office.dispatch.command(command="/deploy", text=line, origin=office.origin(), is_confirmed=True)
    assert isinstance(notice, Notice)
    assert notice.code is ReasonCode.STARTED
    assert notice.facts == {
        "deployment": 142,
        "app": "shop",
        "version": "v1.2",
        "environment": "production",
        "strategy": "canary",
        "link": "#prod-deploys",
    }
    await office.desk.chat.whisper(channel=CHANNEL, user=ALICE.id, notice=notice)


@pytest.mark.parametrize("line", ["help", "status shop", "promote shop", "shop", "nonsense"])
async def test_a_confirmation_of_what_needs_none_changes_nothing(line: str) -> None:
    office = Office()
    said = await office.dispatch.command(command="/deploy", text=line, origin=office.origin())
    confirmed = await office.dispatch.command(command="/deploy", text=line, origin=office.origin(), is_confirmed=True)
    assert said == confirmed


def test_a_press_is_answered_by_the_card_and_carried_out() -> None:
    async def main() -> None:
        office = Office()
        row = paused(office)
        async with office.working():
            await settle()
            assert await office.dispatch.press(press(row), user=BOB) is None
            await settle()
            assert office.desk.rollouts.patches == [(row.place, Action.PROMOTE)]
            assert await states(office, row) == [ActState.APPLIED]
            again = await office.dispatch.press(press(row), user=BOB)
            assert code(again) is ReasonCode.ALREADY_DONE

    loops.run(main())


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("promote shop", Action.PROMOTE),
        ("promote shop full", Action.FULL),
        ("pause shop", Action.PAUSE),
        ("abort shop", Action.ABORT),
    ],
)
def test_a_typed_act_is_confirmed_in_words_and_carried_out(line: str, action: Action) -> None:
    async def main() -> None:
        office = Office()
        office.desk.people.set_roles("bob", ["admin"])
        row = paused(office)
        async with office.working():
            await settle()
            notice = await office.types(line, user=BOB, command="/rollout")
            assert notice is not None
            assert (notice.code, notice.facts["action"]) == (ReasonCode.REQUESTED, action.value)
            await settle()
            assert office.desk.rollouts.patches == [(row.place, action)]

    loops.run(main())


def test_what_is_held_is_let_go_of_by_word() -> None:
    async def main() -> None:
        office = Office()
        row = paused(office)
        async with office.working():
            for line in ("hold shop", "resume shop"):
                await settle()
                await office.types(line, user=BOB, command="/rollout")
            await settle()
            assert office.desk.rollouts.patches == [(row.place, Action.PAUSE), (row.place, Action.RESUME)]

    loops.run(main())


async def test_a_press_on_a_deployment_that_is_not_there_is_a_press_on_the_past() -> None:
    office = Office()
    notice = await office.dispatch.press(press(make.deployment()), user=BOB)
    assert code(notice) is ReasonCode.STALE


FAILURES = [
    (Temporary("Keycloak", "token: no answer in time"), ReasonCode.RIGHTS_UNKNOWN),
    (Permanent("Keycloak", "token: invalid_client"), ReasonCode.RIGHTS_UNKNOWN),
    (Temporary("Nexus", "search: HTTP 503"), ReasonCode.VERSIONS_UNKNOWN),
    (Temporary("Kubernetes", "GET rollouts: HTTP 500"), ReasonCode.CLUSTER_UNREACHABLE),
    (Temporary("the database", "starting: it is busy"), ReasonCode.INTERNAL),
    (Temporary("Slack", "chat.postMessage: HTTP 500"), ReasonCode.INTERNAL),
]


@pytest.mark.parametrize(("failure", "expected"), FAILURES)
async def test_each_system_that_fails_is_named_in_the_answer(
    failure: SystemFailure, expected: ReasonCode, caplog: pytest.LogCaptureFixture
) -> None:
    office = Office(desk=Desk(people=Broken(failure)))
    notice = await office.types("shop v1.2 to staging")
    assert notice is not None
    assert notice.code is expected
    assert str(failure) in caplog.text
    assert "Traceback" not in caplog.text
    if "app" in notice.facts:
        assert notice.facts["app"] == "shop"
    row = paused(office)
    pressed = await office.dispatch.press(press(row), user=BOB)
    assert pressed is not None
    assert pressed.code is expected
    await office.desk.chat.whisper(channel=CHANNEL, user=BOB.id, notice=pressed)


async def test_an_outage_of_the_versions_says_so() -> None:
    office = Office()
    office.desk.versions.failure = Temporary("Nexus", "search: HTTP 503")
    notice = await office.types("shop v1.2")
    assert notice == Notice(code=ReasonCode.VERSIONS_UNKNOWN, facts={"app": "shop", "system": "Nexus"})


async def test_an_outage_of_the_database_gives_an_error_id_that_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    office = Office()
    office.desk.deployments.failure = Permanent("the database", "reading: disk I/O error")
    notice = await office.types("promote shop", user=BOB)
    assert notice is not None
    assert notice.code is ReasonCode.INTERNAL
    assert str(notice.facts["error"]) in caplog.text
    assert "disk I/O error" in caplog.text
    pressed = await office.dispatch.press(press(make.deployment()), user=BOB)
    assert pressed is not None
    assert pressed.code is ReasonCode.INTERNAL
    assert pressed.facts["error"] != notice.facts["error"]


async def test_a_fault_of_ours_gives_an_error_id_and_the_log_has_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    office = Office(desk=Desk(people=Broken(KeyError("a mistake of ours"))))
    notice = await office.types("shop v1.2")
    assert notice is not None
    assert (notice.code, list(notice.facts)) == (ReasonCode.INTERNAL, ["error"])
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert str(notice.facts["error"]) in record.getMessage()
    assert record.exc_info is not None
    assert "a mistake of ours" in caplog.text


def test_what_takes_too_long_is_given_up_with_an_answer() -> None:
    async def main() -> tuple[Notice | None, float]:
        office = Office(desk=Desk(versions=Stuck()))
        begun = loops.now()
        return await office.types("shop v1.2"), loops.now() - begun

    notice, seconds = loops.run(main())
    assert code(notice) is ReasonCode.INTERNAL
    assert seconds == pytest.approx(10, abs=0.1)


async def test_being_cancelled_is_no_answer() -> None:
    office = Office(desk=Desk(versions=Stuck()))
    task = asyncio.create_task(office.types("shop v1.2"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_changed_catalog_counts_from_the_next_line_on() -> None:
    office = Office()
    office.shelf.current = Desk().catalog
    del office.shelf.current.apps["shop"]  # type: ignore[attr-defined]  # the desk's catalog is made of plain dicts
    assert code(await office.types("shop v1.2")) is ReasonCode.UNKNOWN_APP


async def test_suggestions_are_lines_that_work_when_they_are_pressed() -> None:
    office = Office()
    notice = await office.types("shap v1.2")
    assert notice is not None
    assert notice.choices == (Choice(label="/deploy shop v1.2", command="/deploy shop v1.2"),)
    command, _, text = notice.choices[0].command.partition(" ")
    assert await office.types(text, command=command) is None


async def test_aliases_in_any_case_mean_the_app() -> None:
    office = Office()
    assert await office.types("STORE v1.2") is None
    (row,) = office.desk.deployments.rows.values()
    assert row.app == "shop"


async def test_a_deploy_request_of_the_desk_and_of_the_dispatch_are_the_same() -> None:
    office, desk = Office(), Desk()
    await office.types("shop v1.2")
    row = await desk.deploy(DeployRequest(app="shop", version="v1.2"))
    assert list(office.desk.deployments.rows.values()) == [row]
