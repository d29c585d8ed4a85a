"""Tries Slack before anything depends on it: both tokens, the team and the scopes. Called by `slipway check`."""

from collections.abc import AsyncIterator

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from commands.core.errors import SystemFailure
from commands.core.finding import Finding
from integrations.slack.connection import NETWORK_ERRORS, SlackSettings, check_ticket, failure_of

SCOPES = frozenset({"commands", "chat:write"})
_TOKEN, _SOCKET, _SCOPES = "Slack bot token", "Slack Socket Mode", "Slack scopes"


async def check(client: AsyncWebClient, settings: SlackSettings) -> tuple[Finding, ...]:
    """Try everything and report on each; raises nothing that Slack or the network may cause."""
    return tuple([finding async for finding in _findings(client, settings)])


async def _findings(client: AsyncWebClient, settings: SlackSettings) -> AsyncIterator[Finding]:
    try:
        answer = await client.auth_test()
    except (SlackApiError, *NETWORK_ERRORS) as error:
        reason = failure_of(error, "auth.test").message
        advice = "the settings need the app's bot token (xoxb-); reinstall the app if its token was revoked"
        yield Finding(subject=_TOKEN, is_ok=False, message=f"{reason}; {advice}")
    else:
        yield _team(answer, settings)
        yield _scopes(answer)
    yield await _socket(client, settings)


def _team(answer: AsyncSlackResponse, settings: SlackSettings) -> Finding:
    found = str(answer.get("team_id"))
    if found != settings.team:
        message = f"the bot token belongs to team {found}, the settings say {settings.team}: correct one of them"
        return Finding(subject=_TOKEN, is_ok=False, message=message)
    return Finding(subject=_TOKEN, is_ok=True, message=f"the token belongs to {answer.get('user')} in team {found}")


def _scopes(answer: AsyncSlackResponse) -> Finding:
    header = next((value for name, value in answer.headers.items() if name.lower() == "x-oauth-scopes"), None)
    if not isinstance(header, str):
        return Finding(
            subject=_SCOPES, is_ok=True, message="Slack did not say which scopes the bot has, so they were not checked"
        )
    missing = SCOPES - {scope.strip() for scope in header.split(",")}
    if missing:
        names = " and ".join(sorted(missing))
        return Finding(
            subject=_SCOPES,
            is_ok=False,
            message=f"the bot lacks {names}: add under OAuth & Permissions and reinstall the app",
        )
    return Finding(subject=_SCOPES, is_ok=True, message="the bot has the scopes it needs")


async def _socket(client: AsyncWebClient, settings: SlackSettings) -> Finding:
    try:
        answer = await client.apps_connections_open(app_token=settings.app_token)
        check_ticket(answer.get("url"), settings)
    except SystemFailure as failure:
        return Finding(subject=_SOCKET, is_ok=False, message=failure.message)
    except (SlackApiError, *NETWORK_ERRORS) as error:
        reason = failure_of(error, "apps.connections.open").message
        advice = "the settings need an app-level token (xapp-) with connections:write, and Socket Mode must be on"
        return Finding(subject=_SOCKET, is_ok=False, message=f"{reason}; {advice}")
    return Finding(subject=_SOCKET, is_ok=True, message="Slack gives out connections")
