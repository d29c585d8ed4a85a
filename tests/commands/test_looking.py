"""What a card's dots lead to: details, links, commands, the log; and the question before a restart."""

from dataclasses import replace

import pytest

from commands import restart
from commands.core import links as core_links
from commands.core.acts import gate_of
from commands.core.catalog import Cluster
from commands.core.errors import SystemFailure, Temporary
from commands.core.evidence import evidence
from commands.core.grammar import Vocabulary, parse
from commands.core.lines import render_act, render_deployment
from commands.core.model import Act, Action, ActState, Content, Deployment, Failure, Stage
from commands.core.observed import PauseReason, Strategy
from commands.core.ports import Image
from commands.core.reading import LinkKind
from commands.core.reasons import Notice, ReasonCode
from commands.core.requests import DeployRequest, RestartRequest, RollbackRequest
from commands.looks import command, details, links, log
from tests import make
from tests.commands.desk import BOB, EVE, Desk
from tests.fakes.images import FakeImages

KNOWN = Content(digest=make.DIGEST, chart_commit="c" * 40)
FAILED = Failure(
    step="build-image", message="no room", exit_code=12, lines=("no room",), tail=("pushing", "no room"), owner="#help"
)
CLUSTER = Cluster(
    name="main",
    workflow_page="https://argo.example.com/workflows/{namespace}/{name}",
    rollout_page="https://rollouts.example.com/rollout/{namespace}/{name}",
)
BUTTONS_ALONE = {Action.DEPLOY, Action.APPROVE, Action.REANALYSE}
IMAGE = "harbor.example.com/shop/shop"


def put(desk: Desk, **changes: object) -> Deployment:
    known = {"content": KNOWN, "parameters": make.earlier().parameters}
    return desk.deployments.put(make.deployment(**{**known, **changes}))


def waiting(desk: Desk) -> Deployment:
    row = put(desk, stage=Stage.PAUSED, rollout=make.rollout(deployment=142))
    desk.rollouts.put(row.place, make.rollout(weight=50))
    return row


async def seen(desk: Desk, row: Deployment) -> Notice:
    return await details.run(row, catalog=desk.catalog, deployments=desk.deployments, rollouts=desk.rollouts)


async def linked(desk: Desk, row: Deployment) -> Notice:
    return await links.run(row, catalog=desk.catalog, images=desk.images)


def lines_of(desk: Desk, row: Deployment) -> Notice:
    return command.run(row, rollouts=desk.rollouts)


async def log_of(desk: Desk, row: Deployment) -> Notice:
    return await log.run(row, pipelines=desk.pipelines, rollouts=desk.rollouts)


# --- details


async def test_details_are_those_of_this_moment_with_what_people_did_to_it() -> None:
    desk = Desk()
    row = waiting(desk)
    act = Act(id="a1", deployment=row.id, action=Action.PROMOTE, gate="0" * 12, by=make.BOB, at=make.NOON)
    await desk.deployments.ask(act)
    refused = replace(act, id="a2", gate="1" * 12)
    await desk.deployments.ask(refused)
    await desk.deployments.close("a2", state=ActState.REFUSED)
    notice = await seen(desk, row)
    assert (notice.code, notice.facts["deployment"]) == (ReasonCode.DETAILS, 142)
    shown = notice.details
    assert shown is not None
    assert shown.deployment.rollout is not None
    assert (shown.deployment.rollout.weight, shown.is_live, shown.now) == (50, True, None)
    assert [each.id for each in shown.acts] == ["a1"]


async def test_details_of_the_past_say_what_runs_there_now() -> None:
    desk = Desk()
    row = put(desk, stage=Stage.SUCCEEDED, finished_at=make.NOON)
    desk.rollouts.put(row.place, make.healthy(deployment=150, version="v1.3"))
    shown = (await seen(desk, row)).details
    assert shown is not None
    assert shown.now is not None
    assert (shown.is_live, shown.now.running, shown.now.moving) == (False, "v1.3", None)


async def test_details_of_the_past_name_what_moves_there_now() -> None:
    desk = Desk()
    row = put(desk, stage=Stage.FAILED, finished_at=make.NOON)
    newer = put(desk, id="d143", number=143, version="v1.3", workflow="shop-staging-143", stage=Stage.BUILDING)
    shown = (await seen(desk, row)).details
    assert shown is not None
    assert shown.now is not None
    assert shown.now.moving == newer


async def test_details_of_what_is_being_built_are_not_about_itself_twice() -> None:
    desk = Desk()
    row = put(desk)
    shown = (await seen(desk, row)).details
    assert shown is not None
    assert shown.now is not None
    assert (shown.is_live, shown.now.moving) == (False, None)


@pytest.mark.parametrize("gone", ["apps", "environments"])
async def test_details_are_told_even_after_the_catalog_has_forgotten_the_place(gone: str) -> None:
    desk = Desk()
    row = put(desk)
    desk.catalog = replace(desk.catalog, **{gone: {}})  # type: ignore[arg-type]  # one of two mappings
    shown = (await seen(desk, row)).details
    assert shown is not None
    assert shown.now is None


async def test_an_environment_that_moved_elsewhere_says_nothing_of_where_it_was() -> None:
    desk = Desk()
    row = put(desk, place=replace(desk.place("shop"), namespace="before"))
    shown = (await seen(desk, row)).details
    assert shown is not None
    assert shown.now is None


async def test_a_log_that_was_kept_is_not_lost_beside_what_the_cluster_says_now() -> None:
    desk = Desk()
    row = put(desk, stage=Stage.ROLLING_OUT, rollout=make.rollout(pod_log=("boom",)))
    desk.rollouts.put(row.place, make.rollout())
    shown = (await seen(desk, row)).details
    assert shown is not None
    assert shown.deployment.rollout is not None
    assert shown.deployment.rollout.pod_log == ("boom",)
    fresh = put(desk, stage=Stage.ROLLING_OUT, rollout=None)
    shown = (await seen(desk, fresh)).details
    assert shown is not None
    assert shown.deployment.rollout == make.rollout()


# --- links


async def test_only_pages_that_are_known_are_linked() -> None:
    desk = Desk()
    row = put(desk, parameters=(), content=Content())
    notice = await linked(desk, row)
    assert (notice.code, notice.facts["cluster"]) == (ReasonCode.NO_LINKS, "main")
    desk.catalog = replace(desk.catalog, clusters={})
    assert (await linked(desk, row)).code is ReasonCode.NO_LINKS


async def test_links_lead_to_workflow_rollout_image_and_commit() -> None:
    desk = Desk(images=FakeImages())
    assert desk.images is not None
    desk.catalog = replace(desk.catalog, clusters={"main": CLUSTER})
    page = "https://harbor.example.com/harbor/projects/7"
    desk.images.built[IMAGE] = (Image(tags=("v1.1",)), Image(tags=("v1.2",), digest=make.DIGEST, page=page))
    row = put(desk, rollout=make.rollout())
    notice = await linked(desk, row)
    assert notice.code is ReasonCode.LINKS
    assert [(each.kind, each.address) for each in notice.links] == [
        (LinkKind.WORKFLOW, "https://argo.example.com/workflows/staging/shop-staging-142"),
        (LinkKind.ROLLOUT, "https://rollouts.example.com/rollout/staging/shop"),
        (LinkKind.IMAGE, page),
        (LinkKind.CHART, f"https://gitea.example.com/platform/charts/commit/{'c' * 40}"),
    ]


@pytest.mark.parametrize("failure", [None, Temporary("Harbor", "it does not answer")])
async def test_without_the_registrys_answer_the_other_links_are_given(failure: SystemFailure | None) -> None:
    desk = Desk(images=FakeImages(failure=failure))
    assert [each.kind for each in (await linked(desk, put(desk))).links] == [LinkKind.CHART]


async def test_an_image_that_is_kept_elsewhere_has_no_page() -> None:
    desk = Desk(images=FakeImages(host="other.example.com"))
    assert [each.kind for each in (await linked(desk, put(desk))).links] == [LinkKind.CHART]


def test_a_restore_and_the_commit_of_a_build_have_pages_and_a_chart_of_a_registry_has_none() -> None:
    parameters = (
        ("chart-repository", "oci://harbor.example.com/charts/app"),
        ("source-repository", "https://gitea.example.com/shop/shop/"),
        ("source-commit", "d" * 40),
    )
    row = make.deployment(parameters=parameters, content=KNOWN, restore=make.restore())
    found = core_links.links(row, CLUSTER, image_page="")
    assert [(each.kind, each.address.rpartition("/")[2]) for each in found] == [
        (LinkKind.WORKFLOW, "shop-staging-142"),
        (LinkKind.RESTORE, "shop-staging-142-restore"),
        (LinkKind.SOURCE, "d" * 40),
    ]
    assert core_links.links(replace(row, workflow="", restore=None, parameters=()), CLUSTER, image_page="") == ()


# --- commands


async def test_the_lines_do_what_the_card_and_its_buttons_do() -> None:
    desk = Desk()
    row = put(desk, stage=Stage.PAUSED, rollout=make.rollout(), reason="fix the checkout")
    desk.rollouts.put(row.place, make.rollout())
    assert (lines_of(desk, row)).commands == (
        "/deploy shop v1.2 canary to staging because fix the checkout",
        "/rollout promote shop staging",
        "/rollout pause shop staging",
        "/rollout promote shop staging full",
        "/rollout abort shop staging",
        "/rollout restart shop staging",
    )


async def test_what_only_a_button_does_has_no_line_and_no_line_comes_twice() -> None:
    desk = Desk()
    row = put(desk, stage=Stage.PAUSED, rollout=make.rollout())
    pause = make.rollout().pause
    assert pause is not None
    desk.rollouts.put(row.place, make.rollout(pause=replace(pause, reason=PauseReason.INCONCLUSIVE)))
    lines = (lines_of(desk, row)).commands
    assert not [line for line in lines if "analysis" in line or line.endswith(" ")]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize("strategy", Strategy)
def test_a_line_is_understood_as_what_it_stands_for(strategy: Strategy) -> None:
    desk = Desk()
    known = make.deployment(strategy=strategy, reason="it's “urgent”, to production")
    word, _, text = render_deployment(known).partition(" ")
    assert parse(word, text, vocabulary_of(desk)) == DeployRequest(
        app="shop", version="v1.2", strategy=strategy, environment="staging", reason='it\'s "urgent", to production'
    )
    word, _, text = render_deployment(make.back_from()).partition(" ")
    assert parse(word, text, vocabulary_of(desk)) == RollbackRequest(app="shop", version="v1.1", environment="staging")


@pytest.mark.parametrize("action", sorted(set(Action) - BUTTONS_ALONE))
def test_the_line_of_every_button_is_understood(action: Action) -> None:
    word, _, text = render_act(action, app="shop", environment="staging").partition(" ")
    request = parse(word, text, vocabulary_of(Desk()))
    assert (getattr(request, "app", None), getattr(request, "environment", None)) == ("shop", "staging")


@pytest.mark.parametrize("action", sorted(BUTTONS_ALONE))
def test_what_cannot_be_typed_has_no_line(action: Action) -> None:
    assert render_act(action, app="shop", environment="staging") == ""


def vocabulary_of(desk: Desk) -> Vocabulary:
    return Vocabulary(apps={name: name for name in desk.catalog.apps}, environments=tuple(desk.catalog.environments))


# --- the log


async def test_the_log_of_a_failed_step_is_read_anew_and_masked() -> None:
    desk = Desk()
    row = put(desk, stage=Stage.FAILED, failure=FAILED)
    desk.pipelines.put(row.place, make.pipeline())
    last_word = '{"cause": "quota", "evidence": "x"}'
    desk.pipelines.logs[(row.workflow, "build-image")] = ("password=hunter2hunter2", "no room at all", last_word)
    notice = await log_of(desk, row)
    assert (notice.code, notice.facts["step"], notice.facts["is_kept"]) == (ReasonCode.LOG, "build-image", "")
    assert notice.log[1:] == ("no room at all",)
    assert "hunter2" not in notice.log[0]


@pytest.mark.parametrize("failure", [None, Temporary("Kubernetes", "it does not answer")])
async def test_a_log_that_is_gone_or_cannot_be_read_is_shown_as_it_was_kept(failure: SystemFailure | None) -> None:
    desk = Desk()
    row = put(desk, stage=Stage.FAILED, failure=FAILED)
    desk.pipelines.failure = failure
    notice = await log_of(desk, row)
    assert (notice.log, notice.facts["is_kept"]) == (FAILED.tail, "yes")


async def test_the_log_of_a_pod_that_crashes_is_that_of_its_last_life() -> None:
    desk = Desk()
    crashing = make.rollout(problems=(make.problem(),), pod_log=("boom",))
    row = put(desk, stage=Stage.ROLLING_OUT, rollout=crashing)
    desk.rollouts.put(row.place, make.rollout(problems=(make.problem(),)))
    desk.rollouts.logs[(row.place, "shop-bbbb-x", "app")] = ("starting", "boom")
    notice = await log_of(desk, row)
    assert (notice.log, notice.facts["step"], notice.facts["is_kept"]) == (("starting", "boom"), "", "")
    desk.rollouts.put(row.place, make.rollout())
    notice = await log_of(desk, row)
    assert (notice.log, notice.facts["is_kept"]) == (("boom",), "yes")


async def test_what_was_aborted_by_the_cluster_shows_what_was_kept_of_its_pods() -> None:
    desk = Desk()
    row = put(desk, stage=Stage.FAILED, failure=Failure(step="", message="too late", lines=("boom",)))
    assert (await log_of(desk, row)).log == ("boom",)


async def test_a_restore_that_failed_shows_its_own_log() -> None:
    desk = Desk()
    restore = make.restore(failure=replace(FAILED, step="release", tail=("not allowed",)))
    row = put(desk, stage=Stage.FAILED, failure=FAILED, restore=restore)
    desk.pipelines.put(row.place, make.pipeline(name=restore.workflow))
    desk.pipelines.logs[(restore.workflow, "release")] = ("still not allowed",)
    notice = await log_of(desk, row)
    assert (notice.log, notice.facts["step"]) == (("still not allowed",), "release")
    silent = replace(row, restore=replace(restore, failure=Failure(step="", message="gone")))
    kept = evidence(silent)
    assert kept is not None
    assert kept.workflow == row.workflow


async def test_where_no_log_was_kept_none_is_shown() -> None:
    desk = Desk()
    assert (await log_of(desk, put(desk))).code is ReasonCode.NO_LOG
    silent = put(desk, stage=Stage.FAILED, failure=Failure(step="fetch-artifact", message="no pod"))
    assert (await log_of(desk, silent)).code is ReasonCode.NO_LOG


# --- the question before a restart


def ran_well(desk: Desk) -> Deployment:
    row = put(desk, stage=Stage.SUCCEEDED, rollout=make.healthy())
    desk.rollouts.put(row.place, make.healthy())
    return row


async def test_whoever_may_restart_is_asked_first_and_nothing_happens_until_they_say_so() -> None:
    desk = Desk()
    desk.people.set_roles("bob", ["admin"])
    row = ran_well(desk)
    gate = gate_of(row, Action.RESTART)
    notice = await restart.press(row, gate=gate, user=BOB, catalog=desk.catalog, ask=desk.ask)
    (choice,) = notice.choices
    assert (notice.code, choice.label, choice.is_confirmation) == (
        *(ReasonCode.CONFIRM_RESTART, "Restart shop in staging", True),
    )
    assert await desk.deployments.acts(row.id) == ()
    word, _, text = choice.command.partition(" ")
    assert parse(word, text, vocabulary_of(desk)) == RestartRequest(app="shop", environment="staging")


async def test_whoever_may_not_restart_is_told_so_instead_of_asked() -> None:
    desk = Desk()
    row = ran_well(desk)
    gate = gate_of(row, Action.RESTART)
    notice = await restart.press(row, gate=gate, user=EVE, catalog=desk.catalog, ask=desk.ask)
    assert notice.code is ReasonCode.ROLE_MISSING
