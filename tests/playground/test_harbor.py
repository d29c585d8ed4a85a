"""The stand-in Harbor gives what Harbor's API documents."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from aiohttp.test_utils import TestServer

from playground.faults import Fault, Faults
from playground.harbor import Harbor, NoRoom, Project
from playground.harbor.model import IMAGE_BYTES

API = "/api/v2.0/projects/shop"
ARTIFACTS = f"{API}/repositories/shop/artifacts"
IMAGE = "harbor.example.com/shop/shop"
NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
ROBOT = ("robot$slipway", "demo-harbor-password")
DOCUMENTED_ARTIFACT = {
    "id", "type", "media_type", "manifest_media_type", "artifact_type", "project_id", "repository_id",
    "repository_name", "digest", "size", "icon", "push_time", "pull_time", "extra_attrs", "annotations", "references",
    "tags", "addition_links", "labels", "scan_overview", "sbom_overview", "accessories",
}  # fmt: skip
DOCUMENTED_TAG = {"id", "repository_id", "artifact_id", "name", "push_time", "pull_time", "immutable"}
DOCUMENTED_REPORT = {
    "report_id", "scan_status", "severity", "duration", "summary", "start_time", "end_time", "complete_percent",
    "scanner",
}  # fmt: skip


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def harbor(faults: Faults) -> Harbor:
    harbor = Harbor(faults=faults, credentials=ROBOT)
    harbor.add(Project("shop"))
    for number in range(25):
        at = NOON + timedelta(minutes=number)
        harbor.push(IMAGE, f"v1.{number}", digest(number), at=at, scan={"High": number} if number else None)
    return harbor


@pytest.fixture
async def http(harbor: Harbor) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        TestServer(harbor.app()) as server,
        httpx.AsyncClient(base_url=str(server.make_url("")), auth=ROBOT, trust_env=False) as client,
    ):
        yield client


async def test_artifacts_have_the_documented_fields_and_the_newest_comes_first(http: httpx.AsyncClient) -> None:
    artifacts = (await http.get(ARTIFACTS, params={"with_scan_overview": "true"})).json()
    assert [one["tags"][0]["name"] for one in artifacts] == [f"v1.{number}" for number in range(24, 14, -1)]
    newest = artifacts[0]
    assert set(newest) <= DOCUMENTED_ARTIFACT
    assert (newest["digest"], newest["push_time"]) == (digest(24), "2026-11-02T12:24:00.000Z")
    assert (newest["type"], newest["repository_name"]) == ("IMAGE", "shop/shop")
    assert set(newest["tags"][0]) == DOCUMENTED_TAG
    (mime, report) = next(iter(newest["scan_overview"].items()))
    assert mime.startswith("application/vnd.security.vulnerability.report")
    assert set(report) <= DOCUMENTED_REPORT
    assert (report["scan_status"], report["severity"]) == ("Success", "High")
    assert report["summary"] == {"total": 24, "fixable": 0, "summary": {"High": 24}}


async def test_tags_and_scans_are_shown_as_asked_for(http: httpx.AsyncClient) -> None:
    plain = (await http.get(ARTIFACTS)).json()
    assert [("scan_overview" in one, bool(one["tags"])) for one in plain] == [(False, True)] * 10
    bare = (await http.get(ARTIFACTS, params={"with_tag": "false"})).json()
    assert {one["tags"] for one in bare} == {None}
    oldest = (await http.get(ARTIFACTS, params={"page": "3", "with_scan_overview": "true"})).json()[-1]
    assert "scan_overview" not in oldest


async def test_pages_are_counted_and_linked(http: httpx.AsyncClient) -> None:
    first = await http.get(ARTIFACTS, params={"page_size": "10"})
    assert (len(first.json()), first.headers["X-Total-Count"]) == (10, "25")
    assert first.links["next"]["url"] == f"{ARTIFACTS}?page_size=10&page=2"
    assert "prev" not in first.links
    seen = [one["digest"] for one in first.json()]
    response = first
    while "next" in response.links:
        response = await http.get(response.links["next"]["url"])
        seen += [one["digest"] for one in response.json()]
    assert seen == [digest(number) for number in reversed(range(25))]
    assert response.links["prev"]["url"].endswith("page=2")
    whole = await http.get(ARTIFACTS, params={"page_size": "100"})
    assert "Link" not in whole.headers
    assert (await http.get(ARTIFACTS, params={"page": "9"})).json() == []


@pytest.mark.parametrize("query", [{"page_size": "101"}, {"page_size": "0"}, {"page": "0"}, {"page": "x"}])
async def test_a_page_that_cannot_be_is_refused(http: httpx.AsyncClient, query: dict[str, str]) -> None:
    answer = await http.get(ARTIFACTS, params=query)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "UNPROCESSABLE_ENTITY")


async def test_a_name_with_a_slash_is_found_when_it_is_encoded_twice_only(
    http: httpx.AsyncClient, harbor: Harbor
) -> None:
    harbor.push(f"{IMAGE}/web", "v1", digest(1))
    assert len((await http.get(f"{API}/repositories/shop%252Fweb/artifacts")).json()) == 1
    for wrong in ("shop%2Fweb", "shop/web"):
        assert (await http.get(f"{API}/repositories/{wrong}/artifacts")).status_code == 404


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/api/v2.0/projects/nope/repositories/shop/artifacts", "project nope not found"),
        (f"{API}/repositories/nope/artifacts", "repository shop/nope not found"),
        ("/api/v2.0/projects/nope/summary", "project nope not found"),
        ("/api/v2.0/nonsense", "404 page not found"),
    ],
)
async def test_what_is_not_there_is_said_as_harbor_says_it(http: httpx.AsyncClient, path: str, message: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.json()) == (404, {"errors": [{"code": "NOT_FOUND", "message": message}]})


@pytest.mark.parametrize(
    "header", ["", "Bearer x", "Basic !", "Basic /w==", f"Basic {base64.b64encode(b'robot:no').decode()}"]
)
async def test_nobody_reads_without_the_password(http: httpx.AsyncClient, header: str) -> None:
    http.auth = None  # type: ignore[assignment]  # nobody
    headers = {"Authorization": header} if header else {}
    for path in (ARTIFACTS, "/service/token"):
        assert (await http.get(path, headers=headers)).status_code == 401
    assert (await http.get("/api/v2.0/ping", headers=headers)).text == "Pong"


async def test_a_project_tells_its_repositories_and_its_quota(http: httpx.AsyncClient, harbor: Harbor) -> None:
    harbor.projects["shop"].quota = 40 * IMAGE_BYTES
    (repository,) = (await http.get(f"{API}/repositories")).json()
    assert (repository["name"], repository["artifact_count"]) == ("shop/shop", 25)
    summary = (await http.get(f"{API}/summary")).json()
    assert summary["quota"] == {"hard": {"storage": 40 * IMAGE_BYTES}, "used": {"storage": 25 * IMAGE_BYTES}}


async def token(http: httpx.AsyncClient, scope: str) -> str:
    answer = (await http.get("/service/token", params={"service": "harbor-registry", "scope": scope})).json()
    assert set(answer) == {"token", "access_token", "expires_in", "issued_at"}
    return str(answer["token"])


async def test_the_registry_sends_who_has_no_token_to_the_token_service(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v2/shop/shop/tags/list")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer realm="{str(http.base_url).rstrip("/")}/service/token",service="harbor-registry",'
        'scope="repository:shop/shop:pull"'
    )
    assert (await http.head("/v2/shop/shop/manifests/v1.1")).status_code == 401
    assert "scope" not in (await http.get("/v2/")).headers["WWW-Authenticate"]


async def asked(http: httpx.AsyncClient, method: str, path: str, **query: Any) -> httpx.Response:
    name = path.removeprefix("/v2/").rpartition("/")[0].rpartition("/")[0]
    scope = f"repository:{name}:pull" if name else ""
    headers = {"Authorization": f"Bearer {await token(http, scope)}"}
    request = http.build_request(method, path, params=query or None, headers=headers)
    return await http.send(request, auth=None)


async def test_tags_are_listed_by_name_a_few_at_a_time(http: httpx.AsyncClient) -> None:
    first = await asked(http, "GET", "/v2/shop/shop/tags/list", n=2)
    assert first.json() == {"name": "shop/shop", "tags": ["v1.0", "v1.1"]}
    assert first.headers["Link"] == '</v2/shop/shop/tags/list?last=v1.1&n=2>; rel="next"'
    second = await asked(http, "GET", "/v2/shop/shop/tags/list", n=100, last="v1.1")
    assert len(second.json()["tags"]) == 23
    assert "Link" not in second.headers
    assert (await asked(http, "GET", "/v2/shop/nope/tags/list")).status_code == 404
    assert (await asked(http, "GET", "/v2/")).status_code == 200


async def test_a_tag_and_a_digest_lead_to_the_same_digest(http: httpx.AsyncClient) -> None:
    for reference in ("v1.7", digest(7)):
        answer = await asked(http, "HEAD", f"/v2/shop/shop/manifests/{reference}")
        assert (answer.status_code, answer.headers["Docker-Content-Digest"]) == (200, digest(7))
    assert (await asked(http, "HEAD", "/v2/shop/shop/manifests/v9")).status_code == 404
    assert (await asked(http, "HEAD", "/v2/nope/nope/manifests/v9")).status_code == 404


def test_a_tag_moves_and_what_was_pushed_is_there(harbor: Harbor) -> None:
    assert harbor.has(IMAGE, "v1.1")
    assert not harbor.has(IMAGE, "v9")
    assert not harbor.has("harbor.example.com/nope/nope", "v1")
    harbor.push(IMAGE, "v1.1", digest(99))
    repository = harbor.repository("shop/shop")
    assert repository is not None
    found, left = repository.find("v1.1"), repository.find(digest(1))
    assert found is not None
    assert left is not None
    assert (found.digest, left.tags) == (digest(99), {})


def test_a_project_that_is_full_takes_no_more_and_says_so_like_harbor(harbor: Harbor, faults: Faults) -> None:
    harbor.projects["shop"].quota = 25 * IMAGE_BYTES
    with pytest.raises(NoRoom, match=r"of storage resource, .* will exceed the configured upper limit of 2400.0 MiB"):
        harbor.push(IMAGE, "v2", digest(99))
    faults.add(Fault(system="harbor", kind="quota", match="pay", count=1))
    with pytest.raises(NoRoom):
        harbor.push("harbor.example.com/pay/pay", "v2", digest(99))
    assert not harbor.has("harbor.example.com/pay/pay", "v2")


async def test_a_fault_strikes(http: httpx.AsyncClient, faults: Faults) -> None:
    faults.add(Fault(system="harbor", kind="status", count=1, options={"status": 503}))
    assert (await http.get(ARTIFACTS)).status_code == 503
    assert (await http.get(ARTIFACTS)).status_code == 200
