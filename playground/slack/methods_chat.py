"""Web API: `chat.*`, `reactions.add` and `blocks.validate`.

Called by `api.py` with read arguments. Ephemerals cannot be updated here: Slack allows that only by response_url.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playground.slack.limits import (
    POSTED_TEXT,
    UPDATED_TEXT,
    check_message_blocks,
    message_problems,
    refusal,
    view_problems,
)
from playground.slack.model import TEAM_DOMAIN, Channel, Message, Obj, SlackError
from playground.slack.workspace import with_ids

if TYPE_CHECKING:
    from playground.slack.args import Args
    from playground.slack.state import Slack


def bots_channel(slack: Slack, args: Args) -> Channel:
    """Find the channel that a call names, which the app must be in; a person's id means direct messages."""
    named = args.required("channel", "channel_not_found")
    person = slack.workspace.people.get(named)
    channel = slack.workspace.direct(person) if person else slack.workspace.channel(named)
    if channel is None:
        raise SlackError("channel_not_found")
    if not channel.has_bot:
        raise SlackError("not_in_channel")
    return channel


def post_message(slack: Slack, args: Args) -> Obj:
    channel = bots_channel(slack, args)
    thread_ts = _thread(slack, channel, args)
    message = slack.workspace.post(
        channel.id,
        slack.app.bot_user,
        bot_id=slack.app.bot_id,
        thread_ts=thread_ts,
        broadcast=bool(thread_ts) and args.flag("reply_broadcast"),
        metadata=args.json("metadata", "invalid_metadata_format"),
        **_content(args),
    )
    return {"ok": True, "channel": channel.id, "ts": message.ts, "message": message.to_slack(slack.app)}


def post_ephemeral(slack: Slack, args: Args) -> Obj:
    channel = bots_channel(slack, args)
    user = args.required("user", "user_not_found")
    if user not in slack.workspace.people:
        raise SlackError("user_not_in_channel")
    whisper = slack.workspace.post_ephemeral(
        channel.id,
        slack.app.bot_user,
        seen_by=user,
        bot_id=slack.app.bot_id,
        thread_ts=args.text("thread_ts") or None,
        **_content(args),
    )
    return {"ok": True, "message_ts": whisper.ts}


def update(slack: Slack, args: Args) -> Obj:
    """Edit a message: text without blocks removes the blocks, blocks without text keep the text."""
    message = _own_message(slack, args, "cant_update_message")
    text, blocks = args.text("text"), _blocks(args)
    if not (text or args.has("blocks")):
        raise SlackError("no_text")
    if len(text) > UPDATED_TEXT:
        raise SlackError("msg_too_long")
    metadata = args.json("metadata", "invalid_metadata_format") or message.metadata
    new_text = text if args.has("text") else message.text
    changed = slack.workspace.edit(message, text=new_text, blocks=with_ids(blocks), metadata=metadata)
    answer = {"ok": True, "channel": message.channel, "ts": message.ts, "text": changed.text}
    return answer | {"message": changed.to_slack(slack.app)}


def delete(slack: Slack, args: Args) -> Obj:
    message = _own_message(slack, args, "cant_delete_message")
    slack.workspace.delete(message)
    return {"ok": True, "channel": message.channel, "ts": message.ts}


def get_permalink(slack: Slack, args: Args) -> Obj:
    channel = _any_channel(slack, args)
    message = slack.workspace.message(channel.id, args.required("message_ts", "message_not_found"))
    link = f"https://{TEAM_DOMAIN}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    thread = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.is_reply else ""
    return {"ok": True, "channel": channel.id, "permalink": link + thread}


def add_reaction(slack: Slack, args: Args) -> Obj:
    channel = bots_channel(slack, args)
    message = slack.workspace.message(channel.id, args.required("timestamp", "message_not_found"))
    name = args.required("name", "invalid_name").strip(":")
    if slack.app.bot_user in message.reactions.get(name, ()):
        raise SlackError("already_reacted")
    users = (*message.reactions.get(name, ()), slack.app.bot_user)
    slack.workspace.edit(message, silent=True, reactions={**message.reactions, name: users})
    return {"ok": True}


def validate_blocks(_: Slack, args: Args) -> Obj:
    blocks, message, view = (args.json(name, "invalid_json") for name in ("blocks", "message", "view"))
    if message is not None:
        found = message_problems(message.get("blocks") or [], "/message/blocks")
    elif view is not None:
        found = view_problems(view)
    else:
        found = message_problems(blocks)
    if found:
        raise refusal("invalid_blocks", found)
    return {"ok": True}


def _content(args: Args) -> Obj:
    blocks, text = _blocks(args), args.text("text")
    if not (text.strip() or blocks or args.json("attachments", "invalid_attachments")):
        raise SlackError("no_text")
    return {"text": text[:POSTED_TEXT], "blocks": with_ids(blocks)}


def _blocks(args: Args) -> Any:
    blocks = args.json("blocks", "invalid_blocks_format") or []
    check_message_blocks(blocks)
    return blocks


def _any_channel(slack: Slack, args: Args) -> Channel:
    channel = slack.workspace.channels.get(args.required("channel", "channel_not_found"))
    if channel is None:
        raise SlackError("channel_not_found")
    return channel


def _own_message(slack: Slack, args: Args, code: str) -> Message:
    channel = _any_channel(slack, args)
    message = slack.workspace.message(channel.id, args.required("ts", "message_not_found"))
    if message.bot_id != slack.app.bot_id:
        raise SlackError(code)
    return message


def _thread(slack: Slack, channel: Channel, args: Args) -> str | None:
    """Find the thread to reply in; a reply to a reply goes to the same thread, as in Slack."""
    wanted = args.text("thread_ts")
    if not wanted:
        return None
    try:
        parent = slack.workspace.message(channel.id, wanted)
    except SlackError:
        raise SlackError("thread_not_found") from None
    return parent.thread_ts or parent.ts
