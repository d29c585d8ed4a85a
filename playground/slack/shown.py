"""Messages and the workspace as the driver's JSON shows them: to tests as text, to the page as blocks.

Used by `driver.py`. It changes nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from playground.slack.model import SLACKBOT
from playground.slack.render import pressables, rendered

if TYPE_CHECKING:
    from playground.slack.model import Message, Obj
    from playground.slack.state import Slack


def author(slack: Slack, message: Message) -> str:
    return "Slackbot" if message.user == SLACKBOT else slack.name_of(message.user)


def message_json(slack: Slack, message: Message) -> Obj:
    """Show one message or ephemeral: `edited` counts its edits, `replies` those of its thread."""
    replies = [] if message.seen_by else slack.workspace.replies(message)
    return {
        "ts": message.ts,
        "channel": message.channel,
        "user": message.user,
        "name": author(slack, message),
        "from_app": message.bot_id is not None,
        "text": message.text,
        "text_rendered": rendered(message.text, message.blocks, slack.name_of),
        "blocks": list(message.blocks),
        "buttons": [pressable.label for pressable in pressables(message.blocks)],
        "edited": message.edits,
        "thread_ts": message.thread_ts,
        "broadcast": message.broadcast,
        "replies": len(replies),
        "latest_reply": replies[-1].ts if replies else None,
        "ephemeral": message.seen_by is not None,
        "files": list(message.files),
        "reactions": {name: list(users) for name, users in message.reactions.items()},
        "metadata": message.metadata,
    }


def workspace_json(slack: Slack) -> Obj:
    """Show who and what there is, for the page's rail and composer."""
    space = slack.workspace
    return {
        "people": [{"id": p.id, "name": p.name, "title": p.title} for p in space.people.values()],
        "channels": [
            {"id": c.id, "name": c.name, "topic": c.topic, "member": c.member} for c in space.channels.values()
        ],
        "app": {"name": slack.app.name, "user": slack.app.bot_user},
        "commands": [asdict(command) for command in slack.app.commands],
        "connections": slack.sockets.count,
        "seq": space.changes.last,
        "latest": {c.id: history[-1].ts for c in space.channels.values() if (history := space.history(c.id))},
    }
