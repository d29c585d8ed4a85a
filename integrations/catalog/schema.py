"""The catalog's JSON Schema (draft 2020-12), for editors to complete and check while somebody types.

`slipway` prints it, docs/catalog.schema.json is a copy. It knows forms only: what names mean is checked at load.
"""

from typing import Any

from integrations.catalog.shapes import CatalogShape

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Make the schema."""
    made = CatalogShape.model_json_schema(by_alias=True)
    return {"$schema": DRAFT, "title": "Slipway catalog", **_closed({**made, "title": "Slipway catalog"})}


def _closed(schema: Any) -> Any:
    """Drop pydantic's titles of single fields and its nulls, and close mappings whose names have a pattern."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    if closed.get("default", ...) is None:
        del closed["default"]
    if {"type": "null"} in closed.get("anyOf", ()):
        closed |= next(one for one in closed.pop("anyOf") if one != {"type": "null"})
    if "patternProperties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed
