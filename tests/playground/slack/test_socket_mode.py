"""Socket Mode, through the real slack_bolt app and its handler, and with bare sockets where the SDK hides things."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from playground.slack.model import App
from playground.slack.server import Options
from tests.playground.slack.rig import Rig, actions, button, running, section

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

Obj = dict[str, Any]


async def bare_socket(rig: Rig) -> aiohttp.ClientWebSocketResponse:
    """Connect as an app that answers nothing by itself, and read past the greeting."""
    opened = await rig.web.apps_connections_open(app_token="xapp-demo")
    socket = await rig.http.ws_connect(opened["url"])
    # A socket that nobody holds is collected, and that closes it.
    rig.sockets.append(socket)
    assert (await socket.receive_json())["type"] == "hello"
    return socket


def echo(app: AsyncApp, into: list[str], name: str = "it") -> AsyncApp:
    @app.command("/deploy")
    async def deploy(ack: AsyncAck, command: Obj) -> None:
        await ack()
        into.append(f"{name}: {command['text']}")

    return app


async def test_a_command_reaches_the_app_and_is_acknowledged(rig: Rig) -> None:
    seen: list[str] = []
    await rig.connect(echo(rig.bolt(), seen))
    answer = await rig.command("/deploy shop v1.2 canary")
    assert answer["acknowledged"]
    assert answer["ms"] > 0
    assert seen == ["it: shop v1.2 canary"]


async def test_a_command_carries_who_where_and_how_to_answer(rig: Rig) -> None:
    seen: list[Obj] = []
    app = rig.bolt()

    @app.command("/deploy")
    async def deploy(ack: AsyncAck, command: Obj) -> None:
        await ack()
        seen.append(command)

    await rig.connect(app)
    await rig.command("/deploy", user="U0BOB", channel="C0RANDOM")
    (command,) = seen
    assert (command["user_id"], command["user_name"], command["channel_name"]) == ("U0BOB", "bob", "random")
    assert (command["team_id"], command["command"], command["text"]) == ("T0SLIPWAY", "/deploy", "")
    assert command["response_url"].startswith(rig.slack.address.api + "/response/")
    assert rig.slack.triggers.exchange(command["trigger_id"]) == "U0BOB"


async def test_mentions_arrive_escaped_when_the_manifest_says_so() -> None:
    async with running(app=App(should_escape=True)) as rig:
        seen: list[str] = []
        await rig.connect(echo(rig.bolt(), seen))
        await rig.command("/deploy a<b @bob #random @nobody x@bob")
        assert seen == ["it: a&lt;b <@U0BOB|bob> <#C0RANDOM|random> @nobody x@bob"]


async def test_words_in_the_acknowledgement_are_shown_to_the_person(rig: Rig) -> None:
    app = rig.bolt()

    @app.command("/deploy")
    async def deploy(ack: AsyncAck, command: Obj) -> None:
        if command["text"] == "loud":
            await ack(text="for all", response_type="in_channel")
        else:
            await ack("for you")

    await rig.connect(app)
    await rig.command("/deploy quiet")
    await rig.command("/deploy loud")
    assert (await rig.whispers(), await rig.texts()) == (["for you"], ["for all"])


async def test_an_acknowledgement_with_bad_blocks_is_shown_as_failed(rig: Rig) -> None:
    app = rig.bolt()

    @app.command("/deploy")
    async def deploy(ack: AsyncAck) -> None:
        await ack(blocks=[section("")])

    await rig.connect(app)
    assert (await rig.command("/deploy"))["acknowledged"]
    assert await rig.whispers() == ['/deploy failed with the error "invalid_blocks"']


async def test_without_a_connection_the_command_fails_at_once(rig: Rig) -> None:
    answer = await rig.command("/deploy shop v1.2")
    assert (answer["acknowledged"], answer["reason"]) == (False, "dispatch_failed")
    assert await rig.whispers() == ['/deploy failed with the error "dispatch_failed"']


async def test_an_acknowledgement_that_comes_too_late_does_not_count() -> None:
    async with running(options=Options(ack_seconds=0.05)) as rig:
        socket = await bare_socket(rig)
        command = asyncio.ensure_future(rig.command("/deploy shop v1.2"))
        envelope = await socket.receive_json()
        answer = await command
        assert (answer["acknowledged"], answer["reason"]) == (False, "operation_timeout")
        await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "late words"}})
        await socket.ping(b"after the answer")
        await socket.close()
        await rig.until(lambda: rig.slack.sockets.count == 0)
        assert rig.slack.sockets.late_acks == 1
        assert await rig.whispers() == ['/deploy failed with the error "operation_timeout"']


async def test_an_app_that_fails_before_it_acknowledges_leaves_the_person_with_a_timeout() -> None:
    async with running(options=Options(ack_seconds=0.3)) as rig:
        app = rig.bolt()

        @app.command("/deploy")
        async def deploy() -> None:
            raise ValueError("planned")

        await rig.connect(app)
        assert (await rig.command("/deploy"))["reason"] == "operation_timeout"


async def test_an_unregistered_command_never_reaches_the_app(rig: Rig) -> None:
    answer = await rig.command("/dance")
    assert answer["reason"] == "unknown_command"
    assert await rig.whispers() == ["/dance is not a valid command."]


async def test_each_payload_goes_to_one_of_two_connections(rig: Rig) -> None:
    seen: list[str] = []
    await rig.connect(echo(rig.bolt(), seen, "first"))
    await rig.connect(echo(rig.bolt(), seen, "second"))
    for number in range(40):
        assert (await rig.command(f"/deploy {number}"))["acknowledged"]
    assert sorted(int(line.split()[1]) for line in seen) == list(range(40))
    # Either may get any payload; that one of them gets none of forty happens once in 10^11 runs.
    assert {line.split(":")[0] for line in seen} == {"first", "second"}


async def test_hello_counts_the_connections(rig: Rig) -> None:
    counts = []
    for _ in range(3):
        opened = await rig.web.apps_connections_open(app_token="xapp-demo")
        socket = await rig.http.ws_connect(opened["url"])
        rig.sockets.append(socket)
        counts.append((await socket.receive_json())["num_connections"])
    assert counts == [1, 2, 3]


async def test_a_ticket_opens_one_connection_only(rig: Rig) -> None:
    url = (await rig.web.apps_connections_open(app_token="xapp-demo"))["url"]
    await rig.http.ws_connect(url)
    for wrong in (url, url.replace("ticket=", "ticket=x")):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await rig.http.ws_connect(wrong)
        assert caught.value.status == 410


async def test_the_eleventh_connection_is_sent_away() -> None:
    async with running(options=Options(leave_seconds=0.01)) as rig:
        for _ in range(10):
            await bare_socket(rig)
        # Ten openings used up the burst of this method's rate limit, so the ticket is taken from the inside.
        socket = await rig.http.ws_connect(f"{rig.slack.address.api}/link/?ticket={rig.slack.sockets.ticket()}")
        goodbye = await socket.receive_json()
        assert (goodbye["type"], goodbye["reason"]) == ("disconnect", "too_many_websockets")
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert rig.slack.sockets.count == 10


async def test_pings_are_answered_with_their_own_data(rig: Rig) -> None:
    opened = await rig.web.apps_connections_open(app_token="xapp-demo")
    socket = await rig.http.ws_connect(opened["url"], autoping=False)
    await socket.receive_json()
    await socket.ping(b"sdk-ping-pong:1.5")
    pong = await socket.receive()
    assert (pong.type, bytes(pong.data)) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1.5")


async def test_after_a_disconnect_the_app_comes_back_with_a_new_ticket(rig: Rig) -> None:
    seen: list[str] = []
    await rig.connect(echo(rig.bolt(), seen))
    since = rig.standin.changes.last
    await rig.post("fault", system="slack", kind="disconnect", count=1)
    await rig.until(
        lambda: [c["connections"] for c in rig.standin.changes.since(since) if c["kind"] == "connection"] == [0, 1]
    )
    assert (await rig.command("/deploy again"))["acknowledged"]
    assert seen == ["it: again"]
    assert len((await rig.get("log", method="apps.connections.open"))["requests"]) == 2
    assert rig.faults.active() == []


async def test_an_acknowledgement_on_a_connection_that_is_leaving_still_counts(rig: Rig) -> None:
    socket = await bare_socket(rig)
    command = asyncio.ensure_future(rig.command("/deploy shop v1.2"))
    envelope = await socket.receive_json()
    await rig.post("fault", system="slack", kind="disconnect", count=1)
    assert (await socket.receive_json())["type"] == "disconnect"
    await socket.send_json({"envelope_id": envelope["envelope_id"]})
    assert (await command)["acknowledged"]
    assert (await rig.command("/deploy more"))["reason"] == "dispatch_failed"


async def test_what_is_no_acknowledgement_is_dropped(rig: Rig) -> None:
    socket = await bare_socket(rig)
    command = asyncio.ensure_future(rig.command("/deploy shop v1.2"))
    envelope = await socket.receive_json()
    for noise in ("no json", "[]", "{}"):
        await socket.send_str(noise)
    await socket.send_json({"envelope_id": envelope["envelope_id"]})
    assert (await command)["acknowledged"]
    assert rig.slack.sockets.late_acks == 0


async def test_a_disconnect_carries_its_reason(rig: Rig) -> None:
    socket = await bare_socket(rig)
    await rig.post("fault", system="slack", kind="disconnect", count=1, reason="link_disabled")
    goodbye = await socket.receive_json()
    assert (goodbye["type"], goodbye["reason"]) == ("disconnect", "link_disabled")


async def test_a_connection_is_refreshed_with_a_warning_first() -> None:
    async with running(options=Options(refresh_seconds=0.05, leave_seconds=0.01)) as rig:
        socket = await bare_socket(rig)
        reasons = [(await socket.receive_json())["reason"] for _ in range(2)]
        assert reasons == ["warning", "refresh_requested"]
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_a_press_without_a_connection_says_so(rig: Rig) -> None:
    await rig.web.chat_postMessage(channel="C0DEPLOYS", text="x", blocks=[actions(button("Go", "go"))])
    answer = await rig.click("Go")
    assert (answer["acknowledged"], answer["reason"]) == (False, "dispatch_failed")


async def test_five_answers_go_through_a_response_url_and_the_sixth_does_not(rig: Rig) -> None:
    app = rig.bolt()
    done: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()

    @app.command("/deploy")
    async def deploy(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        done.set_result([(await respond(f"answer {n}")).status_code for n in range(6)])

    await rig.connect(app)
    await rig.command("/deploy")
    assert await done == [200] * 5 + [404]
    assert await rig.whispers() == [f"answer {n}" for n in range(5)]
    assert rig.standin.log.entries("response_url")[-1]["error"] == "used_url"
