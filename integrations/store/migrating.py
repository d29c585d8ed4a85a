"""Brings the tables to the newest revision, in one transaction; used by `transactions` when it opens and by `checking`.

The revisions are in `migrations/versions`; each is written by hand beside the change of `tables` that it makes.
"""

from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from commands.core.errors import Permanent
from integrations.store.failures import translated
from integrations.store.sqlite import SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """Where a database stands; `found` is empty in a new one."""

    found: str
    newest: str

    @property
    def is_newest(self) -> bool:
        return self.found == self.newest


async def upgrade(reader: AsyncEngine, writer: AsyncEngine) -> None:
    """Create or upgrade the tables; do nothing, and take no lock, when they are up to date."""
    with translated("opening it"):
        async with reader.begin() as connection:
            if (await connection.run_sync(revision_of)).is_newest:
                return
    with translated("upgrading it"):
        # Another process may have been first while this one waited for the lock: alembic looks again.
        async with writer.begin() as connection:
            await connection.run_sync(_upgrade)


def revision_of(connection: Connection) -> Revision:
    """Say where the database stands.

    Raises
    ------
    Permanent
        It was written by a newer Slipway, so that this one cannot know what its rows mean.
    """
    scripts = ScriptDirectory.from_config(_config())
    newest = scripts.get_current_head() or ""
    found = MigrationContext.configure(connection).get_current_revision() or ""
    if found and not _is_known(scripts, found):
        raise Permanent(
            SYSTEM,
            f"it was written by a newer Slipway (its tables are at {found}, this version knows them up to {newest}):"
            " start that version or a newer one, or restore the copy from before the upgrade",
        )
    return Revision(found=found, newest=newest)


def _is_known(scripts: ScriptDirectory, revision: str) -> bool:
    try:
        return scripts.get_revision(revision) is not None
    except CommandError:
        return False


def _upgrade(connection: Connection) -> None:
    revision_of(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "integrations.store:migrations")
    return config
