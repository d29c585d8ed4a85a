import logging
import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import InvalidRequestError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from commands.core.errors import Permanent, SystemFailure, Temporary
from commands.core.model import Failure
from integrations.store import SqlDeployments, StoreSettings
from integrations.store.failures import Conflict, translated
from tests.integrations.store.build import act, milestone, new, opened, settings, started

SECRET = "xoxb-demo-secret"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    with closing(sqlite3.connect(folder / "slipway.sqlite", isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        yield
        foreign.execute("ROLLBACK")


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "slipway.sqlite")) as foreign, foreign:
        foreign.execute(statement)


async def pages(store: SqlDeployments, most: int) -> None:
    """Let the file grow to so many pages and no further, as a disk does."""
    async with store._transactions.writer.connect() as connection:
        await connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")


# While running


async def test_a_locked_file_is_temporary_and_says_what_to_end(tmp_path: Path) -> None:
    async with opened(settings(tmp_path, busy_timeout_seconds=0.01)) as store:
        with locked(tmp_path), pytest.raises(Temporary, match="another process holds its lock: end whatever"):
            await store.start(new())
        await started(store)


async def test_a_full_disk_is_temporary_and_loses_nothing_that_was_saved(store: SqlDeployments) -> None:
    first = await started(store)
    failure = Failure(step="build-image", message="exit 1", lines=("x" * 2_000_000,))
    await pages(store, 1)
    with pytest.raises(Temporary, match="disk is full: make room"):
        await store.save(replace(first, failure=failure), milestones=[milestone("a")])
    assert await store.load(first.id) == first
    assert await store.unsaid(first.id) == ()
    await pages(store, 1_000_000)
    assert await store.save(replace(first, failure=failure), milestones=[]) is not None


async def test_a_read_only_file_is_permanent_for_writers_and_still_read(tmp_path: Path) -> None:
    async with opened(settings(tmp_path)) as store:
        first = await started(store)
        read_only = StoreSettings(url=f"sqlite:///file:{tmp_path}/slipway.sqlite?mode=ro&uri=true")
        async with opened(read_only) as readers:
            assert await readers.load(first.id) == first
            with pytest.raises(Permanent, match="cannot be written: mount the volume writable"):
                await readers.start(new("trigger-2"))


@pytest.mark.parametrize(
    "statement",
    [
        """UPDATE deployments SET way_back = '{"version":'""",
        """UPDATE deployments SET place = '{"cluster":"main"}'""",
        "UPDATE deployments SET stage = 'asleep'",
    ],
)
async def test_a_row_that_cannot_be_read_is_permanent(store: SqlDeployments, tmp_path: Path, statement: str) -> None:
    first = await started(store)
    change(tmp_path, statement)
    with pytest.raises(Permanent, match=r"a row cannot be read .*: it was damaged, or a newer Slipway wrote it"):
        await store.load(first.id)


async def test_what_belongs_to_nothing_is_a_conflict(store: SqlDeployments) -> None:
    with pytest.raises(Conflict, match="asking to promote deployment nobody: FOREIGN KEY constraint failed"):
        await store.ask(act("nobody"))


async def test_a_time_without_a_zone_is_refused(store: SqlDeployments) -> None:
    naive = new().at.replace(tzinfo=None)
    with pytest.raises(Permanent, match="a time without a time zone cannot be stored"):
        await store.start(new(at=naive))


async def test_text_that_no_database_stores_is_kept_as_far_as_it_can_be(store: SqlDeployments) -> None:
    first = await started(store, new(reason="half \ud83d of\0 it"))
    assert first.reason == "half ? of? it"
    failure = Failure(step="release", message="\ud83d\0", lines=("\x1b[31mred",))
    saved = await store.save(replace(first, failure=failure), milestones=[])
    assert saved is not None
    assert saved.failure == failure


async def test_no_value_of_a_row_is_in_what_is_raised_or_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with opened(settings(tmp_path, busy_timeout_seconds=0.01)) as store:
        first = await started(store)
        raised = []
        with locked(tmp_path):
            raised.append(await failure_of(store, reason=SECRET))
        await pages(store, 1)
        raised.append(await failure_of(store, reason=SECRET + "x" * 2_000_000))
        with pytest.raises(SystemFailure) as unknown:
            await store.ask(act("nobody", label=SECRET))
        raised.append(unknown.value)
        assert await store.load(first.id) == first
    assert len(raised) == 3
    assert SECRET not in "".join("".join(traceback.format_exception(error)) for error in raised) + caplog.text


async def failure_of(store: SqlDeployments, *, reason: str) -> SystemFailure:
    with pytest.raises(SystemFailure) as caught:
        await store.start(new("trigger-2", app="cart", reason=reason))
    return caught.value


async def test_the_log_says_once_that_the_database_went_down_and_once_that_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(settings(tmp_path, busy_timeout_seconds=0.01)) as store:
        with locked(tmp_path):
            for _ in range(3):
                with pytest.raises(Temporary):
                    await store.start(new())
        await started(store)
        await store.recent()
    said = [record.getMessage() for record in caplog.records if record.name.startswith("integrations.store")]
    assert len(said) == 2
    assert said[0].startswith("the database: starting shop in staging: another process holds its lock")
    assert said[1] == "the database works again"


async def test_a_lost_race_is_not_an_outage(store: SqlDeployments, caplog: pytest.LogCaptureFixture) -> None:
    await started(store)
    await store.start(new("trigger-2"))
    assert caplog.text == ""


# When it opens


@pytest.mark.parametrize(
    "url", ["", "slipway.sqlite", "sqlite://", "sqlite:///:memory:", "oracle://u:xoxb-demo-secret@h/db"]
)
async def test_a_url_that_is_no_file_is_refused_with_one_that_would_do(url: str) -> None:
    with pytest.raises(Permanent, match="write sqlite:///<file>") as caught:
        async with opened(StoreSettings(url=url)):
            pass
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_a_missing_folder_is_permanent(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="its folder must exist and be writable"):
        async with opened(settings(tmp_path / "missing")):
            pass


async def test_a_file_that_is_no_database_is_permanent_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "slipway.sqlite").write_text("apps:\n  shop: {}\n" * 100)
    with pytest.raises(Permanent, match="the file is not a database: point the URL elsewhere"):
        async with opened(settings(tmp_path)):
            pass
    assert (tmp_path / "slipway.sqlite").read_text() == "apps:\n  shop: {}\n" * 100


# What SQLite never says


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (PoolTimeoutError("QueuePool limit"), Temporary),
        (OperationalError("SELECT 1", None, OSError("connection reset")), Temporary),
        (ProgrammingError("SELECT 1", None, ValueError("no such column")), Permanent),
        (InvalidRequestError("closed"), Permanent),
    ],
)
def test_other_failures_are_sorted_by_their_class(raised: Exception, kind: type[SystemFailure]) -> None:
    with (
        pytest.raises(kind, match="the database: saving deployment d1: ") as caught,
        translated("saving deployment d1"),
    ):
        raise raised
    assert "SELECT" not in caught.value.message


def test_a_long_message_is_cut() -> None:
    with pytest.raises(Temporary) as caught, translated("saving"):
        raise OperationalError("SELECT 1", None, OSError("x" * 5000))
    assert len(caught.value.message) < 300
