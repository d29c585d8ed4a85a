import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from commands.core.model import Actor
from integrations.store import AuditEntry, SqlDeployments
from tests.make import ALICE, NOON

ENTRY = AuditEntry(
    actor=ALICE,
    roles=("deployer", "viewer"),
    action="deploy",
    subject="shop in staging",
    code="started",
    facts={"version": "v1.2", "number": 142, "at": NOON},
)


@pytest.fixture
async def trail(store: SqlDeployments) -> SqlDeployments:
    assert [await store.record(ENTRY) for _ in range(5)] == [1, 2, 3, 4, 5]
    return store


def change(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "slipway.sqlite")) as foreign, foreign:
        for statement in statements:
            assert foreign.execute(statement).rowcount == 1


async def test_an_untouched_trail_is_whole(store: SqlDeployments, trail: SqlDeployments) -> None:
    assert await trail.verify() is None


async def test_an_empty_trail_is_whole(store: SqlDeployments) -> None:
    assert await store.verify() is None


@pytest.mark.parametrize("column", ["at", "actor", "chat_id", "action", "subject", "code", "previous", "hash"])
async def test_a_changed_row_is_found(trail: SqlDeployments, tmp_path: Path, column: str) -> None:
    value = "2020-01-01 00:00:00.000000" if column == "at" else "mallory"
    change(tmp_path, f"UPDATE audit SET {column} = '{value}' WHERE seq = 3")  # noqa: S608  # the column is ours
    assert await trail.verify() == 3


@pytest.mark.parametrize(("column", "value"), [("roles", '["admin"]'), ("facts", '{"version":"v9"}')])
async def test_changed_roles_and_facts_are_found(
    trail: SqlDeployments, tmp_path: Path, column: str, value: str
) -> None:
    change(tmp_path, f"UPDATE audit SET {column} = '{value}' WHERE seq = 5")  # noqa: S608  # the column is ours
    assert await trail.verify() == 5


async def test_a_removed_row_is_found(trail: SqlDeployments, tmp_path: Path) -> None:
    change(tmp_path, "DELETE FROM audit WHERE seq = 2")
    assert await trail.verify() == 2


async def test_a_removed_row_is_found_when_the_others_are_renumbered(trail: SqlDeployments, tmp_path: Path) -> None:
    change(tmp_path, "DELETE FROM audit WHERE seq = 4", "UPDATE audit SET seq = 4 WHERE seq = 5")
    assert await trail.verify() == 4


async def test_text_that_no_database_stores_does_not_break_the_chain(store: SqlDeployments) -> None:
    odd = AuditEntry(
        actor=Actor(id="\ud83d", name="", chat_id="\0"),
        roles=("\ud83d",),
        action="\0",
        subject="\udfff",
        code="",
        facts={"reason": "\ud83d\0"},
    )
    await store.record(odd)
    await store.record(ENTRY)
    assert await store.verify() is None
