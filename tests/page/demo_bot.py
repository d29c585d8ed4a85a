"""A tiny bolt app that shows each thing the page must draw: a card, a thread, an ephemeral, a form.

The page's tests connect it to a stand-in Slack; it decides nothing and remembers who pressed what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.playground.slack.rig import actions, button, option, section, text

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
    from slack_sdk.web.async_client import AsyncWebClient

Obj = dict[str, Any]

CONFIRM = {
    "title": text("Abort shop v1.2?", "plain_text"),
    "text": text("Traffic goes back to *v1.1*."),
    "confirm": text("Abort", "plain_text"),
    "deny": text("Keep going", "plain_text"),
    "style": "danger",
}


def card(weight: int, by: str = "") -> list[Obj]:
    menu = {"type": "overflow", "action_id": "more", "options": [option("Details", "d"), option("Pause", "p")]}
    head = f"🟡 *shop v1.2 → production* · canary\n<@U0ALICE> · <!date^1795447737^{{time}}|14:02> · `v1.2` {by}"
    return [
        {**section(head), "accessory": menu},
        section(f"▰▱▱▱▱  {weight} % on v1.2\n> quota is 50 GiB, see <https://example.com/a?b=1&amp;c=2|the run>"),
        {"type": "context", "elements": [text("Running now: v1.1 &lt;b&gt;not bold&lt;/b&gt;")]},
        actions(
            button(f"{weight} % → {weight + 30} %", "advance", style="primary", value=str(weight + 30)),
            button("Abort, back to v1.1", "abort", style="danger", confirm=CONFIRM),
        ),
    ]


def form() -> Obj:
    app = {"type": "static_select", "action_id": "v", "options": [option("shop"), option("cart")]}
    version = {"type": "external_select", "action_id": "versions", "min_query_length": 0}
    reason = {"type": "plain_text_input", "action_id": "v"}
    return {
        "type": "modal",
        "callback_id": "form",
        "title": text("Deploy", "plain_text"),
        "submit": text("Deploy it", "plain_text"),
        "close": text("Cancel", "plain_text"),
        "blocks": [
            {"type": "input", "block_id": "app", "label": text("App", "plain_text"), "element": app},
            {"type": "input", "block_id": "version", "label": text("Version", "plain_text"), "element": version},
            {
                "type": "input",
                "block_id": "reason",
                "label": text("Reason", "plain_text"),
                "optional": True,
                "element": reason,
            },
        ],
    }


class DemoBot:
    """The listeners; `pressed` and `submitted` are what a test looks at."""

    def __init__(self, app: AsyncApp) -> None:
        self.pressed: list[str] = []
        self.submitted: list[Obj] = []
        app.command("/deploy")(self.deploy)
        app.action("advance")(self.advance)
        app.action("abort")(self.note)
        app.action("more")(self.note)
        app.options("versions")(self.versions)
        app.view("form")(self.submit)

    async def deploy(self, ack: AsyncAck, command: Obj, client: AsyncWebClient, respond: AsyncRespond) -> None:
        await ack()
        if not command["text"]:
            await client.views_open(trigger_id=command["trigger_id"], view=form())
            return
        channel = command["channel_id"]
        posted = await client.chat_postMessage(channel=channel, text="shop v1.2", blocks=card(20))
        for milestone in ("Image `sha256:ab12…` built in 41 s", "Canary at 20 %"):
            await client.chat_postMessage(channel=channel, text=milestone, thread_ts=posted["ts"])
        await respond("The card is in this channel.")

    async def advance(self, ack: AsyncAck, body: Obj, action: Obj, client: AsyncWebClient) -> None:
        await ack()
        self.pressed.append(f"{body['user']['name']}: {action['text']['text']}")
        blocks = card(int(action["value"]), f"advanced by <@{body['user']['id']}>")
        at = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        await client.chat_update(text="shop v1.2", blocks=blocks, **at)

    async def note(self, ack: AsyncAck, body: Obj, action: Obj) -> None:
        await ack()
        chosen = action.get("selected_option") or action
        self.pressed.append(f"{body['user']['name']}: {chosen['text']['text']}")

    async def versions(self, ack: AsyncAck, payload: Obj) -> None:
        await ack(options=[option(version) for version in ("v1.2", "v1.1") if payload["value"] in version])

    async def submit(self, ack: AsyncAck, view: Obj) -> None:
        values = view["state"]["values"]
        if values["reason"]["v"]["value"] is None:
            await ack(response_action="errors", errors={"reason": "Say why, for the record."})
            return
        self.submitted.append(values)
        await ack()


CLUSTER: Obj = {
    "rollouts": [
        {
            "name": "shop",
            "namespace": "production",
            "version": "v1.2",
            "strategy": "canary",
            "phase": "Paused",
            "message": "CanaryPauseStep",
            "aborted": False,
            "step": 1,
            "weight": 20,
            "current": "new1",
            "steps": [{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}],
        }
    ],
    "replicasets": [
        {
            "name": "shop-new1",
            "namespace": "production",
            "rollout": "shop",
            "hash": "new1",
            "role": "canary",
            "revision": "2",
            "version": "v1.2",
            "replicas": 2,
            "ready": 1,
        },
        {
            "name": "shop-old1",
            "namespace": "production",
            "rollout": "shop",
            "hash": "old1",
            "role": "stable",
            "revision": "1",
            "version": "v1.1",
            "replicas": 4,
            "ready": 4,
        },
        {
            "name": "shop-gone",
            "namespace": "production",
            "rollout": "shop",
            "hash": "gone",
            "role": "old",
            "revision": "0",
            "version": "v1.0",
            "replicas": 0,
            "ready": 0,
        },
    ],
    "pods": [
        {
            "name": "shop-new1-a",
            "namespace": "production",
            "replicaset": "shop-new1",
            "phase": "Running",
            "ready": True,
            "reason": None,
            "terminating": False,
        },
        {
            "name": "shop-new1-b",
            "namespace": "production",
            "replicaset": "shop-new1",
            "phase": "Pending",
            "ready": False,
            "reason": "ImagePullBackOff",
            "terminating": False,
        },
        *(
            {
                "name": f"shop-old1-{n}",
                "namespace": "production",
                "replicaset": "shop-old1",
                "phase": "Running",
                "ready": True,
                "reason": None,
                "terminating": False,
            }
            for n in range(4)
        ),
    ],
    "workflows": [
        {
            "name": "shop-production-142",
            "phase": "Running",
            "message": None,
            "startedAt": "2026-01-05T09:00:00Z",
            "steps": [
                {
                    "name": "fetch-artifact",
                    "phase": "Succeeded",
                    "message": None,
                    "startedAt": "2026-01-05T09:00:00Z",
                    "finishedAt": "2026-01-05T09:00:02Z",
                },
                {
                    "name": "build-image",
                    "phase": "Running",
                    "message": None,
                    "startedAt": "2026-01-05T09:00:02Z",
                    "finishedAt": None,
                },
            ],
        },
    ],
}
