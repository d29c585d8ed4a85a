"""The way to Slack's Web API: its settings, the guarded address, the HTTP session, the client and its failures.

Used by the chat, the socket and the check. Turns every vendor's exception into ours; shows no token and no payload.
"""

import ipaddress
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from commands.core.errors import Permanent, SystemFailure, Temporary

SYSTEM = "Slack"
DEFAULT_API_URL = "https://slack.com/api/"
_TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
_SERVER_ERROR = 500
_TOO_MANY = 429
_LATER = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
_REMEDIES = {
    "not_in_channel": "invite the app to the channel",
    "channel_not_found": "check the channel's name, and invite the app if it is private",
    "is_archived": "the channel is archived: name another one",
    "message_not_found": "the message was deleted",
    "thread_not_found": "the message was deleted",
    "missing_scope": "add the missing scope and reinstall the app",
    "invalid_auth": "check the token in the settings",
    "not_authed": "check the token in the settings",
    "token_revoked": "reinstall the app and put its new token into the settings",
    "account_inactive": "reinstall the app and put its new token into the settings",
}
NETWORK_ERRORS = (aiohttp.ClientError, TimeoutError, OSError)

# The vendors' loggers print whole payloads, tokens and connection tickets; what matters of it is said by ours.
VENDOR_LOG = logging.getLogger(f"{__name__}.vendor")
VENDOR_LOG.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """What Slack needs: both tokens and the id of the team that the bot serves."""

    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    team: str
    api_url: str = DEFAULT_API_URL


def new_session() -> aiohttp.ClientSession:
    """Make the one HTTP session for all calls; whoever makes it closes it."""
    return aiohttp.ClientSession(timeout=_TIMEOUT)


def web_client(settings: SlackSettings, session: aiohttp.ClientSession) -> AsyncWebClient:
    """Make the Web API client; it repeats nothing by itself, because only we know what may be repeated.

    Raises
    ------
    Permanent
        The address is neither Slack's nor a loopback one.
    """
    url = guarded(settings.api_url, schemes=("https", "http"))
    client = AsyncWebClient(
        token=settings.bot_token, base_url=url, session=session, logger=VENDOR_LOG, retry_handlers=[]
    )
    if is_loopback(url):
        # A proxy of the environment cannot reach this machine's own addresses.
        client.proxy = None
    return client


def guarded(url: str, *, schemes: tuple[str, str]) -> str:
    """Return an address that may be trusted with a token: Slack's, encrypted, or a loopback one.

    `schemes` are the encrypted and the plain one, such as https and http. Hosts must be literal addresses of the
    loopback network or `localhost`, so that no name server decides where a token goes.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    is_slack = parts.scheme == schemes[0] and (host == "slack.com" or host.endswith(".slack.com"))
    if parts.username or not (is_slack or (parts.scheme in schemes and is_loopback(url))):
        shown = f"{parts.scheme}://{host}" if host else "the address"
        raise Permanent(
            SYSTEM,
            f"{shown} is not an address of Slack: use {schemes[0]} and a host under slack.com, or a loopback address",
        )
    return url if url.endswith("/") or schemes[0] != "https" else f"{url}/"


def check_ticket(url: object, settings: SlackSettings) -> None:
    """Refuse the address of a Socket Mode connection that leads anywhere but to where the Web API is.

    Raises
    ------
    Permanent
        It is neither Slack's nor, when the Web API is a loopback one, a loopback address.
    """
    address = guarded(str(url), schemes=("wss", "ws"))
    if is_loopback(address) != is_loopback(settings.api_url):
        raise Permanent(SYSTEM, "apps.connections.open: the connection leads elsewhere than the Web API")


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def failure_of(error: Exception, what: str) -> SystemFailure:
    """Translate what a call raised; `what` says which call on which object, without payload."""
    if isinstance(error, SlackApiError):
        return _from_answer(error, what)
    if isinstance(error, TimeoutError):
        return Temporary(SYSTEM, f"{what}: no answer in time")
    if isinstance(error, aiohttp.ClientError | OSError | SlackClientError):
        return Temporary(SYSTEM, f"{what}: no connection ({type(error).__name__})")
    return Temporary(SYSTEM, f"{what}: {type(error).__name__}")


def _from_answer(error: SlackApiError, what: str) -> SystemFailure:
    status, code = status_of(error), code_of(error)
    if status == _TOO_MANY or status >= _SERVER_ERROR or code in _LATER:
        return Temporary(SYSTEM, f"{what}: {code or f'HTTP {status}'}", retry_after=retry_after(error))
    if not code:
        return Temporary(SYSTEM, f"{what}: HTTP {status} without a readable answer")
    remedy = f" ({_REMEDIES[code]})" if code in _REMEDIES else ""
    return Permanent(SYSTEM, f"{what}: {code}{remedy}")


def status_of(error: SlackApiError) -> int:
    status = getattr(error.response, "status_code", None) or getattr(error.response, "status", None)
    return status if isinstance(status, int) else 0


def code_of(error: SlackApiError) -> str:
    """Return Slack's error code; empty where the answer was not Slack's."""
    data: Any = getattr(error.response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    return code[:80] if isinstance(code, str) and code.replace("_", "").replace("-", "").isalnum() else ""


def retry_after(error: SlackApiError) -> timedelta | None:
    headers = getattr(error.response, "headers", None) or {}
    value = next((value for key, value in headers.items() if key.lower() == "retry-after"), None)
    return timedelta(seconds=int(value)) if isinstance(value, str) and value.isdigit() else None
