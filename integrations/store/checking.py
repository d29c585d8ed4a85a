"""What `slipway check` says of the database: one finding per thing that must be right. It creates no database."""

import os
from pathlib import Path

from commands.core.errors import SystemFailure
from commands.core.finding import Finding
from integrations.store import sqlite
from integrations.store.failures import translated
from integrations.store.migrating import Revision, revision_of
from integrations.store.settings import StoreSettings


async def check(settings: StoreSettings) -> tuple[Finding, ...]:
    """Look at the folder of the database and at its tables."""
    try:
        file = sqlite.file_of(sqlite.parse(settings.url))
    except SystemFailure as failure:
        return (Finding(subject=sqlite.SYSTEM, is_ok=False, message=failure.message),)
    folder = _folder(file.parent)
    if not folder.is_ok:
        return (folder,)
    return folder, _file(file) or await _tables(settings, file)


def _folder(folder: Path) -> Finding:
    subject = f"{sqlite.SYSTEM}'s folder"
    if not folder.is_dir():
        return Finding(
            subject=subject, is_ok=False, message=f"{folder} does not exist: create it or mount a volume there"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(
            subject=subject, is_ok=False, message=f"{folder} is not writable: give it to the user that runs Slipway"
        )
    return Finding(subject=subject, is_ok=True, message=f"{folder} is writable")


def _file(file: Path) -> Finding | None:
    if not file.exists():
        return Finding(subject=sqlite.SYSTEM, is_ok=True, message=f"{file} will be created at the first start")
    if not os.access(file, os.R_OK | os.W_OK):
        return Finding(
            subject=sqlite.SYSTEM, is_ok=False, message=f"{file} is not writable: give it to the user that runs Slipway"
        )
    return None


async def _tables(settings: StoreSettings, file: Path) -> Finding:
    try:
        revision = await _revision(settings)
    except SystemFailure as failure:
        return Finding(subject=sqlite.SYSTEM, is_ok=False, message=failure.message)
    state = "are up to date" if revision.is_newest else f"will be brought to {revision.newest} at the next start"
    return Finding(subject=sqlite.SYSTEM, is_ok=True, message=f"{file}: its tables {state}")


async def _revision(settings: StoreSettings) -> Revision:
    engine = sqlite.reader(sqlite.parse(settings.url), busy_timeout_seconds=settings.busy_timeout_seconds)
    try:
        with translated("reading its revision"):
            async with engine.connect() as connection:
                return await connection.run_sync(revision_of)
    finally:
        await engine.dispose()
