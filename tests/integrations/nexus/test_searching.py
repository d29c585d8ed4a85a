import asyncio
import logging
import traceback
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from commands.core.catalog import Artifact
from commands.core.errors import Permanent, SystemFailure, Temporary
from commands.core.ports import Available
from integrations.nexus import NexusSettings, NexusVersions
from integrations.nexus.repository import MAX_BYTES
from integrations.nexus.versions import MAX_PAGES
from tests.integrations.nexus.bench import NOON, SHOP, Bench, app, running

PASSWORD = "demo-nexus-password"
SEARCH = "/service/rest/v1/search/assets"


class Clock:
    """Seconds that only a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def listed(versions: NexusVersions, artifact: Artifact = SHOP) -> list[str]:
    return [one.version for one in await versions.search(app(artifact))]


async def failure_of(versions: NexusVersions) -> SystemFailure:
    with pytest.raises(SystemFailure) as caught:
        await versions.search(app())
    return caught.value


async def test_all_pages_are_read(bench: Bench) -> None:
    names = [f"v1.{minor}" for minor in range(120)]
    bench.publish(*names)
    assert await listed(bench.versions()) == names[::-1]
    assert len(bench.requests) == 3


async def test_a_search_that_never_ends_is_ended(bench: Bench) -> None:
    bench.fault("status", match=SEARCH, status=200, body={"items": [], "continuationToken": "again"})
    assert await listed(bench.versions()) == []
    assert len([request for request in bench.requests if request.startswith(SEARCH)]) == MAX_PAGES


async def test_what_is_older_than_the_pages_that_are_read_is_listed_without_its_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.nexus.versions.MAX_PAGES", 1)
    names = [f"v1.{minor}" for minor in range(60)]
    bench.publish(*names)
    found = await bench.versions().search(app())
    assert [one.version for one in found] == names[::-1]
    assert [one.published_at for one in found] == [NOON] * 50 + [None] * 10


async def test_an_unchanged_list_is_the_same_object_again(bench: Bench) -> None:
    versions = bench.versions()
    bench.publish("v1.2")
    first = await versions.search(app())
    assert await versions.search(app()) is first
    bench.publish("v1.3")
    assert await versions.search(app()) is not first


async def test_a_version_that_is_found_twice_is_listed_once_with_its_later_time(bench: Bench) -> None:
    times = ["2026-11-01T12:00:00Z", None, "2026-11-02T12:00:00Z", "2026-10-01T12:00:00Z"]
    maven = {"extension": "jar", "groupId": "com.acme", "artifactId": "shop", "version": "v1.2"}
    items = [{"lastModified": time, "maven2": maven} for time in times]
    bench.fault("status", match=SEARCH, status=200, body={"items": items})
    assert await bench.versions().search(app()) == (Available(version="v1.2", published_at=NOON),)


async def test_what_is_kept_does_not_grow_without_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.nexus.versions.MAX_KEPT", 2)
    versions = bench.versions(max_age=timedelta(seconds=3), monotonic=Clock())
    for name in ("one", "two", "three", "three", "one"):
        await listed(versions, Artifact(group="com.acme", name=name))
    assert len(bench.requests) == 4


async def test_wildcards_in_a_name_match_only_themselves(bench: Bench) -> None:
    bench.publish("v1.2")
    assert await listed(bench.versions(), Artifact(group="com.*", name="sh?p")) == []


async def test_a_list_is_handed_out_again_until_it_is_too_old(bench: Bench) -> None:
    clock = Clock()
    versions = bench.versions(max_age=timedelta(seconds=3), monotonic=clock)
    bench.publish("v1.2")
    await listed(versions)
    bench.publish("v1.3")
    clock.now += 2.9
    assert await listed(versions) == ["v1.2"]
    clock.now += 0.1
    assert await listed(versions) == ["v1.3", "v1.2"]


async def test_a_failure_is_not_kept(bench: Bench) -> None:
    versions = bench.versions(max_age=timedelta(seconds=3), monotonic=Clock())
    bench.publish("v1.2")
    bench.fault("status", status=503, count=1)
    await failure_of(versions)
    assert await listed(versions) == ["v1.2"]


async def test_many_who_ask_at_once_share_one_search(bench: Bench) -> None:
    versions = bench.versions()
    bench.publish("v1.2")
    answers = await asyncio.gather(*(listed(versions) for _ in range(10)))
    assert answers == [["v1.2"]] * 10
    assert len(bench.requests) == 1


async def test_one_who_gives_up_does_not_take_the_others_along(bench: Bench) -> None:
    versions = bench.versions()
    bench.publish("v1.2")
    bench.fault("slow", seconds=0.2)
    hasty, patient = asyncio.create_task(listed(versions)), asyncio.create_task(listed(versions))
    await bench.arrived.wait()
    hasty.cancel()
    assert await patient == ["v1.2"]
    with pytest.raises(asyncio.CancelledError):
        await hasty


async def test_closing_ends_what_still_runs(bench: Bench) -> None:
    versions = bench.versions()
    bench.fault("hang")
    waiting = asyncio.create_task(listed(versions))
    await bench.arrived.wait()
    await versions.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not bench.client.is_closed


async def test_a_plain_maven_repository_is_read_by_its_metadata(bench: Bench) -> None:
    bench.publish("v1.2", "v1.10")
    bench.fault("status", match=SEARCH, status=404)
    found = await bench.versions().search(app())
    assert [(one.version, one.published_at) for one in found] == [("v1.10", None), ("v1.2", None)]


async def test_a_plain_repository_directly_below_the_address_is_read(bench: Bench) -> None:
    bench.publish("v1.2")
    url = str(bench.server.make_url("/repository"))
    assert await listed(bench.versions(url=url)) == ["v1.2"]
    assert bench.requests[-1] == "/repository/releases/com/acme/shop/maven-metadata.xml"


async def test_a_plain_repository_without_the_artifact_has_no_versions(bench: Bench) -> None:
    bench.fault("status", match=SEARCH, status=404)
    assert await listed(bench.versions()) == []


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("down", {}),
        ("hang", {}),
        ("status", {"status": 500}),
        ("status", {"status": 503, "body": "starting"}),
        ("status", {"status": 429}),
    ],
)
async def test_what_may_pass_is_temporary(bench: Bench, kind: str, options: dict[str, Any]) -> None:
    versions = bench.versions(budget=timedelta(seconds=0.3))
    bench.fault(kind, **options)
    failure = await failure_of(versions)
    assert isinstance(failure, Temporary)
    assert failure.system == "Nexus"


@pytest.mark.parametrize(
    ("match", "status", "body", "words"),
    [
        ("", 401, "", "username and the password"),
        ("", 403, "", "browse and read"),
        ("", 302, "", "leads elsewhere"),
        ("", 400, "", "cannot be read"),
        ("", 200, "<html>sign in</html>", "leads to Nexus itself"),
        ("", 200, {"items": {}}, "leads to Nexus itself"),
        ("", 200, "[" * 100_000, "leads to Nexus itself"),
        ("", 200, " " * (MAX_BYTES + 1), "more than 8 MiB"),
    ],
)
async def test_what_will_not_pass_is_permanent_and_says_what_to_change(
    bench: Bench, match: str, status: int, body: Any, words: str
) -> None:
    bench.fault("status", match=match, status=status, body=body)
    failure = await failure_of(bench.versions())
    assert isinstance(failure, Permanent)
    assert words in failure.message


async def test_metadata_that_is_none_is_permanent(bench: Bench) -> None:
    bench.fault("status", match=SEARCH, status=404)
    bench.fault("status", match="maven-metadata", status=200, body="<!DOCTYPE html><html></html>")
    assert isinstance(await failure_of(bench.versions()), Permanent)


async def test_a_redirect_is_not_followed_even_by_a_client_that_would(bench: Bench) -> None:
    bench.fault("status", status=302, headers={"Location": "/elsewhere"})
    async with httpx.AsyncClient(follow_redirects=True) as client:
        settings = NexusSettings(url=str(bench.server.make_url("/")), repository="releases")
        assert isinstance(await failure_of(NexusVersions(settings, client)), Permanent)
    assert not any("/elsewhere" in request for request in bench.requests)


async def test_credentials_are_sent_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with running(credentials=("slipway", PASSWORD)) as bench:
        bench.publish("v1.2")
        known = bench.versions(username="slipway", password=SecretStr(PASSWORD))
        assert await listed(known) == ["v1.2"]
        assert isinstance(await failure_of(bench.versions()), Permanent)
        for status in (400, 403, 500):
            bench.fault("status", status=status, body=PASSWORD, count=1)
            failure = await failure_of(known)
            assert PASSWORD not in "".join(traceback.format_exception(failure)) + caplog.text


async def test_an_outage_is_logged_when_it_begins_and_when_it_ends(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    versions = bench.versions()
    bench.fault("down")
    for _ in range(3):
        await failure_of(versions)
    bench.faults.clear()
    for _ in range(3):
        await versions.search(app())
    ours = [record.message for record in caplog.records if record.name.startswith("integrations")]
    assert ["cannot be asked" in ours[0], ours[1:]] == [True, ["Nexus answers again."]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "nexus.example.com"}, "https"),
        ({"url": "https://slipway:x@nexus.example.com"}, "hold no password"),
        ({"repository": "../admin"}, "repository"),
        ({"username": "slipway"}, "neither"),
        ({"password": SecretStr(PASSWORD)}, "neither"),
        ({"max_age": timedelta(seconds=6)}, "old"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_remedy(changes: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {"url": "https://nexus.example.com", "repository": "releases"}
    with_password = NexusSettings(**good, username="slipway", password=SecretStr(PASSWORD))
    assert PASSWORD not in repr(with_password)
    with pytest.raises(ValueError, match=words):
        NexusSettings(**{**good, **changes})
