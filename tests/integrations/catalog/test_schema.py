import json
from collections.abc import Iterator
from typing import Any

from integrations.catalog import json_schema
from tests.integrations.catalog.example import GUIDE, ROOT

COPY = ROOT / "docs" / "catalog.schema.json"


def properties(schema: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            yield name, value
        for value in schema.values():
            yield from properties(value)
    if isinstance(schema, list):
        for value in schema:
            yield from properties(value)


def test_the_copy_in_the_documentation_is_up_to_date() -> None:
    remedy = "write it anew: json.dumps(json_schema(), indent=2)"
    assert json.loads(COPY.read_text(encoding="utf-8")) == json_schema(), remedy


def test_it_names_its_draft_and_itself() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "Slipway catalog"


def test_every_field_is_described_in_the_schema_and_shown_in_the_guide() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    found = dict(properties(json_schema()))
    assert {"clusters", "base-image", "requester-may-approve", "pause", "may"} <= found.keys()
    for name, field in found.items():
        assert field.get("description"), name
        assert f"{name}:" in guide, name


def test_mappings_are_closed_except_the_values_of_a_chart() -> None:
    schema = json_schema()
    for name, shape in schema["$defs"].items():
        assert shape["additionalProperties"] is False, name
    assert schema["properties"]["apps"]["additionalProperties"] is False
    assert schema["$defs"]["AppShape"]["properties"]["values"]["additionalProperties"] is True


def test_no_field_may_be_null() -> None:
    assert "null" not in json.dumps(json_schema())
