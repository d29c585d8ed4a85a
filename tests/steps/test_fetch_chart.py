"""Fetching charts: references pinned, moved tags refused, archives unpacked with care, the token kept apart."""

import io
import tarfile
from pathlib import Path

import pytest

from steps import archives, fetch_chart
from steps.archives import Folder
from steps.gitea import Repository, same_place
from steps.outcome import Cause, StepFailed
from steps.settings import Settings
from tests.steps import stocks
from tests.steps.conftest import Bench
from tests.steps.site import Page

CHART = {
    "chart-repository": "https://gitea.example.com/platform/charts.git",
    "chart-path": "app",
    "chart-ref": "v1.4.0",
}


def test_a_reference_is_pinned_to_its_commit(bench: Bench) -> None:
    stocks.offer_chart(bench.gitea)
    ended = bench.run(fetch_chart.main, CHART)
    assert (ended.code, ended.outputs) == (0, {"commit": stocks.COMMIT})
    assert ended.evidence == f"v1.4.0 is {stocks.COMMIT}."


def test_a_reference_that_moved_is_refused_where_a_commit_is_expected(bench: Bench) -> None:
    stocks.offer_chart(bench.gitea, references={"v1.4.0": stocks.OTHER_COMMIT})
    ended = bench.run(fetch_chart.main, {**CHART, "chart-pin": stocks.COMMIT})
    assert (ended.code, ended.cause, ended.outputs) == (13, "chart-moved", {})
    assert bench.run(fetch_chart.main, {**CHART, "chart-pin": stocks.OTHER_COMMIT}).code == 0


def test_the_token_goes_to_the_gitea_of_the_settings_alone(bench: Bench) -> None:
    stocks.offer_chart(bench.gitea)
    bench.credential("gitea/token", "demo-token")
    bench.run(fetch_chart.main, CHART)
    assert {asked.headers.get("Authorization") for asked in bench.gitea.asked} == {"token demo-token"}
    bench.gitea.asked.clear()
    bench.run(fetch_chart.main, {**CHART, "chart-repository": f"{bench.gitea.url}/platform/charts"})
    assert {asked.headers.get("Authorization") for asked in bench.gitea.asked} == {None}


def test_where_a_repository_is_reached() -> None:
    settings = Settings(environment={"SLIPWAY_GITEA_URL": "https://Gitea.example.com:443/git"})
    ours = Repository.of("https://gitea.example.com/git/platform/charts.git", settings)
    assert (ours.url, ours.is_ours) == ("https://Gitea.example.com:443/git/api/v1/repos/platform/charts", True)
    other = Repository.of("https://gitea.example.com.evil.example/git/platform/charts.git", settings)
    assert not other.is_ours
    assert not Repository.of("https://gitea.example.com/a/b", Settings(environment={})).is_ours
    assert not same_place("https://gitea.example.com", "http://gitea.example.com")


@pytest.mark.parametrize("body", [b"[]", b"{}", b"x", b'[{"sha": 5}]', b'[{"sha": "main"}]'])
def test_an_answer_without_a_commit_is_refused(bench: Bench, body: bytes) -> None:
    bench.gitea.put(f"{stocks.API}/commits", body)
    assert bench.run(fetch_chart.main, CHART).cause == "unexpected-answer"


def test_a_commit_without_an_archive_or_without_the_chart_is_not_found(bench: Bench) -> None:
    stocks.offer_chart(bench.gitea, stocks.chart_archive({"other/Chart.yaml": b"name: other"}))
    assert "no Chart.yaml in app of platform/charts" in bench.run(fetch_chart.main, CHART).evidence
    bench.gitea.pages[f"{stocks.API}/archive/{stocks.COMMIT}.tar.gz"] = Page(status=404)
    assert "does not exist in platform/charts" in bench.run(fetch_chart.main, CHART).evidence


@pytest.mark.parametrize("content", [b"<html>", stocks.chart_archive()[:400]], ids=["a page", "cut off"])
def test_an_archive_that_is_none_is_refused(bench: Bench, content: bytes) -> None:
    stocks.offer_chart(bench.gitea, content)
    assert bench.run(fetch_chart.main, CHART).cause == "unexpected-answer"


def test_links_in_a_chart_are_refused_and_others_do_not_matter(bench: Bench) -> None:
    files = stocks.chart_files()
    stocks.offer_chart(bench.gitea, stocks.chart_archive(files, links={"app/secret": "/etc/passwd"}))
    assert bench.run(fetch_chart.main, CHART).cause == "chart-unusable"
    stocks.offer_chart(bench.gitea, stocks.chart_archive(files, links={"elsewhere": "/etc/passwd"}))
    assert bench.run(fetch_chart.main, CHART).code == 0


def test_a_repository_may_be_one_chart(bench: Bench) -> None:
    stocks.offer_chart(bench.gitea, stocks.chart_archive({"Chart.yaml": b"name: app"}, links={"x": "y"}))
    assert bench.run(fetch_chart.main, {**CHART, "chart-path": "."}).code == 0


def unpack(content: bytes, folder: Path) -> list[str]:
    archive = folder / "archive.tar.gz"
    archive.write_bytes(content)
    archives.unpack(archive, Folder(name="r", path="app", is_ours=True, cause=Cause.CHART_UNUSABLE), folder / "chart")
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_nothing_is_written_outside_the_chart(tmp_path: Path) -> None:
    content = stocks.chart_archive({"app/../../evil": b"x", "app/Chart.yaml": b"y", "apple/z": b"z", "app": b"file"})
    assert unpack(content, tmp_path) == ["archive.tar.gz", "chart/Chart.yaml"]


def test_a_chart_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_UNPACKED", 10)
    with pytest.raises(StepFailed) as failure:
        unpack(stocks.chart_archive({"app/large": b"x" * 11}), tmp_path)
    assert failure.value.cause is Cause.TOO_LARGE


def test_folders_and_devices_are_left_out(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo("charts/app")
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
    assert unpack(buffer.getvalue(), tmp_path) == ["archive.tar.gz"]
