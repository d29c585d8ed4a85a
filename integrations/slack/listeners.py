"""Registers listeners on Bolt's app: acknowledge, believe, make room, hand over.

Called by the bot's wiring with handlers that take typed payloads. Registers exact names only: a catch-all listener
would also run for whatever another one acknowledged too late.
"""

import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slack_bolt.async_app import AsyncAck, AsyncApp

from commands.core.ports import Chat
from commands.core.reasons import Notice, ReasonCode
from integrations.slack import payloads
from integrations.slack.gate import Gate
from integrations.slack.notices import CHOICE_PREFIX, CONFIRM_PREFIX
from integrations.slack.payloads import Click, Invocation, Submission

_LOG = logging.getLogger(__name__)

CHOICE = re.compile(rf"(?:{re.escape(CHOICE_PREFIX)}|{re.escape(CONFIRM_PREFIX)})[0-9]{{1,2}}")
"""The action ids of the buttons under a notice; to be registered as one action."""

_ANSWERS_AT_ONCE = 16
_ERROR_ID_BYTES = 4

Received = Invocation | Click | Submission
Payload = TypeVar("Payload", Invocation, Click, Submission)
Handler = Callable[[Payload], Awaitable[None]]
_Listener = Callable[..., Awaitable[None]]


@dataclass(slots=True)
class Answers:
    """What people hear when no handler can answer them; a few at once, because a flood must not become ours."""

    chat: Chat
    _sending: int = field(default=0)

    async def say(self, payload: Received, notice: Notice) -> None:
        """Whisper to whoever sent the payload; what cannot be said is logged."""
        if self._sending >= _ANSWERS_AT_ONCE:
            _LOG.warning("a request was dropped without an answer: too many at once")
            return
        channel = payload.user.id if isinstance(payload, Submission) else payload.channel
        self._sending += 1
        try:
            await self.chat.whisper(channel=channel, user=payload.user.id, notice=notice)
        except Exception as error:  # noqa: BLE001  # the last place: there is nobody left to tell
            _LOG.warning("an answer could not be given: %s", type(error).__name__)
        finally:
            self._sending -= 1


def register(
    app: AsyncApp,
    *,
    commands: Mapping[str, Handler[Invocation]],
    actions: Mapping[str | re.Pattern[str], Handler[Click]],
    views: Mapping[str, Handler[Submission]],
    chat: Chat,
    gate: Gate | None = None,
) -> None:
    """Connect handlers to slash commands, action ids and callback ids.

    A handler runs after the acknowledgement, inside the gate. When there is no room, or when it raises, the person
    gets OVERLOADED or INTERNAL with an error id, and the log has the trace under the same id.
    """
    answers, room = Answers(chat), gate or Gate()
    for command, on_command in commands.items():
        app.command(command)(_listener(payloads.invocation, on_command, answers, room))
    for action, on_action in actions.items():
        matcher = action if isinstance(action, str) else re.compile(rf"\A(?:{action.pattern})\Z")
        app.action(matcher)(_listener(payloads.click, on_action, answers, room))
    for callback, on_view in views.items():
        app.view(callback)(_listener(payloads.submission, on_view, answers, room))


def _listener(
    read: Callable[[Mapping[str, Any]], Payload | None], handler: Handler[Payload], answers: Answers, gate: Gate
) -> _Listener:
    async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        payload = read(body)
        if payload is not None:
            await _hand_over(payload, handler, answers, gate)

    return listen


async def _hand_over(payload: Payload, handler: Handler[Payload], answers: Answers, gate: Gate) -> None:
    async with gate.enter() as has_room:
        if not has_room:
            notice = Notice(code=ReasonCode.OVERLOADED)
        else:
            try:
                await handler(payload)
            except Exception:  # noqa: BLE001  # the backstop of every handler: a person is never left unanswered
                error = secrets.token_hex(_ERROR_ID_BYTES)
                _LOG.exception("a handler failed, error id %s", error)
                notice = Notice(code=ReasonCode.INTERNAL, facts={"error": error})
            else:
                return
    await answers.say(payload, notice)
