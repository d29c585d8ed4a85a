"""The one place that believes what Slack sends: bodies become typed Invocations, Clicks and Submissions, or None.

Called by the listeners. Strict: whatever is not exactly as documented is refused with a log line that shows none of
it. No address to answer at is kept: answers go through the Web API.
"""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from commands.core.acts import GATE_LENGTH
from commands.core.model import ChatUser
from commands.core.requests import Look, LookRequest

_LOG = logging.getLogger(__name__)

Body = Mapping[str, Any]

_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_TEAM = re.compile(r"[TE][A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,20}")
_STAMP = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")
_TRIGGER = re.compile(r"[\x21-\x7e]{1,200}")
_COMMAND = re.compile(r"/[a-z0-9_-]{1,31}")
_NAME = re.compile(r"[\x21-\x7e]{1,255}")
_VALUE = re.compile(
    rf"(?:(?P<action>[a-z]{{1,20}}):)?(?P<deployment>[A-Za-z0-9_-]{{1,64}}):(?P<gate>[0-9a-f]{{{GATE_LENGTH}}})"
)
_LOOK = re.compile(rf"(?P<look>{'|'.join(Look)}):(?P<deployment>[A-Za-z0-9_-]{{1,64}})")
_TEXT_LIMIT = 12_000
_VALUE_LIMIT = 2_000
_METADATA_LIMIT = 3_000
_SLACKBOT = "USLACKBOT"
_BOT_MARKS = ("bot_id", "bot_profile", "subtype")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A slash command as typed; `key` is the same for the same command only."""

    key: str
    user: ChatUser
    channel: str
    command: str
    text: str
    trigger: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A pressed button, or the value that was chosen of a menu; `ts` is the message it is on."""

    key: str
    user: ChatUser
    channel: str
    ts: str
    action: str
    value: str
    trigger: str
    is_ephemeral: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A submitted form; `values` maps action ids to what was entered or chosen."""

    key: str
    user: ChatUser
    callback: str
    metadata: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Target:
    """What the value of a card's button names: a deployment and the gate that was seen.

    In a menu it names the act too; a button has it in its own name.
    """

    deployment: str
    gate: str
    action: str = ""


class _Malformed(Exception):
    """A field is missing or not as documented; the message names the field only."""


Payload = TypeVar("Payload")


def invocation(body: Body) -> Invocation | None:
    """Read a slash command."""
    return _read("slash command", _invocation, body)


def click(body: Body) -> Click | None:
    """Read a block_actions body."""
    return _read("click", _click, body)


def submission(body: Body) -> Submission | None:
    """Read a view_submission body."""
    return _read("form", _submission, body)


def target(value: str) -> Target | None:
    """Read the value of a card's button; it is a hint where to look, never a permission."""
    found = _VALUE.fullmatch(value)
    return Target(found["deployment"], found["gate"], found["action"] or "") if found else None


def look(value: str) -> LookRequest | None:
    """Read the value of what only reads on a card; whose deployment it names is looked up."""
    found = _LOOK.fullmatch(value)
    return LookRequest(look=Look(found["look"]), deployment=found["deployment"]) if found else None


def channel(metadata: str) -> str:
    """Read the channel that a form was opened from; empty where it names none."""
    return metadata if _CHANNEL.fullmatch(metadata) else ""


def _read(kind: str, reader: Callable[[Body], Payload], body: object) -> Payload | None:
    try:
        return reader(_inner({"body": body}, "body"))
    except _Malformed as error:
        _LOG.warning("a %s from Slack was dropped: its field %s is not as documented", kind, error)
        return None


def _invocation(body: Body) -> Invocation:
    _refuse_bots(body)
    trigger = _match(body, "trigger_id", _TRIGGER)
    workspace = _match(body, "team_id", _TEAM)
    return Invocation(
        key=f"command:{trigger}",
        user=ChatUser(id=_human(body, "user_id"), team=_optional(body, "user_team_id", _TEAM) or workspace),
        channel=_match(body, "channel_id", _CHANNEL),
        command=_match(body, "command", _COMMAND),
        text=_string(body, "text", _TEXT_LIMIT),
        trigger=trigger,
    )


def _click(body: Body) -> Click:
    _refuse_bots(body)
    container, action = _inner(body, "container"), _only_action(body)
    user, trigger = _user(body), _optional(body, "trigger_id", _TRIGGER)
    ts, name = _match(container, "message_ts", _STAMP), _match(action, "action_id", _NAME)
    stamp = _match(action, "action_ts", _STAMP)
    return Click(
        key=f"click:{trigger}" if trigger else f"click:{ts}:{name}:{user.id}:{stamp}",
        user=user,
        channel=_match(container, "channel_id", _CHANNEL),
        ts=ts,
        action=name,
        value=_string(_chosen(action), "value", _VALUE_LIMIT),
        trigger=trigger,
        is_ephemeral=container.get("is_ephemeral") is True,
    )


def _chosen(action: Body) -> Body:
    """Return what has the value: the button itself, or the option that was chosen of a menu."""
    return _inner(action, "selected_option") if action.get("type") == "overflow" else action


def _submission(body: Body) -> Submission:
    _refuse_bots(body)
    view = _inner(body, "view")
    return Submission(
        key=f"view:{_match(view, 'id', _NAME)}:{_match(view, 'hash', _NAME)}",
        user=_user(body),
        callback=_match(view, "callback_id", _NAME),
        metadata=_string(view, "private_metadata", _METADATA_LIMIT),
        values=tuple(_values(_inner(_inner(view, "state"), "values"))),
    )


def _values(blocks: Body) -> list[tuple[str, str]]:
    elements = [(_inner(blocks, block), name) for block in blocks for name in _inner(blocks, block)]
    return [(str(name), _entered(_inner(block, name))) for block, name in elements]


def _entered(element: Body) -> str:
    option = element.get("selected_option")
    value = option.get("value") if isinstance(option, Mapping) else element.get("value")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _METADATA_LIMIT:
        raise _Malformed("value")
    return value


def _refuse_bots(body: Body) -> None:
    """Refuse what another program says: only people have rights."""
    for mark in _BOT_MARKS:
        if body.get(mark):
            raise _Malformed(mark)


def _user(body: Body) -> ChatUser:
    """Read who clicked; the team is the person's own, which is another one in a shared channel."""
    user = _inner(body, "user")
    if user.get("is_bot"):
        raise _Malformed("user.is_bot")
    return ChatUser(id=_human(user, "id"), team=_match(user, "team_id", _TEAM))


def _human(holder: Body, name: str) -> str:
    user = _match(holder, name, _USER)
    if user == _SLACKBOT:
        raise _Malformed(name)
    return user


def _only_action(body: Body) -> Body:
    actions = body.get("actions")
    if not isinstance(actions, list) or len(actions) != 1 or not isinstance(actions[0], Mapping):
        raise _Malformed("actions")
    return actions[0]


def _inner(holder: Body, name: str) -> Body:
    value = holder.get(name)
    if not isinstance(value, Mapping):
        raise _Malformed(name)
    return value


def _match(holder: Body, name: str, pattern: re.Pattern[str]) -> str:
    value = holder.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _Malformed(name)
    return value


def _optional(holder: Body, name: str, pattern: re.Pattern[str]) -> str:
    return _match(holder, name, pattern) if holder.get(name) is not None else ""


def _string(holder: Body, name: str, limit: int) -> str:
    value = holder.get(name, "")
    if not isinstance(value, str) or len(value) > limit:
        raise _Malformed(name)
    return value
