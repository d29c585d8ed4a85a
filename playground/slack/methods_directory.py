"""Web API: `auth.test`, `apps.connections.open`, `users.*` and `conversations.*`.

Called by `api.py` with read arguments. Histories come newest first, threads oldest first, as Slack's do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.slack.model import TEAM_DOMAIN, TEAM_ID, Channel, Obj, SlackError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playground.slack.args import Args
    from playground.slack.model import Message
    from playground.slack.state import Slack

PAGE = 100


def auth_test(slack: Slack, _: Args) -> Obj:
    return {
        "ok": True,
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": "Slipway playground",
        "user": slack.app.name.lower(),
        "team_id": TEAM_ID,
        "user_id": slack.app.bot_user,
        "bot_id": slack.app.bot_id,
        "is_enterprise_install": False,
    }


def open_connection(slack: Slack, _: Args) -> Obj:
    base = slack.address.api.replace("http", "ws", 1)
    return {"ok": True, "url": f"{base}/link/?ticket={slack.sockets.ticket()}&app_id={slack.app.app_id}"}


def user_info(slack: Slack, args: Args) -> Obj:
    person = slack.workspace.people.get(args.required("user", "user_not_found"))
    if person is None:
        raise SlackError("user_not_found")
    return {"ok": True, "user": person.to_slack()}


def user_by_email(slack: Slack, args: Args) -> Obj:
    address = args.required("email", "users_not_found").lower()
    for person in slack.workspace.people.values():
        if person.address.lower() == address:
            return {"ok": True, "user": person.to_slack()}
    raise SlackError("users_not_found")


def channel_info(slack: Slack, args: Args) -> Obj:
    return {"ok": True, "channel": _channel(slack, args).to_slack()}


def channel_list(slack: Slack, _: Args) -> Obj:
    channels = [channel.to_slack() for channel in slack.workspace.channels.values() if not channel.is_im]
    return {"ok": True, "channels": channels, "response_metadata": {"next_cursor": ""}}


def open_direct(slack: Slack, args: Args) -> Obj:
    if args.has("channel"):
        return {"ok": True, "channel": _channel(slack, args).to_slack()}
    names = args.required("users", "users_list_not_supplied").split(",")
    people = [slack.workspace.people.get(name) for name in names]
    if len(people) != 1 or people[0] is None:
        raise SlackError("user_not_found")
    return {"ok": True, "channel": slack.workspace.direct(people[0]).to_slack()}


def history(slack: Slack, args: Args) -> Obj:
    channel = _joined(slack, args)
    return _page(slack, slack.workspace.history(channel.id)[::-1], args)


def replies(slack: Slack, args: Args) -> Obj:
    channel = _joined(slack, args)
    try:
        thread = slack.workspace.thread(channel.id, args.required("ts", "thread_not_found"))
    except SlackError:
        raise SlackError("thread_not_found") from None
    return _page(slack, thread, args)


def _page(slack: Slack, messages: Sequence[Message], args: Args) -> Obj:
    """Cut one page out of messages; the cursor is the place to go on from."""
    kept = [m for m in messages if _in_span(m, args)]
    start, limit = args.number("cursor", 0), args.number("limit", PAGE)
    rest = len(kept) > start + limit
    return {
        "ok": True,
        "messages": [_counted(slack, message) for message in kept[start : start + limit]],
        "has_more": rest,
        "response_metadata": {"next_cursor": str(start + limit) if rest else ""},
    }


def _in_span(message: Message, args: Args) -> bool:
    oldest, latest = args.text("oldest") or "0", args.text("latest") or "9" * 20
    inside = float(oldest) < float(message.ts) < float(latest)
    return inside or (args.flag("inclusive") and message.ts in {oldest, latest})


def _counted(slack: Slack, message: Message) -> Obj:
    body = message.to_slack(slack.app)
    answers = slack.workspace.replies(message)
    if not answers:
        return body
    counts = {"reply_count": len(answers), "latest_reply": answers[-1].ts, "thread_ts": message.ts}
    return body | counts


def _channel(slack: Slack, args: Args) -> Channel:
    channel = slack.workspace.channels.get(args.required("channel", "channel_not_found"))
    if channel is None:
        raise SlackError("channel_not_found")
    return channel


def _joined(slack: Slack, args: Args) -> Channel:
    channel = _channel(slack, args)
    if not channel.has_bot:
        raise SlackError("not_in_channel")
    return channel
