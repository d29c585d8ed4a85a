"""The Web API, through the real slack_sdk client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from playground.faults import Fault
from playground.pace import Pace
from playground.slack.server import Options
from tests.playground.slack.rig import Rig, actions, button, running, section

if TYPE_CHECKING:
    from collections.abc import Awaitable

DEPLOYS = "C0DEPLOYS"


async def refused(call: Awaitable[Any]) -> Any:
    """Expect an API error and return its answer."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response


async def test_auth_test_names_the_bot(rig: Rig) -> None:
    answer = await rig.web.auth_test()
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0SLIPWAY", "B0SLIPWAY", "T0SLIPWAY")


@pytest.mark.parametrize(
    ("token", "code"), [("xoxb-wrong", "invalid_auth"), ("xapp-demo", "not_allowed_token_type"), ("", "not_authed")]
)
async def test_a_wrong_token_is_refused(rig: Rig, token: str, code: str) -> None:
    client = AsyncWebClient(token, base_url=rig.standin.api_url, session=rig.http)
    assert (await refused(client.auth_test()))["error"] == code


async def test_connections_need_the_app_token(rig: Rig) -> None:
    assert (await refused(rig.web.apps_connections_open(app_token="xoxb-demo")))["error"] == "not_allowed_token_type"
    opened = await rig.web.apps_connections_open(app_token="xapp-demo")
    assert opened["url"].startswith("ws://127.0.0.1:")


async def test_an_unknown_method_is_named_as_such(rig: Rig) -> None:
    assert (await refused(rig.web.api_call("chat.shout")))["error"] == "unknown_method"


async def test_a_form_with_a_token_and_nested_json_is_understood_as_well(rig: Rig) -> None:
    form = {"token": "xoxb-demo", "channel": "#deploys", "blocks": '[{"type": "divider"}]'}
    async with rig.http.post(rig.standin.api_url + "chat.postMessage", data=form) as response:
        assert (await response.json())["message"]["blocks"][0]["type"] == "divider"


@pytest.mark.parametrize(("body", "code"), [(b"{", "invalid_json"), (b"[]", "json_not_object")])
async def test_a_body_that_is_no_json_object_is_refused(rig: Rig, body: bytes, code: str) -> None:
    headers = {"Content-Type": "application/json", "Authorization": "Bearer xoxb-demo"}
    async with rig.http.post(rig.standin.api_url + "chat.postMessage", data=body, headers=headers) as response:
        assert (await response.json())["error"] == code


async def test_a_message_is_posted_edited_and_deleted(rig: Rig) -> None:
    posted = await rig.web.chat_postMessage(channel=DEPLOYS, text="one", blocks=[section("*one*")])
    assert posted["message"]["blocks"][0]["block_id"]
    await rig.web.chat_update(channel=DEPLOYS, ts=posted["ts"], text="two", blocks=[section("*two*")])
    (message,) = (await rig.get("messages", channel="deploys"))["messages"]
    assert (message["text_rendered"], message["edited"]) == ("two", 1)
    await rig.web.chat_delete(channel=DEPLOYS, ts=posted["ts"])
    assert await rig.texts() == []


async def test_an_update_with_text_alone_takes_the_blocks_away(rig: Rig) -> None:
    posted = await rig.web.chat_postMessage(channel=DEPLOYS, text="one", blocks=[section("blocks")])
    updated = await rig.web.chat_update(channel=DEPLOYS, ts=posted["ts"], text="plain")
    assert "blocks" not in updated["message"]
    assert await rig.texts() == ["plain"]


async def test_metadata_stays_when_an_update_leaves_it_out(rig: Rig) -> None:
    metadata = {"event_type": "card", "event_payload": {"number": 142}}
    posted = await rig.web.chat_postMessage(channel=DEPLOYS, text="one", metadata=metadata)
    updated = await rig.web.chat_update(channel=DEPLOYS, ts=posted["ts"], text="two")
    assert updated["message"]["metadata"] == metadata


async def test_threads_hold_replies_and_broadcasts_show_in_the_channel(rig: Rig) -> None:
    parent = await rig.web.chat_postMessage(channel=DEPLOYS, text="card")
    reply = await rig.web.chat_postMessage(channel=DEPLOYS, text="quiet", thread_ts=parent["ts"])
    await rig.web.chat_postMessage(channel=DEPLOYS, text="loud", thread_ts=reply["ts"], reply_broadcast=True)
    assert await rig.texts() == ["card", "loud"]
    assert await rig.texts(thread=parent["ts"]) == ["card", "quiet", "loud"]
    thread = await rig.web.conversations_replies(channel=DEPLOYS, ts=parent["ts"])
    assert [(m["text"], m.get("reply_count")) for m in thread["messages"]] == [
        ("card", 2),
        ("quiet", None),
        ("loud", None),
    ]
    assert thread["messages"][2]["subtype"] == "thread_broadcast"


async def test_history_comes_newest_first_and_in_pages(rig: Rig) -> None:
    sent = [(await rig.web.chat_postMessage(channel=DEPLOYS, text=str(n)))["ts"] for n in range(3)]
    first = await rig.web.conversations_history(channel=DEPLOYS, limit=2)
    assert [m["text"] for m in first["messages"]] == ["2", "1"]
    assert first["has_more"]
    rest = await rig.web.conversations_history(channel=DEPLOYS, cursor=first["response_metadata"]["next_cursor"])
    assert [m["text"] for m in rest["messages"]] == ["0"]
    span = {"oldest": sent[1], "latest": sent[2]}
    assert (await rig.web.conversations_history(channel=DEPLOYS, **span))["messages"] == []
    inclusive = await rig.web.conversations_history(channel=DEPLOYS, inclusive=True, **span)
    assert [m["text"] for m in inclusive["messages"]] == ["2", "1"]


async def test_an_ephemeral_is_seen_by_one_person(rig: Rig) -> None:
    await rig.web.chat_postEphemeral(channel=DEPLOYS, user="U0BOB", text="for you")
    assert (await rig.whispers("bob"), await rig.whispers("alice"), await rig.texts()) == (["for you"], [], [])


async def test_an_ephemeral_cannot_be_updated(rig: Rig) -> None:
    posted = await rig.web.chat_postEphemeral(channel=DEPLOYS, user="U0BOB", text="for you")
    answer = await refused(rig.web.chat_update(channel=DEPLOYS, ts=posted["message_ts"], text="x"))
    assert answer["error"] == "message_not_found"


@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        ("chat.postMessage", {"channel": "C0NONE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0SECRET", "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": DEPLOYS}, "no_text"),
        ("chat.postMessage", {"channel": DEPLOYS, "text": " "}, "no_text"),
        ("chat.postMessage", {"channel": DEPLOYS, "blocks": "{"}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": DEPLOYS, "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ("chat.postEphemeral", {"channel": DEPLOYS, "text": "x"}, "user_not_found"),
        ("chat.postEphemeral", {"channel": DEPLOYS, "user": "U0NONE", "text": "x"}, "user_not_in_channel"),
        ("chat.update", {"channel": DEPLOYS, "ts": "1.000001", "text": "x"}, "message_not_found"),
        ("chat.update", {"channel": "C0NONE", "ts": "1.000001", "text": "x"}, "channel_not_found"),
        ("chat.delete", {"channel": DEPLOYS}, "message_not_found"),
        ("chat.getPermalink", {"channel": DEPLOYS, "message_ts": "1.000001"}, "message_not_found"),
        ("reactions.add", {"channel": DEPLOYS, "timestamp": "1.000001", "name": "eyes"}, "message_not_found"),
        ("users.info", {"user": "U0NONE"}, "user_not_found"),
        ("users.lookupByEmail", {"email": "nobody@example.com"}, "users_not_found"),
        ("conversations.info", {"channel": "C0NONE"}, "channel_not_found"),
        ("conversations.history", {"channel": "C0SECRET"}, "not_in_channel"),
        ("conversations.history", {"channel": DEPLOYS, "limit": "many"}, "invalid_arguments"),
        ("conversations.replies", {"channel": DEPLOYS, "ts": "1.000001"}, "thread_not_found"),
        ("conversations.open", {"users": "U0NONE"}, "user_not_found"),
        ("conversations.open", {}, "users_list_not_supplied"),
        ("views.open", {"view": {}}, "invalid_arguments"),
        ("views.open", {"trigger_id": "1.2.3", "view": {}}, "invalid_trigger_id"),
        ("views.update", {"view_id": "V0NONE", "view": {}}, "view_not_found"),
        ("views.update", {"external_id": "none", "view": {}}, "not_found"),
        ("views.publish", {"user_id": "U0NONE", "view": {}}, "user_not_found"),
        ("views.publish", {"user_id": "U0BOB", "view": "no json"}, "invalid_arguments"),
        ("views.publish", {"user_id": "U0BOB"}, "invalid_arguments"),
        ("files.getUploadURLExternal", {"filename": "a.txt"}, "missing_argument"),
        ("files.completeUploadExternal", {"files": '[{"id": "F0NONE"}]'}, "file_not_found"),
    ],
)
async def test_a_wrong_call_gets_slacks_own_error(rig: Rig, method: str, arguments: dict[str, Any], code: str) -> None:
    assert (await refused(rig.web.api_call(method, json=arguments)))["error"] == code


async def test_a_persons_message_cannot_be_updated_or_deleted_by_the_app(rig: Rig) -> None:
    posted = await rig.command("hello all")
    at = {"channel": DEPLOYS, "ts": posted["ts"]}
    assert (await refused(rig.web.chat_update(text="x", **at)))["error"] == "cant_update_message"
    assert (await refused(rig.web.chat_delete(**at)))["error"] == "cant_delete_message"


async def test_an_update_takes_four_thousand_characters_of_text_and_a_post_is_cut(rig: Rig) -> None:
    posted = await rig.web.chat_postMessage(channel=DEPLOYS, text="x" * 40_001)
    assert len(posted["message"]["text"]) == 40_000
    at = {"channel": DEPLOYS, "ts": posted["ts"]}
    await rig.web.chat_update(text="x" * 4000, **at)
    assert (await refused(rig.web.chat_update(text="x" * 4001, **at)))["error"] == "msg_too_long"
    assert (await refused(rig.web.api_call("chat.update", json=at)))["error"] == "no_text"


async def test_bad_blocks_are_refused_with_their_place(rig: Rig) -> None:
    answer = await refused(rig.web.chat_postMessage(channel=DEPLOYS, text="x", blocks=[section("x" * 3001)]))
    assert answer["error"] == "invalid_blocks"
    line = "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer["response_metadata"]["messages"] == [line]


async def test_blocks_that_are_too_long_together_are_refused(rig: Rig) -> None:
    blocks = [section("x" * 3000) for _ in range(5)]
    answer = await refused(rig.web.chat_postEphemeral(channel=DEPLOYS, user="U0BOB", text="x", blocks=blocks))
    assert answer["error"] == "msg_blocks_too_long"


async def test_blocks_can_be_validated_without_posting(rig: Rig) -> None:
    assert (await rig.web.blocks_validate(blocks=[section("x")]))["ok"]
    for wrong in ({"blocks": [section("")]}, {"message": {"blocks": [section("")]}}, {"view": {"type": "home"}}):
        assert (await refused(rig.web.blocks_validate(**wrong)))["error"] == "invalid_blocks"


async def test_people_and_channels_can_be_looked_up(rig: Rig) -> None:
    assert (await rig.web.users_info(user="U0BOB"))["user"]["profile"]["email"] == "bob@example.com"
    assert (await rig.web.users_lookupByEmail(email="Bob@example.com"))["user"]["id"] == "U0BOB"
    assert (await rig.web.conversations_info(channel=DEPLOYS))["channel"]["name"] == "deploys"
    listed = (await rig.web.conversations_list())["channels"]
    assert [(c["name"], c["is_member"]) for c in listed] == [("deploys", True), ("random", True), ("secret", False)]


async def test_direct_messages_open_once_and_take_posts_by_the_persons_id(rig: Rig) -> None:
    first, again = [await rig.web.conversations_open(users="U0BOB") for _ in range(2)]
    assert first["channel"]["id"] == again["channel"]["id"] == "D0BOB"
    assert (await rig.web.conversations_open(channel="D0BOB"))["channel"]["user"] == "U0BOB"
    assert (await rig.web.chat_postMessage(channel="U0BOB", text="psst"))["channel"] == "D0BOB"
    assert await rig.texts("D0BOB") == ["psst"]


async def test_permalinks_name_the_message_and_its_thread(rig: Rig) -> None:
    parent = await rig.web.chat_postMessage(channel=DEPLOYS, text="card")
    reply = await rig.web.chat_postMessage(channel=DEPLOYS, text="reply", thread_ts=parent["ts"])
    link = (await rig.web.chat_getPermalink(channel=DEPLOYS, message_ts=parent["ts"]))["permalink"]
    assert link == f"https://slipway.slack.com/archives/C0DEPLOYS/p{parent['ts'].replace('.', '')}"
    in_thread = (await rig.web.chat_getPermalink(channel=DEPLOYS, message_ts=reply["ts"]))["permalink"]
    assert in_thread.endswith(f"?thread_ts={parent['ts']}&cid=C0DEPLOYS")


async def test_a_reaction_is_added_once_and_is_no_edit(rig: Rig) -> None:
    posted = await rig.web.chat_postMessage(channel=DEPLOYS, text="card")
    await rig.web.reactions_add(channel=DEPLOYS, timestamp=posted["ts"], name="eyes")
    again = rig.web.reactions_add(channel=DEPLOYS, timestamp=posted["ts"], name="eyes")
    assert (await refused(again))["error"] == "already_reacted"
    (message,) = (await rig.get("messages", channel="deploys"))["messages"]
    assert (message["reactions"], message["edited"]) == ({"eyes": ["U0SLIPWAY"]}, 0)


async def test_a_file_is_uploaded_into_a_thread(rig: Rig) -> None:
    parent = await rig.web.chat_postMessage(channel=DEPLOYS, text="card")
    await rig.web.files_upload_v2(
        channel=DEPLOYS, thread_ts=parent["ts"], content="line 1", filename="build.log", initial_comment="The log"
    )
    listed = await rig.get("messages", channel="deploys", thread=parent["ts"])
    (file,) = listed["messages"][1]["files"]
    assert (file["name"], listed["messages"][1]["text"]) == ("build.log", "The log")
    async with rig.http.get(rig.standin.page_url + file["url_private"]) as response:
        assert await response.text() == "line 1"


async def test_a_file_of_another_length_or_without_bytes_is_refused(rig: Rig) -> None:
    reserved = await rig.web.files_getUploadURLExternal(filename="a.txt", length=3)
    async with rig.http.post(reserved["upload_url"], data=b"four") as response:
        assert response.status == 400
    answer = await refused(rig.web.files_completeUploadExternal(files=[{"id": reserved["file_id"]}]))
    assert answer["error"] == "file_update_failed"


async def test_a_home_tab_is_published_with_its_hash_checked(rig: Rig) -> None:
    view = {"type": "home", "blocks": [section("Hello")]}
    first = await rig.web.views_publish(user_id="U0BOB", view=view)
    second = await rig.web.views_publish(user_id="U0BOB", view=view, hash=first["view"]["hash"])
    assert second["view"]["id"] == first["view"]["id"]
    stale = rig.web.views_publish(user_id="U0BOB", view=view, hash=first["view"]["hash"])
    assert (await refused(stale))["error"] == "hash_conflict"
    assert (await rig.get("views", user="bob"))["home"]["hash"] == second["view"]["hash"]


async def test_too_many_calls_are_answered_429_with_retry_after(rig: Rig) -> None:
    async def post_on() -> None:
        # More than the burst of ten, because the bucket refills while a slow machine is still posting.
        for _ in range(40):
            await rig.web.chat_postMessage(channel=DEPLOYS, text="x")

    answer = await refused(post_on())
    assert len(await rig.texts()) >= 10
    assert (answer.status_code, answer["error"], answer.headers["Retry-After"]) == (429, "ratelimited", "1")
    await rig.web.chat_postMessage(channel="C0RANDOM", text="x")


async def test_the_sdks_own_retry_gets_through_a_rate_limit(rig: Rig) -> None:
    rig.faults.add(Fault(system="slack", kind="ratelimit", match="auth.test", count=1, options={"retry_after": 0}))
    rig.web.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    assert (await rig.web.auth_test())["ok"]
    tried = (await rig.get("log", method="auth.test"))["requests"]
    assert [(one["status"], one.get("error")) for one in tried] == [(429, "ratelimited"), (200, None)]


async def test_rate_limits_can_be_switched_off_for_a_stand_in() -> None:
    async with running(options=Options(rate_limits=False)) as rig:
        for _ in range(60):
            await rig.web.chat_postMessage(channel=DEPLOYS, text="x")
        assert len(await rig.texts()) == 60


async def test_a_faster_pace_refills_the_rate_limits_faster() -> None:
    async with running(pace=Pace(100_000)) as rig:
        for _ in range(60):
            await rig.web.chat_postMessage(channel=DEPLOYS, text="x")
        assert len(await rig.texts()) == 60


async def test_faults_concern_the_api_and_spare_the_driver(rig: Rig) -> None:
    await rig.post("fault", system="slack", kind="status", match="/api/", status=503)
    answer = await refused(rig.web.auth_test())
    assert answer.status_code == 503
    await rig.post("fault", clear=True)
    assert (await rig.web.auth_test())["ok"]


async def test_buttons_without_ids_get_some(rig: Rig) -> None:
    nameless = {"type": "button", "text": {"type": "plain_text", "text": "Go"}}
    posted = await rig.web.chat_postMessage(channel=DEPLOYS, text="x", blocks=[actions(nameless, button("B", "b"))])
    first, second = posted["message"]["blocks"][0]["elements"]
    assert first["action_id"]
    assert second["action_id"] == "b"
