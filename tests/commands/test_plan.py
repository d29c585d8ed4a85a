"""`/deploy plan`: what it says, to whom, and that whatever could not be had is a line of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from typing_extensions import override

from commands import plan
from commands.core.catalog import App, Chart
from commands.core.changes import UNKNOWN_DIGEST
from commands.core.errors import Permanent, SystemFailure, Temporary
from commands.core.model import ChatUser, Content, Deployment, Stage
from commands.core.observed import RolloutSnapshot, Strategy
from commands.core.ports import Available, Found
from commands.core.reasons import Choice, Fact, Notice, PlanCode, ReasonCode
from commands.core.rendering import Charts
from commands.core.requests import DeployRequest, PlanRequest
from tests import make
from tests.bot import loops
from tests.commands.desk import ALICE, BOB, EVE, NOBODY, Desk
from tests.fakes.rendering import FakeCharts
from tests.fakes.versions import FakeVersions

COMMIT = "c" * 40
OTHER = "sha256:" + "cd" * 32
Line = tuple[PlanCode, dict[str, Fact]]


def rollout(image: str, *, steps: int = 20) -> dict[str, Any]:
    container = {"name": "app", "image": image, "env": [{"name": "DB_PASSWORD", "value": f"planted-{steps}"}]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "shop"},
        "spec": {
            "strategy": {"canary": {"steps": [{"setWeight": steps}]}},
            "template": {"spec": {"containers": [container]}},
        },
    }


def service(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}}


def ready_desk() -> Desk:
    """Give a desk where shop v1.1 runs in staging as its chart made it."""
    desk = Desk()
    desk.charts.push(desk.catalog.apps["shop"].chart, COMMIT)
    desk.rollouts.put(desk.place("shop"), make.healthy(version="v1.1", image=f"harbor.example.com/shop/shop@{OTHER}"))
    desk.renderer.documents = [rollout("shop@{digest}", steps=25), service("shop")]
    desk.objects.put(desk.place("shop"), rollout(f"shop@{OTHER}"))
    desk.objects.put(desk.place("shop"), service("shop"))
    return desk


async def ask(
    desk: Desk,
    *,
    user: ChatUser = ALICE,
    charts: Charts | None = None,
    versions: FakeVersions | None = None,
    **words: Any,
) -> Notice:
    """Ask for a plan, hold what is answered against the words, and see that nothing was written."""
    before = await rows(desk)
    notice = await plan.run(
        PlanRequest(wanted=DeployRequest(**{"app": "shop", "version": "v1.2", **words})),
        user=user,
        catalog=desk.catalog,
        people=desk.people,
        versions=versions or desk.versions,
        rollouts=desk.rollouts,
        deployments=desk.deployments,
        charts=charts or desk.charts,
        renderer=desk.renderer,
        objects=desk.objects,
    )
    await desk.chat.whisper(channel="C0DEPLOYS", user=user.id, notice=notice)
    assert await rows(desk) == before
    assert desk.rollouts.patches == []
    assert "planted" not in repr(notice)
    return notice


async def rows(desk: Desk) -> Sequence[Deployment]:
    """Read the rows past what a test broke."""
    broken, desk.deployments.failure = desk.deployments.failure, None
    found = await desk.deployments.recent()
    desk.deployments.failure = broken
    return found


def codes(notice: Notice) -> list[PlanCode]:
    return [line.code for line in notice.lines]


def facts(notice: Notice, code: PlanCode) -> dict[str, Fact]:
    (found,) = (line.facts for line in notice.lines if line.code is code)
    return dict(found)


def past(number: int, **changes: Any) -> Deployment:
    started = make.NOON - timedelta(days=number)
    return make.deployment(
        **{
            "id": f"d{number}",
            "number": number,
            "version": "v1.1",
            "stage": Stage.SUCCEEDED,
            "created_at": started,
            "finished_at": started + timedelta(minutes=number),
            **changes,
        }
    )


async def test_a_plan_says_everything_in_the_order_in_which_it_matters() -> None:
    desk = ready_desk()
    notice = await ask(desk, version="1.2")
    assert (notice.code, notice.facts["version"], notice.facts["strategy"]) == (ReasonCode.PLAN, "v1.2", "canary")
    assert codes(notice) == [
        PlanCode.ALLOWED,
        PlanCode.REPLACES,
        PlanCode.IMAGE_UNKNOWN,
        PlanCode.CHART,
        PlanCode.NO_HISTORY,
        PlanCode.MANIFEST,
        PlanCode.FIELD_CHANGED,
        PlanCode.FIELD_CHANGED,
        PlanCode.FIELD_HIDDEN,
    ]
    assert facts(notice, PlanCode.REPLACES) == {"version": "v1.2", "running": "v1.1"}
    assert facts(notice, PlanCode.CHART)["commit"] == COMMIT
    assert notice.lines[6].facts == {
        "object": "Rollout shop",
        "path": "spec.strategy.canary.steps[0]",
        "before": "setWeight 20",
        "after": "setWeight 25",
    }
    assert notice.choices == (Choice(label="/deploy shop v1.2", command="/deploy shop v1.2"),)
    (draft,) = desk.renderer.drafts
    assert (draft.name, draft.namespace, draft.is_upgrade) == ("shop", "staging", True)
    assert draft.values["image"] == {"repository": "harbor.example.com/shop/shop", "digest": UNKNOWN_DIGEST}


async def test_nothing_is_told_to_whom_it_does_not_concern() -> None:
    desk = ready_desk()
    assert (await ask(desk, user=EVE)).code is ReasonCode.ROLE_MISSING
    assert (await ask(desk, user=NOBODY)).code is ReasonCode.NOT_LINKED
    assert (await ask(desk, environment="vault")).code is ReasonCode.WRONG_ENVIRONMENT
    assert (desk.versions.asked, desk.charts.asked, desk.renderer.drafts) == ([], [], [])


async def test_who_may_promote_sees_the_plan_and_that_they_may_not_deploy() -> None:
    notice = await ask(ready_desk(), user=BOB)
    assert facts(notice, PlanCode.NOT_ALLOWED) == {"role": "deployer, admin", "roles": "approver"}
    assert notice.choices == ()


async def test_a_login_server_that_does_not_answer_means_no() -> None:
    desk = ready_desk()
    desk.people.failure = Temporary("Keycloak", "no answer")
    with pytest.raises(Temporary):
        await ask(desk)


async def test_rules_of_the_environment_are_all_told() -> None:
    desk = ready_desk()
    named = await ask(desk, environment="production")
    assert facts(named, PlanCode.MUST_BE_CONFIRMED) == {"environment": "production"}
    assert named.choices[0].command == "/deploy shop v1.2 to production"
    ledger = await ask(desk, app="ledger")
    assert facts(ledger, PlanCode.APPROVALS) == {"environment": "vault", "count": 1, "roles": "approver"}
    assert ledger.choices == ()
    office = await ask(desk, app="desk", environment="office")
    assert facts(office, PlanCode.WINDOWS)["windows"] == "Mon-Fri 09:00-18:00 UTC"
    only = replace(desk.catalog.apps["shop"], environments=("production",))
    desk.catalog = replace(desk.catalog, apps={"shop": only})
    unnamed = await ask(desk)
    assert facts(unnamed, PlanCode.MUST_BE_NAMED) == {"environment": "production"}
    assert unnamed.choices == ()


async def test_a_strategy_is_asked_for_where_the_app_has_none() -> None:
    notice = await ask(ready_desk(), app="pay")
    assert notice.code is ReasonCode.STRATEGY_NEEDED
    assert notice.choices[0].command == "/deploy plan pay v1.2 rolling"


async def test_an_unknown_version_offers_plans_of_the_nearest_ones() -> None:
    notice = await ask(ready_desk(), version="v1.22")
    assert notice.code is ReasonCode.UNKNOWN_VERSION
    assert notice.choices[0].command == "/deploy plan shop v1.2"


async def test_a_busy_slot_is_told_with_its_holder() -> None:
    desk = ready_desk()
    await desk.started()
    notice = await ask(desk)
    assert facts(notice, PlanCode.BUSY) == {"number": 142, "version": "v1.2", "by": "U0ALICE", "stage": "building"}
    assert notice.choices == ()


@pytest.mark.parametrize(
    ("running", "code"),
    [
        (None, PlanCode.FIRST),
        (make.healthy(version="v1.2"), PlanCode.RUNS_ALREADY),
        (make.rollout(version="v1.1"), PlanCode.RUNS_UNFINISHED),
    ],
)
async def test_what_runs_now_is_told(running: RolloutSnapshot | None, code: PlanCode) -> None:
    desk = ready_desk()
    desk.rollouts.known.clear()
    if running is not None:
        desk.rollouts.put(desk.place("shop"), running)
    notice = await ask(desk)
    assert code in codes(notice)
    assert desk.renderer.drafts[0].is_upgrade is (running is not None)


async def test_a_cluster_that_was_not_seen_yet_is_no_empty_one() -> None:
    desk = ready_desk()
    desk.rollouts.unsynced.add(desk.place("shop"))
    assert PlanCode.RUNS_UNKNOWN in codes(await ask(desk))


def found(**changes: Any) -> Found:
    return Found((Available(**{"version": "v1.2", **changes}),))


class Said(FakeVersions):
    """Versions that are what a test says."""

    def __init__(self, answer: Found) -> None:
        super().__init__()
        self.answer = answer

    @override
    async def search(self, app: App) -> Found:
        return self.answer


@pytest.mark.parametrize(
    ("answer", "code", "digest"),
    [
        (found(), PlanCode.IMAGE_UNKNOWN, UNKNOWN_DIGEST),
        (found(is_built=False), PlanCode.IMAGE_NOT_BUILT, UNKNOWN_DIGEST),
        (found(is_built=True, digest=make.DIGEST), PlanCode.IMAGE_BUILT, make.DIGEST),
    ],
)
async def test_an_image_that_is_built_is_told_from_one_that_is_not(answer: Found, code: PlanCode, digest: str) -> None:
    desk = ready_desk()
    notice = await ask(desk, versions=Said(answer))
    assert facts(notice, code)["running"] == OTHER
    image = desk.renderer.drafts[0].values["image"]
    assert isinstance(image, dict)
    assert image["digest"] == digest


async def test_an_image_that_was_deployed_elsewhere_or_runs_here_is_known_unless_it_may_change() -> None:
    desk = ready_desk()
    desk.deployments.put(past(1, version="v1.2", environment="production", content=Content(digest=make.DIGEST)))
    assert facts(await ask(desk), PlanCode.IMAGE_BUILT)["digest"] == make.DIGEST
    same = await ask(desk, version="v1.1")
    assert facts(same, PlanCode.IMAGE_BUILT) == {"digest": OTHER, "running": ""}
    desk.rollouts.put(desk.place("shop"), make.healthy(version="2-SNAPSHOT"))
    moving = await ask(desk, version="2-SNAPSHOT", versions=Said(found(version="2-SNAPSHOT")))
    assert PlanCode.IMAGE_UNKNOWN in codes(moving)


async def test_what_runs_is_built_though_the_list_of_images_may_be_too_old_to_have_it() -> None:
    desk = ready_desk()
    lagging = found(version="v1.1", is_built=False)
    assert facts(await ask(desk, version="v1.1", versions=Said(lagging)), PlanCode.IMAGE_BUILT)["digest"] == OTHER
    desk.deployments.put(past(1, version="v1.2", content=Content(digest=make.DIGEST)))
    assert PlanCode.IMAGE_NOT_BUILT in codes(await ask(desk, versions=Said(found(is_built=False))))


async def test_a_chart_is_compared_with_the_one_of_what_runs() -> None:
    desk = ready_desk()
    desk.deployments.put(past(3, content=Content(chart_commit=COMMIT)))
    assert PlanCode.CHART_SAME in codes(await ask(desk))
    desk.deployments.put(past(4, content=Content(chart_commit="d" * 40)))
    assert facts(await ask(desk), PlanCode.CHART)["running"] == "d" * 40
    desk.rollouts.put(desk.place("shop"), make.healthy(version="v0.9"))
    assert facts(await ask(desk), PlanCode.CHART)["running"] == ""


async def test_a_chart_that_is_pinned_to_another_commit_would_fail() -> None:
    desk = ready_desk()
    shop = desk.catalog.apps["shop"]
    desk.catalog = replace(desk.catalog, apps={"shop": replace(shop, chart=replace(shop.chart, pin="d" * 40))})
    assert facts(await ask(desk), PlanCode.CHART_MOVED) == {"ref": "v1.4.0", "pin": "d" * 40}


@pytest.mark.parametrize(
    ("strategy", "running", "expected"),
    [
        (Strategy.CANARY, make.healthy(), []),
        (Strategy.ROLLING, make.healthy(), [PlanCode.STRATEGY_CHANGES]),
        (Strategy.RECREATE, make.healthy(), [PlanCode.STRATEGY_CHANGES, PlanCode.OUTAGE]),
        (Strategy.BLUE_GREEN, make.healthy(), [PlanCode.STRATEGY_CHANGES, PlanCode.TWO_PHASES]),
        (Strategy.BLUE_GREEN, make.rollout(), [PlanCode.STRATEGY_CHANGES, PlanCode.NO_TWO_PHASES]),
        (Strategy.BLUE_GREEN, make.healthy(is_aborted=True), [PlanCode.STRATEGY_CHANGES, PlanCode.NO_TWO_PHASES]),
        (Strategy.BLUE_GREEN, make.healthy(strategy=Strategy.BLUE_GREEN), []),
    ],
)
async def test_a_change_of_the_strategy_says_what_comes_of_it(
    strategy: Strategy, running: RolloutSnapshot, expected: list[PlanCode]
) -> None:
    desk = ready_desk()
    desk.rollouts.put(desk.place("shop"), running)
    about = {PlanCode.STRATEGY_CHANGES, PlanCode.TWO_PHASES, PlanCode.NO_TWO_PHASES, PlanCode.OUTAGE}
    assert [code for code in codes(await ask(desk, strategy=strategy)) if code in about] == expected


async def test_the_duration_is_the_median_of_the_last_successes_with_that_strategy_there() -> None:
    desk = ready_desk()
    for number in (1, 2, 9):
        desk.deployments.put(past(number))
    others: list[dict[str, Any]] = [
        {"strategy": Strategy.ROLLING},
        {"environment": "production"},
        {"stage": Stage.FAILED},
        {"finished_at": None},
    ]
    for number, other in enumerate(others, start=20):
        desk.deployments.put(past(number, **other))
    assert facts(await ask(desk), PlanCode.DURATION) == {"seconds": 120, "count": 3, "strategy": "canary"}


async def test_objects_that_are_new_secret_or_unreadable_are_told() -> None:
    desk = ready_desk()
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop"}, "stringData": {"a": "planted"}}
    desk.renderer.documents = [service("shop"), service("new"), secret, service("hidden")]
    desk.objects.hide(desk.place("shop"), "Service", "hidden", Permanent("Kubernetes", "403 forbidden"))
    notice = await ask(desk)
    assert codes(notice)[-4:] == [
        PlanCode.MANIFEST,
        PlanCode.NEW_OBJECT,
        PlanCode.SECRET_OBJECT,
        PlanCode.UNREAD_OBJECT,
    ]
    assert facts(notice, PlanCode.MANIFEST) == {"count": 2}
    assert facts(notice, PlanCode.UNREAD_OBJECT)["why"] == "Kubernetes: 403 forbidden"


async def test_every_kind_of_change_has_its_line() -> None:
    desk = ready_desk()
    data = {"text": "a\nb", "added": "x", "changed": "new", "token": "planted"}
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop"}}
    desk.renderer.documents = [{**settings, "data": data}]
    desk.objects.put(desk.place("shop"), {**settings, "data": {"text": "a", "gone": "x", "changed": "old"}})
    assert codes(await ask(desk))[-5:] == [
        PlanCode.FIELD_TEXT,
        PlanCode.FIELD_ADDED,
        PlanCode.FIELD_CHANGED,
        PlanCode.FIELD_HIDDEN,
        PlanCode.FIELD_REMOVED,
    ]


async def test_a_manifest_without_a_difference_says_so() -> None:
    desk = ready_desk()
    desk.renderer.documents = [service("shop")]
    assert codes(await ask(desk))[-1] is PlanCode.SAME_MANIFEST


async def test_versions_that_cannot_be_looked_up_are_taken_as_typed() -> None:
    desk = ready_desk()
    desk.versions.failure = Temporary("Nexus", "no answer")
    notice = await ask(desk)
    assert facts(notice, PlanCode.VERSION_UNCHECKED) == {"version": "v1.2", "system": "Nexus"}
    assert PlanCode.FIELD_CHANGED in codes(notice)
    latest = await ask(desk, version="latest")
    assert (latest.code, latest.facts["system"]) == (ReasonCode.VERSIONS_UNKNOWN, "Nexus")


async def test_a_version_that_only_the_registry_knows_is_told_as_unchecked() -> None:
    silent = replace(found(is_published=None, is_built=True, digest=make.DIGEST), silent="Nexus", knows_newest=False)
    assert facts(await ask(ready_desk(), versions=Said(silent)), PlanCode.VERSION_UNCHECKED)["system"] == "Nexus"
    absent = await ask(ready_desk(), versions=Said(silent), version="v1.9")
    assert facts(absent, PlanCode.VERSION_UNCHECKED) == {"version": "v1.9", "system": "Nexus"}
    latest = await ask(ready_desk(), versions=Said(silent), version="latest")
    assert (latest.code, latest.facts["system"]) == (ReasonCode.VERSIONS_UNKNOWN, "Nexus")
    quiet = replace(found(), silent="Harbor")
    assert PlanCode.VERSION_UNCHECKED not in codes(await ask(ready_desk(), versions=Said(quiet)))


def no_charts(desk: Desk, failure: SystemFailure) -> None:
    desk.charts.failure = failure


def no_helm(desk: Desk, failure: SystemFailure) -> None:
    desk.renderer.failure = failure


def no_objects(desk: Desk, failure: SystemFailure) -> None:
    desk.objects.failure = failure


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (no_charts, PlanCode.CHART_UNKNOWN),
        (no_helm, PlanCode.NOT_COMPARED),
        (no_objects, PlanCode.NOT_COMPARED),
    ],
)
async def test_what_cannot_be_had_is_a_line_and_hides_nothing_else(broken: Any, code: PlanCode) -> None:
    desk = ready_desk()
    broken(desk, Permanent("it", "is broken"))
    notice = await ask(desk)
    assert facts(notice, code)["why"] == "it: is broken"
    assert {PlanCode.ALLOWED, PlanCode.REPLACES, PlanCode.NO_HISTORY} <= set(codes(notice))


async def test_a_database_that_fails_is_a_line_too() -> None:
    desk = ready_desk()
    desk.deployments.failure = Temporary("the database", "is locked")
    notice = await ask(desk)
    assert facts(notice, PlanCode.RECORDS_UNKNOWN)["why"] == "the database: is locked"
    assert PlanCode.NO_HISTORY not in codes(notice)
    assert PlanCode.FIELD_CHANGED in codes(notice)


class Stuck(FakeCharts):
    """A Gitea that never answers."""

    @override
    async def commit(self, chart: Chart) -> str:
        await asyncio.Event().wait()
        return ""


def test_what_does_not_answer_is_waited_for_and_then_left_out() -> None:
    notice = loops.run(ask(ready_desk(), charts=Stuck()))
    assert facts(notice, PlanCode.CHART_UNKNOWN)["why"] == "Gitea: no answer within 5 s"
