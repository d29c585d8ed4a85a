from collections.abc import AsyncIterator

import pytest

from commands.core.finding import Finding
from integrations.slack.check import check
from integrations.slack.connection import new_session, web_client
from tests.integrations.slack.server import APP_TOKEN, BOT_TOKEN, Answer, Slack, drop, error, ok, page, slack_server

WHO = {"team_id": "T0SLIPWAY", "user": "slipway"}


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with slack_server() as server:
        yield server


async def findings(slack: Slack) -> dict[str, Finding]:
    async with new_session() as session:
        found = await check(web_client(slack.settings, session), slack.settings)
    return {finding.subject: finding for finding in found}


async def test_all_is_well(slack: Slack) -> None:
    slack.answers["auth.test"] = [ok(WHO, **{"X-OAuth-Scopes": "commands,chat:write,users:read"})]
    found = await findings(slack)
    assert [finding.is_ok for finding in found.values()] == [True, True, True]
    assert found["Slack bot token"].message == "the token belongs to slipway in team T0SLIPWAY"
    assert slack.tokens == [f"Bearer {BOT_TOKEN}", f"Bearer {APP_TOKEN}"]


async def test_scopes_that_slack_does_not_tell_are_said_to_be_unchecked(slack: Slack) -> None:
    slack.answers["auth.test"] = [ok(WHO)]
    scopes = (await findings(slack))["Slack scopes"]
    assert scopes.is_ok
    assert "not checked" in scopes.message


async def test_missing_scopes_are_named(slack: Slack) -> None:
    slack.answers["auth.test"] = [ok(WHO, **{"X-OAuth-Scopes": "users:read"})]
    scopes = (await findings(slack))["Slack scopes"]
    assert not scopes.is_ok
    assert "lacks chat:write and commands: add under OAuth & Permissions" in scopes.message


async def test_token_of_another_team_is_told(slack: Slack) -> None:
    slack.answers["auth.test"] = [ok({**WHO, "team_id": "T0OTHER"})]
    token = (await findings(slack))["Slack bot token"]
    assert not token.is_ok
    assert "T0OTHER" in token.message
    assert "T0SLIPWAY" in token.message


@pytest.mark.parametrize("answer", [error("invalid_auth"), page(500), drop])
async def test_bad_token_and_bad_line_say_how_to_mend_it(slack: Slack, answer: Answer) -> None:
    slack.answers["auth.test"] = [answer]
    found = await findings(slack)
    assert not found["Slack bot token"].is_ok
    assert "xoxb-" in found["Slack bot token"].message
    assert found["Slack Socket Mode"].is_ok


@pytest.mark.parametrize("answer", [error("invalid_auth"), error("not_allowed_token_type"), page(502), drop])
async def test_socket_mode_that_is_off_says_how_to_mend_it(slack: Slack, answer: Answer) -> None:
    slack.answers["auth.test"] = [ok(WHO)]
    slack.answers["apps.connections.open"] = [answer]
    socket = (await findings(slack))["Slack Socket Mode"]
    assert not socket.is_ok
    assert "connections:write" in socket.message


async def test_connection_that_leads_elsewhere_is_a_finding(slack: Slack) -> None:
    slack.answers["auth.test"] = [ok(WHO)]
    slack.ticket_url = "wss://slack.com.evil.example.com/link"
    socket = (await findings(slack))["Slack Socket Mode"]
    assert not socket.is_ok
    assert "is not an address of Slack" in socket.message
