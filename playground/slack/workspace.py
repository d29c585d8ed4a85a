"""The state of the workspace: who is there, which channels, every message and ephemeral.

The Web API, the response URLs and the people's acts all write here; each write is recorded in `Changes`.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from playground.slack.model import Channel, Message, SlackError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from playground.slack.changes import Changes
    from playground.slack.model import Obj, Person

MICROSECONDS = 1_000_000


def short_id() -> str:
    """Give an id as Slack makes for blocks and actions without one."""
    return secrets.token_urlsafe(4)[:5]


def with_ids(blocks: Sequence[Obj]) -> tuple[Obj, ...]:
    """Copy blocks, giving each block and each interactive element the id that Slack would give it."""
    return tuple(_block_with_ids(block) for block in blocks)


def _block_with_ids(block: Obj) -> Obj:
    done = {"block_id": short_id(), **block}
    if isinstance(done.get("elements"), list) and done["type"] == "actions":
        done["elements"] = [_element_with_id(element) for element in done["elements"]]
    for place in ("accessory", "element"):
        if isinstance(done.get(place), dict):
            done[place] = _element_with_id(done[place])
    return done


def _element_with_id(element: Obj) -> Obj:
    return element if element.get("type") == "image" else {"action_id": short_id(), **element}


class Workspace:
    """People, channels, messages and ephemerals; timestamps are unique and strictly increasing."""

    def __init__(self, people: Iterable[Person], channels: Iterable[Channel], changes: Changes) -> None:
        self.people = {person.id: person for person in people}
        self.channels = {channel.id: channel for channel in channels}
        self.changes = changes
        self._messages: dict[str, dict[str, Message]] = {}
        self._ephemerals: dict[str, Message] = {}
        self._last_ts = 0

    def next_ts(self) -> str:
        """Give the present moment as a Slack timestamp, never the same twice."""
        self._last_ts = max(time.time_ns() // 1000, self._last_ts + 1)
        return f"{self._last_ts // MICROSECONDS}.{self._last_ts % MICROSECONDS:06d}"

    def person(self, id_or_name: str) -> Person | None:
        name = id_or_name.removeprefix("@")
        return self.people.get(name) or next((p for p in self.people.values() if p.name == name), None)

    def channel(self, id_or_name: str) -> Channel | None:
        name = id_or_name.removeprefix("#")
        return self.channels.get(name) or next((c for c in self.channels.values() if c.name == name), None)

    def direct(self, person: Person) -> Channel:
        """Give the app's direct messages with a person, opening them the first time."""
        known = next((c for c in self.channels.values() if c.member == person.id), None)
        if known:
            return known
        opened = Channel(f"D0{person.id[2:]}", f"dm-{person.name}", member=person.id)
        self.channels[opened.id] = opened
        self.changes.record("channel", channel=opened.id)
        return opened

    def post(self, channel: str, user: str, **content: Any) -> Message:
        """Add a message to a channel, or to a thread with `thread_ts`."""
        message = Message(self.next_ts(), channel, user, **content)
        self._messages.setdefault(channel, {})[message.ts] = message
        self.changes.record("message", channel=channel, ts=message.ts, thread=message.thread_ts)
        return message

    def post_ephemeral(self, channel: str, user: str, *, seen_by: str, **content: Any) -> Message:
        message = Message(self.next_ts(), channel, user, seen_by=seen_by, **content)
        self._ephemerals[message.ts] = message
        self.changes.record("ephemeral", channel=channel, ts=message.ts, user=seen_by)
        return message

    def message(self, channel: str, ts: str) -> Message:
        found = self._messages.get(channel, {}).get(ts)
        if found is None:
            raise SlackError("message_not_found")
        return found

    def ephemeral(self, ts: str) -> Message | None:
        return self._ephemerals.get(ts)

    def edit(self, message: Message, *, silent: bool = False, **content: Any) -> Message:
        """Replace parts of a message in place; `silent` changes (a reaction) do not count as edits."""
        counted: dict[str, Any] = {} if silent else {"edits": message.edits + 1, "edited_ts": self.next_ts()}
        changed = replace(message, **content, **counted)
        self._home(message)[message.ts] = changed
        self.changes.record("edit", channel=message.channel, ts=message.ts, user=message.seen_by)
        return changed

    def delete(self, message: Message) -> None:
        del self._home(message)[message.ts]
        self.changes.record("delete", channel=message.channel, ts=message.ts, user=message.seen_by)

    def _home(self, message: Message) -> dict[str, Message]:
        return self._ephemerals if message.seen_by else self._messages[message.channel]

    def history(self, channel: str) -> list[Message]:
        """List what a channel shows, oldest first: its own messages and the broadcast replies."""
        return [m for m in self._messages.get(channel, {}).values() if not m.is_reply or m.broadcast]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """List a thread, its parent first."""
        parent = self.message(channel, ts)
        root = parent.thread_ts or parent.ts
        return [m for m in self._messages[channel].values() if root in {m.ts, m.thread_ts}]

    def replies(self, message: Message) -> list[Message]:
        return [m for m in self._messages[message.channel].values() if m.is_reply and m.thread_ts == message.ts]

    def ephemerals(self, user: str, channel: str | None = None) -> list[Message]:
        return [m for m in self._ephemerals.values() if m.seen_by == user and channel in {None, m.channel}]

    def everything(self, channel: str, user: str) -> list[Message]:
        """List all that a person can click in a channel, newest first: replies and own ephemerals too."""
        seen = [*self._messages.get(channel, {}).values(), *self.ephemerals(user, channel)]
        return sorted(seen, key=lambda message: message.ts, reverse=True)
