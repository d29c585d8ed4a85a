"""People are reminded of a pause that they let stand: once, in time, and only those who may act."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from typing_extensions import override

from commands.core.acts import gate_of
from commands.core.model import Action, Content, Deployment, Stage
from commands.core.observed import Pause, PauseReason, RolloutSnapshot
from commands.core.reasons import Milestone, MilestoneCode, ReasonCode
from tests import make
from tests.commands.desk import BOB, Desk
from tests.fakes.deployments import FakeDeployments
from tests.fakes.people import FakePeople

HALF_AN_HOUR = timedelta(minutes=30)


def desk(*, remind: timedelta | None = HALF_AN_HOUR) -> Desk:
    made = Desk()
    staging = replace(made.catalog.environments["staging"], remind=remind)
    made.catalog = replace(made.catalog, environments={**made.catalog.environments, "staging": staging})
    made.people.add("carol", chat_ids=["U0CAROL"], roles=["admin"])
    return made


def waiting(desk: Desk, rollout: RolloutSnapshot | None = None) -> Deployment:
    seen = rollout or make.rollout()
    row = make.deployment(stage=Stage.PAUSED, content=Content(digest=make.DIGEST), rollout=seen)
    desk.rollouts.put(row.place, seen)
    return desk.deployments.put(row)


async def reminders(desk: Desk, row: Deployment) -> list[Milestone]:
    await desk.show.run(row.id)
    card = (await desk.row(row)).card
    assert card is not None
    return [line for line in desk.chat.said(card) if line.code is MilestoneCode.REMINDER]


async def test_a_pause_is_looked_at_again_when_its_time_is_over() -> None:
    here = desk()
    row = waiting(here)
    outcome = await here.advance.run(row.id)
    assert outcome.wake == make.NOON + HALF_AN_HOUR
    assert await reminders(here, row) == []


async def test_those_who_may_go_on_are_reminded_once_however_often_it_is_looked_at() -> None:
    here = desk()
    row = waiting(here)
    here.clock.pass_by(1800)
    for _ in range(3):
        outcome = await here.advance.run(row.id)
        assert outcome.wake is None
    (line,) = await reminders(here, row)
    assert line.facts == {"seconds": 1800, "people": "U0BOB, U0CAROL", "role": ""}
    assert not line.is_broadcast


async def test_the_next_pause_is_another_one_to_be_reminded_of() -> None:
    here = desk()
    row = waiting(here)
    here.clock.pass_by(1800)
    await here.advance.run(row.id)
    later = Pause(reason=PauseReason.STEP, since=here.clock.now(), since_text="2026-11-02T12:30:00Z")
    here.rollouts.put(row.place, make.rollout(step_index=3, weight=50, pause=later))
    assert (await here.advance.run(row.id)).wake == here.clock.now() + HALF_AN_HOUR
    here.clock.pass_by(1800)
    await here.advance.run(row.id)
    assert len(await reminders(here, row)) == 2


async def test_where_nobody_tells_who_may_act_the_role_is_named() -> None:
    here = desk()
    here.people.is_secretive = True
    row = waiting(here)
    here.clock.pass_by(1800)
    await here.advance.run(row.id)
    (line,) = await reminders(here, row)
    assert (line.facts["people"], line.facts["role"]) == ("", "approver, admin")


async def test_at_most_ten_people_are_mentioned() -> None:
    here = desk()
    for number in range(20):
        here.people.add(f"a{number:02}", chat_ids=[f"U0A{number:02}"], roles=["approver"])
    row = waiting(here)
    here.clock.pass_by(1800)
    await here.advance.run(row.id)
    (line,) = await reminders(here, row)
    assert len(str(line.facts["people"]).split(", ")) == 10


async def test_where_no_role_may_act_the_time_is_said_alone() -> None:
    here = desk()
    here.catalog = replace(here.catalog, grants=())
    row = waiting(here)
    here.clock.pass_by(1800)
    await here.advance.run(row.id)
    (line,) = await reminders(here, row)
    assert (line.facts["people"], line.facts["role"]) == ("", "")


@pytest.mark.parametrize(
    "rollout",
    [
        make.rollout(pause=Pause(reason=PauseReason.STEP, since=make.NOON, until=make.NOON + timedelta(hours=2))),
        make.rollout(pause=Pause(reason=PauseReason.STEP)),
        make.rollout(pause=None),
        make.rollout(is_aborted=True),
    ],
)
async def test_what_goes_on_by_itself_or_began_nobody_knows_when_reminds_nobody(rollout: RolloutSnapshot) -> None:
    here = desk()
    row = waiting(here, rollout)
    here.clock.pass_by(1800)
    await here.advance.run(row.id)
    assert await reminders(here, row) == []


async def test_an_environment_without_a_time_or_that_is_gone_reminds_nobody() -> None:
    silent, gone = desk(remind=None), desk()
    gone.catalog = replace(gone.catalog, environments={})
    for here in (silent, gone):
        place = make.PLACE
        row = here.deployments.put(make.deployment(stage=Stage.PAUSED, rollout=make.rollout()))
        here.rollouts.put(place, make.rollout())
        here.clock.pass_by(18_000)
        assert (await here.advance.run(row.id)).wake is None
        assert await reminders(here, row) == []


async def test_while_an_act_is_on_its_way_nobody_is_asked_for_it() -> None:
    here = desk()
    row = waiting(here)
    asked = await here.ask.on(
        row, action=Action.PROMOTE, gate=gate_of(row, Action.PROMOTE), user=BOB, catalog=here.catalog
    )
    assert asked.code is ReasonCode.REQUESTED
    here.clock.pass_by(1800)
    await here.advance.run(row.id)
    assert await reminders(here, row) == []


@dataclass(slots=True, kw_only=True)
class Interrupting(FakePeople):
    """While it is asked for the first time, somebody else saves the row."""

    deployments: FakeDeployments
    questions: int = 0

    @override
    async def holders_of(self, roles: Collection[str]) -> tuple[str, ...]:
        self.questions += 1
        if self.questions == 1:
            row = await self.deployments.load("d142")
            assert row is not None
            await self.deployments.save(row, milestones=())
        return ()


async def test_who_saves_in_between_makes_it_look_again_and_it_is_still_said_once() -> None:
    here = desk()
    row = waiting(here)
    people = Interrupting(deployments=here.deployments)
    here.people = people
    here.clock.pass_by(1800)
    await here.advance.run(row.id)
    assert people.questions == 2
    assert len(await reminders(here, row)) == 1
