"""What an app says through a response URL or inside the acknowledgement of a command.

`/response/…` and the people's acts call `answer`; it decides between a new message, an ephemeral, an edit and a delete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.slack.limits import POSTED_TEXT, check_message_blocks
from playground.slack.model import App, Message, Obj, SlackError
from playground.slack.workspace import with_ids

if TYPE_CHECKING:
    from playground.slack.triggers import ResponseUrl
    from playground.slack.workspace import Workspace


def answer(workspace: Workspace, app: App, url: ResponseUrl, body: Obj) -> None:
    """Do what one post to a response URL asks for."""
    source = _source(workspace, url)
    if body.get("delete_original"):
        if source:
            workspace.delete(source)
        return
    content = _content(body)
    if source and body.get("replace_original"):
        workspace.edit(source, **content)
    elif body.get("response_type") == "in_channel":
        workspace.post(url.channel, app.bot_user, bot_id=app.bot_id, thread_ts=_thread(url, body), **content)
    else:
        _whisper(workspace, app, url, content | {"thread_ts": _thread(url, body)})


def _source(workspace: Workspace, url: ResponseUrl) -> Message | None:
    if url.source_ts is None:
        return None
    try:
        return workspace.ephemeral(url.source_ts) or workspace.message(url.channel, url.source_ts)
    except SlackError:
        # The clicked message is gone; what follows is posted anew.
        return None


def _thread(url: ResponseUrl, body: Obj) -> str | None:
    return body.get("thread_ts") or url.thread_ts


def _whisper(workspace: Workspace, app: App, url: ResponseUrl, content: Obj) -> None:
    workspace.post_ephemeral(url.channel, app.bot_user, seen_by=url.user, bot_id=app.bot_id, **content)


def _content(body: Obj) -> Obj:
    blocks = body.get("blocks") or []
    if not (body.get("text") or blocks or body.get("attachments")):
        raise SlackError("no_text", status=400)
    try:
        check_message_blocks(blocks)
    except SlackError as refused:
        raise SlackError(refused.code, status=400, extra=refused.extra) from None
    return {"text": str(body.get("text") or "")[:POSTED_TEXT], "blocks": with_ids(blocks)}
