import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from commands.core.model import Deployment
from integrations.store import SqlDeployments
from tests.integrations.store.build import opened, settings

ROOT = Path(__file__).parents[3]


@contextmanager
def child(mode: str, folder: Path, name: str = "a") -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.integrations.store.children", mode, str(folder), name]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline() for _ in range(count)]


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_two_processes_on_a_new_file_start_one_deployment(tmp_path: Path) -> None:
    with child("race", tmp_path, "a") as first, child("race", tmp_path, "b") as second:
        assert [*lines(first, 1), *lines(second, 1)] == ["ready\n", "ready\n"]
        go(first)
        go(second)
        answers = [json.loads(lines(process, 1)[0]) for process in (first, second)]
    winners = [winner for answer in answers for winner in answer["winners"]]
    holders = [holder for answer in answers for holder in answer["holders"]]
    assert len(winners) == 1
    assert holders == winners * 39


@pytest.mark.parametrize("said", [1, 6, 11, 24])
async def test_a_process_killed_while_writing_leaves_whole_rows(tmp_path: Path, said: int) -> None:
    with child("write", tmp_path) as process:
        written = dict(line.split() for line in lines(process, said))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert_sound(tmp_path / "slipway.sqlite")
    async with opened(settings(tmp_path)) as store:
        rows = {row.id: row for row in await store.recent(limit=1000)}
        assert all(rows[id_].revision >= int(revision) for id_, revision in written.items())
        for row in rows.values():
            await assert_whole(store, row)


def assert_sound(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


async def assert_whole(store: SqlDeployments, row: Deployment) -> None:
    """A save writes its milestone and frees the slot in the same transaction: never one without the other."""
    assert len(await store.unsaid(row.id)) == row.revision
    assert (row.rollout is not None) == (row.revision > 0)
    assert row.workflow == f"shop-staging-{row.number}"
    holder = await store.holder(app=row.app, environment=row.environment)
    assert (holder == row) == (not row.stage.is_terminal)
