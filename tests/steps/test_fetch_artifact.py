"""Fetching artifacts: Maven's layout, snapshots, checksums, and connections that break."""

import base64
import hashlib
from dataclasses import replace

import pytest

from steps import fetch_artifact
from steps.nexus import Artifact, read_snapshot
from steps.outcome import StepFailed
from tests.steps import stocks
from tests.steps.conftest import Bench
from tests.steps.site import Page

IMAGE = "harbor.example.com/shop/shop"
SHOP = {
    "artifact-group": "com.acme",
    "artifact-name": "shop",
    "artifact-packaging": "jar",
    "version": "v1",
    "image": IMAGE,
}
SHA256 = hashlib.sha256(stocks.PLAIN).hexdigest()
SNAPSHOT = """<?xml version="1.0"?>
<metadata><versioning><snapshot><timestamp>20260101.101010</timestamp><buildNumber>2</buildNumber></snapshot>
<snapshotVersions>
 <snapshotVersion><extension>jar</extension><value>1.0-20260101.101010-1</value><updated>20260101101010</updated></snapshotVersion>
 <snapshotVersion><extension>jar</extension><value>1.0-20260102.101010-2</value><updated>20260102101010</updated></snapshotVersion>
 <snapshotVersion><extension>jar</extension><classifier>exec</classifier><value>1.0-20260103.101010-3</value><updated>20260103101010</updated></snapshotVersion>
 <snapshotVersion><extension>pom</extension><value>1.0-20260104.101010-4</value><updated>20260104101010</updated></snapshotVersion>
</snapshotVersions></versioning></metadata>
"""
FOLDER = f"/repository/{stocks.REPOSITORY}/com/acme/shop"


def test_a_release_is_fetched_and_its_checksum_given_on(bench: Bench) -> None:
    stocks.publish(bench.nexus, stocks.PLAIN)
    ended = bench.run(fetch_artifact.main, SHOP)
    assert (ended.code, ended.outputs) == (0, {"sha256": SHA256, "file-version": "v1"})
    assert ended.evidence == f"com.acme:shop:v1:jar is there: {len(stocks.PLAIN)} bytes."
    assert ended.told["digest"] == f"sha256:{SHA256}"


@pytest.mark.parametrize("statuses", [[], [500, 500, 500]], ids=["gone", "down"])
def test_a_version_whose_image_is_there_needs_no_artifact(bench: Bench, statuses: list[int]) -> None:
    bench.keep_image(f"{IMAGE}:v1", Labels={"slipway.artifact.sha256": SHA256})
    bench.nexus.statuses = statuses
    ended = bench.run(fetch_artifact.main, SHOP)
    assert (ended.code, ended.outputs) == (0, {"sha256": SHA256, "file-version": "v1"})
    assert ended.evidence == f"{IMAGE}:v1 is there, so the artifact is not needed."
    assert "It is not needed" in ended.shown


@pytest.mark.parametrize(
    ("labels", "version"),
    [
        ({}, "v1"),
        ({"slipway.artifact.sha256": "of nothing"}, "v1"),
        ({"slipway.artifact.sha256": SHA256}, "1-SNAPSHOT"),
    ],
    ids=["says nothing", "says nonsense", "may change"],
)
def test_an_image_that_proves_nothing_replaces_no_artifact(bench: Bench, labels: dict[str, str], version: str) -> None:
    bench.keep_image(f"{IMAGE}:{version}", Labels=labels)
    assert bench.run(fetch_artifact.main, {**SHOP, "version": version}).cause == "artifact-not-found"


def test_a_wrong_checksum_is_never_passed_over_for_an_image(bench: Bench) -> None:
    bench.keep_image(f"{IMAGE}:v1", Labels={"slipway.artifact.sha256": SHA256})
    path = stocks.publish(bench.nexus, stocks.PLAIN)
    bench.nexus.put(f"{path}.sha1", "0" * 40)
    assert bench.run(fetch_artifact.main, SHOP).cause == "checksum-mismatch"


def test_a_sha256_counts_before_a_sha1(bench: Bench) -> None:
    path = stocks.publish(bench.nexus, stocks.PLAIN)
    bench.nexus.put(f"{path}.sha1", "0" * 40)
    bench.nexus.put(f"{path}.sha256", f"{SHA256.upper()}  shop-v1.jar\n")
    assert bench.run(fetch_artifact.main, SHOP).code == 0


def test_a_war_with_a_classifier_is_another_file(bench: Bench) -> None:
    stocks.publish(bench.nexus, stocks.PLAIN, file="shop-v1-exec.war")
    more = {"artifact-packaging": "war", "artifact-classifier": "exec"}
    assert bench.run(fetch_artifact.main, SHOP).cause == "artifact-not-found"
    assert bench.run(fetch_artifact.main, {**SHOP, **more}).code == 0


def test_a_snapshot_is_pinned_to_its_newest_file(bench: Bench) -> None:
    bench.environment["SLIPWAY_NEXUS_SNAPSHOT_REPOSITORY"] = stocks.REPOSITORY
    bench.environment["SLIPWAY_NEXUS_REPOSITORY"] = "elsewhere"
    bench.nexus.put(f"{FOLDER}/1.0-SNAPSHOT/maven-metadata.xml", SNAPSHOT)
    newest = "shop-1.0-20260102.101010-2.jar"
    stocks.publish(bench.nexus, stocks.PLAIN, version="1.0-SNAPSHOT", file=newest)
    ended = bench.run(fetch_artifact.main, {**SHOP, "version": "1.0-SNAPSHOT"})
    assert ended.outputs["file-version"] == "1.0-20260102.101010-2"


SNAPSHOT_JAR = Artifact(group="com.acme", name="shop", version="1.0-SNAPSHOT", packaging="jar")


def test_a_snapshot_is_looked_up_by_packaging_and_classifier() -> None:
    body = SNAPSHOT.encode()
    assert read_snapshot(body, replace(SNAPSHOT_JAR, classifier="exec")) == "1.0-20260103.101010-3"
    assert read_snapshot(body, replace(SNAPSHOT_JAR, packaging="war")) == ""
    assert read_snapshot(b"<metadata/>", SNAPSHOT_JAR) == ""


@pytest.mark.parametrize(
    "body",
    [
        b"<metadata>",
        b'<!DOCTYPE m [<!ENTITY x "y">]><metadata/>',
        SNAPSHOT.replace("1.0-20260102.101010-2", "../../x").encode(),
    ],
)
def test_an_odd_list_of_snapshots_is_refused(body: bytes) -> None:
    with pytest.raises(StepFailed, match=r"maven-metadata\.xml"):
        read_snapshot(body, SNAPSHOT_JAR)


def test_a_snapshot_with_a_classifier_is_its_own_file(bench: Bench) -> None:
    bench.nexus.put(f"{FOLDER}/1.0-SNAPSHOT/maven-metadata.xml", SNAPSHOT)
    newest = "shop-1.0-20260103.101010-3-exec.jar"
    path = stocks.publish(bench.nexus, stocks.PLAIN, version="1.0-SNAPSHOT", file=newest)
    wanted = {**SHOP, "version": "1.0-SNAPSHOT", "artifact-classifier": "exec"}
    ended = bench.run(fetch_artifact.main, wanted)
    assert ended.outputs == {"sha256": SHA256, "file-version": "1.0-20260103.101010-3"}
    assert path in {asked.path for asked in bench.nexus.asked}


@pytest.mark.parametrize("body", [None, "<metadata/>"])
def test_a_snapshot_without_files_does_not_exist(bench: Bench, body: str | None) -> None:
    if body:
        bench.nexus.put(f"{FOLDER}/1.0-SNAPSHOT/maven-metadata.xml", body)
    assert bench.run(fetch_artifact.main, {**SHOP, "version": "1.0-SNAPSHOT"}).cause == "artifact-not-found"


def test_credentials_come_from_files_and_are_never_shown(bench: Bench) -> None:
    stocks.publish(bench.nexus, stocks.PLAIN)
    bench.nexus.login = f"Basic {base64.b64encode(b'ci:demo-password').decode()}"
    assert bench.run(fetch_artifact.main, SHOP).cause == "credentials-refused"
    bench.credential("nexus/username", "ci")
    bench.credential("nexus/password", "demo-password\n")
    ended = bench.run(fetch_artifact.main, SHOP)
    assert ended.code == 0
    assert "demo-password" not in ended.shown + str(ended.told)


BIG = stocks.PLAIN + bytes(400_000)


def test_a_download_that_breaks_off_goes_on_where_it_was(bench: Bench) -> None:
    path = stocks.publish(bench.nexus, BIG)
    page = bench.nexus.pages[path]
    assert isinstance(page, Page)
    page.cuts, page.cut_after = 4, 70_000
    ended = bench.run(fetch_artifact.main, SHOP)
    assert ended.outputs["sha256"] == hashlib.sha256(BIG).hexdigest()
    starts = [asked.headers.get("Range") for asked in bench.nexus.asked if asked.path == path]
    assert starts == [None, "bytes=70000-", "bytes=140000-", "bytes=210000-", "bytes=280000-"]


def test_a_download_begins_anew_when_the_file_is_another_one(bench: Bench) -> None:
    path = stocks.publish(bench.nexus, BIG)
    first = Page(body=b"x" * 300_000, headers={"ETag": '"old"'}, cuts=1, cut_after=100_000)
    then = bench.nexus.pages[path]
    assert isinstance(then, Page)
    answers = [first, then]
    bench.nexus.pages[path] = lambda _asked: answers.pop(0)
    assert bench.run(fetch_artifact.main, SHOP).outputs["sha256"] == hashlib.sha256(BIG).hexdigest()


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"weak"'}])
def test_a_server_without_ranges_is_asked_for_all_of_it_again(bench: Bench, headers: dict[str, str]) -> None:
    path = stocks.publish(bench.nexus, BIG)
    bench.nexus.pages[path] = Page(body=BIG, headers=headers, cuts=1, cut_after=100_000)
    assert bench.run(fetch_artifact.main, SHOP).outputs["sha256"] == hashlib.sha256(BIG).hexdigest()
    assert [asked.headers.get("Range") for asked in bench.nexus.asked if asked.path == path] == [None, None]


def test_the_checksum_is_of_the_whole_of_a_resumed_download(bench: Bench) -> None:
    path = stocks.publish(bench.nexus, BIG)
    tag = {"ETag": '"same"'}
    first = Page(body=b"x" * len(BIG), headers=tag, cuts=1, cut_after=100_000)
    answers = [first, Page(body=BIG, headers=tag)]
    bench.nexus.pages[path] = lambda _asked: answers.pop(0)
    ended = bench.run(fetch_artifact.main, SHOP)
    assert (ended.code, ended.cause) == (13, "checksum-mismatch")
    assert [asked.headers.get("Range") for asked in bench.nexus.asked if asked.path == path] == [None, "bytes=100000-"]


def test_a_download_begins_anew_when_there_is_no_such_rest(bench: Bench) -> None:
    path = stocks.publish(bench.nexus, BIG)
    tag = {"ETag": '"same"'}
    then = Page(body=BIG)
    answers = [Page(body=BIG, headers=tag, cuts=1, cut_after=100_000), Page(status=416), then]
    bench.nexus.pages[path] = lambda _asked: answers.pop(0)
    assert bench.run(fetch_artifact.main, SHOP).code == 0


def test_another_part_than_was_asked_for_is_refused(bench: Bench) -> None:
    path = stocks.publish(bench.nexus, BIG)
    wrong = Page(body=b"x", status=206, headers={"Content-Range": "bytes 5-5/6"})
    answers = [Page(body=BIG, headers={"ETag": '"same"'}, cuts=1, cut_after=100_000), wrong]
    bench.nexus.pages[path] = lambda _asked: answers.pop(0)
    assert bench.run(fetch_artifact.main, SHOP).cause == "unexpected-answer"


def test_a_download_that_never_gets_further_is_given_up(bench: Bench) -> None:
    path = stocks.publish(bench.nexus, BIG)
    bench.nexus.pages[path] = Page(body=BIG, cuts=99, cut_after=10)
    ended = bench.run(fetch_artifact.main, SHOP)
    assert (ended.code, ended.cause) == (75, "unreachable")
    assert len([asked for asked in bench.nexus.asked if asked.path == path]) == 3


def test_a_file_that_does_not_say_how_large_it_is_is_cut_off_at_the_limit(bench: Bench) -> None:
    path = stocks.publish(bench.nexus, bytes(2_000_000))
    bench.environment["SLIPWAY_MAX_MEGABYTES"] = "1"
    assert bench.run(fetch_artifact.main, SHOP).cause == "too-large"
    chunked = b"".join(b"10000\r\n" + bytes(65536) + b"\r\n" for _ in range(20)) + b"0\r\n\r\n"
    bench.nexus.pages[path] = Page(body=chunked, headers={"Transfer-Encoding": "chunked", "Content-Length": ""})
    assert bench.run(fetch_artifact.main, SHOP).cause in {"too-large", "unreachable"}


def test_a_redirect_is_followed(bench: Bench) -> None:
    path = stocks.publish(bench.nexus, stocks.PLAIN)
    bench.nexus.pages["/store"] = bench.nexus.pages[path]
    bench.nexus.pages[path] = Page(status=302, headers={"Location": "/store"})
    assert bench.run(fetch_artifact.main, SHOP).code == 0
    bench.nexus.pages[path] = Page(status=302, headers={"Location": path})
    assert bench.run(fetch_artifact.main, SHOP).cause == "unexpected-answer"


def test_a_server_that_fails_once_is_asked_again(bench: Bench) -> None:
    stocks.publish(bench.nexus, stocks.PLAIN)
    bench.nexus.statuses = [503, 429]
    ended = bench.run(fetch_artifact.main, SHOP)
    assert ended.code == 0
    assert "Nexus failed with 503" in ended.shown
