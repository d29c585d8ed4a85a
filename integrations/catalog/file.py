"""The catalog in force: one file, read again when it changes; a bad file keeps the old catalog and says why.

Held by `bot.wiring`; a job calls `reload` every few seconds. It blocks while it reads, so
call it in a thread.
"""

import hashlib
import logging
import time
from pathlib import Path

from commands.core.catalog import Catalog
from integrations.catalog.loading import Loaded, parse, read_bytes
from integrations.catalog.problems import CatalogError, Problem

_log = logging.getLogger(__name__)
_SETTLED_NS = 2_000_000_000

Stamp = tuple[int, int, int]


class CatalogFile:
    """One file and the last valid catalog that stood in it.

    Parameters
    ----------
    path
        The file; a symbolic link is followed anew each time, as Kubernetes swaps them.

    Raises
    ------
    CatalogError
        It is not valid at the start, when there is no older one to keep.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._problems: tuple[Problem, ...] = ()
        self._stamp = self._look()
        content = read_bytes(path)
        self._digest = _digest(content)
        self._loaded = self._parse(content)

    @property
    def current(self) -> Catalog:
        """The catalog in force; the same object until another one takes its place."""
        return self._loaded.catalog

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What works in the catalog in force but should not stay so."""
        return self._loaded.warnings

    def reload(self) -> tuple[Problem, ...]:
        """Take over a changed file if it is valid; return what is wrong with the file as it stands, if anything is."""
        stamp = self._look()
        if stamp is None or stamp != self._stamp:
            self._stamp = stamp
            self._problems = self._renew()
        return self._problems

    def _renew(self) -> tuple[Problem, ...]:
        try:
            content = read_bytes(self._path)
        except CatalogError as error:
            self._digest = ""
            return error.problems
        digest = _digest(content)
        if digest == self._digest:
            return self._problems
        self._digest = digest
        try:
            self._loaded = self._parse(content)
        except CatalogError as error:
            return error.problems
        return ()

    def _parse(self, content: bytes) -> Loaded:
        loaded = parse(content, name=str(self._path))
        for warning in loaded.warnings:
            _log.warning("%s", warning.to_line(str(self._path)))
        return loaded

    def _look(self) -> Stamp | None:
        """Return what changes when the file does; None while so young that a second change could look the same."""
        try:
            found = self._path.stat()
        except (OSError, ValueError):
            return None
        if found.st_mtime_ns > time.time_ns() - _SETTLED_NS:
            return None
        return (found.st_mtime_ns, found.st_size, found.st_ino)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
