"""The modals that people have open and their home tabs: stacks of at most three views, hashes, submitted values.

Used by `views.*` of the Web API and by the people's acts on a modal. It sends nothing to anybody.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from playground.slack.limits import check_view
from playground.slack.model import TEAM_ID, SlackError
from playground.slack.workspace import with_ids

if TYPE_CHECKING:
    from playground.slack.changes import Changes
    from playground.slack.model import App, Obj

STACK = 3
ASKED_FOR = ("type", "title", "submit", "close", "callback_id", "external_id", "private_metadata", "notify_on_close")


class Views:
    """Each person's stack of open modals, the top one last, and home tab."""

    def __init__(self, app: App, changes: Changes) -> None:
        self._app = app
        self._changes = changes
        self._stacks: dict[str, list[Obj]] = {}
        self._homes: dict[str, Obj] = {}

    def open_by(self, user: str) -> list[Obj]:
        return self._stacks.setdefault(user, [])

    def home(self, user: str) -> Obj | None:
        return self._homes.get(user)

    def open(self, user: str, wanted: Obj) -> Obj:
        """Open a first modal; one that was open before is put away, as Slack's client does."""
        view = self._made(wanted)
        self._stacks[user] = [view]
        return self._changed(user, view)

    def push(self, user: str, wanted: Obj) -> Obj:
        stack = self.open_by(user)
        if len(stack) >= STACK:
            raise SlackError("push_limit_reached")
        below = stack[-1] if stack else None
        view = self._made(wanted)
        if below:
            view |= {"previous_view_id": below["id"], "root_view_id": below["root_view_id"]}
        stack.append(view)
        return self._changed(user, view)

    def update(self, old: Obj, wanted: Obj) -> Obj:
        """Replace an open view; its id stays and its hash is new."""
        user, index = self._place(old["id"])
        kept = {name: old[name] for name in ("id", "root_view_id", "previous_view_id")}
        view = self._made(wanted) | kept
        self._stacks[user][index] = view
        return self._changed(user, view)

    def publish(self, user: str, wanted: Obj, view_hash: str | None = None) -> Obj:
        old = self._homes.get(user)
        if old and view_hash and view_hash != old["hash"]:
            raise SlackError("hash_conflict")
        view = self._made(wanted) | ({"id": old["id"]} if old else {})
        self._homes[user] = view
        return self._changed(user, view)

    def find(self, *, view_id: str | None = None, external_id: str | None = None, view_hash: str | None = None) -> Obj:
        """Find an open view by either id, and refuse when the caller saw another state of it."""
        for view in (view for stack in self._stacks.values() for view in stack):
            if (view_id and view["id"] == view_id) or (external_id and view["external_id"] == external_id):
                if view_hash and view_hash != view["hash"]:
                    raise SlackError("hash_conflict")
                return view
        raise SlackError("not_found" if external_id else "view_not_found")

    def close(self, user: str, view: Obj | None = None) -> None:
        """Take one view off a person's stack, or with none named all of them."""
        self._stacks[user] = [v for v in self.open_by(user) if view and v["id"] != view["id"]]
        self._changes.record("view", user=user)

    def _place(self, view_id: str) -> tuple[str, int]:
        for user, stack in self._stacks.items():
            for index, view in enumerate(stack):
                if view["id"] == view_id:
                    return user, index
        raise SlackError("view_not_found")

    def _changed(self, user: str, view: Obj) -> Obj:
        self._changes.record("view", user=user, view=view["id"])
        return view

    def _made(self, wanted: Any) -> Obj:
        check_view(wanted)
        view_id = f"V0{secrets.token_hex(5).upper()}"
        return {
            "id": view_id,
            "root_view_id": view_id,
            "previous_view_id": None,
            "team_id": TEAM_ID,
            "app_id": self._app.app_id,
            "bot_id": self._app.bot_id,
            "hash": f"{int(time.time())}.{secrets.token_hex(4)}",
            "state": {"values": {}},
            **{name: wanted.get(name) for name in ASKED_FOR},
            "callback_id": wanted.get("callback_id") or "",
            "external_id": wanted.get("external_id") or "",
            "private_metadata": wanted.get("private_metadata") or "",
            "blocks": list(with_ids(wanted["blocks"])),
        }
