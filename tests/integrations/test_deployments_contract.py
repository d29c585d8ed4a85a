from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from commands.core.errors import Permanent
from commands.core.model import (
    TERMINAL,
    Action,
    ActState,
    CardRef,
    Content,
    Failure,
    Hold,
    Later,
    OutsideChange,
    OutsideKind,
    Restart,
    Restore,
    Source,
    Stage,
    Takeover,
    WayBack,
)
from commands.core.ports import AlreadyAsked, Asked, Deployments, Repeated, SlotTaken, Started
from tests.fakes.deployments import FakeDeployments
from tests.integrations.store.build import act, milestone, new, opened, settings, started
from tests.make import BOB, NOON, pipeline, rollout

CARD = CardRef(channel="C0DEPLOYS", ts="1762084800.000100", sent="hash-1")


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Deployments]:
    if request.param == "memory":
        yield FakeDeployments()
        return
    async with opened(settings(tmp_path)) as real:
        yield real


# Starting


async def test_a_free_slot_gives_a_row_with_everything_that_was_asked(store: Deployments) -> None:
    order = new(
        reason="because of <b> & 'quotes' \N{ROCKET}",
        parameters={"b": "2", "a": "1"},
        way_back=WayBack(version="v1.1", since=NOON - timedelta(days=3)),
    )
    deployment = await started(store, order)
    assert deployment.number == 1
    assert deployment.workflow == "shop-staging-1"
    assert (deployment.stage, deployment.revision, deployment.card) == (Stage.BUILDING, 0, None)
    assert deployment.parameters == (("b", "2"), ("a", "1"))
    assert deployment.created_at == order.at
    assert {name: getattr(deployment, name) for name in ("app", "environment", "place", "version", "strategy")} == {
        name: getattr(order, name) for name in ("app", "environment", "place", "version", "strategy")
    }
    assert (deployment.requester, deployment.channel) == (order.requester, order.channel)
    assert (deployment.reason, deployment.way_back) == (order.reason, order.way_back)
    assert await store.load(deployment.id) == deployment


async def test_a_row_may_begin_with_the_content_of_an_earlier_one(store: Deployments) -> None:
    content, source = (
        Content(digest="sha256:" + "ab" * 32, chart_commit="c" * 40),
        Source(action=Action.ROLLBACK, number=7),
    )
    deployment = await started(store, new(content=content, source=source))
    assert (deployment.content, deployment.source) == (content, source)
    assert deployment.goes_straight_through
    assert await store.load(deployment.id) == deployment


async def test_what_is_restored_and_what_came_later_is_kept(store: Deployments) -> None:
    failure = Failure(step="release", message="no room", lines=("one", "two"))
    restore = Restore(
        number=1,
        version="v1.1",
        digest="sha256:" + "cd" * 32,
        workflow="shop-staging-2-restore",
        parameters=(("app", "shop"), ("values", "{}")),
        began_at=NOON,
        pipeline=pipeline(),
        finished_at=NOON,
        failure=failure,
    )
    later = Later(number=9, version="v1.1", action=Action.ROLLBACK, by=BOB, at=NOON, state=Takeover.DONE)
    first = await started(store)
    saved = await store.save(replace(first, restore=restore, later=later), milestones=[])
    assert saved is not None
    assert (saved.restore, saved.later) == (restore, later)
    assert await store.load(first.id) == saved


async def test_the_same_command_counts_once(store: Deployments) -> None:
    first = await started(store)
    assert await store.start(new(version="v9")) == Repeated(first)
    assert await store.recent() == (first,)


async def test_a_repeated_command_finds_its_row_after_the_slot_went_to_another(store: Deployments) -> None:
    first = await started(store)
    ended = await store.save(replace(first, stage=Stage.ABORTED), milestones=[])
    assert ended is not None
    await started(store, new("trigger-2"))
    assert await store.start(new()) == Repeated(ended)


async def test_a_second_deploy_is_refused_while_the_slot_is_held(store: Deployments) -> None:
    first = await started(store)
    assert await store.start(new("trigger-2")) == SlotTaken(first)
    assert await store.load(first.id) == first


async def test_a_refused_command_left_nothing_behind(store: Deployments) -> None:
    first = await started(store)
    await store.start(new("trigger-2"))
    assert await store.save(replace(first, stage=Stage.SUCCEEDED), milestones=[])
    assert isinstance(await store.start(new("trigger-2")), Started)


async def test_each_app_and_environment_has_its_own_slot(store: Deployments) -> None:
    first = await started(store)
    other_app = await started(store, new("trigger-2", app="cart"))
    other_environment = await started(store, new("trigger-3", environment="production"))
    assert len({first.id, other_app.id, other_environment.id}) == 3
    assert first.number < other_app.number < other_environment.number
    assert other_environment.workflow == f"shop-production-{other_environment.number}"


async def test_the_holder_of_a_slot_is_found(store: Deployments) -> None:
    assert await store.holder(app="shop", environment="staging") is None
    first = await started(store)
    assert await store.holder(app="shop", environment="staging") == first
    assert await store.holder(app="shop", environment="production") is None


async def test_all_holders_are_listed_by_their_numbers(store: Deployments) -> None:
    assert await store.holders() == ()
    first = await started(store)
    other = await started(store, new("trigger-2", environment="production"))
    assert await store.holders() == (first, other)
    assert await store.save(replace(first, stage=Stage.ABORTED), milestones=[])
    assert await store.holders() == (other,)


@pytest.mark.parametrize("stage", sorted(TERMINAL))
async def test_a_terminal_stage_frees_the_slot(store: Deployments, stage: Stage) -> None:
    first = await started(store)
    assert await store.save(replace(first, stage=stage), milestones=[])
    assert await store.holder(app="shop", environment="staging") is None
    await started(store, new("trigger-2"))


@pytest.mark.parametrize("stage", sorted(set(Stage) - TERMINAL))
async def test_any_other_stage_keeps_the_slot(store: Deployments, stage: Stage) -> None:
    saved = await store.save(replace(await started(store), stage=stage), milestones=[])
    assert saved is not None
    assert await store.start(new("trigger-2")) == SlotTaken(saved)


# Loading and listing


async def test_an_unknown_deployment_is_none(store: Deployments) -> None:
    assert await store.load("nobody") is None


async def test_recent_lists_newest_first_and_filters(store: Deployments) -> None:
    shop = await started(store)
    cart = await started(store, new("2", app="cart"))
    live = await started(store, new("3", environment="production"))
    assert await store.recent() == (live, cart, shop)
    assert await store.recent(app="shop") == (live, shop)
    assert await store.recent(environment="staging") == (cart, shop)
    assert await store.recent(app="cart", environment="production") == ()
    assert await store.recent(limit=2) == (live, cart)
    assert await store.recent(limit=0) == await store.recent(limit=-1) == ()


# Saving


async def test_saving_writes_everything_and_counts_the_revision(store: Deployments) -> None:
    deployment = replace(
        await started(store),
        stage=Stage.FAILED,
        content=Content(digest="sha256:" + "ab" * 32, chart_commit="c" * 40),
        pipeline=pipeline(),
        rollout=rollout(),
        failure=Failure(step="build-image", message="exit 3", exit_code=3, cause="no space", lines=("a", "")),
        outside=(OutsideChange(kind=OutsideKind.SCALED, at=NOON, detail="5 → 8"),),
        finished_at=NOON + timedelta(microseconds=1),
    )
    saved = await store.save(deployment, milestones=[])
    assert saved == replace(deployment, revision=1)
    assert await store.load(deployment.id) == saved


async def test_a_save_of_an_older_revision_changes_nothing(store: Deployments) -> None:
    first = await started(store)
    saved = await store.save(replace(first, stage=Stage.PAUSED), milestones=[milestone("one")])
    assert await store.save(replace(first, stage=Stage.ABORTED), milestones=[milestone("two")]) is None
    assert await store.load(first.id) == saved
    assert await store.holder(app="shop", environment="staging") == saved
    assert await store.unsaid(first.id) == (milestone("one"),)


async def test_saving_an_unknown_deployment_is_refused(store: Deployments) -> None:
    assert await store.save(replace(await started(store), id="nobody"), milestones=[]) is None


async def test_saving_keeps_the_card_that_was_shown_meanwhile(store: Deployments) -> None:
    first = await started(store)
    await store.shown(first.id, card=CARD, revision=0)
    saved = await store.save(replace(first, card=CardRef(channel="C1", ts="0")), milestones=[])
    assert saved == replace(first, revision=1, card=CARD)
    assert await store.load(first.id) == saved


# Milestones


async def test_milestones_are_said_once_and_in_order(store: Deployments) -> None:
    first = await started(store)
    saved = await store.save(first, milestones=[milestone("b"), milestone("a", lines=("x",), is_broadcast=True)])
    assert saved is not None
    await store.save(saved, milestones=[milestone("c")])
    assert await store.unsaid(first.id) == (
        milestone("b"),
        milestone("a", lines=("x",), is_broadcast=True),
        milestone("c"),
    )
    await store.said(first.id, key="b")
    await store.said(first.id, key="b")
    assert [one.key for one in await store.unsaid(first.id)] == ["a", "c"]


async def test_a_milestone_whose_key_exists_is_left_out_even_after_it_was_said(store: Deployments) -> None:
    first = await started(store)
    saved = await store.save(first, milestones=[milestone("a"), milestone("b"), milestone("a", lines=("later",))])
    assert saved is not None
    assert await store.unsaid(first.id) == (milestone("a"), milestone("b"))
    await store.said(first.id, key="a")
    again = await store.save(saved, milestones=[milestone("a"), milestone("b")])
    assert again is not None
    await store.save(again, milestones=[milestone("a"), milestone("c")])
    assert [one.key for one in await store.unsaid(first.id)] == ["b", "c"]


async def test_milestones_belong_to_their_deployment(store: Deployments) -> None:
    first, second = await started(store), await started(store, new("2", app="cart"))
    await store.save(first, milestones=[milestone("a")])
    await store.save(second, milestones=[milestone("a")])
    await store.said(first.id, key="a")
    assert await store.unsaid(first.id) == ()
    assert await store.unsaid(second.id) == (milestone("a"),)


async def test_saying_what_never_happened_does_nothing(store: Deployments) -> None:
    first = await started(store)
    await store.said(first.id, key="a")
    await store.said("nobody", key="a")
    await store.save(first, milestones=[milestone("a")])
    assert await store.unsaid(first.id) == (milestone("a"),)


# Acts


async def test_an_act_is_recorded_as_it_was_asked(store: Deployments) -> None:
    asked = act((await started(store)).id)
    assert await store.ask(asked) == Asked(asked)
    assert await store.acts(asked.deployment) == (asked,)


async def test_the_second_click_finds_the_first(store: Deployments) -> None:
    first = act((await started(store)).id, by=BOB)
    await store.ask(first)
    assert await store.ask(replace(first, id="act-2")) == AlreadyAsked(first)
    assert await store.acts(first.deployment) == (first,)


async def test_the_same_act_asked_again_is_the_same_act(store: Deployments) -> None:
    asked = act((await started(store)).id)
    await store.ask(asked)
    assert await store.ask(asked) == AlreadyAsked(asked)
    await store.close(asked.id, state=ActState.REFUSED)
    assert await store.ask(asked) == AlreadyAsked(replace(asked, state=ActState.REFUSED))


async def test_another_gate_action_or_deployment_is_another_act(store: Deployments) -> None:
    first, second = await started(store), await started(store, new("2", app="cart"))
    asked = [
        act(first.id),
        act(first.id, id="act-2", gate="gate-2"),
        act(first.id, id="act-3", action=Action.ABORT, expected=None),
        act(second.id, id="act-4"),
    ]
    assert [await store.ask(one) for one in asked] == [Asked(one) for one in asked]
    assert await store.acts(first.id) == tuple(asked[:3])
    assert await store.acts(second.id) == (asked[3],)


async def test_an_applied_act_keeps_its_gate(store: Deployments) -> None:
    asked = act((await started(store)).id)
    await store.ask(asked)
    await store.close(asked.id, state=ActState.APPLIED)
    applied = replace(asked, state=ActState.APPLIED)
    assert await store.ask(replace(asked, id="act-2")) == AlreadyAsked(applied)
    assert await store.acts(asked.deployment) == (applied,)


async def test_a_refused_act_frees_its_gate_and_stays_refused(store: Deployments) -> None:
    first = act((await started(store)).id)
    second, third = replace(first, id="act-2"), replace(first, id="act-3")
    await store.ask(first)
    await store.close(first.id, state=ActState.REFUSED)
    assert await store.ask(second) == Asked(second)
    await store.close(first.id, state=ActState.APPLIED)
    assert await store.ask(third) == AlreadyAsked(second)
    await store.close(second.id, state=ActState.REFUSED)
    assert await store.ask(third) == Asked(third)
    assert await store.acts(first.deployment) == (
        replace(first, state=ActState.REFUSED),
        replace(second, state=ActState.REFUSED),
        third,
    )


async def test_closing_an_unknown_act_does_nothing(store: Deployments) -> None:
    await store.close("nobody", state=ActState.APPLIED)


async def test_an_act_on_an_unknown_deployment_is_an_error(store: Deployments) -> None:
    with pytest.raises(Permanent):
        await store.ask(act("nobody"))
    assert await store.acts("nobody") == ()


# What is left to do


async def test_a_running_deployment_is_unfinished_whatever_was_shown(store: Deployments) -> None:
    first = await started(store)
    assert await store.unfinished() == (first.id,)
    await store.shown(first.id, card=CARD, revision=0)
    assert await store.unfinished() == (first.id,)
    loaded = await store.load(first.id)
    assert loaded is not None
    assert loaded.card == CARD


async def test_a_terminal_deployment_is_unfinished_until_its_last_card_is_shown(store: Deployments) -> None:
    first = await started(store)
    await store.shown(first.id, card=CARD, revision=0)
    await store.save(replace(first, stage=Stage.SUCCEEDED), milestones=[])
    assert await store.unfinished() == (first.id,)
    await store.shown(first.id, card=replace(CARD, sent="hash-2"), revision=1)
    assert await store.unfinished() == ()


async def test_a_terminal_deployment_is_unfinished_while_it_is_asked_for_a_restart_or_restarts(
    store: Deployments,
) -> None:
    first = await started(store)
    ended = await store.save(replace(first, stage=Stage.SUCCEEDED), milestones=[])
    await store.shown(first.id, card=CARD, revision=1)
    assert ended is not None
    asked = act(first.id)
    await store.ask(asked)
    assert await store.unfinished() == (first.id,)
    await store.close(asked.id, state=ActState.APPLIED)
    assert await store.unfinished() == ()
    restarting = replace(ended, restart=Restart(at=NOON, by=BOB), restarts=1, hold=Hold(count=2, at=NOON, by=BOB))
    begun = await store.save(restarting, milestones=[])
    await store.shown(first.id, card=CARD, revision=2)
    assert begun is not None
    assert await store.unfinished() == (first.id,)
    loaded = await store.load(first.id)
    assert loaded is not None
    assert (loaded.restart, loaded.restarts, loaded.hold) == (restarting.restart, 1, restarting.hold)
    await store.save(replace(begun, restart=None), milestones=[])
    await store.shown(first.id, card=CARD, revision=3)
    assert await store.unfinished() == ()


async def test_a_terminal_deployment_that_was_never_shown_is_unfinished(store: Deployments) -> None:
    first = await started(store)
    await store.save(replace(first, stage=Stage.FAILED), milestones=[])
    assert await store.unfinished() == (first.id,)


async def test_a_card_drawn_from_an_older_row_is_not_the_last_one(store: Deployments) -> None:
    first = await started(store)
    await store.save(replace(first, stage=Stage.FAILED), milestones=[])
    await store.shown(first.id, card=CARD, revision=0)
    assert await store.unfinished() == (first.id,)


async def test_an_older_card_that_arrives_late_makes_the_shown_one_stale_again(store: Deployments) -> None:
    first = await started(store)
    await store.save(replace(first, stage=Stage.FAILED), milestones=[])
    await store.shown(first.id, card=replace(CARD, sent="new"), revision=1)
    await store.shown(first.id, card=replace(CARD, sent="old"), revision=0)
    assert await store.unfinished() == (first.id,)


async def test_a_terminal_deployment_with_something_left_to_say_is_unfinished(store: Deployments) -> None:
    first = await started(store)
    await store.save(replace(first, stage=Stage.FAILED), milestones=[milestone("a")])
    await store.shown(first.id, card=CARD, revision=1)
    assert await store.unfinished() == (first.id,)
    await store.said(first.id, key="a")
    assert await store.unfinished() == ()


async def test_a_finished_deployment_that_is_watched_is_unfinished_until_it_is_not(store: Deployments) -> None:
    first = await started(store)
    watched = await store.save(replace(first, stage=Stage.SUCCEEDED, watched_until=NOON), milestones=[])
    await store.shown(first.id, card=CARD, revision=1)
    assert await store.unfinished() == (first.id,)
    assert watched is not None
    await store.save(replace(watched, watched_until=None), milestones=[])
    await store.shown(first.id, card=CARD, revision=2)
    assert await store.unfinished() == ()


async def test_recent_deployments_of_one_stage_are_listed_alone(store: Deployments) -> None:
    for key, stage in enumerate([Stage.SUCCEEDED, Stage.FAILED, Stage.SUCCEEDED]):
        row = await started(store, new(str(key)))
        await store.save(replace(row, stage=stage), milestones=[])
    assert [row.number for row in await store.recent(app="shop", stage=Stage.SUCCEEDED)] == [3, 1]
    assert [row.number for row in await store.recent(stage=Stage.FAILED, limit=1)] == [2]
    assert await store.recent(environment="staging", stage=Stage.EXPIRED) == ()


async def test_unfinished_deployments_are_listed_oldest_first(store: Deployments) -> None:
    ids = [(await started(store, new(str(index), app=f"app-{index}"))).id for index in range(12)]
    assert await store.unfinished() == tuple(ids)


async def test_showing_an_unknown_deployment_does_nothing(store: Deployments) -> None:
    await store.shown("nobody", card=CARD, revision=0)
    assert await store.unfinished() == ()
