import re
import sqlite3
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from commands.core.errors import Permanent
from commands.core.model import Act, Deployment
from integrations.store.tables import act_rows, deployment_rows, metadata
from tests.integrations.store.build import ROOT, newest, opened, settings, started

FIRST = (ROOT / "integrations/store/migrations/versions/first_tables.py").read_text(encoding="utf-8")
NEWEST = newest()


def schema(file: Path) -> dict[str, list[str]]:
    """Return each table and index as its parts, in any order: the order of constraints means nothing."""
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'"
        return {name: sorted(re.split(r"[\s,]+", sql)) for name, sql in connection.execute(query)}


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


async def test_the_migrations_make_exactly_the_tables_that_the_statements_expect(tmp_path: Path) -> None:
    async with opened(settings(tmp_path)) as store, store._transactions.reader.connect() as connection:
        assert await connection.run_sync(differences) == []
    direct = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/direct.sqlite")
    async with direct.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await direct.dispose()
    assert schema(tmp_path / "slipway.sqlite") == schema(tmp_path / "direct.sqlite")


def test_every_field_has_its_column() -> None:
    extra = {"command_key", "card_is_stale"}
    assert {column.name for column in deployment_rows.columns} == {field.name for field in fields(Deployment)} | extra
    assert {column.name for column in act_rows.columns} == {field.name for field in fields(Act)} | {"seq", "claim"}


async def test_opening_again_keeps_the_rows(tmp_path: Path) -> None:
    async with opened(settings(tmp_path)) as store:
        first = await started(store)
    async with opened(settings(tmp_path)) as store:
        assert await store.recent() == (first,)


async def test_opening_a_database_that_is_up_to_date_needs_no_lock(tmp_path: Path) -> None:
    async with opened(settings(tmp_path)):
        pass
    with closing(sqlite3.connect(tmp_path / "slipway.sqlite", isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        async with opened(settings(tmp_path, busy_timeout_seconds=0)) as store:
            assert await store.recent() == ()
        foreign.execute("ROLLBACK")


async def test_a_database_of_a_newer_slipway_is_left_alone_with_a_clear_sentence(tmp_path: Path) -> None:
    async with opened(settings(tmp_path)):
        pass
    with closing(sqlite3.connect(tmp_path / "slipway.sqlite")) as foreign, foreign:
        foreign.execute("UPDATE alembic_version SET version_num = '9999'")
    before = schema(tmp_path / "slipway.sqlite")
    with pytest.raises(Permanent) as caught:
        async with opened(settings(tmp_path)):
            pass
    assert caught.value.message == (
        f"it was written by a newer Slipway (its tables are at 9999, this version knows them up to {NEWEST}):"
        " start that version or a newer one, or restore the copy from before the upgrade"
    )
    assert schema(tmp_path / "slipway.sqlite") == before


async def test_rows_of_the_first_tables_are_read_after_the_upgrade(tmp_path: Path) -> None:
    async with opened(settings(tmp_path)) as store:
        first = await started(store)
    with closing(sqlite3.connect(tmp_path / "slipway.sqlite")) as foreign, foreign:
        foreign.execute("DROP INDEX ix_deployments_watched_until")
        for column in (each.name for each in deployment_rows.columns if f'"{each.name}"' not in FIRST):
            foreign.execute(f"ALTER TABLE deployments DROP COLUMN {column}")
        foreign.execute("ALTER TABLE deployments ADD COLUMN moved_outside_at DATETIME")
        foreign.execute("UPDATE alembic_version SET version_num = '0001'")
    async with opened(settings(tmp_path)) as store:
        assert await store.recent() == (first,)


async def test_an_upgrade_that_fails_leaves_nothing_of_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "slipway.sqlite")) as foreign, foreign:
        foreign.execute("CREATE TABLE audit (anything TEXT)")
    before = schema(tmp_path / "slipway.sqlite")
    with pytest.raises(Permanent, match=r"upgrading it: its tables are not Slipway's: .* already exists"):
        async with opened(settings(tmp_path)):
            pass
    assert schema(tmp_path / "slipway.sqlite") == before


async def test_the_connections_are_set_as_they_must_be(tmp_path: Path) -> None:
    async with opened(settings(tmp_path, busy_timeout_seconds=1.5)) as store:
        for engine in (store._transactions.reader, store._transactions.writer):
            async with engine.connect() as connection:
                asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
                found = [(await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar_one() for pragma in asked]
            assert found == ["wal", 1, 1, 1500]
