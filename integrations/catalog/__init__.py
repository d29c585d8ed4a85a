"""The catalog file: YAML becomes `commands.core.catalog.Catalog`, or a list of everything that is wrong with it.

Used by `bot.wiring` and `slipway check`. It reads and validates; what the catalog permits, others decide.
"""

from integrations.catalog.file import CatalogFile
from integrations.catalog.loading import Loaded, load, parse
from integrations.catalog.problems import CatalogError, Problem
from integrations.catalog.schema import json_schema

__all__ = ["CatalogError", "CatalogFile", "Loaded", "Problem", "json_schema", "load", "parse"]
