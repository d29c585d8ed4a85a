"""Web API: `views.*` and the files that an app uploads.

Called by `api.py` with read arguments. Opening and pushing spend a trigger id; a refused view spends it as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playground.slack.methods_chat import bots_channel
from playground.slack.model import Obj, SlackError

if TYPE_CHECKING:
    from playground.slack.args import Args
    from playground.slack.state import Slack


def open_view(slack: Slack, args: Args) -> Obj:
    user = slack.triggers.exchange(args.required("trigger_id"))
    return {"ok": True, "view": slack.views.open(user, _view(args))}


def push_view(slack: Slack, args: Args) -> Obj:
    user = slack.triggers.exchange(args.required("trigger_id"))
    return {"ok": True, "view": slack.views.push(user, _view(args))}


def update_view(slack: Slack, args: Args) -> Obj:
    view_id, external_id = args.text("view_id") or None, args.text("external_id") or None
    old = slack.views.find(view_id=view_id, external_id=external_id, view_hash=args.text("hash") or None)
    return {"ok": True, "view": slack.views.update(old, _view(args))}


def publish_view(slack: Slack, args: Args) -> Obj:
    user = args.required("user_id")
    if user not in slack.workspace.people:
        raise SlackError("user_not_found")
    return {"ok": True, "view": slack.views.publish(user, _view(args), args.text("hash") or None)}


def _view(args: Args) -> Any:
    view = args.json("view")
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments")
    return view


def get_upload_url(slack: Slack, args: Args) -> Obj:
    name, length = args.required("filename"), args.number("length", 0)
    if length == 0:
        raise SlackError("missing_argument")
    upload = slack.files.reserve(name, length, args.text("alt_txt"))
    return {"ok": True, "upload_url": f"{slack.address.api}/upload/v1/{upload.id}", "file_id": upload.id}


def complete_upload(slack: Slack, args: Args) -> Obj:
    """Finish uploads and, when a channel is named, share them there as one message."""
    wanted = args.json("files") or []
    files = [slack.files.complete(item["id"], item.get("title") or "").to_slack() for item in wanted]
    if args.has("channel_id"):
        args.values["channel"] = args.text("channel_id")
        slack.workspace.post(
            bots_channel(slack, args).id,
            slack.app.bot_user,
            text=args.text("initial_comment"),
            bot_id=slack.app.bot_id,
            thread_ts=args.text("thread_ts") or None,
            files=tuple(files),
        )
    return {"ok": True, "files": files}
