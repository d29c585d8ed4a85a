"""Cards, threads, private answers and the form over Slack's Web API: implements the port Chat.

Built by the wiring, used by verbs and the worker. Translates; whether to say a thing again is decided elsewhere.
"""

import asyncio
import hashlib
import logging
from datetime import timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from commands.core.card import Card
from commands.core.errors import Permanent, SystemFailure, Temporary
from commands.core.form import Form
from commands.core.model import CardRef
from commands.core.reasons import Milestone, Notice
from integrations.slack import card as cards
from integrations.slack import form as forms
from integrations.slack import milestones, notices
from integrations.slack.blocks import Message
from integrations.slack.connection import NETWORK_ERRORS, SYSTEM, code_of, failure_of, status_of
from integrations.slack.throttle import Throttle

_LOG = logging.getLogger(__name__)

_UPDATE, _POST, _WHISPER = "chat.update", "chat.postMessage", "chat.postEphemeral"
_OPEN = "views.open"
_WHO = "auth.test"
# Calls whose repetition changes nothing. A post that was perhaps received would be there twice.
_SAFE = frozenset({_UPDATE})
# A trigger lives for seconds: whoever has to wait for another try is better answered in another way.
_AT_ONCE = frozenset({_OPEN})
_PAUSES = (0.3, 1.0)
_LONGEST_PAUSE = timedelta(seconds=5)
_TOO_MANY = 429
# The app cannot whisper where it is not: the person is told in their own direct messages instead.
_NOT_THERE = frozenset({"not_in_channel", "channel_not_found", "user_not_in_channel", "is_archived"})
# Nothing that stands in a text becomes a link, a mention or a picture by itself.
_LITERAL = {"parse": "none", "link_names": False}
_NO_PREVIEW = {"unfurl_links": False, "unfurl_media": False}


class SlackChat:
    """Implements Chat.

    Parameters
    ----------
    client
        Made by `connection.web_client`; its session is shared and is closed by `aclose`.
    throttle
        Spaces the calls out; its clock is replaced in tests.
    """

    def __init__(self, client: AsyncWebClient, *, throttle: Throttle | None = None) -> None:
        self._client = client
        self._throttle = throttle or Throttle()
        self._home = ""

    async def post(self, channel: str, card: Card) -> CardRef:
        message = cards.render(card)
        answer = await self._call(_POST, channel, channel=channel, **_arguments(message), **_NO_PREVIEW)
        return CardRef(channel=_field(answer, "channel"), ts=_field(answer, "ts"), sent=_hash(message))

    async def update(self, ref: CardRef, card: Card) -> CardRef:
        message = cards.render(card)
        await self._call(_UPDATE, ref.channel, channel=ref.channel, ts=ref.ts, **_arguments(message))
        return CardRef(channel=ref.channel, ts=ref.ts, sent=_hash(message))

    async def say(self, ref: CardRef, milestone: Milestone) -> None:
        message = milestones.render(milestone)
        await self._call(
            _POST,
            ref.channel,
            channel=ref.channel,
            thread_ts=ref.ts,
            reply_broadcast=milestone.is_broadcast,
            **_arguments(message),
            **_NO_PREVIEW,
        )

    async def whisper(self, *, channel: str, user: str, notice: Notice) -> None:
        home = await self._address() if notices.has_cards(notice) else ""
        arguments = _arguments(notices.render(notice, home=home))
        try:
            await self._request(_WHISPER, channel, channel=channel, user=user, **arguments)
        except SlackApiError as error:
            if code_of(error) not in _NOT_THERE:
                raise failure_of(error, f"{_WHISPER} to {channel}") from error
            await self._call(_POST, user, channel=user, **arguments, **_NO_PREVIEW)

    async def open_form(self, *, trigger: str, channel: str, form: Form) -> None:
        view = forms.render(form, channel=channel)
        await self._call(_OPEN, channel, trigger_id=trigger, view=view)

    def digest(self, card: Card) -> str:
        return digest_of(card)

    async def aclose(self) -> None:
        if self._client.session is not None:
            await self._client.session.close()

    async def _address(self) -> str:
        """Return the workspace's own address, asked for once; an answer does not fail for want of links."""
        if not self._home:
            try:
                found = (await self._call(_WHO, "")).get("url")
            except SystemFailure as failure:
                _LOG.warning("lists have no links to cards: %s", failure.message)
                return ""
            self._home = found if isinstance(found, str) and found.endswith("/") else ""
        return self._home

    async def _call(self, method: str, place: str, **arguments: Any) -> AsyncSlackResponse:
        try:
            return await self._request(method, place, **arguments)
        except SlackApiError as error:
            raise failure_of(error, f"{method} to {place}") from error

    async def _request(self, method: str, place: str, **arguments: Any) -> AsyncSlackResponse:
        """Call until it works or must not be tried again; raises Slack's refusals and our own network failures."""
        for pause in (*_PAUSES, None):
            await self._throttle.wait(method, place)
            try:
                return await self._client.api_call(method, json=arguments)
            except SlackApiError as error:
                wait = self._wait_after(error, method, place, pause)
                if wait is None:
                    raise
            except NETWORK_ERRORS as error:
                if pause is None or not _is_repeatable(error, method):
                    raise failure_of(error, f"{method} to {place}") from error
                wait = pause
            await self._throttle.sleep(wait)
        raise AssertionError  # The last round returns or raises.

    def _wait_after(self, error: SlackApiError, method: str, place: str, pause: float | None) -> float | None:
        """Return how long to wait before another try; None where there is none."""
        failure: SystemFailure = failure_of(error, method)
        if method in _AT_ONCE or not isinstance(failure, Temporary):
            return None
        if status_of(error) != _TOO_MANY:
            return pause if method in _SAFE else None
        wait = failure.retry_after or timedelta(seconds=1)
        self._throttle.hold(method, place, seconds=wait.total_seconds())
        return None if pause is None or wait > _LONGEST_PAUSE else 0.0


def _is_repeatable(error: Exception, method: str) -> bool:
    """Say whether a lost connection may be followed by the same call: a refused one carried nothing to Slack."""
    if isinstance(error, asyncio.TimeoutError):
        return False
    return method in _SAFE or isinstance(error, aiohttp.ClientConnectorError)


def digest_of(card: Card) -> str:
    """Return the hash of the message that a card is drawn as."""
    return _hash(cards.render(card))


def _hash(message: Message) -> str:
    return hashlib.sha256(message.to_json().encode()).hexdigest()


def _arguments(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": list(message.blocks), **_LITERAL}


def _field(answer: AsyncSlackResponse, name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise Permanent(SYSTEM, f"{_POST}: the answer has no {name}")
    return value
