import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import httpx
import pytest
from aiohttp.test_utils import TestServer

from playground.faults import Fault, Faults
from playground.nexus import Nexus, Repository
from playground.nexus.versions import compare, newest_first

ASSETS = "/service/rest/v1/search/assets"
COMPONENTS = "/service/rest/v1/search"
SHOP = "/repository/maven-releases/com/acme/shop"
VERSIONS = ["v1.0", "v1.10", "v1.2.1", "v1.3.0-rc.1", "v1.2", "v1.3.0"]


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def nexus(faults: Faults) -> Nexus:
    nexus = Nexus(faults=faults)
    releases = nexus.add(Repository("maven-releases"))
    for day, version in enumerate(VERSIONS, start=1):
        modified = datetime(2026, 1, day, 12, tzinfo=UTC)
        releases.publish(group="com.acme", name="shop", version=version, modified=modified)
    releases.publish(group="com.acme", name="shopping", version="v9", packaging="war")
    nexus.add(Repository("other")).publish(group="com.acme", name="shop", version="v0.1")
    return nexus


@pytest.fixture
async def http(nexus: Nexus) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        TestServer(nexus.app()) as server,
        httpx.AsyncClient(base_url=str(server.make_url("")), trust_env=False) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("1.9", "1.10"),
        ("v1.2", "v1.2.1"),
        ("1.3.0-rc.1", "1.3.0"),
        ("1.3.0-alpha", "1.3.0-beta"),
        ("1.3.0-beta", "1.3.0-rc.1"),
        ("1.3.0-SNAPSHOT", "1.3.0"),
        ("1.3.0-rc.9", "1.3.0-SNAPSHOT"),
        ("1.3.0", "1.3.0-sp1"),
        ("1.3.0", "1.3.0-hotfix"),
        ("1.3.0-hotfix", "1.3.0.1"),
        ("0.9", "1.0"),
    ],
)
def test_versions_are_in_mavens_order(lower: str, higher: str) -> None:
    assert compare(lower, higher) < 0
    assert compare(higher, lower) > 0
    assert newest_first([lower, higher]) == [higher, lower]


@pytest.mark.parametrize(("one", "other"), [("1", "1.0"), ("1.0", "1.0-final"), ("1.0-CR1", "1.0-rc1")])
def test_versions_that_mean_the_same_are_equal(one: str, other: str) -> None:
    assert compare(one, other) == 0


async def test_status_is_ok_even_when_credentials_are_wanted(nexus: Nexus, http: httpx.AsyncClient) -> None:
    nexus.credentials = ("bot", "demo-nexus")
    assert (await http.get("/service/rest/v1/status")).status_code == 200


async def test_assets_sorted_by_version_come_newest_first(http: httpx.AsyncClient) -> None:
    query = {"repository": "maven-releases", "group": "com.acme", "name": "shop", "sort": "version"}
    body = (await http.get(ASSETS, params=query | {"maven.extension": "jar"})).json()
    assert [item["maven2"]["version"] for item in body["items"]] == [
        "v1.10",
        "v1.3.0",
        "v1.3.0-rc.1",
        "v1.2.1",
        "v1.2",
        "v1.0",
    ]
    assert body["continuationToken"] is None


async def test_an_asset_says_where_it_is_and_what_its_checksums_are(http: httpx.AsyncClient) -> None:
    query = {"repository": "maven-releases", "name": "shop", "version": "v1.2", "maven.extension": "jar"}
    [item] = (await http.get(ASSETS, params=query)).json()["items"]
    content = (await http.get(item["downloadUrl"])).content
    assert item["path"] == "com/acme/shop/v1.2/shop-v1.2.jar"
    assert item["checksum"]["sha1"] == hashlib.sha1(content, usedforsecurity=False).hexdigest()
    assert item["checksum"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert item["lastModified"] == "2026-01-05T12:00:00.000+00:00"
    assert item["maven2"] == {"extension": "jar", "groupId": "com.acme", "artifactId": "shop", "version": "v1.2"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "shop", "version": "v1.2"}, {"v1.2"}),
        ({"name": "shop", "version": "v1.3*"}, {"v1.3.0", "v1.3.0-rc.1"}),
        ({"maven.groupId": "com.acme", "maven.artifactId": "shopping"}, {"v9"}),
        ({"q": "SHOPPING"}, {"v9"}),
        ({"name": "shop", "version": "V1.2"}, set()),
        ({"name": "sho?", "version": "v1.?0"}, {"v1.10"}),
        ({"repository": "nowhere"}, set()),
        ({"format": "npm"}, set()),
        ({"repository": "other"}, {"v0.1"}),
    ],
)
async def test_a_search_filters_exactly_and_by_wildcards(
    http: httpx.AsyncClient, query: dict[str, str], found: set[str]
) -> None:
    items = (await http.get(ASSETS, params=query)).json()["items"]
    assert {item["maven2"]["version"] for item in items} == found


async def test_components_hold_their_assets(http: httpx.AsyncClient) -> None:
    query = {"repository": "maven-releases", "name": "shop", "sort": "version", "direction": "asc"}
    items = (await http.get(COMPONENTS, params=query)).json()["items"]
    assert [item["version"] for item in items] == ["v1.0", "v1.2", "v1.2.1", "v1.3.0-rc.1", "v1.3.0", "v1.10"]
    assert [asset["maven2"]["extension"] for asset in items[0]["assets"]] == ["jar", "pom"]


async def test_other_sorts_are_by_text(http: httpx.AsyncClient) -> None:
    query = {"repository": "maven-releases", "sort": "name", "direction": "desc"}
    assert (await http.get(COMPONENTS, params=query)).json()["items"][0]["name"] == "shopping"


async def test_pages_have_fifty_items_and_a_token_to_go_on(nexus: Nexus, http: httpx.AsyncClient) -> None:
    for number in range(120):
        nexus.repositories["maven-releases"].publish(group="com.acme", name="many", version=f"1.{number}")
    query = {"name": "many", "sort": "version", "maven.extension": "jar"}
    seen: list[str] = []
    sizes: list[int] = []
    token: str | None = ""
    while token is not None:
        body = (await http.get(ASSETS, params=query | ({"continuationToken": token} if token else {}))).json()
        sizes.append(len(body["items"]))
        seen += [item["maven2"]["version"] for item in body["items"]]
        token = body["continuationToken"]
    assert sizes == [50, 50, 20]
    assert seen == [f"1.{number}" for number in reversed(range(120))]


async def test_a_token_from_elsewhere_is_refused(http: httpx.AsyncClient) -> None:
    for token in ("abc", "bm90IGEgbnVtYmVy"):
        assert (await http.get(ASSETS, params={"continuationToken": token})).status_code == 406


async def test_download_goes_to_the_newest_and_refuses_to_choose_unsorted(http: httpx.AsyncClient) -> None:
    query = {"repository": "maven-releases", "name": "shop", "maven.extension": "jar"}
    newest = await http.get(f"{ASSETS}/download", params=query | {"sort": "version"})
    assert newest.status_code == 302
    assert newest.headers["Location"].endswith("/shop-v1.10.jar")
    assert (await http.get(f"{ASSETS}/download", params=query)).status_code == 400
    assert (await http.get(f"{ASSETS}/download", params=query | {"name": "none"})).status_code == 404


async def test_a_jar_is_a_real_archive_and_the_same_every_time(http: httpx.AsyncClient) -> None:
    first, again = [(await http.get(f"{SHOP}/v1.2/shop-v1.2.jar")) for _ in range(2)]
    assert first.content == again.content
    assert first.headers["Content-Type"] == "application/java-archive"
    with zipfile.ZipFile(io.BytesIO(first.content)) as archive:
        assert b"Implementation-Version: v1.2" in archive.read("META-INF/MANIFEST.MF")
    other = Repository("again").publish(group="com.acme", name="shop", version="v1.2")
    assert other.content == first.content
    sha1 = (await http.get(f"{SHOP}/v1.2/shop-v1.2.jar.sha1")).text
    assert sha1 == hashlib.sha1(first.content, usedforsecurity=False).hexdigest()
    head = await http.head(f"{SHOP}/v1.2/shop-v1.2.jar")
    assert head.headers["ETag"] == f'"{{SHA1{{{sha1}}}}}"'
    assert head.headers["Last-Modified"] == "Mon, 05 Jan 2026 12:00:00 GMT"
    assert head.content == b""


@pytest.mark.parametrize(
    ("header", "status", "part"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=0-99999999", 206, slice(0, None)),
        ("lines=1-2", 200, slice(0, None)),
        ("bytes=99999999-", 416, slice(0, 0)),
    ],
)
async def test_a_part_can_be_asked_for(http: httpx.AsyncClient, header: str, status: int, part: slice) -> None:
    path = f"{SHOP}/v1.2/shop-v1.2.jar"
    whole = (await http.get(path)).content
    answer = await http.get(path, headers={"Range": header})
    assert (answer.status_code, answer.content) == (status, whole[part])
    if status == 206:
        start = part.indices(len(whole))[0]
        end = start + len(answer.content) - 1
        assert answer.headers["Content-Range"] == f"bytes {start}-{end}/{len(whole)}"


async def test_the_metadata_names_the_newest_release_and_all_versions(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{SHOP}/maven-metadata.xml")
    tree = ET.fromstring(answer.content)  # noqa: S314  # the stand-in's own document
    assert tree.findtext("versioning/release") == "v1.10"
    assert tree.find("versioning/latest") is None
    assert sorted(version.text or "" for version in tree.iter("version")) == sorted(VERSIONS)
    assert tree.findtext("versioning/lastUpdated") == "20260106120000"
    assert (await http.get(f"{SHOP}/maven-metadata.xml.sha256")).text == hashlib.sha256(answer.content).hexdigest()


async def test_the_pom_names_its_packaging(http: httpx.AsyncClient) -> None:
    pom = await http.get("/repository/maven-releases/com/acme/shopping/v9/shopping-v9.pom")
    assert "<packaging>war</packaging>" in pom.text


@pytest.mark.parametrize(
    "path",
    [
        f"{SHOP}/v7/shop-v7.jar",
        f"{SHOP}/v7/shop-v7.jar.sha1",
        "/repository/maven-releases/com/acme/none/maven-metadata.xml",
        "/repository/nowhere/com/acme/shop/maven-metadata.xml",
        "/nothing",
    ],
)
async def test_a_missing_path_is_an_html_404(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<h1>Error 404</h1>" in answer.text


async def test_with_credentials_configured_nobody_reads_without_them(nexus: Nexus, http: httpx.AsyncClient) -> None:
    nexus.credentials = ("bot", "demo-nexus")
    for auth in (None, ("bot", "wrong")):
        answer = await http.get(ASSETS, auth=auth)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("BASIC realm=")
    assert (await http.get(ASSETS, headers={"Authorization": "Basic %%%"})).status_code == 401
    assert (await http.get(ASSETS, auth=("bot", "demo-nexus"))).status_code == 200


def test_a_version_is_published_once() -> None:
    repository = Repository("maven-releases")
    repository.publish(group="com.acme", name="shop", version="v1")
    with pytest.raises(ValueError, match=r"com\.acme:shop:v1 is already in maven-releases"):
        repository.publish(group="com.acme", name="shop", version="v1")


async def test_faults_of_nexus_strike(faults: Faults, http: httpx.AsyncClient) -> None:
    faults.add(Fault(system="nexus", kind="status", count=1, options={"status": 502}))
    assert (await http.get(ASSETS)).status_code == 502
    assert (await http.get(ASSETS)).status_code == 200
