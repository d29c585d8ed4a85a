import asyncio
import logging
import os
from pathlib import Path

import pytest

from bot import jobs
from bot.jobs import Rereading
from commands.core.model import Place
from integrations.catalog import CatalogFile
from integrations.kubernetes.cluster import KubernetesClusters
from tests.bot.office import Office

CATALOG = """\
clusters: {main: {}}
environments:
  staging: {cluster: main, namespace: %s}
apps: {}
"""
LATER = Place(cluster="main", namespace="later", app="shop")


class Page:
    """A catalog file that can be written again and again, each time plainly newer."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "catalog.yaml"
        self.age = 10_000_000
        self.write(CATALOG % "staging")

    def write(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")
        self.age -= 1000
        then = self.path.stat().st_mtime - self.age
        os.utime(self.path, (then, then))


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(tmp_path)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records if record.name == "bot.jobs"]
    caplog.clear()
    return found


def test_a_file_that_did_not_change_is_not_read_again(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    rereading = Rereading(CatalogFile(page.path))
    assert [rereading.again(), rereading.again()] == [False, False]
    assert said(caplog) == []


def test_a_changed_file_is_taken_over_and_told_once(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    catalog = CatalogFile(page.path)
    rereading = Rereading(catalog)
    page.write(CATALOG % "later")
    assert [rereading.again(), rereading.again()] == [True, False]
    assert said(caplog) == ["the catalog was read again: 0 apps"]
    assert catalog.current.environments["staging"].namespace == "later"


def test_a_bad_file_is_complained_about_once_for_each_change(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    catalog = CatalogFile(page.path)
    rereading, before = Rereading(catalog), catalog.current
    page.write("apps: [")
    assert [rereading.again() for _ in range(3)] == [False] * 3
    (first,) = said(caplog)
    assert first.startswith("the changed catalog is not used: ")
    page.write("nonsense: {}\nclusters: 3\n")
    assert [rereading.again() for _ in range(3)] == [False] * 3
    assert len(said(caplog)) > 1
    assert catalog.current is before
    page.path.unlink()
    assert [rereading.again() for _ in range(3)] == [False] * 3
    assert len(said(caplog)) == 1
    page.write(CATALOG % "later")
    assert [rereading.again(), rereading.again()] == [True, False]
    assert said(caplog) == []
    page.write("apps: [")
    assert not rereading.again()
    assert said(caplog) == [first]


async def test_the_timers_watch_what_a_new_catalog_names_and_sweep(page: Page) -> None:
    catalog, office = CatalogFile(page.path), Office()
    clusters = KubernetesClusters(clusters=catalog.current.clusters, environments=catalog.current.environments.values())
    timers = jobs.schedule(catalog=catalog, clusters=clusters, worker=office.worker)
    reload, sweep = timers.get_jobs()
    assert [job.trigger.interval.total_seconds() for job in (reload, sweep)] == [2, 30]
    await reload.func()
    assert clusters.watch(LATER) is None
    page.write(CATALOG % "later")
    await reload.func()
    assert clusters.watch(LATER) is not None
    row = await office.desk.started()
    await sweep.func()
    assert office.worker._places == {row.place: {row.id}}
    timers.start()
    timers.shutdown(wait=False)
    await asyncio.sleep(0)
    await clusters.aclose()
