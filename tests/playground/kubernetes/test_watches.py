import asyncio

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.faults import Fault, Faults
from playground.kubernetes.resources import BY_KIND
from playground.kubernetes.server import KubernetesServer
from playground.kubernetes.store import Obj, Store
from playground.kubernetes.targets import Target
from playground.kubernetes.watching import WatchRequest
from playground.pace import Pace
from tests.playground.kubernetes.samples import config_map, rollout
from tests.playground.kubernetes.watch_lines import MAPS, ROLLOUTS, WatchLines, open_watch


async def until_open(server: KubernetesServer, count: int) -> None:
    """Wait until the server has that many open watches, which it notices in its own time."""
    async with asyncio.timeout(10):
        while len(server.watches) != count:
            server.watches.changed.clear()
            await server.watches.changed.wait()


async def ended(watch: WatchLines) -> list[int]:
    return [line["object"]["code"] for line in await watch.rest()]


def change(store: Store, name: str, value: str) -> None:
    store.merge_patch("ConfigMap", "shop", name, {"data": {"value": value}})


async def test_a_list_and_a_watch_from_its_version_have_no_gap(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(config_map("one"))
    async with http.get(MAPS) as response:
        version = (await response.json())["metadata"]["resourceVersion"]
    change(store, "one", "between")
    store.create(config_map("two"))
    async with open_watch(http, MAPS, resourceVersion=version) as watch:
        assert await watch.take(2) == [("MODIFIED", "one"), ("ADDED", "two")]
        store.delete("ConfigMap", "shop", "one")
        assert await watch.take(1) == [("DELETED", "one")]


@pytest.mark.parametrize("query", [{}, {"resourceVersion": "0"}, {"resourceVersion": ""}])
async def test_a_watch_from_nowhere_starts_with_all_there_is(
    http: aiohttp.ClientSession, store: Store, query: dict[str, str]
) -> None:
    store.create(config_map("two"))
    store.create(config_map("one"))
    async with open_watch(http, MAPS, **query) as watch:
        assert await watch.take(2) == [("ADDED", "one"), ("ADDED", "two")]
        change(store, "one", "live")
        assert await watch.take(1) == [("MODIFIED", "one")]


async def test_hundreds_of_changes_arrive_all_and_in_order(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(config_map("one"))
    async with open_watch(http, MAPS, resourceVersion=str(store.resource_version)) as watch:
        for number in range(700):
            change(store, "one", str(number))
            if number % 50 == 0:
                await asyncio.sleep(0)
        lines = [await watch.next() for _ in range(700)]
    assert [line and line["object"]["data"]["value"] for line in lines] == [str(number) for number in range(700)]


async def test_a_watch_hears_of_its_kind_and_namespace_alone(http: aiohttp.ClientSession, store: Store) -> None:
    async with (
        open_watch(http, MAPS, resourceVersion="1000") as one_namespace,
        open_watch(http, "/api/v1/configmaps", resourceVersion="1000") as cluster,
    ):
        store.create(rollout())
        store.create(config_map("far", namespace="other"))
        store.create(config_map("near"))
        assert await one_namespace.take(1) == [("ADDED", "near")]
        assert await cluster.take(2) == [("ADDED", "far"), ("ADDED", "near")]


async def test_objects_that_start_and_stop_matching_come_and_go(http: aiohttp.ClientSession, store: Store) -> None:
    def label(value: str | None) -> None:
        store.merge_patch("ConfigMap", "shop", "one", {"metadata": {"labels": {"app": value}}})

    store.create(config_map("one"))
    start = str(store.resource_version)
    label("shop")
    async with open_watch(http, MAPS, labelSelector="app=shop", resourceVersion=start) as watch:
        assert await watch.take(1) == [("ADDED", "one")]
        change(store, "one", "still")
        label("blog")
        change(store, "one", "unseen")
        left = [await watch.next() for _ in range(2)]
        label("shop")
        store.delete("ConfigMap", "shop", "one")
        assert await watch.take(2) == [("ADDED", "one"), ("DELETED", "one")]
    changed, gone = left
    assert changed is not None
    assert gone is not None
    assert (changed["type"], gone["type"]) == ("MODIFIED", "DELETED")
    assert gone["object"]["metadata"]["labels"] == {"app": "shop"}
    assert int(gone["object"]["metadata"]["resourceVersion"]) > int(changed["object"]["metadata"]["resourceVersion"])


async def test_one_object_is_watched_by_its_name(http: aiohttp.ClientSession, store: Store) -> None:
    for name in ("one", "two"):
        store.create(config_map(name))
    async with (
        open_watch(http, MAPS, fieldSelector="metadata.name=two") as by_field,
        open_watch(http, f"{MAPS}/two") as by_path,
    ):
        assert await by_field.take(1) == await by_path.take(1) == [("ADDED", "two")]
        change(store, "one", "unseen")
        change(store, "two", "seen")
        assert await by_field.take(1) == await by_path.take(1) == [("MODIFIED", "two")]


async def test_a_version_too_old_is_an_error_line_in_a_good_answer(http: aiohttp.ClientSession) -> None:
    async with open_watch(http, ROLLOUTS, resourceVersion="1", allowWatchBookmarks="true") as watch:
        assert await watch.rest() == [
            {
                "type": "ERROR",
                "object": {
                    "kind": "Status",
                    "apiVersion": "v1",
                    "metadata": {},
                    "status": "Failure",
                    "message": "too old resource version: 1 (1001)",
                    "reason": "Expired",
                    "code": 410,
                },
            }
        ]


async def test_a_compacted_version_is_too_old_and_the_present_is_not(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(config_map("one"))
    old = str(store.resource_version)
    change(store, "one", "b")
    store.compact()
    async with open_watch(http, MAPS, resourceVersion=old) as watch:
        assert [line["object"]["code"] for line in await watch.rest()] == [410]
    async with open_watch(http, MAPS, resourceVersion=str(store.resource_version)) as watch:
        change(store, "one", "c")
        assert await watch.take(1) == [("MODIFIED", "one")]


async def test_a_watch_from_the_future_is_silent_until_then(http: aiohttp.ClientSession, store: Store) -> None:
    async with open_watch(http, MAPS, resourceVersion="1002") as watch:
        for name in ("one", "two", "three"):
            store.create(config_map(name))
        assert await watch.take(1) == [("ADDED", "three")]


async def test_a_watch_ends_at_its_timeout_with_a_bookmark_of_the_last_version(
    http: aiohttp.ClientSession, store: Store
) -> None:
    store.create(rollout())
    start = str(store.resource_version)
    async with open_watch(http, MAPS, resourceVersion=start, timeoutSeconds="1", allowWatchBookmarks="true") as watch:
        store.create(rollout("unseen"))
        lines = await watch.rest()
    metadata = {"resourceVersion": str(store.resource_version)}
    assert lines == [{"type": "BOOKMARK", "object": {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata}}]


async def test_a_watch_without_bookmarks_just_ends(http: aiohttp.ClientSession) -> None:
    async with open_watch(http, MAPS, timeoutSeconds="1") as watch:
        assert await watch.rest() == []


async def test_bookmarks_come_every_minute_of_the_stand_ins_time() -> None:
    server = KubernetesServer(Store(), pace=Pace(600))
    url = await server.start()
    try:
        async with (
            aiohttp.ClientSession(url) as session,
            open_watch(session, "/api/v1/pods", allowWatchBookmarks="true") as watch,
        ):
            lines = [await watch.next() for _ in range(2)]
    finally:
        await server.stop()
    pod = {"kind": "Pod", "apiVersion": "v1", "metadata": {"resourceVersion": "1000"}}
    expected = {"type": "BOOKMARK", "object": pod | {"spec": {"containers": None}, "status": {}}}
    assert lines == [expected, expected]


async def test_a_streaming_list_says_where_the_first_events_end(http: aiohttp.ClientSession, store: Store) -> None:
    store.create(rollout())
    store.create(config_map("unseen"))
    async with open_watch(
        http,
        ROLLOUTS,
        sendInitialEvents="true",
        resourceVersionMatch="NotOlderThan",
        allowWatchBookmarks="true",
    ) as watch:
        assert await watch.take(1) == [("ADDED", "shop")]
        assert await watch.next() == {
            "type": "BOOKMARK",
            "object": {
                "kind": "Rollout",
                "apiVersion": "argoproj.io/v1alpha1",
                "metadata": {"resourceVersion": "1002", "annotations": {"k8s.io/initial-events-end": "true"}},
            },
        }
        store.create(rollout("late"))
        assert await watch.take(1) == [("ADDED", "late")]


@pytest.mark.parametrize(
    "query",
    [
        {"sendInitialEvents": "true"},
        {"resourceVersionMatch": "NotOlderThan"},
        {"resourceVersion": "abc"},
        {"timeoutSeconds": "soon"},
        {"labelSelector": "app in a"},
    ],
)
async def test_a_watch_that_cannot_be_served_is_a_bad_request(
    http: aiohttp.ClientSession, query: dict[str, str]
) -> None:
    async with http.get(MAPS, params={"watch": "true"} | query) as response:
        assert response.status == 400
        assert (await response.json())["reason"] == "BadRequest"


async def test_a_watch_ends_when_its_client_goes_away(http: aiohttp.ClientSession, server: KubernetesServer) -> None:
    async with open_watch(http, MAPS):
        assert len(server.watches) == 1
    await http.close()
    await until_open(server, 0)


async def test_a_watch_of_a_vanished_client_survives_changes_that_nobody_reads(
    http: aiohttp.ClientSession, server: KubernetesServer, store: Store
) -> None:
    store.create(config_map("one"))
    async with open_watch(http, MAPS, resourceVersion=str(store.resource_version)):
        pass
    await http.close()
    for number in range(50):
        change(store, "one", str(number))
    await until_open(server, 0)


async def test_stopping_the_server_ends_its_watches(http: aiohttp.ClientSession, server: KubernetesServer) -> None:
    async with open_watch(http, MAPS) as watch:
        stopping = asyncio.create_task(server.stop())
        assert await watch.rest() == []
        await stopping


async def test_a_client_too_far_behind_is_cut_off_and_the_others_are_not() -> None:
    store = Store()
    server = KubernetesServer(store, longest_queue=20)
    url = await server.start()
    try:
        async with (
            aiohttp.ClientSession(url) as session,
            open_watch(session, MAPS) as slow,
            open_watch(session, ROLLOUTS) as other,
        ):
            # Nothing is awaited here, so the server gets no turn to write any of these.
            for number in range(30):
                store.create(config_map(f"map-{number}"))
            store.create(rollout())
            assert await ended(slow) == [410]
            assert await other.take(1) == [("ADDED", "shop")]
    finally:
        await server.stop()


async def test_a_client_that_reads_nothing_holds_up_neither_store_nor_other_watches() -> None:
    store = Store()
    server = KubernetesServer(store, longest_queue=100)
    url = await server.start()
    host, port = url.removeprefix("http://").split(":")
    _reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(f"GET {MAPS}?watch=1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    await until_open(server, 1)
    try:
        async with aiohttp.ClientSession(url) as session, open_watch(session, MAPS) as watch:
            for number in range(200):
                store.create(config_map(f"map-{number}", "x" * 200_000))
                assert await watch.take(1) == [("ADDED", f"map-{number}")]
        waiting = [watcher for watcher in server.watches._open if watcher.over]
        assert [len(watcher.lines) for watcher in waiting] == [1]
    finally:
        writer.transport.abort()
        await server.stop()


async def test_the_fault_gone_ends_matching_watches_with_the_410_line(
    http: aiohttp.ClientSession, store: Store, faults: Faults
) -> None:
    async with open_watch(http, ROLLOUTS) as struck, open_watch(http, MAPS) as spared:
        store.create(config_map("one"))
        faults.add(Fault(system="kubernetes", kind="gone", match="rollouts"))
        assert await ended(struck) == [410]
        store.create(config_map("two"))
        assert await spared.take(2) == [("ADDED", "one"), ("ADDED", "two")]
    async with open_watch(http, ROLLOUTS, resourceVersion="1000") as resumed:
        assert await ended(resumed) == [410]


async def test_the_fault_drop_watches_ends_them_without_a_word(
    http: aiohttp.ClientSession, store: Store, faults: Faults
) -> None:
    async with open_watch(http, ROLLOUTS) as one, open_watch(http, MAPS) as two:
        store.create(config_map("one"))
        faults.add(Fault(system="kubernetes", kind="drop-watches"))
        assert await one.rest() == []
        assert [line["type"] for line in await two.rest()] == ["ADDED"]


async def test_a_counted_fault_takes_that_many_watches_and_spares_other_systems(
    http: aiohttp.ClientSession, store: Store, faults: Faults
) -> None:
    async with open_watch(http, MAPS) as first, open_watch(http, MAPS) as second:
        faults.add(Fault(system="slack", kind="gone"))
        faults.add(Fault(system="kubernetes", kind="gone", count=1))
        assert await ended(first) == [410]
        store.create(config_map("one"))
        assert await second.take(1) == [("ADDED", "one")]


async def test_faults_of_http_strike_before_the_store_is_asked(
    http: aiohttp.ClientSession, store: Store, faults: Faults
) -> None:
    faults.add(Fault(system="kubernetes", kind="status", match="POST", count=1, options={"status": 503}))
    async with http.post(MAPS, json=config_map("one")) as response:
        assert response.status == 503
    assert store.list("ConfigMap") == []
    faults.add(Fault(system="kubernetes", kind="down", match="configmaps", count=1))
    with pytest.raises(aiohttp.ClientConnectionError):
        await http.post(MAPS, json=config_map("one"))
    async with http.post(MAPS, json=config_map("one")) as response:
        assert response.status == 201


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["create", "delete", "shop", "blog", "touch"]), st.sampled_from(["one", "two", "three"])),
    max_size=30,
)


def act(store: Store, operation: str, name: str) -> None:
    there = store.get("ConfigMap", "shop", name) is not None
    if operation == "create" and not there:
        store.create(config_map(name, labels={"app": "shop"}))
    elif operation == "delete" and there:
        store.delete("ConfigMap", "shop", name)
    elif operation == "touch" and there:
        change(store, name, str(store.resource_version))
    elif operation in {"shop", "blog"} and there:
        store.merge_patch("ConfigMap", "shop", name, {"metadata": {"labels": {"app": operation}}})


@given(before=OPERATIONS, after=OPERATIONS)
def test_what_a_watch_says_turns_the_list_it_began_with_into_the_present_one(
    before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    store, target = Store(), Target(BY_KIND["ConfigMap"], "shop")
    for step in before:
        act(store, *step)
    query = {"labelSelector": "app=shop", "resourceVersion": str(store.resource_version)}
    asked = WatchRequest.from_query(target, query, subject="GET /")
    known: dict[str, Obj] = {obj["metadata"]["name"]: obj for obj in store.list("ConfigMap", labels={"app": "shop"})}
    for step in after:
        act(store, *step)
    for event in store.events_after(asked.version):
        if seen := asked.see(event):
            kind, obj = seen
            name = obj["metadata"]["name"]
            assert (name in known) is (kind != "ADDED")
            if kind == "DELETED":
                del known[name]
            else:
                known[name] = obj
    assert sorted(known) == [obj["metadata"]["name"] for obj in store.list("ConfigMap", labels={"app": "shop"})]
    assert list(known.values()) == [store.get("ConfigMap", "shop", name) for name in known]
