from typing import Any

import pytest

from integrations.harbor import HarborImages
from playground.harbor import Project
from tests.integrations.harbor.bench import REGISTRY, SHOP, Bench

GIB = 2**30


async def verdict(images: HarborImages, *names: str) -> dict[str, tuple[bool, str]]:
    return {each.subject: (each.is_ok, each.message) for each in await images.check(names or (SHOP,))}


async def test_every_project_of_the_apps_images_is_tried_once(bench: Bench) -> None:
    bench.harbor.add(Project("pay"))
    names = (f"{REGISTRY}/pay/pay", SHOP, f"{REGISTRY}/shop/other", "elsewhere.example.com/x/y")
    assert await verdict(bench.images(), *names) == {
        f"Harbor {REGISTRY}": (True, "answers"),
        "Harbor project pay": (True, "can be read"),
        "Harbor project shop": (True, "can be read"),
    }


async def test_a_project_that_is_missing_hides_no_other(bench: Bench) -> None:
    found = await verdict(bench.images(), f"{REGISTRY}/pay/pay", SHOP)
    assert found["Harbor project pay"][0] is False
    assert "Create it" in found["Harbor project pay"][1]
    assert found["Harbor project shop"] == (True, "can be read")


async def test_images_that_all_lie_elsewhere_are_a_mistake_of_settings(bench: Bench) -> None:
    found = await verdict(bench.images(), "elsewhere.example.com/shop/shop")
    assert "SLIPWAY_HARBOR__REGISTRY" in found[f"Harbor {REGISTRY}"][1]
    assert bench.requests == []


async def test_a_robot_that_may_not_list_is_told_what_it_lacks(bench: Bench) -> None:
    bench.fault("status", match="/repositories", status=403)
    is_ok, message = (await verdict(bench.images()))["Harbor project shop"]
    assert not is_ok
    assert "robot$slipway. Permit it" in message


@pytest.mark.parametrize(
    ("used", "hard", "is_ok"), [(94, 100, True), (95, 100, False), (120, 100, False), (9, -1, True)]
)
async def test_a_quota_is_told_before_it_stops_a_push(bench: Bench, used: int, hard: int, *, is_ok: bool) -> None:
    body = {"quota": {"hard": {"storage": hard * GIB}, "used": {"storage": used * GIB}}}
    bench.fault("status", match="/summary", status=200, body=body)
    found_is_ok, message = (await verdict(bench.images()))["Harbor project shop"]
    assert (found_is_ok, f"uses {used}.0 of its {hard}.0 GiB" in message) == (is_ok, not is_ok)


async def test_a_quota_that_may_not_be_seen_is_nothing_to_complain_about(bench: Bench) -> None:
    bench.fault("status", match="/summary", status=403)
    assert (await verdict(bench.images()))["Harbor project shop"] == (True, "can be read")


async def test_a_summary_that_is_none_is_told(bench: Bench) -> None:
    bench.fault("status", match="/summary", status=200, body="<html>")
    is_ok, message = (await verdict(bench.images()))[f"Harbor {REGISTRY}"]
    assert (is_ok, "leads to it" in message) == (False, True)


async def test_a_plain_registry_is_well_and_named_so(bench: Bench) -> None:
    bench.fault("status", match="/api/v2.0", status=404, body="404 page not found")
    is_ok, message = (await verdict(bench.images()))[f"Harbor {REGISTRY}"]
    assert (is_ok, "plain registry" in message) == (True, True)


async def test_a_harbor_without_the_ping_is_a_harbor(bench: Bench) -> None:
    bench.fault("status", match="/ping", status=404, body={"errors": []})
    assert (await verdict(bench.images()))[f"Harbor {REGISTRY}"] == (True, "answers")


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [("down", {}, "could not be reached"), ("status", {"status": 401}, "username and the password")],
)
async def test_an_outage_or_a_wrong_password_is_told(
    bench: Bench, kind: str, options: dict[str, Any], words: str
) -> None:
    bench.fault(kind, match="/projects/", **options)
    is_ok, message = (await verdict(bench.images()))[f"Harbor {REGISTRY}"]
    assert (is_ok, words in message) == (False, True)
