"""Reading what a caller of the driver asks for: people and channels by name or id, messages, views.

Used by `driver.py`. Every refusal says what is wrong and what to do next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playground.slack.model import Channel, Message, Obj, Person, SlackError
from playground.slack.render import Pressable, pressables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from playground.slack.state import Slack


class DriverError(Exception):
    """A request to the driver that cannot be done: what is wrong and what to do next."""

    def __init__(self, error: str, next_step: str, *, status: int = 400, **more: Any) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "next": next_step, **more}


async def body_of(request: web.Request) -> Obj:
    """Read a JSON object."""
    try:
        body = await request.json()
    except ValueError:
        raise DriverError("The body is no JSON.", "Send a JSON object; docs/playground.md shows each call.") from None
    if not isinstance(body, dict):
        raise DriverError("The body is JSON but no object.", "Send a JSON object; docs/playground.md shows each call.")
    return body


class Ask:
    """The fields of one request to the driver."""

    def __init__(self, slack: Slack, fields: Mapping[str, Any]) -> None:
        self._slack = slack
        self._fields = fields

    def text(self, name: str, default: str | None = None) -> str:
        value = self._fields.get(name, default)
        if not isinstance(value, str) or (not value and default is None):
            raise DriverError(f"`{name}` is missing or no text.", f"Send `{name}` as text.")
        return value

    def number(self, name: str, default: float) -> float:
        value = self._fields.get(name, default)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise DriverError(f"`{name}` is no number: {value!r}.", f"Send `{name}` as a number.") from None

    def person(self) -> Person:
        people = self._slack.workspace.people.values()
        found = self._slack.workspace.person(self.text("user"))
        if found is None:
            names = ", ".join(person.name for person in people)
            raise DriverError(f"There is no person {self.text('user')!r}.", f"Use one of: {names}.", status=404)
        return found

    def channel(self) -> Channel:
        found = self._slack.workspace.channel(self.text("channel"))
        if found is None:
            names = ", ".join(channel.name for channel in self._slack.workspace.channels.values())
            raise DriverError(f"There is no channel {self.text('channel')!r}.", f"Use one of: {names}.", status=404)
        return found

    def pressable(self, person: Person, channel: Channel) -> tuple[Message, Pressable]:
        """Find the newest message, or the one with `ts`, in which `label` can be pressed."""
        label, ts = self.text("label"), self._fields.get("ts")
        seen = self._slack.workspace.everything(channel.id, person.id)
        messages = [message for message in seen if ts in {None, message.ts}]
        for message in messages:
            for pressed in pressables(message.blocks):
                if pressed.label == label and self._is_meant(pressed):
                    return message, pressed
        labels = list(dict.fromkeys(p.label for message in messages for p in pressables(message.blocks)))
        raise no_label(label, labels)

    def _is_meant(self, pressed: Pressable) -> bool:
        """Tell whether ids given beside the label, for labels that occur twice, name this one."""
        wanted_block, wanted_action = self._fields.get("block_id"), self._fields.get("action_id")
        return wanted_block in {None, pressed.block_id} and wanted_action in {None, pressed.element["action_id"]}

    def in_view(self, view: Obj) -> Pressable:
        found = pressables(view["blocks"])
        label = self.text("label")
        for pressed in found:
            if pressed.label == label and self._is_meant(pressed):
                return pressed
        raise no_label(label, [pressed.label for pressed in found])

    def view(self, person: Person) -> Obj:
        """Find a person's open modal by id or callback id; without `view` the top one."""
        wanted = self.text("view", "")
        views = self._slack.views.open_by(person.id)
        for view in reversed(views):
            if wanted in {"", view["id"], view["callback_id"]}:
                return view
        has = ", ".join(view["callback_id"] or view["id"] for view in views) or "none"
        raise DriverError(f"{person.name} has no such view open: {wanted or 'any'}.", f"Open now: {has}.", status=404)

    def thread(self, channel: Channel, ts: str) -> list[Message]:
        try:
            return self._slack.workspace.thread(channel.id, ts)
        except SlackError:
            next_step = "GET /_drive/messages?channel= lists those that exist."
            raise DriverError(f"There is no message {ts} in {channel.name}.", next_step, status=404) from None


def no_label(label: str, labels: list[str]) -> DriverError:
    exist = "Press one of `labels`." if labels else "Nothing can be pressed here now; wait for a message with buttons."
    return DriverError(f"Nothing is labelled {label!r}.", exist, status=404, labels=labels)
