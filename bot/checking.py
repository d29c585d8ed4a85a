"""`slipway check`: tries the settings, the catalog and every system, one line each, with how to mend what is wrong."""

from collections.abc import AsyncIterator, Callable, Sequence

from bot import settings as settings_module
from bot.settings import Settings, SettingsError
from bot.wiring import outside
from commands.core import plan
from commands.core.errors import SlipwayError
from commands.core.finding import Finding
from commands.core.model import ChatUser
from integrations import store
from integrations.catalog import CatalogError
from integrations.slack import check as slack_check
from integrations.store import StoreSettings

OK = 0
NOT_WELL = 1


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
        async for findings in _findings(settings):
            for finding in findings:
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


async def _findings(settings: Settings) -> AsyncIterator[Sequence[Finding]]:
    """Try one system after the other."""
    async with outside(settings) as parts:
        canary = settings.keycloak.canary_user
        yield await store.check(StoreSettings(url=settings.database))
        yield await slack_check.check(parts.slack, parts.slack_settings)
        yield await parts.people.check(ChatUser(id=canary, team=settings.slack.team) if canary else None)
        yield await parts.nexus.check()
        if parts.harbor is not None:
            yield await parts.harbor.check(app.image for app in parts.catalog.current.apps.values())
        yield await parts.charts.check(app.chart for app in parts.catalog.current.apps.values())
        yield await parts.renderer.check()
        yield await parts.clusters.check(plan.templates(parts.catalog.current.apps.values()))
