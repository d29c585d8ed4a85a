"""What people do in the workspace: type commands, press buttons, fill in and send forms.

The driver calls it for the page and for tests. Each act becomes one envelope to the app, and the app's answer is
shown to the person as Slack would show it.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from playground.slack import forms, payloads
from playground.slack.answers import answer
from playground.slack.model import SLACKBOT, SlackError
from playground.slack.triggers import ResponseUrl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playground.slack.model import Channel, Message, Obj, Person
    from playground.slack.render import Pressable
    from playground.slack.sockets import Ack
    from playground.slack.state import Slack

TROUBLE = "We had some trouble connecting. Try again?"
_MENTION = re.compile(r"(?<!\S)([@#])([\w.-]+)")


class Interactions:
    """The acts of people, each sent to the app and answered."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    async def command(self, person: Person, channel: Channel, line: str) -> Obj:
        """Type a line into a channel: a slash command, or plain words that everybody reads."""
        name, _, text = line.strip().partition(" ")
        if not name.startswith("/"):
            posted = self._slack.workspace.post(channel.id, person.id, text=html.escape(line, quote=False))
            return {"acknowledged": True, "ms": 0.0, "ts": posted.ts}
        if name not in {command.name for command in self._slack.app.commands}:
            self._slackbot(channel, person, f"`{name}` is not a valid command.")
            return {"acknowledged": False, "ms": 0.0, "reason": "unknown_command"}
        ack = await self._slack.sockets.deliver("slash_commands", self._slash(person, channel, name, text.strip()))
        self._show_command(person, channel, name, ack)
        return ack.to_json()

    def _slash(self, person: Person, channel: Channel, name: str, text: str) -> Obj:
        return payloads.slash_command(
            self._slack.app,
            person=person,
            channel=channel,
            command=name,
            text=self._escaped(text) if self._slack.app.should_escape else text,
            trigger_id=self._slack.triggers.issue(person.id),
            response_url=self._response_url(person, channel),
        )

    def _escaped(self, text: str) -> str:
        """Escape a command's text as the manifest's `should_escape` asks: mentions by id, and the three characters."""

        def mention(found: re.Match[str]) -> str:
            sign, name = found.groups()
            person, channel = self._slack.workspace.person(name), self._slack.workspace.channel(name)
            known = person if sign == "@" else channel
            return f"<{sign}{known.id}|{known.name}>" if known else found[0]

        return _MENTION.sub(mention, html.escape(text, quote=False))

    def _show_command(self, person: Person, channel: Channel, name: str, ack: Ack) -> None:
        code = None if ack.acknowledged else str(ack.outcome)
        if ack.payload:
            where = ResponseUrl(person.id, channel.id, source_ts=None, thread_ts=None, until=0)
            try:
                answer(self._slack.workspace, self._slack.app, where, ack.payload)
            except SlackError as refused:
                code = refused.code
        if code:
            self._slackbot(channel, person, f'{name} failed with the error "{code}"')

    def reply(self, person: Person, channel: Channel, thread_ts: str, text: str) -> Obj:
        """Write in a thread; Slack takes no commands there."""
        if text.startswith("/"):
            name = text.split(maxsplit=1)[0]
            self._slackbot(channel, person, f"`{name}` is not supported in threads. Sorry.", thread_ts=thread_ts)
            return {"acknowledged": False, "ms": 0.0, "reason": "not_in_threads"}
        words = html.escape(text, quote=False)
        posted = self._slack.workspace.post(channel.id, person.id, text=words, thread_ts=thread_ts)
        return {"acknowledged": True, "ms": 0.0, "ts": posted.ts}

    async def press(self, person: Person, channel: Channel, message: Message, pressed: Pressable) -> Obj:
        """Press a button or choose an option in a message or ephemeral."""
        payload = payloads.message_action(
            self._slack.app,
            person=person,
            channel=channel,
            message=message,
            pressed=payloads.action(pressed, self._slack.workspace.next_ts()),
            trigger_id=self._slack.triggers.issue(person.id),
            response_url=self._response_url(person, channel, message),
        )
        ack = await self._slack.sockets.deliver("interactive", payload)
        return ack.to_json() | {"ts": message.ts, "action_id": pressed.element["action_id"]}

    async def press_in_view(self, person: Person, view: Obj, pressed: Pressable) -> Obj:
        """Press a button or choose an option in a modal."""
        payload = payloads.view_action(
            self._slack.app,
            person=person,
            view=view,
            pressed=payloads.action(pressed, self._slack.workspace.next_ts()),
            trigger_id=self._slack.triggers.issue(person.id),
        )
        ack = await self._slack.sockets.deliver("interactive", payload)
        return ack.to_json() | {"view": view["id"], "action_id": pressed.element["action_id"]}

    async def submit(self, person: Person, view: Obj, values: Mapping[str, Any]) -> Obj:
        """Fill in a modal and send it; what Slack's own client would refuse is not sent at all."""
        given = await self._searched(person, view, forms.by_block(view, values))
        filled = forms.fill(view, given)
        if filled.errors:
            return {"acknowledged": False, "ms": 0.0, "reason": "incomplete", "errors": filled.errors}
        sent = view | {"state": {"values": filled.values}}
        payload = payloads.view_submission(
            self._slack.app, person=person, view=sent, trigger_id=self._slack.triggers.issue(person.id)
        )
        ack = await self._slack.sockets.deliver("interactive", payload)
        if not ack.acknowledged:
            return ack.to_json() | {"error": TROUBLE}
        return ack.to_json() | self._after_submission(person, view, ack.payload)

    def _after_submission(self, person: Person, view: Obj, told: Obj) -> Obj:
        action = told.get("response_action")
        try:
            match action:
                case "errors":
                    return {"response_action": action, "errors": told["errors"]}
                case "clear":
                    self._slack.views.close(person.id)
                case "update":
                    self._slack.views.update(view, told["view"])
                case "push":
                    self._slack.views.push(person.id, told["view"])
                case _:
                    self._slack.views.close(person.id, view)
        except SlackError as refused:
            return {"response_action": action, "error": refused.code, **refused.extra}
        return {"response_action": action}

    async def _searched(self, person: Person, view: Obj, given: dict[str, Any]) -> dict[str, Any]:
        """Turn what was typed into searchable menus into options, by asking the app as the client does."""
        found = dict(given)
        for block in forms.inputs(view):
            value = found.get(block["block_id"])
            if block["element"]["type"] == "external_select" and isinstance(value, str) and value:
                found[block["block_id"]] = forms.option_named(value, await self.suggest(person, view, block, value))
        return found

    async def suggest(self, person: Person, view: Obj, block: Obj, query: str) -> list[Obj]:
        """Type into a searchable menu and get what the app offers; no answer in time means nothing is offered."""
        payload = payloads.block_suggestion(self._slack.app, person=person, view=view, block=block, query=query)
        ack = await self._slack.sockets.deliver("interactive", payload)
        grouped = [option for group in ack.payload.get("option_groups") or [] for option in group["options"]]
        return [*(ack.payload.get("options") or []), *grouped]

    async def close(self, person: Person, view: Obj) -> Obj:
        """Close a modal with its close button."""
        self._slack.views.close(person.id, view)
        if not view.get("notify_on_close"):
            return {"acknowledged": True, "ms": 0.0}
        payload = payloads.view_closed(self._slack.app, person=person, view=view)
        return (await self._slack.sockets.deliver("interactive", payload)).to_json()

    def _response_url(self, person: Person, channel: Channel, source: Message | None = None) -> str:
        path = self._slack.response_urls.issue(
            person.id,
            channel.id,
            source_ts=source.ts if source else None,
            thread_ts=source.thread_ts if source and source.is_reply else None,
        )
        return self._slack.address.api + path

    def _slackbot(self, channel: Channel, person: Person, text: str, *, thread_ts: str | None = None) -> None:
        self._slack.workspace.post_ephemeral(channel.id, SLACKBOT, seen_by=person.id, text=text, thread_ts=thread_ts)
