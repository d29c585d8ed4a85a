"""What the bot logs has no secret in it, however it got there, and a record is one line."""

import logging
from typing import NoReturn

import pytest

from bot import settings
from bot.logs import OneLine
from tests import planted
from tests.bot.settings_given import REQUIRED

KINDS = planted.every_kind()


def record(message: str, *arguments: object, error: Exception | None = None) -> logging.LogRecord:
    trace = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("bot.worker", logging.WARNING, "worker.py", 1, message, arguments, trace)


def fail(text: str) -> NoReturn:
    raise ValueError(text)


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_secret_survives_in_a_record_or_its_traceback(kind: str) -> None:
    text, secrets = KINDS[kind].text, KINDS[kind].secrets
    with pytest.raises(ValueError, match=r".") as caught:
        fail(text)
    shown = OneLine().format(record("it said %s", text, error=caught.value))
    assert "ValueError" in shown
    assert not [secret for secret in secrets if secret in shown]


def test_a_forged_line_stays_inside_its_record() -> None:
    shown = OneLine().format(record("asked for %s", "v1\n2026-01-01 CRITICAL bot: all is lost\x1b[31m"))
    assert len(shown.splitlines()) == 1
    assert r"v1\n2026-01-01 CRITICAL" in shown
    assert "\x1b" not in shown


def test_the_bots_own_secrets_are_known_by_their_values() -> None:
    known = settings.secrets(settings.load({**REQUIRED, "SLIPWAY_NEXUS__PASSWORD": "plain words"}))
    assert {REQUIRED["SLIPWAY_KEYCLOAK__CLIENT_SECRET"], "plain words"} <= set(known)
    shown = OneLine(secrets=known).format(record("Nexus refused plain words of the user"))
    assert shown.endswith("Nexus refused ••• of the user")
    assert OneLine(secrets=("", "no")).format(record("there is no way")).endswith("there is no way")
