"""Clicks by many people at once on a real database: one act, one patch, one line, and an answer for everybody."""

import asyncio
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from commands.core.acts import gate_of
from commands.core.model import Action, ActState, ChatUser, Content, Deployment, Stage
from commands.core.reasons import MilestoneCode, ReasonCode
from integrations.store import SqlDeployments
from tests import make
from tests.commands.desk import BOB, Desk
from tests.integrations.store.build import opened, settings, started

TIMES = int(os.environ.get("RACE_TRIES", "10"))
"""How often each race is run; fifty times before it is changed."""
"""How often what runs at once is tried before it is believed."""
CAROL = ChatUser(id="U0CAROL", team=BOB.team)


async def waiting(desk: Desk, store: SqlDeployments) -> Deployment:
    """Put a canary at its first pause into the database and the cluster."""
    row = await started(store)
    seen = make.rollout(deployment=row.number)
    desk.rollouts.put(row.place, seen)
    paused = replace(
        row, stage=Stage.PAUSED, rollout=seen, content=Content(digest=make.DIGEST), pipeline=make.pipeline()
    )
    saved = await store.save(paused, milestones=())
    assert saved is not None
    return saved


def at(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.timeout(240)
async def test_twenty_clicks_of_two_people_are_one_step_and_nineteen_answers(tmp_path: Path) -> None:
    for time in range(TIMES):
        desk = Desk()
        desk.people.add("carol", chat_ids=[CAROL.id], roles=["approver"])
        async with opened(settings(at(tmp_path / str(time)))) as store:
            desk.deployments = store  # type: ignore[assignment]  # it is what the fake stands for
            row = await waiting(desk, store)
            gate = gate_of(row, Action.PROMOTE)
            clicks = (
                desk.ask.on(row, action=Action.PROMOTE, gate=gate, user=user, catalog=desk.catalog)
                for user in (BOB, CAROL) * 10
            )
            moving = asyncio.gather(*(desk.advance.run(row.id) for _ in range(4)))
            answers = await asyncio.gather(*clicks)
            await moving
            await desk.advance.run(row.id)
            assert Counter(answer.code for answer in answers) == {ReasonCode.REQUESTED: 1, ReasonCode.ALREADY_DONE: 19}
            assert desk.rollouts.patches == [(row.place, Action.PROMOTE)]
            assert [act.state for act in await store.acts(row.id)] == [ActState.APPLIED]
            said = [line.code for line in await store.unsaid(row.id)]
            assert said.count(MilestoneCode.ADVANCED) == 1
            assert MilestoneCode.MOVED_OUTSIDE not in said
