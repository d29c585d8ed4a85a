"""The Slack API server: `/api/<method>`, the Socket Mode websocket, `/response/…` and `/upload/…`.

What the bot is pointed at. It checks the token, plays faults and rate limits, and keeps the log that tests read.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from aiohttp import web

from playground.faults import middleware
from playground.slack import methods_chat as chat
from playground.slack import methods_directory as directory
from playground.slack import methods_views as views
from playground.slack.answers import answer
from playground.slack.args import Args, read_args
from playground.slack.model import Obj, SlackError

if TYPE_CHECKING:
    from collections.abc import Callable

    from playground.faults import Faults
    from playground.slack.ratelimits import RateLimits
    from playground.slack.state import Slack

LOGGED = 5000
APP_LEVEL = "apps.connections.open"

METHODS: dict[str, Callable[[Slack, Args], Obj]] = {
    APP_LEVEL: directory.open_connection,
    "auth.test": directory.auth_test,
    "blocks.validate": chat.validate_blocks,
    "chat.delete": chat.delete,
    "chat.getPermalink": chat.get_permalink,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.postMessage": chat.post_message,
    "chat.update": chat.update,
    "conversations.history": directory.history,
    "conversations.info": directory.channel_info,
    "conversations.list": directory.channel_list,
    "conversations.open": directory.open_direct,
    "conversations.replies": directory.replies,
    "files.completeUploadExternal": views.complete_upload,
    "files.getUploadURLExternal": views.get_upload_url,
    "reactions.add": chat.add_reaction,
    "users.info": directory.user_info,
    "users.lookupByEmail": directory.user_by_email,
    "views.open": views.open_view,
    "views.publish": views.publish_view,
    "views.push": views.push_view,
    "views.update": views.update_view,
}


class Log:
    """The newest requests that the app made, in the order of their arrival."""

    def __init__(self) -> None:
        self._kept: deque[Obj] = deque(maxlen=LOGGED)
        self._count = 0

    def open(self, method: str) -> Obj:
        """Note an arrival; the entry is completed when the answer is known."""
        self._count += 1
        entry: Obj = {"seq": self._count, "method": method, "at": time.monotonic(), "args": {}}
        self._kept.append(entry)
        return entry

    def entries(self, method: str | None = None) -> list[Obj]:
        return [entry for entry in self._kept if method in {None, entry["method"]}]


class SlackApi:
    """Slack's side of the conversation with the app."""

    def __init__(self, slack: Slack, *, faults: Faults, limits: RateLimits, log: Log) -> None:
        self._slack = slack
        self._faults = faults
        self._limits = limits
        self._log = log

    def web_app(self) -> web.Application:
        app = web.Application(middlewares=[middleware(self._faults, "slack")], client_max_size=16 * 2**20)
        app.router.add_route("*", "/api/{method}", self._call)
        app.router.add_get("/link/", self._slack.sockets.serve)
        app.router.add_post("/response/{key}", self._respond)
        app.router.add_post("/upload/v1/{file}", self._upload)
        return app

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        entry = self._log.open(method)
        try:
            result = self._run(method, await read_args(request), request.headers.get("Authorization", ""), entry)
        except SlackError as refused:
            return self._refused(refused, entry)
        entry |= {"ok": True, "status": 200, "ms": _since(entry)}
        return web.json_response(result)

    def _run(self, method: str, args: Args, authorization: str, entry: Obj) -> Obj:
        token = authorization.removeprefix("Bearer ").strip() or args.text("token")
        args.values.pop("token", None)
        entry["args"] = args.values
        if method not in METHODS:
            raise SlackError("unknown_method")
        self._authorize(method, token)
        self._within_limits(method, args)
        return METHODS[method](self._slack, args)

    def _authorize(self, method: str, token: str) -> None:
        if not token:
            raise SlackError("not_authed")
        app = self._slack.app
        wanted = app.app_token if method == APP_LEVEL else app.bot_token
        if token != wanted:
            raise SlackError("not_allowed_token_type" if token in {app.app_token, app.bot_token} else "invalid_auth")

    def _within_limits(self, method: str, args: Args) -> None:
        fault = self._faults.take("slack", "ratelimit", method)
        wait = (
            int(fault.options.get("retry_after", 1)) if fault else self._limits.wait_for(method, args.text("channel"))
        )
        if fault or wait:
            raise SlackError("ratelimited", status=429, extra={"retry_after": wait})

    def _refused(self, refused: SlackError, entry: Obj) -> web.Response:
        entry |= {"ok": False, "error": refused.code, "status": refused.status, "ms": _since(entry)}
        wait = refused.extra.pop("retry_after", None)
        headers = None if wait is None else {"Retry-After": str(wait)}
        return web.json_response(refused.to_answer(), status=refused.status, headers=headers)

    async def _respond(self, request: web.Request) -> web.Response:
        entry = self._log.open("response_url")
        try:
            body = (await read_args(request)).values
            entry["args"] = body
            url = self._slack.response_urls.use(request.match_info["key"])
            answer(self._slack.workspace, self._slack.app, url, body)
        except SlackError as refused:
            return self._refused(refused, entry)
        entry |= {"ok": True, "status": 200, "ms": _since(entry)}
        return web.Response(text="ok")

    async def _upload(self, request: web.Request) -> web.Response:
        entry = self._log.open("upload")
        try:
            self._slack.files.receive(request.match_info["file"], await request.read())
        except SlackError as refused:
            return self._refused(refused, entry)
        entry |= {"ok": True, "status": 200, "ms": _since(entry)}
        return web.Response(text="OK")


def _since(entry: Obj) -> float:
    return round((time.monotonic() - float(entry["at"])) * 1000, 2)
