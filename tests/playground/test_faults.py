import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from playground.faults import Fault, Faults, middleware


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
async def client(faults: Faults) -> AsyncIterator[TestClient[Any, Any]]:
    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application(middlewares=[middleware(faults, "keycloak")])
    app.router.add_get("/{path:.*}", hello)
    async with TestClient(TestServer(app)) as client:
        yield client


def test_take_finds_the_first_fault_whose_match_is_in_the_subject() -> None:
    faults = Faults()
    faults.add(Fault(system="workflows", kind="step-fails", match="build-image", options={"exit_code": 1}))
    faults.add(Fault(system="workflows", kind="step-fails", match="image", options={"exit_code": 2}))
    taken = faults.take("workflows", "step-fails", "resolve-image")
    assert taken is not None
    assert taken.options["exit_code"] == 2
    assert faults.take("workflows", "step-hangs", "build-image") is None
    assert faults.take("rollouts", "step-fails", "build-image") is None
    assert faults.take("workflows", "step-fails", "release") is None


def test_a_counted_fault_strikes_that_often_and_an_uncounted_one_until_cleared() -> None:
    faults = Faults()
    faults.add(Fault(system="nexus", kind="down", count=2))
    assert [faults.take("nexus", "down", "GET /") is not None for _ in range(3)] == [True, True, False]
    faults.add(Fault(system="nexus", kind="down"))
    assert all(faults.take("nexus", "down", "GET /") for _ in range(5))
    faults.clear()
    assert faults.take("nexus", "down", "GET /") is None


def test_clear_of_one_system_leaves_the_others() -> None:
    faults = Faults()
    faults.add(Fault(system="nexus", kind="down"))
    faults.add(Fault(system="slack", kind="down"))
    faults.clear("nexus")
    assert [fault.system for fault in faults.active()] == ["slack"]


def test_listeners_hear_of_a_fault_when_it_is_already_in_force() -> None:
    faults = Faults()
    heard: list[Fault | None] = []
    faults.on_add(lambda fault: heard.append(faults.take(fault.system, fault.kind, "")))
    faults.add(Fault(system="slack", kind="disconnect", count=1))
    assert [fault.kind for fault in heard if fault] == ["disconnect"]
    assert faults.active() == []


def test_drive_adds_and_clears_what_its_json_says() -> None:
    faults = Faults()
    answer = faults.drive({"system": "keycloak", "kind": "status", "match": "/users", "count": 3, "status": 503})
    assert answer["active"] == [
        {"system": "keycloak", "kind": "status", "match": "/users", "count": 3, "status": 503},
    ]
    faults.take("keycloak", "status", "GET /users")
    assert faults.active()[0].count == 2
    assert faults.drive({"clear": True, "system": "nexus"})["active"] != []
    assert faults.drive({"clear": True})["active"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "No system 'None'"),
        ({"system": "jira", "kind": "down"}, "Use one of: harbor, keycloak"),
        ({"system": "nexus", "kind": "gone"}, "nexus has no fault 'gone'"),
        ({"system": "nexus", "kind": "down", "match": 3}, "match 3"),
        ({"system": "nexus", "kind": "down", "count": 0}, "count 0"),
        ({"system": "nexus", "kind": "down", "count": True}, "count True"),
        ({"system": "nexus", "kind": "status", "status": 99}, "status 99"),
        ({"system": "nexus", "kind": "slow", "seconds": "long"}, "seconds 'long'"),
        ({"clear": True, "system": "jira"}, "No system 'jira'"),
    ],
)
def test_a_fault_that_is_not_understood_says_what_to_use(body: dict[str, Any], words: str) -> None:
    faults = Faults()
    with pytest.raises(ValueError, match=words):
        faults.drive(body)
    assert faults.active() == []


async def test_without_a_fault_the_server_answers(client: TestClient[Any, Any]) -> None:
    assert await (await client.get("/x")).text() == "hello"


async def test_down_closes_the_connection_without_an_answer(client: TestClient[Any, Any], faults: Faults) -> None:
    faults.add(Fault(system="keycloak", kind="down"))
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.get("/x")
    faults.clear()
    assert (await client.get("/x")).status == 200


async def test_status_answers_with_its_text_and_headers(client: TestClient[Any, Any], faults: Faults) -> None:
    options = {"status": 429, "body": "later", "headers": {"Retry-After": "7"}}
    faults.add(Fault(system="keycloak", kind="status", match="GET /users?", count=1, options=options))
    assert (await client.get("/other")).status == 200
    answer = await client.get("/users?q=1")
    assert (answer.status, answer.headers["Retry-After"], await answer.text()) == (429, "7", "later")
    assert answer.content_type == "text/plain"
    assert (await client.get("/users?q=1")).status == 200


async def test_status_sends_an_object_as_json(client: TestClient[Any, Any], faults: Faults) -> None:
    faults.add(Fault(system="keycloak", kind="status", options={"body": {"error": "no"}}))
    answer = await client.get("/x")
    assert (answer.status, await answer.json()) == (503, {"error": "no"})


async def test_the_driver_is_spared_so_that_a_fault_can_be_cleared(
    client: TestClient[Any, Any], faults: Faults
) -> None:
    faults.add(Fault(system="keycloak", kind="down"))
    assert (await client.get("/_drive/fault")).status == 200


async def test_slow_answers_after_its_seconds(client: TestClient[Any, Any], faults: Faults) -> None:
    faults.add(Fault(system="keycloak", kind="slow", options={"seconds": 0.05}))
    loop = asyncio.get_running_loop()
    start = loop.time()
    assert (await client.get("/x")).status == 200
    assert loop.time() - start >= 0.05


async def test_what_hangs_is_let_go_when_faults_are_cleared(client: TestClient[Any, Any], faults: Faults) -> None:
    faults.add(Fault(system="keycloak", kind="hang", count=1, options={"seconds": 50}))
    call = asyncio.ensure_future(client.get("/x"))
    async with asyncio.timeout(5):
        while faults.active():  # noqa: ASYNC110  # the middleware takes the fault without telling anybody
            await asyncio.sleep(0)
        assert not call.done()
        faults.clear()
        with pytest.raises(aiohttp.ClientConnectionError):
            await call
