import asyncio
import logging
import traceback
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from commands.core.errors import Permanent, SystemFailure, Temporary
from integrations.harbor import HarborImages, HarborSettings
from integrations.harbor.images import AT_ONCE
from integrations.harbor.server import MAX_BYTES
from playground.harbor import Project
from tests.integrations.harbor.bench import NOON, PASSWORD, REGISTRY, ROBOT, SHOP, Bench, digest, running

ARTIFACTS = "/api/v2.0/projects/shop/repositories/shop/artifacts"


class Clock:
    """Seconds that only a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def tags(images: HarborImages, image: str = SHOP) -> list[str]:
    found = await images.search(image)
    assert found is not None
    return [tag for one in found for tag in one.tags]


async def failure_of(images: HarborImages) -> SystemFailure:
    with pytest.raises(SystemFailure) as caught:
        await images.search(SHOP)
    return caught.value


def push_many(bench: Bench, count: int) -> list[str]:
    """Push images a minute apart and return their tags, the newest first."""
    for number in range(count):
        bench.harbor.push(SHOP, f"v1.{number}", digest(number), at=NOON + timedelta(minutes=number))
    return [f"v1.{number}" for number in reversed(range(count))]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
async def test_all_pages_are_read_and_none_twice(bench: Bench, count: int) -> None:
    bench.harbor.projects["shop"].repository("shop")
    pushed = push_many(bench, count)
    assert await tags(bench.images()) == pushed
    assert len(bench.requests) == max(-(-count // 100), 1)


async def test_a_list_without_end_is_cut_and_pages_are_asked_for_a_few_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.harbor.images.MAX_PAGES", AT_ONCE + 2)
    headers = {"X-Total-Count": "999999999"}
    bench.fault("status", match=ARTIFACTS, status=200, body=[], headers=headers)
    assert await tags(bench.images()) == []
    assert len(bench.requests) == AT_ONCE + 2


@pytest.mark.parametrize("count", ["-5", "many", "9" * 400, "", "²"])
async def test_a_count_that_is_no_number_ends_the_list_with_its_first_page(bench: Bench, count: str) -> None:
    headers = {"X-Total-Count": count.encode().decode("latin-1")}
    bench.fault("status", match=ARTIFACTS, status=200, body=[], headers=headers)
    assert await tags(bench.images()) == []
    assert len(bench.requests) == 1


async def test_a_repository_that_goes_away_while_it_is_read_has_what_was_read(bench: Bench) -> None:
    pushed = push_many(bench, 150)
    bench.fault("status", match="page=2", status=404, body={"errors": []})
    assert await tags(bench.images()) == pushed[:100]


async def test_a_name_with_slashes_is_encoded_twice_and_a_project_is_called_by_its_name(bench: Bench) -> None:
    bench.push("v1", image=f"{REGISTRY}/2026/team/shop")
    assert await tags(bench.images(), f"{REGISTRY}/2026/team/shop") == ["v1"]
    assert bench.requests[0].startswith("/api/v2.0/projects/2026/repositories/team%252Fshop/artifacts?")


async def test_a_list_is_handed_out_again_until_it_is_too_old(bench: Bench) -> None:
    clock = Clock()
    images = bench.images(max_age=timedelta(seconds=30), monotonic=clock)
    bench.push("v1.2")
    assert await tags(images) == ["v1.2"]
    bench.push("v1.3", at=NOON + timedelta(hours=1))
    clock.now += 29.9
    assert await tags(images) == ["v1.2"]
    clock.now += 0.1
    assert await tags(images) == ["v1.3", "v1.2"]


async def test_what_is_kept_does_not_grow_without_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.harbor.images.MAX_KEPT", 2)
    images = bench.images(max_age=timedelta(seconds=30), monotonic=Clock())
    for name in ("one", "two", "three", "three", "one"):
        await tags(images, f"{REGISTRY}/shop/{name}")
    assert len(bench.requests) == 4


async def test_many_who_ask_at_once_share_one_list(bench: Bench) -> None:
    images = bench.images()
    bench.push("v1.2")
    assert await asyncio.gather(*(tags(images) for _ in range(10))) == [["v1.2"]] * 10
    assert len(bench.requests) == 1


async def test_one_who_gives_up_does_not_take_the_others_along(bench: Bench) -> None:
    images = bench.images()
    bench.push("v1.2")
    bench.fault("slow", seconds=0.2)
    hasty, patient = asyncio.create_task(tags(images)), asyncio.create_task(tags(images))
    await bench.arrived.wait()
    hasty.cancel()
    assert await patient == ["v1.2"]
    with pytest.raises(asyncio.CancelledError):
        await hasty


async def test_nobody_waits_long_for_an_ornament_and_the_list_is_there_for_who_asks_next(bench: Bench) -> None:
    images = bench.images(patience=timedelta(seconds=0.01), max_age=timedelta(seconds=30), monotonic=Clock())
    bench.push("v1.2")
    bench.fault("slow", seconds=0.3)
    failure = await failure_of(images)
    assert isinstance(failure, Temporary)
    assert "within 0.01 s" in failure.message
    await asyncio.wait(images._running.values())
    bench.fault("down")
    assert await tags(images) == ["v1.2"]


async def test_closing_ends_what_still_runs(bench: Bench) -> None:
    images = bench.images()
    bench.fault("hang")
    waiting = asyncio.create_task(tags(images))
    await bench.arrived.wait()
    await images.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not bench.client.is_closed


@pytest.mark.parametrize(
    ("kind", "options", "retry_after"),
    [
        ("down", {}, None),
        ("hang", {}, None),
        ("status", {"status": 500}, None),
        ("status", {"status": 503, "body": "starting"}, None),
        ("status", {"status": 429, "headers": {"Retry-After": "7"}}, timedelta(seconds=7)),
        ("status", {"status": 429, "headers": {"Retry-After": "Tue, 24 Nov 2026 02:00:00 GMT"}}, None),
        ("status", {"status": 429, "headers": {"Retry-After": "99999999"}}, timedelta(hours=1)),
    ],
)
async def test_what_may_pass_is_temporary(
    bench: Bench, kind: str, options: dict[str, Any], retry_after: timedelta | None
) -> None:
    images = bench.images(budget=timedelta(seconds=0.3))
    bench.fault(kind, **options)
    failure = await failure_of(images)
    assert isinstance(failure, Temporary)
    assert (failure.system, failure.retry_after) == ("Harbor", retry_after)


QUOTA = {"errors": [{"code": "DENIED", "message": "adding 1.3 MiB … will exceed the configured upper limit of 1 GiB"}]}
POLICY = {"errors": [{"code": "PROJECTPOLICYVIOLATION", "message": "current image with 3 vulnerabilities"}]}


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, "", "username and the password"),
        (403, {"errors": [{"code": "FORBIDDEN", "message": "forbidden"}]}, "Permit robot$slipway to list"),
        (403, QUOTA, "no room left"),
        (412, QUOTA, "raise its quota"),
        (412, POLICY, "a policy of the project"),
        (302, "", "leads elsewhere"),
        (400, "", "cannot be read"),
        (200, "<html>sign in</html>", "leads to it"),
        (200, {"items": []}, "leads to it"),
        (200, "[" * 100_000, "leads to it"),
        (200, " " * (MAX_BYTES + 1), "more than 8 MiB"),
        (400, "x" * 1_000_000, "cannot be read"),
    ],
)
async def test_what_will_not_pass_is_permanent_and_says_what_to_change(
    bench: Bench, status: int, body: Any, words: str
) -> None:
    bench.fault("status", status=status, body=body)
    failure = await failure_of(bench.images())
    assert isinstance(failure, Permanent)
    assert words in failure.message


@pytest.mark.parametrize("image", [SHOP, f"{REGISTRY}/nowhere/shop"])
async def test_a_repository_or_project_that_is_not_there_has_no_images(bench: Bench, image: str) -> None:
    assert await tags(bench.images(), image) == []
    assert len(bench.requests) == 1


async def test_a_redirect_is_not_followed_even_by_a_client_that_would(bench: Bench) -> None:
    bench.fault("status", status=302, headers={"Location": "/elsewhere"})
    async with httpx.AsyncClient(follow_redirects=True) as client:
        settings = HarborSettings(url=bench.url, registry=REGISTRY)
        assert isinstance(await failure_of(HarborImages(settings, client)), Permanent)
    assert not any("/elsewhere" in request for request in bench.requests)


async def test_credentials_are_sent_and_never_shown(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench.push("v1.2")
    assert await tags(bench.images()) == ["v1.2"]
    for changes in ({"username": "", "password": None}, {"password": SecretStr("wrong")}, {"username": "slipway"}):
        assert isinstance(await failure_of(bench.images(**changes)), Permanent)
    known = bench.images()
    for status in (400, 401, 403, 412, 500):
        bench.fault("status", status=status, body=PASSWORD, count=1)
        failure = await failure_of(known)
        assert PASSWORD not in "".join(traceback.format_exception(failure)) + caplog.text


async def test_who_has_no_account_may_read_what_is_public() -> None:
    async with running(credentials=None) as bench:
        bench.push("v1.2")
        assert await tags(bench.images(username="", password=None)) == ["v1.2"]


async def test_an_outage_is_logged_when_it_begins_and_when_it_ends(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    images = bench.images()
    bench.fault("down")
    for _ in range(3):
        await failure_of(images)
    bench.faults.clear()
    for _ in range(3):
        await images.search(SHOP)
    ours = [record.message for record in caplog.records if record.name.startswith("integrations")]
    assert ["cannot be asked" in ours[0], ours[1:]] == [True, ["Harbor answers again."]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "harbor.example.com"}, "https"),
        ({"url": "https://"}, "https"),
        ({"url": "https://harbor.example.com:99999"}, "https"),
        ({"url": "https://[harbor"}, "https"),
        ({"url": "https://harbor.example.com?x=1"}, "https"),
        ({"url": "https://robot:x@harbor.example.com"}, "hold no password"),
        ({"registry": "https://harbor.example.com"}, "no host"),
        ({"username": ROBOT}, "neither"),
        ({"password": SecretStr(PASSWORD)}, "neither"),
        ({"max_age": timedelta(seconds=31)}, "old"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_remedy(changes: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {"url": "https://harbor.example.com"}
    assert PASSWORD not in repr(HarborSettings(**good, username=ROBOT, password=SecretStr(PASSWORD)))
    with pytest.raises(ValueError, match=words):
        HarborSettings(**{**good, **changes})


@pytest.mark.parametrize(
    ("url", "registry", "host"),
    [
        ("https://harbor.example.com", "", "harbor.example.com"),
        ("https://Harbor.example.com:443/", "", "harbor.example.com"),
        ("https://harbor.example.com:8443", "", "harbor.example.com:8443"),
        ("http://harbor-core.harbor:80", "harbor.example.com", "harbor.example.com"),
        ("http://127.0.0.1:5000", "", "127.0.0.1:5000"),
    ],
)
def test_images_begin_with_the_host_of_the_address_unless_another_is_given(url: str, registry: str, host: str) -> None:
    assert HarborSettings(url=url, registry=registry).host == host


async def test_two_projects_have_their_own_images(bench: Bench) -> None:
    bench.harbor.add(Project("pay"))
    bench.push("v1.2")
    bench.push("v2.0", image=f"{REGISTRY}/pay/pay")
    images = bench.images()
    assert await tags(images) == ["v1.2"]
    assert await tags(images, f"{REGISTRY}/pay/pay") == ["v2.0"]
