"""Buttons, menus, ephemerals and modals, as people use them and a real bolt app answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk.errors import SlackApiError

from playground.slack.server import Options
from tests.playground.slack.rig import Rig, actions, button, option, running, section, text

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
    from slack_sdk.web.async_client import AsyncWebClient

Obj = dict[str, Any]
DEPLOYS = "C0DEPLOYS"
CONFIRM = {
    "title": text("Abort?", "plain_text"),
    "text": text("Back to *v1.1*"),
    "confirm": text("Abort", "plain_text"),
    "deny": text("Keep", "plain_text"),
}


def card() -> list[Obj]:
    menu = {"type": "overflow", "action_id": "more", "options": [option("Details", "d"), option("Pause", "p")]}
    pick = {"type": "static_select", "action_id": "pick", "options": [option("shop"), option("cart")]}
    return [
        {**section("shop v1.2"), "accessory": menu},
        actions(button("Advance", "advance", value="142"), button("Abort", "abort", confirm=CONFIRM), pick),
    ]


def recording(app: AsyncApp) -> list[Obj]:
    """Acknowledge every press of the card and keep its payload."""
    seen: list[Obj] = []

    async def keep(ack: AsyncAck, body: Obj) -> None:
        await ack()
        seen.append(body)

    for action_id in ("advance", "abort", "more", "pick"):
        app.action(action_id)(keep)
    return seen


async def with_card(rig: Rig) -> tuple[str, list[Obj]]:
    app = rig.bolt()
    seen = recording(app)
    await rig.connect(app)
    posted = await rig.web.chat_postMessage(channel=DEPLOYS, text="card", blocks=card())
    return str(posted["ts"]), seen


async def test_a_press_carries_message_person_and_value(rig: Rig) -> None:
    ts, seen = await with_card(rig)
    answer = await rig.click("Advance", user="bob")
    assert (answer["acknowledged"], answer["ts"], answer["action_id"]) == (True, ts, "advance")
    (body,) = seen
    assert (body["user"]["id"], body["user"]["team_id"], body["channel"]["id"]) == ("U0BOB", "T0SLIPWAY", DEPLOYS)
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": DEPLOYS,
        "is_ephemeral": False,
    }
    assert body["message"]["ts"] == ts
    (action,) = body["actions"]
    assert (action["type"], action["action_id"], action["value"]) == ("button", "advance", "142")
    assert action["block_id"] == body["message"]["blocks"][1]["block_id"]
    assert float(action["action_ts"]) > float(ts)


async def test_an_option_of_a_menu_is_pressed_by_its_text(rig: Rig) -> None:
    _, seen = await with_card(rig)
    await rig.click("Pause")
    await rig.click("cart")
    assert [body["actions"][0]["selected_option"]["value"] for body in seen] == ["p", "cart"]
    (chosen,) = seen[1]["state"]["values"].values()
    assert chosen["pick"]["selected_option"]["value"] == "cart"


async def test_a_press_with_confirm_is_confirmed_unless_told_otherwise(rig: Rig) -> None:
    _, seen = await with_card(rig)
    answer = await rig.click("Abort", confirm=False)
    assert (answer["reason"], answer["confirm"], seen) == ("not_confirmed", CONFIRM, [])
    assert (await rig.click("Abort"))["acknowledged"]
    assert len(seen) == 1


async def test_the_newest_message_with_the_label_is_meant_unless_ts_says_otherwise(rig: Rig) -> None:
    old, seen = await with_card(rig)
    new = (await rig.web.chat_postMessage(channel=DEPLOYS, text="card", blocks=card()))["ts"]
    await rig.click("Advance")
    await rig.click("Advance", ts=old)
    assert [body["message"]["ts"] for body in seen] == [new, old]


async def test_of_two_buttons_with_one_label_the_action_id_chooses(rig: Rig) -> None:
    app = rig.bolt()
    seen = recording(app)
    await rig.connect(app)
    twins = [actions(button("Go", "advance"), button("Go", "abort"))]
    await rig.web.chat_postMessage(channel=DEPLOYS, text="x", blocks=twins)
    await rig.click("Go")
    await rig.click("Go", action_id="abort")
    assert [body["actions"][0]["action_id"] for body in seen] == ["advance", "abort"]


async def test_a_press_in_a_thread_names_the_thread(rig: Rig) -> None:
    parent, seen = await with_card(rig)
    reply = await rig.web.chat_postMessage(channel=DEPLOYS, text="x", thread_ts=parent, blocks=card())
    await rig.click("Advance", ts=reply["ts"])
    assert seen[0]["container"]["thread_ts"] == parent


async def test_answers_replace_an_ephemeral_and_delete_it(rig: Rig) -> None:
    app = rig.bolt()
    bodies: list[Obj] = []

    @app.action("advance")
    async def advance(ack: AsyncAck, body: Obj, respond: AsyncRespond) -> None:
        await ack()
        bodies.append(body)
        await respond("Advancing…", replace_original=True)

    @app.action("abort")
    async def abort(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(delete_original=True)

    await rig.connect(app)
    await rig.web.chat_postEphemeral(channel=DEPLOYS, user="U0BOB", text="x", blocks=card())
    await rig.web.chat_postEphemeral(channel=DEPLOYS, user="U0BOB", text="y", blocks=[actions(button("No", "abort"))])
    assert await rig.click("Advance", user="bob")
    await rig.until(lambda: len(rig.standin.log.entries("response_url")) == 1)
    assert (await rig.whispers("bob"))[0] == "Advancing…"
    assert await rig.click("No", user="bob")
    await rig.until(lambda: len(rig.standin.log.entries("response_url")) == 2)
    assert await rig.whispers("bob") == ["Advancing…"]
    assert bodies[0]["container"]["is_ephemeral"]
    assert "message" not in bodies[0]


async def test_an_answer_to_a_press_can_replace_the_message_or_speak_to_the_channel(rig: Rig) -> None:
    app = rig.bolt()

    @app.action("advance")
    async def advance(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond("for all", response_type="in_channel")
        await respond("replaced", replace_original=True)

    await rig.connect(app)
    await rig.web.chat_postMessage(channel=DEPLOYS, text="card", blocks=card())
    await rig.click("Advance")
    await rig.until(lambda: len(rig.standin.log.entries("response_url")) == 2)
    assert await rig.texts() == ["replaced", "for all"]


async def test_an_answer_after_the_message_is_gone_is_posted_anew(rig: Rig) -> None:
    ts, seen = await with_card(rig)
    await rig.click("Advance")
    await rig.web.chat_delete(channel=DEPLOYS, ts=ts)
    url = seen[0]["response_url"]
    async with rig.http.post(url, json={"text": "too late", "replace_original": True}) as response:
        assert response.status == 200
    assert await rig.whispers() == ["too late"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "no_text"),
        ({"blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"blocks": [section("x" * 3000)] * 5}, "msg_blocks_too_long"),
    ],
)
async def test_a_bad_answer_is_refused(rig: Rig, body: Obj, code: str) -> None:
    _, seen = await with_card(rig)
    await rig.click("Advance")
    async with rig.http.post(seen[0]["response_url"], json=body) as response:
        assert (response.status, (await response.json())["error"]) == (400, code)


def form(**more: Any) -> Obj:
    fields = [
        {
            "type": "input",
            "block_id": "app",
            "label": text("App", "plain_text"),
            "element": {"type": "static_select", "action_id": "v", "options": [option("shop"), option("cart")]},
        },
        {
            "type": "input",
            "block_id": "version",
            "label": text("Version", "plain_text"),
            "element": {"type": "external_select", "action_id": "versions", "min_query_length": 0},
        },
        {
            "type": "input",
            "block_id": "reason",
            "label": text("Reason", "plain_text"),
            "optional": True,
            "element": {"type": "plain_text_input", "action_id": "v"},
        },
        {**actions(button("Advance", "advance"))},
    ]
    names = {"title": text("Deploy", "plain_text"), "submit": text("Go", "plain_text")}
    return {"type": "modal", "callback_id": "form", **names, "blocks": fields, **more}


VALUES = {"App": "shop", "version": "v1.2", "Reason": "a fix"}


class Form:
    """A bolt app with a form; `answer` is how it answers the next submission."""

    def __init__(self, app: AsyncApp) -> None:
        self.answer: Obj = {}
        self.seen: list[Obj] = []
        self.queries: list[str] = []
        app.command("/deploy")(self.open)
        app.view("form")(self.submitted)
        app.view_closed("form")(self.submitted)
        app.options("versions")(self.offer)
        app.action("advance")(self.submitted)

    async def open(self, ack: AsyncAck, command: Obj, client: AsyncWebClient) -> None:
        # Opened before the acknowledgement, so that the driver's answer means that the form is there.
        await client.views_open(trigger_id=command["trigger_id"], view=form(notify_on_close=True))
        await ack()

    async def offer(self, ack: AsyncAck, payload: Obj) -> None:
        self.queries.append(payload["value"])
        await ack(options=[option(v) for v in ("v1.2", "v1.1") if payload["value"] in v])

    async def submitted(self, ack: AsyncAck, body: Obj) -> None:
        self.seen.append(body)
        await ack(**self.answer)


async def opened(rig: Rig) -> Form:
    app = rig.bolt()
    made = Form(app)
    await rig.connect(app)
    await rig.command("/deploy")
    return made


async def views(rig: Rig, user: str = "alice") -> list[str]:
    return [view["title"]["text"] for view in (await rig.get("views", user=user))["views"]]


async def test_a_form_opens_for_the_person_who_asked_and_closes_when_submitted(rig: Rig) -> None:
    made = await opened(rig)
    assert (await views(rig), await views(rig, "bob")) == (["Deploy"], [])
    answer = await rig.post("submit", user="alice", view="form", values=VALUES)
    assert (answer["acknowledged"], answer["response_action"]) == (True, None)
    assert await views(rig) == []
    state = made.seen[0]["view"]["state"]["values"]
    assert state["app"]["v"]["selected_option"]["value"] == "shop"
    assert state["version"]["versions"]["selected_option"] == option("v1.2")
    assert state["reason"]["v"] == {"type": "plain_text_input", "value": "a fix"}
    assert made.queries == ["v1.2"]


async def test_errors_are_shown_in_the_form_which_stays_open(rig: Rig) -> None:
    made = await opened(rig)
    made.answer = {"response_action": "errors", "errors": {"version": "v1.2 is gone."}}
    answer = await rig.post("submit", user="alice", view="form", values=VALUES)
    assert answer["errors"] == {"version": "v1.2 is gone."}
    assert await views(rig) == ["Deploy"]


@pytest.mark.parametrize(("action", "left"), [("clear", []), ("update", ["Second"]), ("push", ["Deploy", "Second"])])
async def test_a_submission_can_clear_update_and_push(rig: Rig, action: str, left: list[str]) -> None:
    made = await opened(rig)
    made.answer = {"response_action": action}
    if action != "clear":
        made.answer["view"] = form(title=text("Second", "plain_text"))
    answer = await rig.post("submit", user="alice", view="form", values=VALUES)
    assert answer["response_action"] == action
    assert await views(rig) == left


async def test_a_bad_view_in_the_answer_leaves_the_form_and_names_the_place(rig: Rig) -> None:
    made = await opened(rig)
    made.answer = {"response_action": "update", "view": form(title=text("x" * 25, "plain_text"))}
    answer = await rig.post("submit", user="alice", view="form", values=VALUES)
    assert answer["error"] == "invalid_arguments"
    assert "/view/title/text" in answer["errors"][0]
    assert await views(rig) == ["Deploy"]


async def test_an_incomplete_form_is_not_sent(rig: Rig) -> None:
    made = await opened(rig)
    answer = await rig.post("submit", user="alice", view="form", values={"App": "shop"})
    assert answer["errors"] == {"version": "Please complete this required field."}
    assert made.seen == []


async def test_a_search_offers_what_the_app_finds(rig: Rig) -> None:
    await opened(rig)
    found = await rig.post("suggest", user="alice", view="form", block="Version", query="1.1")
    assert found["options"] == [option("v1.1")]
    status, answer = await rig.try_post("submit", user="alice", view="form", values={**VALUES, "version": "v9"})
    assert (status, answer["choices"]) == (404, [])
    status, answer = await rig.try_post("suggest", user="alice", view="form", block="Colour")
    assert (status, answer["choices"]) == (404, ["App", "Version", "Reason"])


async def test_a_button_in_a_form_reaches_the_app(rig: Rig) -> None:
    made = await opened(rig)
    answer = await rig.post("click", user="alice", view="form", label="Advance")
    assert answer["acknowledged"]
    assert made.seen[0]["container"] == {"type": "view", "view_id": answer["view"]}
    status, refused = await rig.try_post("click", user="alice", view="form", label="Retreat")
    assert (status, refused["labels"]) == (404, ["Advance"])


async def test_a_closed_form_tells_the_app_that_asked_to_know(rig: Rig) -> None:
    made = await opened(rig)
    assert (await rig.post("close", user="alice", view="form"))["acknowledged"]
    assert await views(rig) == []
    assert made.seen[0]["type"] == "view_closed"


async def test_a_form_that_the_app_does_not_answer_stays_open(rig: Rig) -> None:
    await rig.web.views_open(trigger_id=rig.slack.triggers.issue("U0ALICE"), view=form(blocks=[section("Sure?")]))
    answer = await rig.post("submit", user="alice", view="form")
    assert (answer["acknowledged"], answer["reason"]) == (False, "dispatch_failed")
    assert answer["error"] == "We had some trouble connecting. Try again?"
    assert await views(rig) == ["Deploy"]


async def test_a_view_is_updated_by_id_with_its_hash_checked(rig: Rig) -> None:
    await opened(rig)
    (view,) = (await rig.get("views", user="alice"))["views"]
    at = {"view_id": view["id"], "hash": view["hash"]}
    await rig.web.views_update(view=form(title=text("Later", "plain_text"), external_id="x1"), **at)
    assert await views(rig) == ["Later"]
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await rig.web.views_update(view=form(), **at)
    await rig.web.views_update(view=form(), external_id="x1")
    assert await views(rig) == ["Deploy"]


async def test_a_trigger_opens_one_view_and_only_in_time() -> None:
    async with running(options=Options(trigger_seconds=0.0)) as rig:
        trigger = rig.slack.triggers.issue("U0ALICE")
        with pytest.raises(SlackApiError, match="expired_trigger_id"):
            await rig.web.views_open(trigger_id=trigger, view=form())
    async with running() as rig:
        trigger = rig.slack.triggers.issue("U0ALICE")
        await rig.web.views_open(trigger_id=trigger, view=form())
        with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
            await rig.web.views_open(trigger_id=trigger, view=form())


async def test_views_stack_up_to_three(rig: Rig) -> None:
    await rig.web.views_open(trigger_id=rig.slack.triggers.issue("U0BOB"), view=form())
    for _ in range(2):
        await rig.web.views_push(trigger_id=rig.slack.triggers.issue("U0BOB"), view=form())
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        await rig.web.views_push(trigger_id=rig.slack.triggers.issue("U0BOB"), view=form())
    stack = (await rig.get("views", user="bob"))["views"]
    assert [view["root_view_id"] for view in stack] == [stack[0]["id"]] * 3
    assert [view["previous_view_id"] for view in stack] == [None, stack[0]["id"], stack[1]["id"]]


async def test_a_bad_view_is_refused_with_its_place(rig: Rig) -> None:
    with pytest.raises(SlackApiError) as caught:
        await rig.web.views_open(
            trigger_id=rig.slack.triggers.issue("U0BOB"), view=form(submit=text("x" * 25, "plain_text"))
        )
    assert caught.value.response["error"] == "invalid_arguments"
    assert "[json-pointer:/view/submit/text]" in caught.value.response["response_metadata"]["messages"][0]
