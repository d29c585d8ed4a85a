import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from commands.core.finding import Finding
from integrations.store import StoreSettings, check
from tests.integrations.store.build import newest, opened, settings


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def test_a_new_installation_is_well_and_nothing_is_created(tmp_path: Path) -> None:
    folder, tables = await check(settings(tmp_path))
    assert folder == Finding(subject="the database's folder", is_ok=True, message=f"{tmp_path} is writable")
    assert tables.is_ok
    assert tables.message == f"{tmp_path}/slipway.sqlite will be created at the first start"
    assert names(tmp_path) == []


async def test_a_database_that_is_up_to_date_is_well_also_while_it_is_used(tmp_path: Path) -> None:
    async with opened(settings(tmp_path)):
        findings = await check(settings(tmp_path))
    assert [finding.is_ok for finding in findings] == [True, True]
    assert findings[1].message == f"{tmp_path}/slipway.sqlite: its tables are up to date"


async def test_a_database_that_waits_for_an_upgrade_is_well_and_not_upgraded(tmp_path: Path) -> None:
    (tmp_path / "slipway.sqlite").touch()
    for _ in range(2):
        findings = await check(settings(tmp_path))
        assert findings[1].is_ok
        assert findings[1].message.endswith(f"its tables will be brought to {newest()} at the next start")


async def test_a_missing_folder_is_found_with_its_remedy(tmp_path: Path) -> None:
    (finding,) = await check(settings(tmp_path / "missing"))
    assert not finding.is_ok
    assert finding.message == f"{tmp_path}/missing does not exist: create it or mount a volume there"


@pytest.mark.parametrize(("name", "subject"), [("", "the database's folder"), ("slipway.sqlite", "the database")])
async def test_what_is_not_writable_is_found_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, subject: str
) -> None:
    (tmp_path / "slipway.sqlite").touch()
    # Permissions do not hold back root, whom containers may run the tests as.
    monkeypatch.setattr(os, "access", lambda path, mode: not (path == tmp_path / name and mode & os.W_OK))
    finding = (await check(settings(tmp_path)))[-1]
    assert (finding.subject, finding.is_ok) == (subject, False)
    assert finding.message.endswith("is not writable: give it to the user that runs Slipway")


async def test_a_file_that_is_no_database_is_found(tmp_path: Path) -> None:
    (tmp_path / "slipway.sqlite").write_text("no database" * 100)
    finding = (await check(settings(tmp_path)))[1]
    assert not finding.is_ok
    assert "the file is not a database" in finding.message


async def test_a_database_of_a_newer_slipway_is_found(tmp_path: Path) -> None:
    async with opened(settings(tmp_path)):
        pass
    with closing(sqlite3.connect(tmp_path / "slipway.sqlite")) as foreign, foreign:
        foreign.execute("UPDATE alembic_version SET version_num = '9999'")
    finding = (await check(settings(tmp_path)))[1]
    assert not finding.is_ok
    assert "newer Slipway" in finding.message


async def test_a_url_that_is_no_file_is_found() -> None:
    (finding,) = await check(StoreSettings(url="postgresql://slipway@db/slipway"))
    assert not finding.is_ok
    assert "write sqlite:///<file>" in finding.message
