"""The JSON driver: its refusals, its waits and what it shows."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.playground.slack.rig import CHANNELS, PEOPLE, Rig, actions, button, running, section

if TYPE_CHECKING:
    import aiohttp

Obj = dict[str, Any]


@pytest.mark.parametrize(
    ("what", "body", "status", "error", "next_step"),
    [
        (
            "command",
            {"user": "zoe", "channel": "deploys", "text": "x"},
            404,
            "There is no person 'zoe'.",
            "Use one of: alice, bob.",
        ),
        (
            "command",
            {"user": "alice", "channel": "#none", "text": "x"},
            404,
            "There is no channel '#none'.",
            "Use one of: deploys, random, secret.",
        ),
        (
            "command",
            {"user": "alice", "channel": "deploys"},
            400,
            "`text` is missing or no text.",
            "Send `text` as text.",
        ),
        (
            "click",
            {"user": "alice", "channel": "deploys", "label": "Go"},
            404,
            "Nothing is labelled 'Go'.",
            "Nothing can be pressed here now; wait for a message with buttons.",
        ),
        ("submit", {"user": "alice", "view": "form"}, 404, "alice has no such view open: form.", "Open now: none."),
        ("submit", {"user": "alice", "values": []}, 404, "alice has no such view open: any.", "Open now: none."),
        (
            "reply",
            {"user": "alice", "channel": "deploys", "thread": "1.0", "text": "x"},
            404,
            "There is no message 1.0 in deploys.",
            "GET /_drive/messages?channel= lists those that exist.",
        ),
        (
            "fault",
            {"system": "slack", "kind": "odd"},
            400,
            "slack has no fault 'odd'.",
            "docs/playground.md shows the call by example.",
        ),
    ],
)
async def test_a_refusal_says_what_is_wrong_and_what_to_do(
    rig: Rig, what: str, body: Obj, status: int, error: str, next_step: str
) -> None:
    got, answer = await rig.try_post(what, **body)
    assert (got, answer["next"]) == (status, next_step)
    assert answer["error"].startswith(error)


@pytest.mark.parametrize(
    ("sent", "error"), [(b"{", "The body is no JSON."), (b"[]", "The body is JSON but no object.")]
)
async def test_a_body_that_is_no_object_is_refused(rig: Rig, sent: bytes, error: str) -> None:
    async with rig.http.post(f"{rig.standin.page_url}/_drive/command", data=sent) as response:
        assert (response.status, (await response.json())["error"]) == (400, error)


async def test_a_wrong_number_is_refused(rig: Rig) -> None:
    async with rig.http.get(f"{rig.standin.page_url}/_drive/events?since=soon") as response:
        assert (response.status, (await response.json())["error"]) == (400, "`since` is no number: 'soon'.")


async def test_values_that_are_no_object_are_refused(rig: Rig) -> None:
    trigger = rig.slack.triggers.issue("U0ALICE")
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": [section("x")]}
    await rig.web.views_open(trigger_id=trigger, view=view)
    status, answer = await rig.try_post("submit", user="alice", values=["x"])
    assert (status, answer["error"]) == (400, "`values` is no object.")


async def test_a_label_that_is_not_there_is_answered_with_those_that_are(rig: Rig) -> None:
    blocks = [actions(button("Advance", "a"), button("Abort", "b"))]
    await rig.web.chat_postMessage(channel="C0DEPLOYS", text="x", blocks=blocks)
    status, answer = await rig.try_post("click", user="alice", channel="deploys", label="Go")
    assert (status, answer["labels"]) == (404, ["Advance", "Abort"])


async def test_an_ephemerals_button_is_found_for_its_reader_only(rig: Rig) -> None:
    blocks = [actions(button("Mine", "a"))]
    await rig.web.chat_postEphemeral(channel="C0DEPLOYS", user="U0BOB", text="x", blocks=blocks)
    assert (await rig.try_post("click", user="alice", channel="deploys", label="Mine"))[0] == 404
    assert (await rig.try_post("click", user="bob", channel="deploys", label="Mine"))[0] == 200


async def test_plain_words_are_posted_as_the_person_and_escaped(rig: Rig) -> None:
    await rig.command("tell @bob that 1 < 2")
    (message,) = (await rig.get("messages", channel="#deploys"))["messages"]
    assert (message["name"], message["from_app"]) == ("alice", False)
    assert (message["text"], message["text_rendered"]) == ("tell @bob that 1 &lt; 2", "tell @bob that 1 < 2")


async def test_people_reply_in_threads_where_commands_do_not_work(rig: Rig) -> None:
    ts = (await rig.command("hello"))["ts"]
    await rig.post("reply", user="bob", channel="deploys", thread=ts, text="hi")
    assert await rig.texts(thread=ts) == ["hello", "hi"]
    answer = await rig.post("reply", user="bob", channel="deploys", thread=ts, text="/deploy shop")
    assert answer["reason"] == "not_in_threads"
    (whisper,) = (await rig.get("ephemerals", user="bob", channel="deploys"))["ephemerals"]
    assert (whisper["thread_ts"], whisper["name"]) == (ts, "Slackbot")
    (message,) = (await rig.get("messages", channel="deploys"))["messages"]
    assert message["replies"] == 1


async def test_a_wait_for_events_ends_with_the_event(rig: Rig) -> None:
    since = str(rig.standin.changes.last)
    waiting = asyncio.ensure_future(rig.get("events", since=since, wait="30"))
    posted = await rig.web.chat_postMessage(channel="C0DEPLOYS", text="x")
    answer = await waiting
    assert answer["events"] == [
        {"seq": answer["seq"], "kind": "message", "channel": "C0DEPLOYS", "ts": posted["ts"], "thread": None}
    ]


async def test_events_without_a_wait_answer_at_once(rig: Rig) -> None:
    assert (await rig.get("events", since="0"))["events"] == []


async def test_the_log_has_the_apps_requests_in_order_with_arrival_times(rig: Rig) -> None:
    before = time.monotonic()
    await rig.web.auth_test()
    await rig.web.chat_postMessage(channel="C0DEPLOYS", text="x")
    listed = (await rig.get("log"))["requests"]
    assert [(one["method"], one["ok"]) for one in listed] == [("auth.test", True), ("chat.postMessage", True)]
    assert before <= listed[0]["at"] <= listed[1]["at"] <= time.monotonic()
    assert listed[1]["args"] == {"channel": "C0DEPLOYS", "text": "x"}
    assert len((await rig.get("log", method="auth.test"))["requests"]) == 1


async def test_tokens_do_not_stay_in_the_log(rig: Rig) -> None:
    form = {"token": "xoxb-demo", "channel": "C0DEPLOYS", "text": "x"}
    async with rig.http.post(rig.standin.api_url + "chat.postMessage", data=form) as response:
        assert (await response.json())["ok"]
    assert "xoxb-demo" not in str(await rig.get("log"))


async def test_the_cluster_is_what_the_playground_says() -> None:
    async with running(cluster=lambda: {"rollouts": [1]}) as rig:
        assert await rig.get("cluster") == {"rollouts": [1]}


async def test_the_workspace_lists_people_channels_commands_and_connections(rig: Rig) -> None:
    posted = await rig.web.chat_postMessage(channel="C0DEPLOYS", text="x")
    shown = await rig.get("workspace")
    assert [person["name"] for person in shown["people"]] == [person.name for person in PEOPLE]
    assert [channel["id"] for channel in shown["channels"]] == [channel.id for channel in CHANNELS]
    assert [command["name"] for command in shown["commands"]] == ["/deploy", "/rollout"]
    assert (shown["connections"], shown["latest"]) == (0, {"C0DEPLOYS": posted["ts"]})


async def read(response: aiohttp.ClientResponse) -> tuple[int, str, str]:
    return response.status, response.content_type, await response.text()


async def test_the_page_and_its_parts_are_served_and_need_nothing_from_outside(rig: Rig) -> None:
    async with rig.http.get(rig.standin.page_url) as response:
        status, kind, words = await read(response)
        assert (status, kind) == (200, "text/html")
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert "http://" not in words
        assert "https://" not in words
    async with rig.http.get(f"{rig.standin.page_url}/page/app.js") as response:
        status, kind, _ = await read(response)
        assert status == 200
        assert kind in {"text/javascript", "application/javascript"}


async def test_a_file_that_is_not_there_is_answered_as_such(rig: Rig) -> None:
    async with rig.http.get(f"{rig.standin.page_url}/files/F0NONE") as response:
        assert (response.status, (await response.json())["error"]) == (404, "There is no such file.")


async def test_both_servers_listen_on_loopback_only(rig: Rig) -> None:
    assert rig.standin.page_url.startswith("http://127.0.0.1:")
    assert rig.standin.api_url.startswith("http://127.0.0.1:")
    bound = [address for runner in rig.standin._runners for address in runner.addresses]
    assert {host for host, _ in bound} == {"127.0.0.1"}


async def test_other_acts_of_the_playground_are_reached_through_the_driver() -> None:
    async with running(acts={"roles": lambda body: {"got": body}}) as rig:
        assert await rig.post("roles", user="eve") == {"got": {"user": "eve"}}
