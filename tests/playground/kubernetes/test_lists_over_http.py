from typing import Any

import aiohttp
import pytest

from playground.kubernetes.server import KubernetesServer
from playground.kubernetes.store import Obj, Store
from playground.pace import Pace
from tests.playground.kubernetes.samples import config_map, pod, rollout
from tests.playground.kubernetes.watch_lines import MAPS, ROLLOUTS


async def listed(http: aiohttp.ClientSession, path: str = MAPS, **query: Any) -> Obj:
    async with http.get(path, params=query) as response:
        assert response.status == 200
        found: Obj = await response.json()
        return found


async def refused(http: aiohttp.ClientSession, **query: str) -> Obj:
    async with http.get(MAPS, params=query) as response:
        found: Obj = await response.json()
        assert response.status == found["code"]
        return found


def names(found: Obj) -> list[str]:
    return [item["metadata"]["name"] for item in found["items"]]


async def test_a_list_has_its_kind_and_the_version_to_watch_from(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(rollout())
    found = await listed(http, ROLLOUTS)
    assert (found["kind"], found["apiVersion"]) == ("RolloutList", "argoproj.io/v1alpha1")
    assert found["metadata"] == {"resourceVersion": str(store.resource_version)}
    assert found["items"][0]["kind"] == "Rollout"


async def test_items_of_built_in_lists_carry_no_kind_as_on_the_real_api(
    http: aiohttp.ClientSession, store: Store
) -> None:
    store.create(pod("shop-1"))
    item = (await listed(http, "/api/v1/pods"))["items"][0]
    assert "kind" not in item
    assert "apiVersion" not in item


async def test_lists_cover_a_namespace_or_the_cluster(http: aiohttp.ClientSession, store: Store) -> None:
    store.create({"kind": "Namespace", "metadata": {"name": "shop"}})
    for namespace in ("shop", "other"):
        store.create(config_map("one", namespace=namespace))
    assert len((await listed(http))["items"]) == 1
    assert len((await listed(http, "/api/v1/configmaps"))["items"]) == 2
    assert names(await listed(http, "/api/v1/namespaces")) == ["shop"]
    async with http.get("/api/v1/namespaces/shop") as response:
        assert (await response.json())["status"] == {"phase": "Active"}


async def test_selectors_narrow_a_list(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(config_map("one", labels={"app": "shop"}))
    store.create(config_map("two", labels={"app": "blog"}))
    store.create(config_map("three"))
    assert names(await listed(http, labelSelector="app in (shop,blog),app!=blog")) == ["one"]
    assert names(await listed(http, labelSelector="!app")) == ["three"]
    assert names(await listed(http, fieldSelector="metadata.name=two")) == ["two"]
    assert (await refused(http, labelSelector="app in shop"))["reason"] == "BadRequest"


async def test_pages_together_are_the_list_as_it_was_at_the_first(http: aiohttp.ClientSession, store: Store) -> None:
    for number in range(5):
        store.create(config_map(f"map-{number}"))
    first = await listed(http, limit="2")
    assert first["metadata"]["remainingItemCount"] == 3
    store.delete("ConfigMap", "shop", "map-3")
    store.create(config_map("map-9"))
    second = await listed(http, limit="2", **{"continue": first["metadata"]["continue"]})
    third = await listed(http, limit="2", **{"continue": second["metadata"]["continue"]})
    assert names(first) + names(second) + names(third) == [f"map-{number}" for number in range(5)]
    assert "continue" not in third["metadata"]
    assert {page["metadata"]["resourceVersion"] for page in (first, second, third)} == {"1005"}


async def test_a_page_asked_for_after_compaction_is_expired(http: aiohttp.ClientSession, store: Store) -> None:
    for number in range(3):
        store.create(config_map(f"map-{number}"))
    token = (await listed(http, limit="1"))["metadata"]["continue"]
    store.create(config_map("late"))
    store.compact()
    answer = await refused(http, limit="1", **{"continue": token})
    assert (answer["code"], answer["reason"]) == (410, "Expired")


@pytest.mark.parametrize("token", ["nonsense", "e30=", "W10=", "eyJydiI6ICJhIn0="])
async def test_a_page_token_of_somebody_else_is_a_bad_request(http: aiohttp.ClientSession, token: str) -> None:
    assert (await refused(http, **{"continue": token}))["code"] == 400


async def test_an_exact_list_of_a_forgotten_version_is_expired(http: aiohttp.ClientSession) -> None:
    answer = await refused(http, resourceVersion="1", resourceVersionMatch="Exact")
    assert answer == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "The resourceVersion for the provided list is too old.",
        "reason": "Expired",
        "code": 410,
    }


async def test_an_exact_list_of_a_known_version_shows_that_time(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(config_map("one"))
    then = str(store.resource_version)
    store.create(config_map("two"))
    found = await listed(http, resourceVersion=then, resourceVersionMatch="Exact")
    assert (names(found), found["metadata"]["resourceVersion"]) == (["one"], then)


async def test_a_list_of_an_old_version_without_more_is_the_present(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(config_map("one"))
    assert names(await listed(http, resourceVersion="1")) == ["one"]


async def test_a_list_of_a_future_version_times_out() -> None:
    server = KubernetesServer(Store(), pace=Pace(1000))
    url = await server.start()
    try:
        async with aiohttp.ClientSession(url) as session:
            answer = await refused(session, resourceVersion="99999", resourceVersionMatch="NotOlderThan")
    finally:
        await server.stop()
    assert (answer["code"], answer["reason"]) == (504, "Timeout")
    assert answer["message"] == "Timeout: Too large resource version: 99999, current: 1000"
    assert answer["details"]["retryAfterSeconds"] == 1


@pytest.mark.parametrize("query", [{"limit": "-1"}, {"limit": "two"}, {"resourceVersion": "abc"}])
async def test_numbers_that_are_none_are_bad_requests(http: aiohttp.ClientSession, query: dict[str, str]) -> None:
    assert (await refused(http, **query))["code"] == 400
