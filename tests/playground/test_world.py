import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from playground import seed
from playground import world as module
from playground.faults import Fault
from playground.slack.server import SlackStandIn
from playground.world import PlaygroundError, World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(speed=50)
    await world.start(tmp_path)
    yield world
    await world.stop()


async def test_the_speed_asked_for_is_in_force_after_the_seeding(world: World) -> None:
    assert world.pace.speed == 50


async def test_slack_can_be_the_only_stand_in_and_the_page_says_so(tmp_path: Path) -> None:
    world = World(slack_only=True)
    await world.start(tmp_path)
    try:
        urls = world.urls
        assert (urls.kubernetes, urls.keycloak, urls.nexus, urls.harbor) == ("", "", "", "")
        assert world.environment["SLIPWAY_HARBOR__URL"] == ""
        async with httpx.AsyncClient(base_url=world.urls.page, trust_env=False) as http:
            assert (await http.get("/_drive/cluster")).json() == {"elsewhere": True}
    finally:
        await world.stop()


async def test_what_runs_already_is_healthy_and_of_deployment_zero(world: World) -> None:
    rollouts = world.cluster()["rollouts"]
    assert {(one["app"], one["version"], one["phase"], one["deployment"]) for one in rollouts} == {
        ("shop", "v1.1", "Healthy", "0"),
        ("search", "3.4.0", "Healthy", "0"),
    }


@pytest.mark.parametrize(
    ("body", "roles", "enabled"),
    [
        ({"user": "alice", "roles": ["approver"]}, ["approver"], True),
        ({"user": "alice", "roles": []}, [], True),
        ({"user": "alice", "enabled": False}, ["deployer"], False),
        ({"user": "dave", "enabled": True, "roles": ["admin"]}, ["admin"], True),
    ],
)
async def test_a_persons_rights_can_be_changed_while_it_runs(
    world: World, body: dict[str, Any], roles: list[str], *, enabled: bool
) -> None:
    answer = world.change_person(body)
    assert answer == {"ok": True, "user": body["user"], "roles": roles, "enabled": enabled}
    async with httpx.AsyncClient(base_url=world.urls.keycloak, trust_env=False) as http:
        form = {"client_id": seed.BOT_CLIENT, "client_secret": seed.BOT_SECRET, "grant_type": "client_credentials"}
        token = (await http.post("/realms/corp/protocol/openid-connect/token", data=form)).json()["access_token"]
        query = {"username": body["user"], "exact": "true"}
        headers = {"Authorization": f"Bearer {token}"}
        [user] = (await http.get("/admin/realms/corp/users", params=query, headers=headers)).json()
    assert user["enabled"] is enabled


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"user": "alice"}, "Nothing to change"),
        ({"user": "alice", "roles": "admin"}, "is no list of names"),
        ({"user": "alice", "roles": ["boss"]}, "has no role 'boss'"),
        ({"user": "alice", "enabled": "no"}, "neither true nor false"),
        ({"user": "zoe", "roles": []}, "No user 'zoe'"),
        ({"roles": []}, "No user 'None'"),
    ],
)
async def test_a_change_that_is_not_understood_changes_nothing(world: World, body: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        world.change_person(body)
    assert world.keycloak.realm.user("alice").roles == {"deployer"}


async def test_a_fault_asked_for_on_the_page_strikes_and_is_cleared_there(world: World) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        fault = {"system": "keycloak", "kind": "status", "status": 503}
        await http.post(f"{world.urls.page}/_drive/fault", json=fault)
        answer = await http.get(f"{world.urls.keycloak}/health/ready")
        assert (answer.status_code, answer.text) == (503, "Bootstrap in progress. Retry in 1 seconds.")
        await http.post(f"{world.urls.page}/_drive/fault", json={"clear": True})
        assert (await http.get(f"{world.urls.keycloak}/health/ready")).status_code == 200


async def test_what_hangs_does_not_hold_up_the_end(tmp_path: Path) -> None:
    world = World(speed=50)
    await world.start(tmp_path)
    world.faults.add(Fault(system="nexus", kind="hang"))
    _, port = world.urls.nexus.rsplit(":", 1)
    with socket.create_connection(("127.0.0.1", int(port))) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: nexus\r\n\r\n")
        await world.stop()


async def test_a_taken_port_stops_what_was_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        world = World(speed=50)
        with pytest.raises(PlaygroundError, match="another program uses it"):
            await world.start(tmp_path, page_port=taken.getsockname()[1])
    assert world.environment == {}


async def test_a_port_that_may_not_be_opened_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(SlackStandIn, "start", refuse)
    with pytest.raises(PlaygroundError, match="this account may not open it"):
        await World().start(tmp_path, page_port=80)


async def test_a_state_directory_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    with pytest.raises(PlaygroundError, match="cannot be written: Is a directory"):
        await World(speed=50).start(tmp_path)


def test_without_a_free_port_for_the_bot_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setattr(module, "BOT_PORTS", range(port, port + 1))
        with pytest.raises(PlaygroundError, match="No port is free"):
            module._free_port()
