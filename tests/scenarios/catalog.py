"""What somebody writes into the catalog for a scenario."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.scenarios.world import World


@contextmanager
def edited(path: Path) -> Iterator[dict[str, Any]]:
    """Give what the catalog says, to be changed; it is written when the block ends."""
    catalog: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    yield catalog
    path.write_text(yaml.safe_dump(catalog, sort_keys=False), encoding="utf-8")


def catalog_of(world: World) -> Path:
    return Path(world.environment["SLIPWAY_CATALOG"])


def with_values(world: World, app: str, values: dict[str, Any]) -> None:
    """Let the catalog give an app more values; a running bot has read them afterwards."""
    with world.rereading(), edited(catalog_of(world)) as catalog:
        catalog["apps"][app]["values"] |= values
