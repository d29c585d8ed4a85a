import asyncio

import pytest
from typing_extensions import override

from commands.core.acts import gate_of
from commands.core.card import Headline
from commands.core.errors import Permanent, SystemFailure, Temporary
from commands.core.model import Action, Content, Deployment, Stage
from commands.core.reasons import MilestoneCode, ReasonCode
from tests import make
from tests.bot import loops
from tests.bot.loops import settle
from tests.bot.office import Office
from tests.commands.desk import BOB, Desk
from tests.fakes.deployments import FakeDeployments

SLACK_IS_DOWN = Temporary("Slack", "chat.postMessage: no answer in time")


async def started(office: Office) -> Deployment:
    """Start a deployment that nobody tracks yet."""
    return await office.desk.started()


def paused(office: Office) -> Deployment:
    row = make.deployment(stage=Stage.PAUSED, content=Content(digest=make.DIGEST), rollout=make.rollout())
    office.desk.rollouts.put(row.place, make.rollout())
    office.desk.pipelines.put(row.place, make.pipeline())
    return office.desk.deployments.put(row)


async def headline(office: Office, row: Deployment) -> Headline:
    seen = await office.desk.row(row)
    assert seen.card is not None
    return office.desk.chat.shown(seen.card).headline


def test_what_was_unfinished_at_the_start_goes_on() -> None:
    async def main() -> None:
        office = Office()
        row = await started(office)
        async with office.working():
            await settle()
            assert [order.owner for order in office.desk.pipelines.orders] == [row.id]
            assert await headline(office, row) is Headline.BUILDING

    loops.run(main())


def test_a_tracked_deployment_goes_to_its_end_by_hints_alone_and_is_then_forgotten() -> None:
    async def main() -> None:
        office = Office()
        desk = office.desk
        async with office.working():
            row = await started(office)
            await settle()
            assert desk.pipelines.orders == []
            office.worker.track(row)
            await settle()
            desk.pipelines.put(row.place, make.pipeline(owner=row.id))
            desk.rollouts.put(row.place, make.rollout())
            await settle()
            assert (await desk.row(row)).stage is Stage.PAUSED
            assert office.worker._places
            desk.rollouts.put(row.place, make.healthy())
            await settle()
            assert (await desk.row(row)).stage is Stage.SUCCEEDED
            assert await headline(office, row) is Headline.DONE
            assert not office.worker._places

    loops.run(main())


def test_a_change_elsewhere_moves_nothing() -> None:
    async def main() -> None:
        office = Office()
        row = paused(office)
        async with office.working():
            await settle()
            revision = (await office.desk.row(row)).revision
            office.desk.rollouts.known[row.place] = make.healthy()
            office.worker.hint(office.desk.place("pay"))
            office.worker.nudge(office.desk.place("pay"))
            await settle()
            assert (await office.desk.row(row)).revision == revision
            office.worker.hint(row.place)
            await settle()
            assert (await office.desk.row(row)).stage is Stage.SUCCEEDED

    loops.run(main())


def test_two_deployments_of_one_place_are_both_looked_at_and_forgotten_one_by_one() -> None:
    async def main() -> None:
        office = Office()
        one = paused(office)
        other = office.desk.deployments.put(make.deployment(id="d9", number=9, stage=Stage.SUCCEEDED, app="shop"))
        async with office.working():
            await settle()
            assert office.worker._places == {one.place: {one.id}}
            assert await headline(office, other) is Headline.DONE

    loops.run(main())


def test_a_persons_act_shows_on_the_card_even_while_the_cluster_does_not_answer() -> None:
    async def main() -> None:
        office = Office()
        row = paused(office)
        async with office.working():
            await settle()
            row = await office.desk.row(row)
            notice = await office.desk.ask.on(
                row, action=Action.PROMOTE, gate=gate_of(row, Action.PROMOTE), user=BOB, catalog=office.desk.catalog
            )
            assert notice.code is ReasonCode.REQUESTED
            office.desk.rollouts.failure = Temporary("Kubernetes", "no answer in time")
            office.worker.nudge(row.place)
            await settle()
            seen = await office.desk.row(row)
            assert seen.card is not None
            assert [card.pending is not None for card in office.desk.chat.cards[seen.card.channel, seen.card.ts]] == [
                False,
                True,
            ]
            await asyncio.sleep(5)
            assert [action for _, action in office.desk.rollouts.patches] == [Action.PROMOTE]
            assert MilestoneCode.ADVANCED in [each.code for each in office.desk.chat.said(seen.card)]

    loops.run(main())


@pytest.mark.parametrize("trouble", [SLACK_IS_DOWN, Permanent("Slack", "chat.postMessage: is_archived")])
def test_what_cannot_be_shown_moves_on_and_is_shown_later_even_when_it_is_over(trouble: SystemFailure) -> None:
    async def main() -> None:
        office = Office()
        desk = office.desk
        desk.chat.trouble = trouble
        row = await started(office)
        async with office.working():
            await settle()
            desk.pipelines.put(row.place, make.pipeline(owner=row.id))
            desk.rollouts.put(row.place, make.healthy())
            await asyncio.sleep(300)
            assert (await desk.row(row)).stage is Stage.SUCCEEDED
            assert not office.worker._places
            assert desk.chat.cards == {}
            desk.chat.trouble = None
            await asyncio.sleep(60)
            assert await headline(office, row) is Headline.DONE
            assert len(desk.chat.cards) == 1
            seen = await desk.row(row)
            assert seen.card is not None
            assert desk.chat.said(seen.card)[-1].code is MilestoneCode.DONE

    loops.run(main())


def test_a_deployment_that_was_over_but_not_shown_is_shown_after_a_restart() -> None:
    async def main() -> None:
        office = Office()
        row = office.desk.deployments.put(make.deployment(stage=Stage.FAILED))
        async with office.working():
            await settle()
            assert await headline(office, row) is Headline.FAILED

    loops.run(main())


def test_a_cluster_that_is_not_listed_yet_is_waited_for() -> None:
    async def main() -> None:
        office = Office()
        row = await started(office)
        office.desk.rollouts.unsynced.add(row.place)
        async with office.working():
            await asyncio.sleep(60)
            assert office.desk.pipelines.orders == []
            office.desk.rollouts.unsynced.clear()
            await office.worker.sweep()
            await settle()
            assert len(office.desk.pipelines.orders) == 1

    loops.run(main())


def test_a_deadline_is_kept_without_any_hint() -> None:
    async def main() -> None:
        office = Office()
        desk = office.desk
        row = await started(office)
        desk.pipelines.put(row.place, make.pipeline(owner=row.id))
        async with office.working():
            await settle()
            assert (await desk.row(row)).stage is not Stage.FAILED
            desk.clock.pass_by(300)
            await asyncio.sleep(300)
            assert (await desk.row(row)).stage is Stage.FAILED

    loops.run(main())


def test_a_database_that_cannot_be_read_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        office = Office()
        row = await started(office)
        office.desk.deployments.failure = Temporary("the database", "it is busy")
        async with office.working():
            await settle()
            assert "the database: it is busy" in caplog.text
            office.desk.deployments.failure = None
            await office.worker.sweep()
            await settle()
            assert await headline(office, row) is Headline.BUILDING

    loops.run(main())


class Fleeting(FakeDeployments):
    """Rows that are gone by the time they are loaded."""

    @override
    async def load(self, deployment: str) -> Deployment | None:
        return None


def test_a_row_that_vanishes_while_everything_is_looked_at_is_passed_over() -> None:
    async def main() -> None:
        office = Office(desk=Desk(deployments=Fleeting()))
        office.desk.deployments.put(make.deployment())
        await office.worker.sweep()
        assert not office.worker._places

    loops.run(main())


def test_a_row_that_vanished_meanwhile_is_forgotten() -> None:
    async def main() -> None:
        office = Office()
        row = await started(office)
        async with office.working():
            await settle()
            del office.desk.deployments.rows[row.id]
            office.worker.hint(row.place)
            await settle()
            assert not office.worker._places

    loops.run(main())
