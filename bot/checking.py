"""`slipway check`: tries the settings, the catalog and every system, one line each, with how to mend what is wrong."""

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from bot import settings as settings_module
from bot.settings import Settings, SettingsError
from bot.wiring import Outside, outside
from commands.core.errors import SlipwayError
from commands.core.model import ChatUser
from integrations import store
from integrations.catalog import CatalogError
from integrations.slack import check as slack_check
from integrations.store import StoreSettings

OK = 0
NOT_WELL = 1


class Finding(Protocol):
    """What every integration reports: what was tried, whether it is well, what to do if not."""

    @property
    def subject(self) -> str: ...
    @property
    def is_ok(self) -> bool: ...
    @property
    def message(self) -> str: ...


async def check(write: Callable[[str], None]) -> int:
    """Try everything and write a line for each; the exit code is 0 only if all is well."""
    try:
        settings = settings_module.load()
    except SettingsError as error:
        for problem in error.problems:
            write(f"wrong  settings: {problem}")
        return NOT_WELL
    write("ok     settings")
    try:
        is_well = True
        async for finding in _findings(settings):
            is_well = is_well and finding.is_ok
            write(f"{'ok   ' if finding.is_ok else 'wrong'}  {finding.subject}: {finding.message}")
    except CatalogError as error:
        for line in str(error).splitlines():
            write(f"wrong  catalog: {line}")
        return NOT_WELL
    except (SlipwayError, ValueError) as error:
        write(f"wrong  {error}")
        return NOT_WELL
    return OK if is_well else NOT_WELL


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    async with outside(settings) as parts:
        for finding in await store.check(StoreSettings(url=settings.database)):
            yield finding
        for finding in await _slack(parts):
            yield finding
        canary = settings.keycloak.canary_user
        person = ChatUser(id=canary, team=settings.slack.team) if canary else None
        for finding in await parts.people.check(person):
            yield finding
        for finding in await parts.versions.check():
            yield finding
        for finding in await parts.clusters.check():
            yield finding


async def _slack(parts: Outside) -> tuple[Finding, ...]:
    return await slack_check.check(parts.slack, parts.slack_settings)
