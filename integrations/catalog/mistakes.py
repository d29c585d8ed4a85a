"""From pydantic's errors to findings in plain words: what is wrong and what to write instead.

Used by loading.py. It must not repeat a value that may be secret; our own validators choose what they quote.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from integrations.catalog import shapes
from integrations.catalog.problems import Finding, Path, shown, suggestion
from integrations.catalog.shapes import OUR_ERROR

_KINDS: Final = {
    bool: "yes or no",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
    type(None): "nothing",
}
_WANTED: Final[Mapping[str, tuple[str, str]]] = {
    "string_type": ("text", "Put it in quotes."),
    "int_type": ("a whole number", "Write digits without quotes."),
    "bool_type": ("true or false", "Write true or false without quotes."),
    "list_type": ("a list", "Write [one, two], or one line with a hyphen for each."),
    "dict_type": ("a mapping", "Write name: value lines, or {} for none."),
    "model_type": ("a mapping", "Write name: value lines, or {} for none."),
}
_MODELS: Final[Mapping[Path, type[shapes.Shape]]] = {
    (): shapes.CatalogShape,
    ("clusters", "*"): shapes.ClusterShape,
    ("environments", "*"): shapes.EnvironmentShape,
    ("environments", "*", "approvals"): shapes.ApprovalsShape,
    ("apps", "*"): shapes.AppShape,
    ("apps", "*", "artifact"): shapes.ArtifactShape,
    ("apps", "*", "chart"): shapes.ChartShape,
    ("apps", "*", "canary"): shapes.CanaryShape,
    ("apps", "*", "canary", "steps", "*"): shapes.StepShape,
    ("grants", "*"): shapes.GrantShape,
}


def explain(error: ValidationError) -> list[Finding]:
    """Turn every error of a validation into a finding."""
    return [_finding(detail) for detail in error.errors(include_url=False)]


def fields_of(model: type[shapes.Shape]) -> dict[str, str]:
    """List the keys of a mapping with their descriptions."""
    return {info.alias or name: info.description or "" for name, info in model.model_fields.items()}


def _finding(detail: ErrorDetails) -> Finding:
    path, at_key = _path(detail["loc"])
    context: Mapping[str, Any] = detail.get("ctx", {})
    value = detail["input"]
    match detail["type"]:
        case kind if kind == OUR_ERROR:
            return Finding(path, context["message"], context["remedy"], at_key=at_key)
        case "missing":
            key = str(path[-1])
            description = fields_of(_model(path[:-1])).get(key, "")
            return Finding(path, f"The key {shown(key)} is missing.", f"Add {key}: {description}", at_key=True)
        case "extra_forbidden":
            key = str(path[-1])
            hint = suggestion(key, fields_of(_model(path[:-1])))
            return Finding(path, f"There is no key {shown(key)} here.", hint, at_key=True)
        case kind if kind in _WANTED:
            wanted, remedy = _WANTED[kind]
            return Finding(path, f"This should be {wanted}, not {_KINDS.get(type(value), 'that')}.", remedy)
        case "literal_error":
            expected = context["expected"]
            return Finding(path, f"{shown(value)} is not possible here.", f"Write {expected}.")
        case "too_short":
            return Finding(path, "The list is empty.", "Name at least one, or leave the key out where that is allowed.")
        case _:
            return Finding(path, f"{detail['msg']}.", "See docs/catalog.md for what is possible.")


def _path(location: tuple[int | str, ...]) -> tuple[Path, bool]:
    """Cut pydantic's mark for the key of a mapping."""
    return (location[:-1], True) if location and location[-1] == "[key]" else (location, False)


def _model(path: Path) -> type[shapes.Shape]:
    """Find the model of a mapping by its path, whatever its entries are called."""
    return _MODELS.get(tuple("*" if index in {1, 4} else part for index, part in enumerate(path)), shapes.CatalogShape)
