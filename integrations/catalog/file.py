"""The catalog in force: one file, read again when it changes; a bad file keeps the old catalog and says why.

Held by `bot.wiring`; a job calls `reload` every few seconds. It reads files, so call it in a thread when they are large.
"""

import hashlib
import logging
import os
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
        if stamp is not None and stamp == self._stamp:
            return self._problems
        try:
            content = read_bytes(self._path)
            digest = _digest(content)
            if digest != self._digest:
                self._loaded = self._parse(content)
                self._note(())
                _log.info("The catalog %s was read again: %d apps.", self._path, len(self.current.apps))
            self._digest = digest
        except CatalogError as error:
            self._digest = digest if "digest" in locals() else ""
            self._note(error.problems)
        self._stamp = stamp
        return self._problems
