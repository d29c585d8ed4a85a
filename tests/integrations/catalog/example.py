"""The example of the documentation, and small changes to it."""

import re
from pathlib import Path
from typing import Any

import yaml

from integrations.catalog import CatalogError, Problem, parse

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "catalog.md"


def example() -> str:
    found = re.search(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def changed(path: str, value: Any) -> str:
    """Return the example with one value set; `path` is like `apps.shop.canary.steps.0`."""
    data = yaml.safe_load(example())
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = data
    for part in parents:
        place = place[part]
    place[last] = value
    return yaml.safe_dump(data)


def without(path: str) -> str:
    data = yaml.safe_load(example())
    *parents, last = path.split(".")
    place = data
    for part in parents:
        place = place[part]
    del place[last]
    return yaml.safe_dump(data)


def problems(text: str | bytes) -> tuple[Problem, ...]:
    try:
        parse(text)
    except CatalogError as error:
        return error.problems
    return ()
