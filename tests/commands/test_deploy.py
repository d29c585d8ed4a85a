"""`/deploy`: who may, what may, where it goes, and that it happens once."""

import json
from dataclasses import replace
from typing import Any

import pytest

from commands.core import plan
from commands.core.errors import Temporary
from commands.core.model import Content, Deployment, Stage
from commands.core.observed import Strategy
from commands.core.reasons import Notice, ReasonCode
from commands.core.requests import DeployRequest
from tests import make
from tests.commands.desk import ALICE, BOB, NOBODY, Desk
from tests.fakes.images import FakeImages

SHOP = DeployRequest(app="shop", version="v1.2")


async def refused(desk: Desk, request: DeployRequest, code: ReasonCode) -> Notice:
    answer = await desk.deploy(request)
    assert isinstance(answer, Notice)
    assert answer.code is code
    await desk.chat.whisper(channel="C0DEPLOYS", user="U0ALICE", notice=answer)
    assert await desk.deployments.recent() == ()
    return answer


async def test_an_allowed_deploy_takes_the_slot_and_fixes_what_will_run() -> None:
    desk = Desk()
    row = await desk.deploy(DeployRequest(app="store", version="1.2", reason="fix"))
    assert isinstance(row, Deployment)
    assert (row.app, row.version, row.environment, row.strategy) == ("shop", "v1.2", "staging", Strategy.CANARY)
    assert (row.workflow, row.stage, row.reason) == ("shop-staging-142", Stage.BUILDING, "fix")
    assert row.requester.name == "alice"
    values = json.loads(dict(row.parameters)["values"])
    assert values["canary"]["steps"] == [
        {"setWeight": 20},
        {"pause": {}},
        {"setWeight": 50},
        {"pause": {"duration": "600s"}},
    ]


async def test_the_same_command_again_starts_nothing_new() -> None:
    desk = Desk()
    await desk.started()
    again = await desk.deploy(SHOP)
    assert isinstance(again, Notice)
    assert again.code is ReasonCode.REPEATED
    await desk.chat.whisper(channel="C0DEPLOYS", user="U0ALICE", notice=again)
    assert len(await desk.deployments.recent()) == 1


async def test_a_second_deploy_is_refused_while_the_slot_is_held_and_says_who_holds_it() -> None:
    desk = Desk()
    await desk.started()
    second = await desk.deploy(SHOP, key="k2")
    assert isinstance(second, Notice)
    assert second.code is ReasonCode.BUSY
    assert second.facts["holder_number"] == 142
    await desk.chat.whisper(channel="C0DEPLOYS", user="U0ALICE", notice=second)


async def test_latest_is_the_newest_release_and_never_a_pre_release() -> None:
    row = await Desk().started(version="latest")
    assert row.version == "v1.2"


@pytest.mark.parametrize(("typed", "stored"), [("1.1", "v1.1"), ("V1.1", "v1.1"), ("v1.3.0-rc.1", "v1.3.0-rc.1")])
async def test_a_version_is_found_with_or_without_its_v(typed: str, stored: str) -> None:
    assert (await Desk().started(version=typed)).version == stored


async def test_an_unknown_version_offers_the_nearest_ones() -> None:
    notice = await refused(Desk(), DeployRequest(app="shop", version="v1.22"), ReasonCode.UNKNOWN_VERSION)
    assert notice.facts["guess"] == "v1.2"
    assert notice.choices[0].command == "/deploy shop v1.2"
    far = await refused(Desk(), DeployRequest(app="shop", version="zzz"), ReasonCode.UNKNOWN_VERSION)
    assert far.facts["guess"] == ""
    assert len(far.choices) == 3


async def test_an_app_that_left_the_catalog_meanwhile_is_unknown() -> None:
    await refused(Desk(), DeployRequest(app="gone", version="v1"), ReasonCode.UNKNOWN_APP)


async def test_who_is_not_linked_or_has_no_role_learns_which_one_is_missing() -> None:
    desk = Desk()
    stranger = await desk.deploy(SHOP, user=NOBODY)
    assert isinstance(stranger, Notice)
    assert stranger.code is ReasonCode.NOT_LINKED
    denied = await desk.deploy(SHOP, user=BOB)
    assert isinstance(denied, Notice)
    assert denied.code is ReasonCode.ROLE_MISSING
    assert (denied.facts["role"], denied.facts["roles"]) == ("deployer, admin", "approver")
    await desk.chat.whisper(channel="C0DEPLOYS", user="U0BOB", notice=denied)
    assert desk.versions.asked == []


async def test_a_login_server_that_does_not_answer_means_no() -> None:
    desk = Desk()
    desk.people.failure = Temporary("Keycloak", "no answer")
    with pytest.raises(Temporary):
        await desk.deploy(SHOP)
    assert await desk.deployments.recent() == ()


async def test_a_strategy_is_asked_for_where_the_app_has_none() -> None:
    notice = await refused(Desk(), DeployRequest(app="pay", version="v1.2"), ReasonCode.STRATEGY_NEEDED)
    assert notice.choices[0].command == "/deploy pay v1.2 rolling"
    row = await Desk().deploy(DeployRequest(app="pay", version="v1.2", strategy=Strategy.ROLLING))
    assert isinstance(row, Deployment)


async def test_a_protected_environment_asks_once_more_and_repeats_everything() -> None:
    desk = Desk()
    desk.rollouts.put(desk.place("shop", "production"), make.healthy(deployment=7, version="v1.1"))
    request = DeployRequest(app="shop", version="v1.2", environment="production")
    notice = await refused(desk, request, ReasonCode.CONFIRM)
    assert notice.facts == {
        "app": "shop",
        "version": "v1.2",
        "environment": "production",
        "running": "v1.1",
        "strategy": "canary",
    }
    assert notice.choices[0].is_confirmation
    confirmed = await desk.deploy(
        DeployRequest(app="shop", version="v1.2", environment="production", is_confirmed=True)
    )
    assert isinstance(confirmed, Deployment)
    assert confirmed.channel == "#prod-deploys"
    assert confirmed.way_back is not None
    assert (confirmed.way_back.version, confirmed.way_back.digest) == ("v1.1", make.DIGEST)


async def test_where_nothing_runs_the_confirmation_says_so() -> None:
    request = DeployRequest(app="shop", version="v1.2", environment="production")
    assert (await refused(Desk(), request, ReasonCode.CONFIRM)).facts["running"] == ""


async def test_an_environment_of_other_apps_is_refused() -> None:
    request = DeployRequest(app="ledger", version="v1.2", environment="staging")
    notice = await refused(Desk(), request, ReasonCode.WRONG_ENVIRONMENT)
    assert notice.facts["environments"] == "vault"


async def test_an_environment_must_be_named_where_there_are_several_and_no_default() -> None:
    await refused(Desk(), DeployRequest(app="desk", version="v1.2"), ReasonCode.ENVIRONMENT_NEEDED)


async def test_rules_that_cannot_be_kept_yet_refuse_rather_than_let_through() -> None:
    await refused(Desk(), DeployRequest(app="ledger", version="v1.2"), ReasonCode.APPROVAL_NEEDED)
    office = DeployRequest(app="desk", version="v1.2", environment="office")
    await refused(Desk(), office, ReasonCode.WINDOW_NEEDED)


async def test_a_protected_default_must_be_named() -> None:
    desk = Desk()
    production = desk.catalog.environments["production"]
    only = desk.catalog.apps["shop"]
    desk.catalog = type(desk.catalog)(
        clusters=desk.catalog.clusters,
        environments={"production": production},
        apps={
            "shop": type(only)(
                **{name: getattr(only, name) for name in only.__slots__} | {"environments": ("production",)}
            )
        },
        grants=desk.catalog.grants,
    )
    await refused(desk, SHOP, ReasonCode.ENVIRONMENT_NEEDED)


async def test_the_way_back_is_the_last_success_when_the_cluster_is_in_between() -> None:
    desk = Desk()
    done = make.deployment(id="d1", number=1, stage=Stage.SUCCEEDED, version="v1.0", finished_at=make.NOON)
    desk.deployments.put(done)
    desk.rollouts.put(desk.place("shop"), make.rollout(deployment=1, version="v1.1"))
    row = await desk.deploy(SHOP, user=ALICE)
    assert isinstance(row, Deployment)
    assert row.way_back is not None
    assert (row.way_back.version, row.way_back.since) == ("v1.0", make.NOON)


async def test_the_way_back_knows_since_when_it_ran() -> None:
    desk = Desk()
    desk.deployments.put(
        make.deployment(id="d1", number=1, stage=Stage.SUCCEEDED, version="v1.1", finished_at=make.NOON)
    )
    desk.rollouts.put(desk.place("shop"), make.healthy(deployment=1, version="v1.1"))
    row = await desk.started()
    assert row.way_back is not None
    assert (row.way_back.version, row.way_back.since) == ("v1.1", make.NOON)


def settled(desk: Desk, **changes: object) -> Deployment:
    """Let v1.2 run, as Slipway released it; the registry and Git still say the same."""
    app, staging = desk.catalog.apps["shop"], desk.catalog.environments["staging"]
    parameters = plan.parameters(app, staging, version="v1.2", strategy=Strategy.CANARY, person=make.person())
    desk.images = FakeImages()
    desk.images.push(app.image, "v1.2", digest=make.DIGEST)
    desk.charts.push(app.chart, "c" * 40)
    done = make.deployment(
        **{
            "stage": Stage.SUCCEEDED,
            "parameters": tuple(parameters.items()),
            "content": Content(digest=make.DIGEST, chart_commit="c" * 40),
            "rollout": make.healthy(),
            **changes,
        }
    )
    desk.rollouts.put(done.place, make.healthy())
    return desk.deployments.put(done)


async def test_a_deploy_of_exactly_what_runs_says_so_and_starts_nothing() -> None:
    desk = Desk()
    settled(desk)
    answer = await desk.deploy(SHOP)
    assert isinstance(answer, Notice)
    assert answer.code is ReasonCode.RUNS_ALREADY
    await desk.chat.whisper(channel="C0DEPLOYS", user="U0ALICE", notice=answer)
    assert len(await desk.deployments.recent()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"strategy": Strategy.ROLLING},
        {"version": "v1.1"},
    ],
)
async def test_a_deploy_of_anything_else_is_started(changes: dict[str, Any]) -> None:
    desk = Desk()
    settled(desk)
    assert isinstance(await desk.deploy(replace(SHOP, **changes)), Deployment)


@pytest.mark.parametrize(
    "row",
    [
        {"content": Content(digest=make.DIGEST, chart_commit="d" * 40)},
        {"content": Content(digest=make.DIGEST)},
        {"parameters": ()},
        {"rollout": make.healthy(current_hash="cccc", stable_hash="cccc")},
        {"number": 9, "id": "d9"},
    ],
    ids=["chart", "not known", "values", "changed outside", "another deployment"],
)
async def test_where_anything_may_have_changed_it_is_started(row: dict[str, Any]) -> None:
    desk = Desk()
    settled(desk, **row)
    assert isinstance(await desk.deploy(SHOP), Deployment)


async def test_where_nobody_knows_what_would_be_found_it_is_started() -> None:
    for spoil in ("no registry", "no image", "no chart", "no answer", "in motion"):
        desk = Desk()
        settled(desk)
        assert desk.images is not None
        match spoil:
            case "no registry":
                desk.images = None
            case "no image":
                desk.images.built.clear()
            case "no chart":
                desk.charts.refs.clear()
            case "no answer":
                desk.images.failure = Temporary("Harbor", "no")
            case _:
                desk.rollouts.put(desk.place("shop"), make.rollout())
        assert isinstance(await desk.deploy(SHOP), Deployment), spoil


async def test_a_version_that_may_change_under_its_name_is_always_started() -> None:
    desk = Desk()
    settled(desk, version="v2-SNAPSHOT")
    app = desk.catalog.apps["shop"]
    desk.versions.publish(app.artifact, "v2-SNAPSHOT")
    desk.rollouts.put(desk.place("shop"), make.healthy(version="v2-SNAPSHOT"))
    assert isinstance(await desk.deploy(DeployRequest(app="shop", version="v2-SNAPSHOT")), Deployment)
