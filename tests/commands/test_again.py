"""Going back and trying again, typed and pressed: whose content, which rights, and that it happens once."""

from dataclasses import replace

import pytest
from typing_extensions import override

from commands import retry, rollback
from commands.core.acts import possible
from commands.core.errors import Temporary
from commands.core.model import Action, ChatUser, Content, Deployment, Failure, Later, Source, Stage, Takeover, WayBack
from commands.core.observed import PipelinePhase, StepPhase
from commands.core.ports import Image
from commands.core.reasons import Notice, ReasonCode
from commands.core.requests import Origin, RetryRequest, RollbackRequest
from tests import make
from tests.commands.desk import ALICE, BOB, EVE, NOBODY, Desk
from tests.fakes.images import FakeImages

CAROL = ChatUser(id="U0CAROL", team=ALICE.team)
IMAGE = "harbor.example.com/shop/shop"


def history(**changes: object) -> Desk:
    """Sit at a desk where v1.1 ran and v1.2 runs; carol may do everything."""
    desk = Desk(**changes)  # type: ignore[arg-type]  # tests name fields of Desk
    desk.people.add("carol", chat_ids=["U0CAROL"], roles=["admin"])
    desk.deployments.put(make.earlier())
    parameters = tuple({**dict(make.earlier().parameters), "version": "v1.2"}.items())
    done = make.deployment(
        stage=Stage.SUCCEEDED,
        content=Content(digest=make.DIGEST, chart_commit="c" * 40),
        parameters=parameters,
        rollout=make.healthy(),
        finished_at=make.NOON,
    )
    desk.rollouts.put(done.place, make.healthy())
    desk.deployments.put(done)
    return desk


def origin(user: ChatUser = CAROL, key: str = "k1") -> Origin:
    return Origin(user=user, channel="C0DEPLOYS", key=key)


async def typed(
    desk: Desk, request: RollbackRequest | RetryRequest, *, user: ChatUser = CAROL, key: str = "k1"
) -> Deployment | Notice:
    known = {"origin": origin(user, key), "catalog": desk.catalog, "again": desk.again}
    if isinstance(request, RollbackRequest):
        answer = await rollback.run(request, **known)  # type: ignore[arg-type]  # each is of its own type
    else:
        answer = await retry.run(request, **known)  # type: ignore[arg-type]  # the same
    if isinstance(answer, Notice):
        await desk.chat.whisper(channel="C0DEPLOYS", user=user.id, notice=answer)
    return answer


async def pressed(
    desk: Desk, row: Deployment | None, action: Action, *, gate: str = "", user: ChatUser = CAROL
) -> Deployment | Notice:
    """Press a button of a card as it is now, or as it was when it had another gate."""
    gates = [act.gate for act in possible(row) if act.action is action] if row is not None else []
    seen = gate or (gates[0] if gates else "0" * 12)
    key = f"press:{row.id if row else ''}:{seen}"
    verb = rollback.press if action is Action.ROLLBACK else retry.press
    answer = await verb(row, gate=seen, origin=origin(user, key), catalog=desk.catalog, again=desk.again)
    if isinstance(answer, Notice):
        await desk.chat.whisper(channel="C0DEPLOYS", user=user.id, notice=answer)
    return answer


def refused(answer: Deployment | Notice, code: ReasonCode) -> Notice:
    assert isinstance(answer, Notice)
    assert answer.code is code
    return answer


async def of(desk: Desk, number: int) -> Deployment:
    return next(row for row in await desk.deployments.recent() if row.number == number)


# --- going back


async def test_going_back_releases_the_exact_content_that_ran_before_without_a_build() -> None:
    desk = history()
    row = await typed(desk, RollbackRequest(app="shop"))
    assert isinstance(row, Deployment)
    assert (row.number, row.version, row.strategy) == (143, "v1.1", make.earlier().strategy)
    assert (row.source, row.goes_straight_through) == (Source(action=Action.ROLLBACK, number=140), True)
    assert row.content == make.earlier().content
    assert row.way_back is not None
    assert (row.way_back.version, row.way_back.number) == ("v1.2", 142)
    await desk.advance.run(row.id)
    (order,) = desk.pipelines.orders
    arguments = dict(order.parameters)
    assert order.template == "slipway-release"
    assert (arguments["digest"], arguments["chart-commit"]) == (make.OLD_DIGEST, "e" * 40)
    assert (arguments["requester"], arguments["deployment"]) == ("carol", "143")


async def test_going_back_passes_its_gates_by_itself() -> None:
    desk = history()
    row = await typed(desk, RollbackRequest(app="shop"))
    assert isinstance(row, Deployment)
    await desk.advance.run(row.id)
    desk.pipelines.put(row.place, make.pipeline(name=row.workflow, owner=row.id, steps=()))
    image = f"{IMAGE}@{make.OLD_DIGEST}"
    desk.rollouts.put(row.place, make.rollout(deployment=143, version="v1.1", image=image))
    await desk.advance.run(row.id)
    assert desk.rollouts.patches == [(row.place, Action.FULL)]
    await desk.advance.run(row.id)
    assert len(desk.rollouts.patches) == 1
    assert (await of(desk, 143)).stage is not Stage.PAUSED


async def test_any_version_that_was_released_there_may_be_named() -> None:
    desk = history()
    desk.deployments.put(make.earlier(id="d9", number=9, version="v1.0"))
    row = await typed(desk, RollbackRequest(app="store", version="1.0"))
    assert isinstance(row, Deployment)
    assert (row.version, row.source) == ("v1.0", Source(action=Action.ROLLBACK, number=9))


async def test_a_version_that_was_never_released_there_offers_those_that_were() -> None:
    notice = refused(await typed(history(), RollbackRequest(app="shop", version="v9")), ReasonCode.NEVER_RELEASED)
    assert [choice.command for choice in notice.choices] == [
        "/rollout rollback shop to v1.2 staging",
        "/rollout rollback shop to v1.1 staging",
    ]


async def test_what_runs_already_is_not_released_again() -> None:
    refused(await typed(history(), RollbackRequest(app="shop", version="v1.2")), ReasonCode.RUNS_ALREADY)


async def test_nothing_to_go_back_to_is_explained() -> None:
    desk = history()
    foreign = WayBack(version="v1.1", digest="sha256:" + "99" * 32)
    desk.deployments.put(replace(await of(desk, 142), way_back=foreign))
    assert refused(await typed(desk, RollbackRequest(app="shop")), ReasonCode.NO_WAY_BACK).facts["version"] == "v1.1"
    empty = Desk()
    empty.people.add("carol", chat_ids=["U0CAROL"], roles=["admin"])
    assert refused(await typed(empty, RollbackRequest(app="shop")), ReasonCode.NO_WAY_BACK).facts["version"] == ""


async def test_who_may_not_is_told_before_anything_else() -> None:
    desk = history()
    refused(await typed(desk, RollbackRequest(app="shop"), user=EVE), ReasonCode.ROLE_MISSING)
    refused(await typed(desk, RollbackRequest(app="shop"), user=NOBODY), ReasonCode.NOT_LINKED)
    refused(await typed(desk, RollbackRequest(app="shop"), user=BOB), ReasonCode.ROLE_MISSING)
    refused(await typed(desk, RetryRequest(app="shop"), user=ALICE), ReasonCode.ROLE_MISSING)
    refused(await typed(desk, RollbackRequest(app="gone")), ReasonCode.UNKNOWN_APP)
    refused(await typed(desk, RollbackRequest(app="desk")), ReasonCode.ENVIRONMENT_NEEDED)
    desk.people.failure = Temporary("Keycloak", "no answer")
    with pytest.raises(Temporary):
        await typed(desk, RollbackRequest(app="shop"))
    assert len(await desk.deployments.recent()) == 2


async def test_a_protected_environment_asks_once_more_before_it_goes_back() -> None:
    desk = history()
    place = desk.place("shop", "production")
    desk.deployments.put(make.earlier(id="d1", number=1, environment="production", place=place))
    desk.rollouts.put(place, make.healthy(deployment=2, version="v1.2"))
    request = RollbackRequest(app="shop", environment="production")
    notice = refused(await typed(desk, request), ReasonCode.CONFIRM_BACK)
    assert (notice.choices[0].label, notice.choices[0].command) == (
        "Roll back shop to v1.1 in production",
        "/rollout rollback shop to v1.1 production",
    )
    row = await typed(desk, replace(request, is_confirmed=True), key="k2")
    assert isinstance(row, Deployment)
    assert row.channel == "#prod-deploys"


async def test_the_same_command_and_a_busy_slot_start_nothing() -> None:
    desk = history()
    await typed(desk, RollbackRequest(app="shop"))
    refused(await typed(desk, RollbackRequest(app="shop")), ReasonCode.REPEATED)
    refused(await typed(desk, RollbackRequest(app="shop"), key="k2"), ReasonCode.BUSY)


@pytest.mark.parametrize(
    ("built", "expected"),
    [((make.OLD_DIGEST, make.DIGEST), True), ((make.OLD_DIGEST,), False), (None, None)],
)
async def test_it_is_known_from_the_start_whether_one_can_come_back(
    built: tuple[str, ...] | None, *, expected: bool | None
) -> None:
    images = FakeImages(host="harbor.example.com" if built else "other.example.com")
    for index, digest in enumerate(built or ()):
        images.push(IMAGE, f"v{index}", digest=digest)
    row = await typed(history(images=images), RollbackRequest(app="shop"))
    assert isinstance(row, Deployment)
    assert row.way_back is not None
    assert row.way_back.is_built is expected


class StaleList(FakeImages):
    """Lists nothing of what was pushed a moment ago, and knows the digest behind its tag all the same."""

    @override
    async def search(self, image: str) -> tuple[Image, ...] | None:
        return ()

    @override
    async def digest(self, image: str, *, version: str) -> str | None:
        return next((one.digest for one in self.built.get(image, ()) if version in one.tags), None)


async def test_what_was_built_a_moment_ago_is_not_said_to_be_gone() -> None:
    images = StaleList()
    images.push(IMAGE, "v1.2", digest=make.DIGEST)
    row = await typed(history(images=images), RollbackRequest(app="shop"))
    assert isinstance(row, Deployment)
    assert row.way_back is not None
    assert (row.way_back.version, row.way_back.is_built) == ("v1.2", True)


async def test_a_registry_without_an_answer_holds_nothing_up() -> None:
    row = await typed(history(images=FakeImages(failure=Temporary("Harbor", "no"))), RollbackRequest(app="shop"))
    assert isinstance(row, Deployment)
    assert row.way_back is not None
    assert row.way_back.is_built is None


# --- the button


async def test_a_press_goes_back_to_what_the_button_says_and_counts_once() -> None:
    desk = history()
    card = await of(desk, 142)
    row = await pressed(desk, card, Action.ROLLBACK)
    assert isinstance(row, Deployment)
    assert (row.version, row.goes_straight_through) == ("v1.1", True)
    second = await pressed(desk, card, Action.ROLLBACK, user=CAROL)
    assert refused(second, ReasonCode.REPEATED).facts["deployment"] == 143
    await desk.advance.run(row.id)
    (gate,) = [act.gate for act in possible(card) if act.action is Action.ROLLBACK]
    desk.clock.pass_by(3)
    late = refused(await pressed(desk, await of(desk, 142), Action.ROLLBACK, gate=gate), ReasonCode.ALREADY_DONE)
    assert late.facts == {"action": "rollback", "by": "U0CAROL", "ago": 3}


async def test_a_press_on_a_card_of_the_past_does_nothing_and_says_what_came_since() -> None:
    desk = history()
    card = await of(desk, 142)
    later = Later(number=150, version="v1.3", action=Action.DEPLOY, by=make.BOB, at=make.NOON, state=Takeover.DONE)
    gone = desk.deployments.put(replace(card, later=later))
    notice = refused(await pressed(desk, gone, Action.ROLLBACK), ReasonCode.TAKEN_OVER)
    assert (notice.facts["version"], notice.facts["deployment"]) == ("v1.3", 150)
    refused(await pressed(desk, card, Action.ROLLBACK, gate="f" * 12), ReasonCode.STALE)
    refused(await pressed(desk, None, Action.ROLLBACK), ReasonCode.STALE)
    refused(await pressed(desk, None, Action.RETRY), ReasonCode.STALE)


async def test_a_press_needs_the_right_of_whoever_presses() -> None:
    desk = history()
    card = await of(desk, 142)
    refused(await pressed(desk, card, Action.ROLLBACK, user=EVE), ReasonCode.ROLE_MISSING)
    refused(await pressed(desk, card, Action.RETRY, user=EVE), ReasonCode.ROLE_MISSING)


async def test_a_press_after_the_content_was_forgotten_says_so() -> None:
    desk = history()
    card = await of(desk, 142)
    del desk.deployments.rows["d140"]
    refused(await pressed(desk, card, Action.ROLLBACK), ReasonCode.NEVER_RELEASED)


# --- trying again


def failed(desk: Desk, **changes: object) -> Deployment:
    steps = (make.step("build-image", StepPhase.FAILED),)
    return desk.deployments.put(
        make.deployment(
            **{
                "id": "d143",
                "number": 143,
                "version": "v1.3",
                "stage": Stage.FAILED,
                "reason": "fix the checkout",
                "parameters": (("app", "shop"), ("chart-ref", "v1.4.0"), ("requester", "alice")),
                "pipeline": make.pipeline(phase=PipelinePhase.FAILED, steps=steps),
                "failure": Failure(step="build-image", message="no room"),
                **changes,
            }
        )
    )


async def test_what_failed_is_tried_again_from_the_start_of_what_is_not_known() -> None:
    desk = history()
    failed(desk)
    row = await typed(desk, RetryRequest(app="shop"))
    assert isinstance(row, Deployment)
    assert (row.version, row.reason, row.source) == (
        "v1.3",
        "fix the checkout",
        Source(action=Action.RETRY, number=143),
    )
    assert not row.goes_straight_through
    assert dict(row.parameters) == {"app": "shop", "chart-ref": "v1.4.0", "requester": "carol"}
    await desk.advance.run(row.id)
    assert desk.pipelines.orders[0].template == "slipway-deploy"


async def test_with_image_and_chart_known_it_goes_straight_to_the_release_and_waits_at_its_gates() -> None:
    desk = history()
    content = Content(digest="sha256:" + "12" * 32, chart_commit="d" * 40)
    card = failed(desk, stage=Stage.ABORTED, content=content, parameters=make.earlier().parameters)
    row = await pressed(desk, card, Action.RETRY)
    assert isinstance(row, Deployment)
    assert (row.content, row.goes_straight_through) == (content, False)
    await desk.advance.run(row.id)
    (order,) = desk.pipelines.orders
    assert (order.template, dict(order.parameters)["digest"]) == ("slipway-release", content.digest)
    refused(await pressed(desk, card, Action.RETRY), ReasonCode.REPEATED)


async def test_a_rollback_that_failed_goes_straight_through_again() -> None:
    desk = history()
    card = desk.deployments.put(make.back_from(stage=Stage.FAILED))
    row = await pressed(desk, card, Action.RETRY)
    assert isinstance(row, Deployment)
    assert row.source == card.source
    assert row.goes_straight_through


async def test_there_is_nothing_to_try_again_where_nothing_failed() -> None:
    desk = history()
    refused(await typed(desk, RetryRequest(app="shop")), ReasonCode.NOTHING_TO_RETRY)
    refused(await typed(desk, RetryRequest(app="pay", environment="production")), ReasonCode.NOTHING_TO_RETRY)
    refused(await pressed(desk, await of(desk, 142), Action.RETRY), ReasonCode.STALE)
    desk.deployments.put(make.deployment(id="d144", number=144))
    refused(await typed(desk, RetryRequest(app="shop")), ReasonCode.BUSY)


async def test_a_protected_environment_asks_once_more_before_it_tries_again() -> None:
    desk = history()
    failed(desk, environment="production")
    notice = refused(await typed(desk, RetryRequest(app="shop", environment="production")), ReasonCode.CONFIRM)
    assert notice.choices[0].command == "/rollout retry shop production"
