"""The JSON that Slack sends to an app for a command, a click, a submitted form or a typed-in search.

Pure builders; `interactions.py` fills them and hands them to Socket Mode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.slack.model import TEAM_DOMAIN, TEAM_ID

if TYPE_CHECKING:
    from playground.slack.model import App, Channel, Message, Obj, Person
    from playground.slack.render import Pressable

VERIFICATION_TOKEN = "demo-verification-token"  # noqa: S105 -- the old field that payloads still carry


def slash_command(
    app: App, *, person: Person, channel: Channel, command: str, text: str, trigger_id: str, response_url: str
) -> Obj:
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.is_im else channel.name,
        "user_id": person.id,
        "user_name": person.name,
        "command": command,
        "text": text,
        "api_app_id": app.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def _interaction(kind: str, app: App, person: Person) -> Obj:
    return {
        "type": kind,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": TEAM_ID},
        "api_app_id": app.app_id,
        "token": VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def action(pressed: Pressable, action_ts: str) -> Obj:
    """Describe what was pressed: the element's own fields, and the option when it is a menu."""
    element = pressed.element
    body: Obj = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": pressed.block_id,
        "action_ts": action_ts,
    }
    if pressed.option:
        return body | {"selected_option": pressed.option}
    kept = {name: element[name] for name in ("text", "value", "url", "style") if name in element}
    return body | kept


def message_action(
    app: App, *, person: Person, channel: Channel, message: Message, pressed: Obj, trigger_id: str, response_url: str
) -> Obj:
    """Build the payload of a click in a message; an ephemeral's own content is not part of it."""
    container: Obj = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": bool(message.seen_by),
    }
    body = _interaction("block_actions", app, person) | {
        "container": container | ({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
        "trigger_id": trigger_id,
        "response_url": response_url,
        "state": {"values": _chosen(pressed)},
        "actions": [pressed],
    }
    return body if message.seen_by else body | {"message": message.to_slack(app)}


def _chosen(pressed: Obj) -> Obj:
    if pressed["type"] not in {"static_select", "external_select", "radio_buttons"}:
        return {}
    value = {"type": pressed["type"], "selected_option": pressed["selected_option"]}
    return {pressed["block_id"]: {pressed["action_id"]: value}}


def view_action(app: App, *, person: Person, view: Obj, pressed: Obj, trigger_id: str) -> Obj:
    return _interaction("block_actions", app, person) | {
        "container": {"type": "view", "view_id": view["id"]},
        "view": view,
        "trigger_id": trigger_id,
        "actions": [pressed],
    }


def view_submission(app: App, *, person: Person, view: Obj, trigger_id: str) -> Obj:
    body = _interaction("view_submission", app, person)
    return body | {"trigger_id": trigger_id, "view": view, "response_urls": []}


def view_closed(app: App, *, person: Person, view: Obj) -> Obj:
    return _interaction("view_closed", app, person) | {"view": view, "is_cleared": False}


def block_suggestion(app: App, *, person: Person, view: Obj, block: Obj, query: str) -> Obj:
    return _interaction("block_suggestion", app, person) | {
        "action_id": block["element"]["action_id"],
        "block_id": block["block_id"],
        "value": query,
        "container": {"type": "view", "view_id": view["id"]},
        "view": view,
    }
