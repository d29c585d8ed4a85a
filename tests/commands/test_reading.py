"""The verbs that only read: status, history and help."""

from dataclasses import replace
from datetime import timedelta

import pytest
from typing_extensions import override

from commands import abort, deploy, history, promote, status
from commands import help as help_verb
from commands.core.catalog import Catalog
from commands.core.model import Content, Deployment, Stage
from commands.core.observed import Pause, PauseReason, RolloutPhase
from commands.core.reading import StatusRow, page_of
from commands.core.reasons import Label, Notice, ReasonCode
from commands.core.requests import HelpRequest, HistoryRequest, StatusRequest
from tests import make
from tests.commands.desk import Desk, app
from tests.fakes.deployments import FakeDeployments

TEXTS = {"deploy": deploy.__doc__ or "", "promote": promote.__doc__ or "", "abort": abort.__doc__ or ""}


async def read(desk: Desk, request: StatusRequest) -> Notice:
    notice = await status.run(request, catalog=desk.catalog, deployments=desk.deployments, rollouts=desk.rollouts)
    await desk.chat.whisper(channel="C0DEPLOYS", user="U0ALICE", notice=notice)
    return notice


async def rows(desk: Desk, request: StatusRequest) -> tuple[StatusRow, ...]:
    return (await read(desk, request)).status


async def past(desk: Desk, request: HistoryRequest) -> Notice:
    notice = await history.run(request, catalog=desk.catalog, deployments=desk.deployments, rollouts=desk.rollouts)
    await desk.chat.whisper(channel="C0DEPLOYS", user="U0ALICE", notice=notice)
    return notice


def fleet(count: int) -> Catalog:
    apps = {f"app-{n:03}": app(f"app-{n:03}", environments=("staging",)) for n in range(count)}
    return replace(Desk().catalog, apps=apps)


async def test_status_of_an_app_tells_what_runs_in_each_of_its_environments_and_since_when() -> None:
    desk = Desk()
    desk.rollouts.put(desk.place("shop"), make.healthy(version="v1.1"))
    desk.deployments.put(make.deployment(stage=Stage.SUCCEEDED, version="v1.1", finished_at=make.NOON))
    staging, production = await rows(desk, StatusRequest(app="shop"))
    assert (staging.environment, staging.running, staging.since) == ("staging", "v1.1", make.NOON)
    assert (production.environment, production.running, production.rollout) == ("production", "", None)
    assert await rows(desk, StatusRequest(app="shop", environment="production")) == (production,)


async def test_status_of_an_app_where_it_does_not_go_says_where_it_goes() -> None:
    notice = await read(Desk(), StatusRequest(app="shop", environment="vault"))
    assert (notice.code, notice.facts["environments"]) == (ReasonCode.WRONG_ENVIRONMENT, "staging, production")


async def test_what_moves_is_told_with_what_ran_before_and_whom_it_waits_for() -> None:
    desk = Desk()
    row = await desk.started()
    desk.deployments.put(replace(row, stage=Stage.PAUSED, way_back=make.deployment().way_back))
    desk.rollouts.put(desk.place("shop"), make.rollout())
    staging = (await rows(desk, StatusRequest(app="shop")))[0]
    assert staging.running == "v1.1"
    assert staging.moving is not None
    assert staging.moving.rollout == make.rollout(), "the newest that was seen, not what the row remembers"
    assert staging.waits_for == ("approver", "admin")


@pytest.mark.parametrize(
    ("changes", "roles"),
    [
        ({"pause": Pause(reason=PauseReason.STEP, until=make.NOON)}, ()),
        ({"pause": Pause(reason=PauseReason.MANUAL), "is_held": True}, ("approver", "admin")),
        ({"pause": None}, ()),
        ({"is_current": False}, ()),
        ({"is_aborted": True}, ()),
        ({"deployment": 7}, ()),
    ],
)
async def test_only_a_pause_that_a_person_ends_waits_for_somebody(
    changes: dict[str, object], roles: tuple[str, ...]
) -> None:
    desk = Desk()
    desk.deployments.put(replace(await desk.started(), stage=Stage.PAUSED))
    desk.rollouts.put(desk.place("shop"), make.rollout(**changes))
    assert (await rows(desk, StatusRequest(app="shop")))[0].waits_for == roles


async def test_a_cluster_that_has_not_answered_is_not_one_where_nothing_runs() -> None:
    desk = Desk()
    desk.rollouts.unsynced.add(desk.place("shop"))
    staging, production = await rows(desk, StatusRequest(app="shop"))
    assert (staging.is_known, production.is_known) == (False, True)


async def test_status_without_words_tells_only_what_is_in_motion() -> None:
    desk = Desk()
    desk.rollouts.put(desk.place("shop"), make.healthy(deployment=141))
    nothing = await read(desk, StatusRequest())
    assert (nothing.code, nothing.facts["count"], nothing.status) == (ReasonCode.MOTION, 0, ())
    row = await desk.started()
    (moving,) = await rows(desk, StatusRequest())
    assert moving.moving == row


async def test_what_somebody_moves_outside_slipway_is_in_motion_too() -> None:
    desk = Desk()
    desk.rollouts.put(desk.place("pay"), make.rollout(phase=RolloutPhase.PROGRESSING, deployment=None))
    desk.rollouts.put(desk.place("shop"), make.rollout(phase=RolloutPhase.DEGRADED, is_aborted=True))
    (outside,) = await rows(desk, StatusRequest())
    assert (outside.app, outside.moving) == ("pay", None)


async def test_what_somebody_changed_after_it_was_deployed_is_said_to_be_changed() -> None:
    desk = Desk()
    row = await desk.started()
    digest = Content(digest=make.DIGEST)
    desk.deployments.put(replace(row, stage=Stage.SUCCEEDED, content=digest, finished_at=make.NOON))
    own = make.healthy(deployment=row.number)
    for image, is_changed in ((own.image, False), ("harbor.example.com/shop/shop:by-hand@sha256:" + "e" * 64, True)):
        desk.rollouts.put(row.place, replace(own, image=image))
        (here, _) = await rows(desk, StatusRequest(app="shop"))
        assert here.is_changed is is_changed


async def test_what_moves_is_told_even_after_the_catalog_has_forgotten_it() -> None:
    desk = Desk()
    row = await desk.started()
    desk.catalog = replace(desk.catalog, apps={"pay": desk.catalog.apps["pay"]})
    (moving,) = await rows(desk, StatusRequest())
    assert (moving.app, moving.moving) == ("shop", row)


async def test_the_fleet_lists_every_app_by_name_and_counts_what_matters() -> None:
    desk = Desk()
    desk.rollouts.put(desk.place("pay"), make.rollout(phase=RolloutPhase.DEGRADED))
    await desk.started()
    notice = await read(desk, StatusRequest(is_all=True))
    places = [(row.app, row.environment) for row in notice.status]
    assert places[:3] == [("desk", "office"), ("desk", "vault"), ("ledger", "vault")]
    assert [notice.facts[name] for name in ("count", "moving", "unwell", "page")] == [7, 1, 1, 0]
    assert [row.app for row in await rows(desk, StatusRequest(environment="vault"))] == ["desk", "ledger"]


class OneQuestion(FakeDeployments):
    """A database that must not be asked once for each app."""

    @override
    async def holder(self, *, app: str, environment: str) -> Deployment | None:
        raise AssertionError

    @override
    async def recent(
        self, *, app: str | None = None, environment: str | None = None, stage: Stage | None = None, limit: int = 20
    ) -> tuple[Deployment, ...]:
        raise AssertionError


async def test_two_hundred_apps_come_in_pages_that_lead_to_each_other_with_one_question_to_the_database() -> None:
    desk = Desk(catalog=fleet(200), deployments=OneQuestion())
    first = await read(desk, StatusRequest(is_all=True))
    assert [row.app for row in first.status] == [f"app-{n:03}" for n in range(25)]
    assert [(choice.label, choice.command) for choice in first.choices] == [(Label.NEXT, "/rollout status all page 2")]
    middle = await read(desk, StatusRequest(is_all=True, page=2))
    assert [choice.command for choice in middle.choices] == ["/rollout status all", "/rollout status all page 3"]
    last = await read(desk, StatusRequest(environment="staging", page=99))
    assert [row.app for row in last.status][-1] == "app-199"
    assert [(choice.label, choice.command) for choice in last.choices] == [
        (Label.PREVIOUS, "/rollout status staging page 7")
    ]


def test_a_list_without_items_has_one_empty_page() -> None:
    page = page_of(tuple[str, ...](), number=3, size=25)
    assert (page.items, page.number, page.pages) == ((), 1, 1)


async def test_history_lists_the_newest_first_and_marks_what_can_be_rolled_back_to() -> None:
    desk = Desk()
    content = Content(digest=make.DIGEST, chart_commit="c" * 40)
    for number, stage in enumerate((Stage.SUCCEEDED, Stage.FAILED, Stage.SUCCEEDED, Stage.ABORTED), start=1):
        known = content if number < 3 else Content(digest=make.DIGEST)
        desk.deployments.put(make.deployment(id=f"d{number}", number=number, stage=stage, content=known))
    desk.deployments.put(make.deployment(id="d9", number=9, environment="production", stage=Stage.SUCCEEDED))
    notice = await past(desk, HistoryRequest(app="shop", environment="staging"))
    assert [(row.deployment.number, row.can_return) for row in notice.history] == [
        (4, False),
        (3, False),
        (2, False),
        (1, True),
    ]
    assert notice.choices == ()
    assert notice.facts["back"] == "/rollout rollback shop to <version> staging"
    assert len((await past(desk, HistoryRequest(app="shop"))).history) == 5


async def test_what_runs_now_is_marked_and_is_nothing_to_go_back_to() -> None:
    desk = Desk()
    content = Content(digest=make.DIGEST, chart_commit="c" * 40)
    row = desk.deployments.put(make.deployment(stage=Stage.SUCCEEDED, content=content))
    desk.rollouts.put(row.place, make.healthy())
    notice = await past(desk, HistoryRequest(app="shop"))
    assert [(each.runs, each.can_return) for each in notice.history] == [(True, False)]
    assert notice.facts["back"] == ""


async def test_history_of_an_app_that_was_never_deployed_says_so() -> None:
    notice = await past(Desk(), HistoryRequest(app="shop"))
    assert (notice.code, notice.facts["count"], notice.history) == (ReasonCode.HISTORY, 0, ())


async def test_history_where_the_app_does_not_go_says_where_it_goes() -> None:
    notice = await past(Desk(), HistoryRequest(app="shop", environment="vault"))
    assert notice.code is ReasonCode.WRONG_ENVIRONMENT


async def test_a_long_history_comes_in_pages() -> None:
    desk = Desk()
    for number in range(1, 22):
        at = make.NOON + timedelta(minutes=number)
        desk.deployments.put(make.deployment(id=f"d{number}", number=number, stage=Stage.FAILED, created_at=at))
    first = await past(desk, HistoryRequest(app="shop"))
    assert [row.deployment.number for row in first.history] == list(range(21, 11, -1))
    assert [choice.command for choice in first.choices] == ["/rollout history shop page 2"]
    last = await past(desk, HistoryRequest(app="shop", page=3))
    assert [row.deployment.number for row in last.history] == [1]
    assert [choice.command for choice in last.choices] == ["/rollout history shop page 2"]


async def test_help_lists_the_verbs_and_explains_one(subtests: pytest.Subtests) -> None:
    desk = Desk()

    async def ask(verb: str) -> Notice:
        notice = help_verb.run(HelpRequest(verb=verb), texts=TEXTS)
        await desk.chat.whisper(channel="C0DEPLOYS", user="U0ALICE", notice=notice)
        return notice

    with subtests.test("overview"):
        assert len((await ask("")).rows) == len(TEXTS)
    with subtests.test("one verb and its synonym"):
        assert (await ask("promote")).rows[0].startswith("Advance a waiting rollout")
        assert (await ask("advance")).rows == (await ask("promote")).rows
    with subtests.test("a near miss"):
        near = await ask("promot")
        assert (near.code, near.facts["guess"]) == (ReasonCode.UNKNOWN_VERB, "promote")
        assert near.choices[0].command == "/deploy help promote"
    with subtests.test("nothing like it"):
        assert (await ask("zzz")).choices == ()
