"""Charts in a registry: a version pinned to its digest, moved versions refused, only real charts of fair size taken."""

import hashlib
import json
from typing import Any

import pytest

from steps import charts, fetch_chart
from steps.charts import Chart
from steps.oci_charts import CONTENT
from steps.settings import Settings
from tests.steps import stocks
from tests.steps.conftest import Bench

NAME = "harbor.example.com/platform/app"
CHART = {"chart-repository": f"oci://{NAME}", "chart-path": ".", "chart-ref": "1.4.0"}


def push(bench: Bench, content: bytes | None = None, *, version: str = "1.4.0", **changes: Any) -> str:
    """Put a chart where `helm push` would; return the digest of its manifest."""
    archive = stocks.chart_archive(top="app", files=stocks.chart_files(top="")) if content is None else content
    inner = hashlib.sha256(archive).hexdigest()
    blobs = bench.home / "blobs"
    blobs.mkdir(exist_ok=True)
    (blobs / inner).write_bytes(archive)
    layer = {"mediaType": CONTENT, "digest": f"sha256:{inner}", "size": len(archive), **changes}
    manifest = json.dumps({"schemaVersion": 2, "layers": [layer]})
    return keep(bench, manifest, version=version)


def keep(bench: Bench, manifest: str, *, version: str = "1.4.0") -> str:
    file = bench.home / "images.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
    tagged = version.replace("+", "_")
    file.write_text(json.dumps({**known, f"{NAME}:{tagged}": {"digest": digest, "manifest": manifest}}))
    return digest


def test_a_version_is_pinned_to_its_digest(bench: Bench) -> None:
    digest = push(bench)
    ended = bench.run(fetch_chart.main, CHART)
    assert (ended.code, ended.outputs) == (0, {"commit": digest})
    assert ended.evidence == f"1.4.0 is {digest}."


def test_a_plus_in_a_version_is_an_underscore_in_its_tag(bench: Bench) -> None:
    digest = push(bench, version="1.4.0+7")
    assert bench.run(fetch_chart.main, {**CHART, "chart-ref": "1.4.0+7"}).outputs == {"commit": digest}


def test_a_version_that_moved_is_refused_where_a_digest_is_expected(bench: Bench) -> None:
    first = push(bench)
    second = push(bench, stocks.chart_archive({"Chart.yaml": b"name: app\n"}, top="app"))
    ended = bench.run(fetch_chart.main, {**CHART, "chart-pin": first})
    assert (ended.code, ended.cause, ended.outputs) == (13, "chart-moved", {})
    assert f"it is {second[7:19]}, and {first[7:19]} was expected" in ended.evidence
    assert bench.run(fetch_chart.main, {**CHART, "chart-pin": second}).code == 0


def test_the_files_of_a_digest_are_unpacked_from_below_the_charts_name(bench: Bench) -> None:
    digest = push(bench)
    settings = Settings(environment=bench.environment)
    folder = charts.fetch(Chart(repository=CHART["chart-repository"], path="."), digest, settings, bench.home / "got")
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} | {"README.md"}
    assert there == set(stocks.chart_files(top="")) | {"README.md"}


def test_charts_have_logins_of_their_own(bench: Bench) -> None:
    push(bench)
    bench.credential("registry/config.json", "for images")
    bench.run(fetch_chart.main, CHART)
    assert (bench.home / "login").read_text() == ""
    bench.credential("charts/config.json", "for charts")
    bench.run(fetch_chart.main, CHART)
    assert (bench.home / "login").read_text() == "for charts"


def test_a_version_that_is_not_there_is_named(bench: Bench) -> None:
    push(bench)
    ended = bench.run(fetch_chart.main, {**CHART, "chart-ref": "2.0.0"})
    assert (ended.code, ended.cause) == (11, "chart-not-found")
    assert "has no version 2.0.0" in ended.evidence


def test_a_digest_whose_content_is_gone_is_not_found(bench: Bench) -> None:
    push(bench)
    for file in (bench.home / "blobs").iterdir():
        file.unlink()
    ended = bench.run(fetch_chart.main, CHART)
    assert ended.cause == "chart-not-found"
    assert "is not in the registry" in ended.evidence


@pytest.mark.parametrize(
    "manifest",
    [
        {"layers": []},
        {"manifests": []},
        {"layers": [{"mediaType": CONTENT}]},
        {"layers": [{"mediaType": CONTENT, "digest": "--help", "size": 1}]},
        {"layers": [{"mediaType": CONTENT, "digest": f"sha256:{'0' * 64}", "size": "many"}]},
        {"layers": [{"mediaType": CONTENT, "digest": f"sha256:{'0' * 64}", "size": 1}] * 2},
    ],
)
def test_what_is_no_chart_is_refused(bench: Bench, manifest: dict[str, Any]) -> None:
    keep(bench, json.dumps(manifest))
    assert bench.run(fetch_chart.main, CHART).cause == "chart-unusable"


@pytest.mark.parametrize("manifest", ["<html>", "[1]", "5"])
def test_a_manifest_that_cannot_be_read_is_an_odd_answer(bench: Bench, manifest: str) -> None:
    keep(bench, manifest)
    assert bench.run(fetch_chart.main, CHART).cause == "unexpected-answer"


def test_a_chart_that_is_too_large_is_not_even_fetched(bench: Bench) -> None:
    push(bench, size=3_000_000)
    bench.environment["SLIPWAY_MAX_MEGABYTES"] = "1"
    assert bench.run(fetch_chart.main, CHART).cause == "too-large"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("Error: GET https://h/v2/: UNAUTHORIZED: authentication required", "credentials-refused"),
        ("Error: Get https://h/v2/: dial tcp: connection refused", "unreachable"),
        ("Error: error verifying sha256 checksum after reading 9 bytes; got a, want b", "checksum-mismatch"),
    ],
)
def test_what_the_registry_says_becomes_a_cause(bench: Bench, said: str, cause: str) -> None:
    bench.environment["FAKE_CRANE"] = said
    assert bench.run(fetch_chart.main, CHART).cause == cause


def test_links_in_a_chart_of_a_registry_are_refused(bench: Bench) -> None:
    push(bench, stocks.chart_archive({"Chart.yaml": b"name: app\n"}, links={"secret": "/etc/passwd"}, top="app"))
    assert bench.run(fetch_chart.main, CHART).cause == "chart-unusable"


def test_an_archive_without_a_chart_is_not_found(bench: Bench) -> None:
    push(bench, stocks.chart_archive({"values.yaml": b""}, top="app"))
    ended = bench.run(fetch_chart.main, CHART)
    assert (ended.cause, ended.evidence) == ("chart-not-found", f"There is no Chart.yaml in oci://{NAME}.")
