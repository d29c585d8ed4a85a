import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from commands.core.model import Stage
from commands.core.ports import AlreadyAsked, Asked, Repeated, SlotTaken, Started
from integrations.store import AuditEntry, SqlDeployments
from tests.integrations.store.build import act, milestone, new, opened, settings, started
from tests.make import ALICE


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[tuple[SqlDeployments, SqlDeployments]]:
    """Two stores on one file: what one process's own queue would hide, the other's shows."""
    async with opened(settings(tmp_path)) as first, opened(settings(tmp_path)) as second:
        yield first, second


async def test_one_command_that_comes_twenty_times_at_once_is_one_row(
    stores: tuple[SqlDeployments, SqlDeployments],
) -> None:
    answers = await asyncio.gather(*(stores[index % 2].start(new()) for index in range(20)))
    (winner,) = [answer.deployment for answer in answers if isinstance(answer, Started)]
    assert sum(answer == Repeated(winner) for answer in answers) == 19
    assert await stores[0].recent() == (winner,)


async def test_of_twenty_commands_for_one_slot_one_wins_and_the_others_are_told_who(
    stores: tuple[SqlDeployments, SqlDeployments],
) -> None:
    answers = await asyncio.gather(*(stores[index % 2].start(new(str(index))) for index in range(20)))
    (winner,) = [answer.deployment for answer in answers if isinstance(answer, Started)]
    assert sum(answer == SlotTaken(winner) for answer in answers) == 19
    assert await stores[0].recent() == (winner,)


async def test_of_twenty_clicks_on_one_gate_one_counts(stores: tuple[SqlDeployments, SqlDeployments]) -> None:
    deployment = (await started(stores[0])).id
    clicks = [act(deployment, id=f"act-{index}") for index in range(20)]
    answers = await asyncio.gather(*(stores[index % 2].ask(click) for index, click in enumerate(clicks)))
    (winner,) = [answer.act for answer in answers if isinstance(answer, Asked)]
    assert sum(answer == AlreadyAsked(winner) for answer in answers) == 19
    assert await stores[0].acts(deployment) == (winner,)


async def test_of_two_saves_of_one_revision_one_counts(stores: tuple[SqlDeployments, SqlDeployments]) -> None:
    deployment = await started(stores[0])
    saves = [
        store.save(replace(deployment, reason=name), milestones=[milestone(name)])
        for store, name in zip(stores, ("one", "two"), strict=True)
    ]
    (winner,) = [saved for saved in await asyncio.gather(*saves) if saved is not None]
    assert await stores[0].load(deployment.id) == winner
    assert [one.key for one in await stores[1].unsaid(deployment.id)] == [winner.reason]


async def test_a_slot_that_is_freed_while_others_want_it_goes_to_one_of_them(
    stores: tuple[SqlDeployments, SqlDeployments],
) -> None:
    first = await started(stores[0])
    others = [stores[index % 2].start(new(str(index))) for index in range(10)]
    done, *answers = await asyncio.gather(
        stores[0].save(replace(first, stage=Stage.SUCCEEDED), milestones=[]), *others, return_exceptions=False
    )
    assert done == replace(first, stage=Stage.SUCCEEDED, revision=1)
    winners = [answer for answer in answers if isinstance(answer, Started)]
    assert len(winners) <= 1
    held = await stores[0].holder(app="shop", environment="staging")
    assert held == (winners[0].deployment if winners else None)


async def test_audit_rows_written_at_once_make_one_chain(stores: tuple[SqlDeployments, SqlDeployments]) -> None:
    entry = AuditEntry(actor=ALICE, roles=("deployer",), action="deploy", subject="shop", code="started")
    numbers = await asyncio.gather(*(stores[index % 2].record(entry) for index in range(20)))
    assert sorted(numbers) == list(range(1, 21))
    assert await stores[0].verify() is None


async def test_stores_opened_at_once_on_a_new_file_agree_on_its_tables(tmp_path: Path) -> None:
    async def use(name: str) -> None:
        async with opened(settings(tmp_path)) as store:
            await started(store, new(name, app=name))

    await asyncio.gather(*(use(f"app-{index}") for index in range(5)))
    async with opened(settings(tmp_path)) as store:
        assert len(await store.recent()) == 5


async def test_readers_do_not_wait_for_a_writer(stores: tuple[SqlDeployments, SqlDeployments], tmp_path: Path) -> None:
    first = await started(stores[0])
    with closing(sqlite3.connect(tmp_path / "slipway.sqlite", isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        foreign.execute("UPDATE deployments SET stage = 'failed'")
        assert await stores[0].load(first.id) == first
        foreign.execute("ROLLBACK")


async def test_a_write_that_was_given_up_leaves_the_store_usable(tmp_path: Path) -> None:
    async with opened(settings(tmp_path, busy_timeout_seconds=0.2)) as store:
        with closing(sqlite3.connect(tmp_path / "slipway.sqlite", isolation_level=None)) as foreign:
            foreign.execute("BEGIN IMMEDIATE")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await store.start(new())
            foreign.execute("ROLLBACK")
        first = await started(store)
        assert await store.recent() == (first,)
