from collections.abc import AsyncIterator

import aiohttp
import pytest

from playground.kubernetes.access import Access
from playground.kubernetes.server import KubernetesServer
from playground.kubernetes.store import Obj, Store
from tests.playground.kubernetes.samples import config_map, pod, rollout
from tests.playground.kubernetes.watch_lines import MAPS, ROLLOUTS

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
LOG = "/api/v1/namespaces/shop/pods/shop-1/log"
ACCESS = Access(
    token="demo-token",
    allow=[
        ("get", "argoproj.io", "rollouts", ""),
        ("list", "argoproj.io", "*", ""),
        ("patch", "argoproj.io", "rollouts", "status"),
        ("*", "", "configmaps", ""),
    ],
)


@pytest.fixture
def store() -> Store:
    store = Store()
    store.create(rollout())
    store.create(pod("shop-1"))
    return store


@pytest.fixture
async def guarded(store: Store) -> AsyncIterator[str]:
    server = KubernetesServer(store, access=ACCESS)
    yield await server.start()
    await server.stop()


@pytest.fixture
async def bearer(guarded: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(guarded, headers={"Authorization": "Bearer demo-token"}) as session:
        yield session


@pytest.mark.parametrize("header", [None, "Bearer wrong", "demo-token", "Basic demo-token", "Bearer "])
async def test_without_the_token_nothing_is_served(guarded: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    async with aiohttp.ClientSession(guarded, headers=headers) as session, session.get(ROLLOUTS) as response:
        assert response.status == 401
        assert await response.json() == {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": "Unauthorized",
            "reason": "Unauthorized",
            "code": 401,
        }


async def test_version_and_health_need_no_token(guarded: str) -> None:
    async with aiohttp.ClientSession(guarded) as session:
        for path in ("/version", "/readyz"):
            async with session.get(path) as response:
                assert response.status == 200


async def test_what_the_allow_list_covers_is_served(bearer: aiohttp.ClientSession) -> None:
    async with bearer.get(f"{ROLLOUTS}/shop") as response:
        assert response.status == 200
    async with bearer.post(MAPS, json=config_map("one")) as response:
        assert response.status == 201
    merge = {"Content-Type": "application/merge-patch+json"}
    async with bearer.patch(f"{ROLLOUTS}/shop/status", json={"status": {"abort": True}}, headers=merge) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", f"{ROLLOUTS}?watch=1", 'rollouts.argoproj.io is forbidden: User "{}" cannot watch resource "rollouts"'),
        ("PATCH", f"{ROLLOUTS}/shop", 'rollouts.argoproj.io "shop" is forbidden: User "{}" cannot patch resource'),
        ("GET", LOG, 'pods "shop-1" is forbidden: User "{}" cannot get resource "pods/log" in API group ""'),
        (
            "GET",
            "/api/v1/pods",
            'pods is forbidden: User "{}" cannot list resource "pods" in API group "" at the clust',
        ),
    ],
)
async def test_what_it_does_not_cover_is_forbidden(
    bearer: aiohttp.ClientSession, method: str, path: str, said: str
) -> None:
    async with bearer.request(method, path, json={}) as response:
        answer = await response.json()
        assert (response.status, answer["reason"]) == (403, "Forbidden")
        assert answer["message"].startswith(said.format(ACCESS.user))


async def review(http: aiohttp.ClientSession, attributes: object) -> tuple[int, Obj]:
    body = {"kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": attributes}}
    async with http.post(REVIEWS, json=body) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("verb", "resource", "subresource", "allowed"),
    [
        ("get", "rollouts", None, True),
        ("get", "rollouts", "status", False),
        ("patch", "rollouts", "status", True),
        ("patch", "rollouts", None, False),
        ("list", "workflows", None, True),
        ("create", "workflows", "", False),
    ],
)
async def test_a_review_says_what_a_request_would_meet(
    bearer: aiohttp.ClientSession, verb: str, resource: str, subresource: str | None, *, allowed: bool
) -> None:
    asked = {"namespace": "shop", "verb": verb, "group": "argoproj.io", "resource": resource}
    status, answer = await review(bearer, asked | ({} if subresource is None else {"subresource": subresource}))
    assert (status, answer["status"]["allowed"]) == (201, allowed)


async def test_without_an_allow_list_everything_is_allowed(http: aiohttp.ClientSession) -> None:
    status, answer = await review(http, {"verb": "delete", "group": "", "resource": "pods"})
    assert (status, answer["status"]) == (201, {"allowed": True})
    assert (await review(http, None))[0] == 400


@pytest.fixture
async def logged(store: Store) -> AsyncIterator[aiohttp.ClientSession]:
    texts = {("shop", "shop-1", "app"): "one\ntwo\nthree", ("shop", "shop-1", "proxy"): "proxied\n"}
    server = KubernetesServer(store, logs=lambda *asked: texts.get(asked))
    async with aiohttp.ClientSession(await server.start()) as session:
        yield session
    await server.stop()


def run(store: Store, state: Obj, *, phase: str = "Running", container: str = "app", last: Obj | None = None) -> None:
    told = {"name": container, "state": state, "lastState": last or {}}
    status = {"phase": phase, "containerStatuses": [told]}
    store.merge_patch("Pod", "shop", "shop-1", {"status": status}, subresource="status")


async def read(http: aiohttp.ClientSession, **query: str) -> tuple[int, str]:
    async with http.get(LOG, params=query) as response:
        text = await response.text() if response.status == 200 else (await response.json())["message"]
        return response.status, text


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({}, "one\ntwo\nthree"),
        ({"container": "app"}, "one\ntwo\nthree"),
        ({"tailLines": "2"}, "two\nthree"),
        ({"tailLines": "0"}, ""),
        ({"tailLines": "4"}, "one\ntwo\nthree"),
    ],
)
async def test_a_log_is_read_whole_or_its_tail(
    logged: aiohttp.ClientSession, store: Store, query: dict[str, str], text: str
) -> None:
    run(store, {"running": {}})
    assert await read(logged, **query) == (200, text)


async def test_a_container_that_waits_has_no_log_and_says_why(logged: aiohttp.ClientSession, store: Store) -> None:
    run(store, {"waiting": {"reason": "ErrImageNeverPull"}}, phase="Pending")
    said = 'container "app" in pod "shop-1" is waiting to start: ErrImageNeverPull'
    assert await read(logged) == (400, said)


async def test_a_pod_without_any_container_status_is_being_created(logged: aiohttp.ClientSession) -> None:
    assert await read(logged) == (400, 'container "app" in pod "shop-1" is waiting to start: ContainerCreating')


async def test_a_container_that_wrote_nothing_has_an_empty_log(store: Store, http: aiohttp.ClientSession) -> None:
    run(store, {"terminated": {"exitCode": 0}})
    assert await read(http) == (200, "")


async def test_an_earlier_container_is_not_found(logged: aiohttp.ClientSession, store: Store) -> None:
    run(store, {"running": {}})
    said = 'previous terminated container "app" in pod "shop-1" not found'
    assert await read(logged, previous="true") == (400, said)


async def test_a_container_that_waits_for_its_next_start_tells_what_its_last_life_wrote(
    logged: aiohttp.ClientSession, store: Store
) -> None:
    last = {"terminated": {"exitCode": 1}}
    run(store, {"waiting": {"reason": "CrashLoopBackOff"}}, last=last)
    plain, previous = await read(logged), await read(logged, previous="true")
    assert plain == previous == (200, "one\ntwo\nthree")


async def test_a_container_is_named_where_there_are_several(logged: aiohttp.ClientSession, store: Store) -> None:
    containers = [{"op": "add", "path": "/spec/containers/-", "value": {"name": "proxy"}}]
    store.json_patch("Pod", "shop", "shop-1", containers)
    run(store, {"running": {}}, container="proxy")
    status, said = await read(logged)
    assert (status, said) == (400, "a container name must be specified for pod shop-1, choose one of: [app proxy]")
    assert await read(logged, container="proxy") == (200, "proxied\n")
    assert await read(logged, container="nope") == (400, "container nope is not valid for pod shop-1")


async def test_a_pod_that_is_not_there_has_no_log(http: aiohttp.ClientSession) -> None:
    async with http.get("/api/v1/namespaces/shop/pods/none/log") as response:
        assert (response.status, (await response.json())["message"]) == (404, 'pods "none" not found')
