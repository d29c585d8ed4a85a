"""What somebody writes into the catalog for a scenario, before the bot reads it."""

from pathlib import Path
from typing import Any

import yaml

from tests.scenarios.world import World


def with_values(world: World, app: str, values: dict[str, Any]) -> None:
    """Let the catalog give an app more values."""
    path = Path(world.environment["SLIPWAY_CATALOG"])
    catalog = yaml.safe_load(path.read_text(encoding="utf-8"))
    catalog["apps"][app]["values"] |= values
    path.write_text(yaml.safe_dump(catalog, sort_keys=False), encoding="utf-8")
