"""What a workspace consists of: people, channels, messages, the app, and the error that Slack's API answers with.

Used by every other module of this package. Plain data: it knows no server and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Obj = dict[str, Any]

TEAM_ID = "T0SLIPWAY"
TEAM_DOMAIN = "slipway"
SLACKBOT = "USLACKBOT"


class SlackError(Exception):
    """An answer of Slack's API with `ok: false`; `code` is Slack's own error code."""

    def __init__(self, code: str, *, status: int = 200, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.extra = dict(extra or {})

    def to_answer(self) -> Obj:
        return {"ok": False, "error": self.code, **self.extra}


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the workspace; `title` says in one line what the person may do, for the page's switcher."""

    id: str
    name: str
    title: str = ""
    real_name: str = ""
    email: str = ""

    def to_slack(self) -> Obj:
        profile = {"real_name": self.real_name or self.name, "display_name": self.name, "email": self.address}
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "name": self.name,
            "real_name": profile["real_name"],
            "deleted": False,
            "is_bot": False,
            "tz": "Etc/UTC",
            "tz_offset": 0,
            "locale": "en-US",
            "profile": {**profile, "team": TEAM_ID},
        }

    @property
    def address(self) -> str:
        return self.email or f"{self.name}@example.com"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, or with `member` the app's direct messages with that person."""

    id: str
    name: str
    topic: str = ""
    has_bot: bool = True
    member: str | None = None

    @property
    def is_im(self) -> bool:
        return self.member is not None

    def to_slack(self) -> Obj:
        if self.is_im:
            return {"id": self.id, "is_im": True, "is_channel": False, "user": self.member, "is_archived": False}
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": True,
            "is_im": False,
            "is_private": False,
            "is_archived": False,
            "is_member": self.has_bot,
            "topic": {"value": self.topic},
            "purpose": {"value": self.topic},
        }


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command of the app's manifest."""

    name: str
    hint: str = ""
    description: str = ""


COMMANDS = (
    Command("/deploy", "<app> <version> [strategy] [to <environment>]", "Deploy a version of an app"),
    Command("/rollout", "status|promote|abort|rollback <app> [environment]", "See and steer what is rolling out"),
)


@dataclass(frozen=True, slots=True)
class App:
    """The one app installed in the workspace: its identity, its tokens and what its manifest registers."""

    bot_token: str = "xoxb-demo"  # noqa: S105 -- the stand-in's own token opens nothing
    app_token: str = "xapp-demo"  # noqa: S105 -- same
    name: str = "Slipway"
    app_id: str = "A0SLIPWAY"
    bot_id: str = "B0SLIPWAY"
    bot_user: str = "U0SLIPWAY"
    commands: tuple[Command, ...] = COMMANDS
    should_escape: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message in a channel or thread; `seen_by` makes it an ephemeral that only that person sees."""

    ts: str
    channel: str
    user: str
    text: str = ""
    blocks: tuple[Obj, ...] = ()
    thread_ts: str | None = None
    broadcast: bool = False
    bot_id: str | None = None
    seen_by: str | None = None
    edits: int = 0
    edited_ts: str | None = None
    files: tuple[Obj, ...] = ()
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metadata: Obj | None = None

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    def to_slack(self, app: App) -> Obj:
        """Give the message as the Web API and the interaction payloads show it."""
        body: Obj = {"type": "message", "user": self.user, "ts": self.ts, "team": TEAM_ID, "text": self.text}
        if self.bot_id:
            body |= {"bot_id": self.bot_id, "app_id": app.app_id}
        optional = {
            "blocks": list(self.blocks),
            "thread_ts": self.thread_ts,
            "files": list(self.files),
            "metadata": self.metadata,
            "subtype": "thread_broadcast" if self.broadcast else None,
            "edited": {"user": self.user, "ts": self.edited_ts} if self.edited_ts else None,
            "reactions": [{"name": n, "users": list(u), "count": len(u)} for n, u in self.reactions.items()],
        }
        return body | {name: value for name, value in optional.items() if value}
