"""Keeps the Socket Mode connection up, knows how it is, and says once when it goes down and once when it is back.

Started and stopped by the bot; asked by its readiness probe. Knows nothing of what arrives.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from typing_extensions import override

from commands.core.errors import SystemFailure
from integrations.slack.connection import (
    NETWORK_ERRORS,
    VENDOR_LOG,
    SlackSettings,
    check_ticket,
    failure_of,
    is_loopback,
)

_LOG = logging.getLogger(__name__)

PING_SECONDS = 10.0
HEAL_SECONDS = 5.0
# Slack asks for a new connection every few hours; the moment that takes is not worth a warning.
GRACE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketState:
    """How the connection is; `connections` is Slack's count of them all, ours and others', at the last hello."""

    is_connected: bool
    seconds: float
    connections: int
    hellos: int
    trouble: str = ""


def bolt_app(client: AsyncWebClient, settings: SlackSettings) -> AsyncApp:
    """Make the app that listeners are registered on; it asks Slack nothing before it acknowledges."""

    async def authorize(team_id: str | None = None, **_: Any) -> AuthorizeResult:
        # The token belongs to one team, which `check` has compared. Asking Slack again for each first request would
        # cost the time in which it must be acknowledged.
        return AuthorizeResult(enterprise_id=None, team_id=team_id, bot_token=settings.bot_token)

    return AsyncApp(
        name="slipway",
        client=client,
        logger=VENDOR_LOG,
        authorize=authorize,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        url_verification_enabled=False,
    )


class SlackSocket:
    """The Socket Mode connection.

    Parameters
    ----------
    app
        Made by `bolt_app`, with its listeners registered.
    settings
        Tokens and address; the tickets' addresses are guarded like the address itself.
    ping_seconds, heal_seconds
        How often the connection is tested, and how often a connection that cannot be made gets a new ticket.
    clock
        Seconds that only go forward, for the age of the state and the time before a warning.
    """

    def __init__(
        self,
        app: AsyncApp,
        settings: SlackSettings,
        *,
        ping_seconds: float = PING_SECONDS,
        heal_seconds: float = HEAL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._opener = _Opener(app.client, settings)
        self._settings = settings
        self._ping_seconds, self._heal_seconds = ping_seconds, heal_seconds
        self._clock = clock
        self._client: SocketModeClient | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._is_up, self._since = False, clock()
        self._is_told_down = False
        self._connections = self._hellos = 0

    async def start(self) -> None:
        """Begin to connect and return at once; `state` says when it is connected."""
        handler = AsyncSocketModeHandler(
            self._app,
            self._settings.app_token,
            logger=VENDOR_LOG,
            web_client=self._opener,
            ping_interval=self._ping_seconds,
        )
        self._client = handler.client
        if is_loopback(self._settings.api_url):
            self._client.proxy = None
        self._client.message_listeners.append(self._heard)
        self._since = self._clock()
        self._tasks = [
            asyncio.create_task(_connect(handler), name="slack-connect"),
            asyncio.create_task(self._watch(self._client), name="slack-watch"),
        ]

    async def aclose(self) -> None:
        """Disconnect and forget."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        if self._client is not None:
            await _close(self._client)
            self._client = None
        self._is_up, self._since = False, self._clock()

    @property
    def state(self) -> SocketState:
        return SocketState(
            is_connected=self._is_up,
            seconds=self._clock() - self._since,
            connections=self._connections,
            hellos=self._hellos,
            trouble="" if self._is_up else self._opener.trouble,
        )

    async def _heard(self, _: object, message: dict[str, Any], __: str | None) -> None:
        if message.get("type") != "hello":
            return
        count = message.get("num_connections")
        self._connections = count if isinstance(count, int) else 0
        self._hellos += 1
        self._note(is_up=True)

    async def _watch(self, client: SocketModeClient) -> None:
        """Look again and again; a connection that is not there gets a new ticket.

        The vendor's client dials one ticket for ever, and a ticket is worth one dial: without this, one refused dial
        would be the end.
        """
        while True:
            await asyncio.sleep(self._heal_seconds)
            is_up = await client.is_connected()
            if not is_up:
                client.wss_uri = None
            self._note(is_up=is_up and self._hellos > 0)

    def _note(self, *, is_up: bool) -> None:
        if is_up != self._is_up:
            self._is_up, self._since = is_up, self._clock()
        if is_up and self._is_told_down:
            self._is_told_down = False
            _LOG.warning("Slack is connected again")
        elif not is_up and not self._is_told_down and self._clock() - self._since >= GRACE_SECONDS:
            self._is_told_down = True
            _LOG.warning("Slack is not connected, so commands and clicks do not arrive%s", self._why())

    def _why(self) -> str:
        return f" ({self._opener.trouble})" if self._opener.trouble else ""


class _Opener(AsyncWebClient):
    """The Web API as the socket's client uses it: opens connections, guards their addresses, remembers what failed."""

    def __init__(self, client: AsyncWebClient, settings: SlackSettings) -> None:
        super().__init__(
            token=client.token, base_url=client.base_url, session=client.session, logger=VENDOR_LOG, retry_handlers=[]
        )
        self.proxy = client.proxy
        self._settings = settings
        self.trouble = ""

    @override
    async def apps_connections_open(self, *, app_token: str, **kwargs: Any) -> AsyncSlackResponse:
        try:
            answer = await super().apps_connections_open(app_token=app_token, **kwargs)
            check_ticket(answer.get("url"), self._settings)
        except SystemFailure as failure:
            self.trouble = failure.message
            raise
        except (SlackApiError, *NETWORK_ERRORS) as error:
            self.trouble = failure_of(error, "apps.connections.open").message
            raise
        self.trouble = ""
        return answer


async def _connect(handler: AsyncSocketModeHandler) -> None:
    await handler.connect_async()  # type: ignore[no-untyped-call]  # the vendor's method has no annotations


async def _close(client: SocketModeClient) -> None:
    """Close the client and wait for what it started, which it does not do itself."""
    running = [client.message_processor, client.message_receiver, client.current_session_monitor]
    await client.close()  # type: ignore[no-untyped-call]  # the vendor's method has no annotations
    await asyncio.gather(*(task for task in running if task is not None), return_exceptions=True)
    await client.aiohttp_client_session.close()
