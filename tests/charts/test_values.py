"""The chart's schema and its defaults say the same, and the README is made of both."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.charts.rendering import CHART

SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
DEFAULTS: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
TEMPLATES = "\n".join(path.read_text(encoding="utf-8") for path in sorted((CHART / "templates").iterdir()))
WRITTEN_BY_HELM = "global"
WHOLE = {"resources", "analysis.job.resources"}
"""Passed on to Kubernetes as they are: what stands inside is its business."""


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    name = part["$ref"].removeprefix("#/definitions/")
    return {**SCHEMA["definitions"][name], **part}


def values(schema: dict[str, Any] = SCHEMA, above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each value's path and schema, groups before what they hold."""
    for name, raw in schema.get("properties", {}).items():
        part = resolved(raw)
        yield f"{above}{name}", part
        if f"{above}{name}" not in WHOLE:
            yield from values(part, f"{above}{name}.")


VALUES = dict(values())


def default(path: str) -> Any:
    found: Any = DEFAULTS
    for name in path.split("."):
        found = found[name]
    return found


@pytest.mark.parametrize("path", sorted(VALUES))
def test_a_value_says_what_it_means_in_a_sentence(path: str) -> None:
    assert re.fullmatch(r"[A-Z`].*\.", VALUES[path]["description"])


@pytest.mark.parametrize("path", sorted(VALUES.keys() - {WRITTEN_BY_HELM}))
def test_a_value_has_a_default_and_is_used(path: str) -> None:
    assert default(path) is not None
    name = re.escape(path.rpartition(".")[2])
    assert re.search(rf'\.{name}\b|"{name}"', TEMPLATES), f"no template uses {path}"


def test_a_default_that_the_schema_does_not_know_is_not_there() -> None:
    def paths(part: dict[str, Any], above: str = "") -> Iterator[str]:
        for name, value in part.items():
            yield f"{above}{name}"
            if isinstance(value, dict) and f"{above}{name}" not in WHOLE:
                yield from paths(value, f"{above}{name}.")

    assert set(paths(DEFAULTS)) == VALUES.keys() - {WRITTEN_BY_HELM}


def test_no_group_takes_values_that_it_does_not_know() -> None:
    groups = {path: part for path, part in VALUES.items() if "properties" in part}
    assert len(groups) > 20
    assert [path for path, part in groups.items() if part.get("additionalProperties") is not False] == []
    assert SCHEMA["additionalProperties"] is False


def test_the_readme_has_a_row_for_each_value() -> None:
    text = (CHART / "README.md").read_text(encoding="utf-8")
    assert [path for path in VALUES.keys() - {WRITTEN_BY_HELM} if f"`{path}`" not in text] == []
