"""The page's server and the JSON driver under `/_drive/`, for the page itself, for scripts and for tests.

docs/playground.md describes each call by example. It acts for people; the app never talks to it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from playground.slack.asks import Ask, DriverError, body_of
from playground.slack.forms import NoSuchChoiceError, inputs
from playground.slack.model import Obj, SlackError
from playground.slack.shown import message_json, workspace_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from playground.slack.api import Log
    from playground.slack.interactions import Interactions
    from playground.slack.state import Slack

    Cluster = Callable[[], Obj]
    Act = Callable[[Obj], Obj]

PAGE = Path(__file__).parent / "page"
LONGEST_WAIT = 60.0
POLICY = "default-src 'self'; img-src 'self' data: http: https:; style-src 'self'; frame-ancestors 'none'"


@web.middleware
async def errors_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer every refusal of the driver as `{"error": what, "next": what to do}`."""
    try:
        return await handler(request)
    except DriverError as refused:
        return web.json_response(refused.body, status=refused.status)
    except NoSuchChoiceError as missing:
        body = {
            "error": f"There is no {missing.wanted!r}.",
            "next": "Use one of `choices`.",
            "choices": missing.choices,
        }
        return web.json_response(body, status=404)


class Driver:
    """The page's server: static files, acts of people, and what they see."""

    def __init__(
        self,
        slack: Slack,
        *,
        interactions: Interactions,
        log: Log,
        cluster: Cluster,
        acts: Mapping[str, Act],
    ) -> None:
        self._slack = slack
        self._acts = interactions
        self._log = log
        self._cluster = cluster
        self._other_acts = acts

    def web_app(self) -> web.Application:
        app = web.Application(middlewares=[errors_as_json])
        posts = {
            "command": self._command,
            "reply": self._reply,
            "click": self._click,
            "submit": self._submit,
            "close": self._close,
            "suggest": self._suggest,
        }
        gets = {
            "messages": self._messages,
            "ephemerals": self._ephemerals,
            "views": self._views,
            "cluster": self._show_cluster,
            "log": self._show_log,
            "events": self._events,
            "workspace": self._workspace,
        }
        for name, act in posts.items():
            app.router.add_post(f"/_drive/{name}", act)
        for name in self._other_acts:
            app.router.add_post(f"/_drive/{name}", self._other)
        for name, look in gets.items():
            app.router.add_get(f"/_drive/{name}", look)
        app.router.add_get("/", self._index)
        app.router.add_get("/files/{file}", self._file)
        app.router.add_static("/page", PAGE)
        return app

    async def _ask(self, request: web.Request) -> Ask:
        return Ask(self._slack, await body_of(request) if request.method == "POST" else request.query)

    async def _command(self, request: web.Request) -> web.Response:
        ask = await self._ask(request)
        return web.json_response(await self._acts.command(ask.person(), ask.channel(), ask.text("text")))

    async def _reply(self, request: web.Request) -> web.Response:
        ask = await self._ask(request)
        channel = ask.channel()
        root = ask.thread(channel, ask.text("thread"))[0]
        return web.json_response(self._acts.reply(ask.person(), channel, root.ts, ask.text("text")))

    async def _click(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        ask = Ask(self._slack, body)
        person = ask.person()
        if "view" in body:
            view = ask.view(person)
            return web.json_response(await self._acts.press_in_view(person, view, ask.in_view(view)))
        channel = ask.channel()
        message, pressed = ask.pressable(person, channel)
        if pressed.asks_first and body.get("confirm") is False:
            dialog = pressed.element["confirm"]
            return web.json_response({"acknowledged": False, "ms": 0.0, "reason": "not_confirmed", "confirm": dialog})
        return web.json_response(await self._acts.press(person, channel, message, pressed))

    async def _submit(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        ask = Ask(self._slack, body)
        person = ask.person()
        values = body.get("values") or {}
        if not isinstance(values, dict):
            raise DriverError("`values` is no object.", "Send values by block id or label, as text or option text.")
        return web.json_response(await self._acts.submit(person, ask.view(person), values))

    async def _close(self, request: web.Request) -> web.Response:
        ask = await self._ask(request)
        person = ask.person()
        return web.json_response(await self._acts.close(person, ask.view(person)))

    async def _suggest(self, request: web.Request) -> web.Response:
        ask = await self._ask(request)
        person = ask.person()
        view = ask.view(person)
        for block in inputs(view):
            if ask.text("block") in {block["block_id"], block["label"]["text"]}:
                options = await self._acts.suggest(person, view, block, ask.text("query", ""))
                return web.json_response({"options": options})
        raise NoSuchChoiceError(ask.text("block"), [block["label"]["text"] for block in inputs(view)])

    async def _other(self, request: web.Request) -> web.Response:
        """Do what another part of the playground does on request, such as a fault; its ValueError says why not."""
        act = self._other_acts[request.path.rpartition("/")[2]]
        try:
            return web.json_response(act(await body_of(request)))
        except ValueError as wrong:
            raise DriverError(str(wrong), "docs/playground.md shows the call by example.") from None

    async def _messages(self, request: web.Request) -> web.Response:
        ask = await self._ask(request)
        channel, thread = ask.channel(), ask.text("thread", "")
        listed = ask.thread(channel, thread) if thread else self._slack.workspace.history(channel.id)
        seq = self._slack.workspace.changes.last
        return web.json_response({"messages": [message_json(self._slack, m) for m in listed], "seq": seq})

    async def _ephemerals(self, request: web.Request) -> web.Response:
        ask = await self._ask(request)
        channel = ask.channel().id if ask.text("channel", "") else None
        listed = self._slack.workspace.ephemerals(ask.person().id, channel)
        seq = self._slack.workspace.changes.last
        return web.json_response({"ephemerals": [message_json(self._slack, m) for m in listed], "seq": seq})

    async def _views(self, request: web.Request) -> web.Response:
        person = (await self._ask(request)).person()
        views = self._slack.views
        return web.json_response({"views": views.open_by(person.id), "home": views.home(person.id)})

    async def _show_cluster(self, _: web.Request) -> web.Response:
        return web.json_response(self._cluster())

    async def _show_log(self, request: web.Request) -> web.Response:
        return web.json_response({"requests": self._log.entries(request.query.get("method"))})

    async def _events(self, request: web.Request) -> web.Response:
        ask = await self._ask(request)
        changes = self._slack.workspace.changes
        seconds = min(ask.number("wait", 0), LONGEST_WAIT)
        events = await changes.wait(int(ask.number("since", 0)), seconds)
        return web.json_response({"seq": changes.last, "events": events})

    async def _workspace(self, _: web.Request) -> web.Response:
        return web.json_response(workspace_json(self._slack))

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html", headers={"Content-Security-Policy": POLICY})

    async def _file(self, request: web.Request) -> web.Response:
        try:
            upload = self._slack.files.get(request.match_info["file"])
        except SlackError:
            raise DriverError("There is no such file.", "Take the address from the message.", status=404) from None
        headers = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=upload.data or b"", content_type=upload.mimetype, headers=headers)
