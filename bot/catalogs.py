"""Where the verbs find the catalog of the moment."""

from typing import Protocol

from commands.core.catalog import Catalog


class CatalogSource(Protocol):
    """Holds the newest valid catalog."""

    @property
    def current(self) -> Catalog: ...
