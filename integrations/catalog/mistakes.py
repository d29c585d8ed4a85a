"""From pydantic's errors to findings in plain words: what is wrong and what to write instead.

Used by loading.py. It must not repeat a value that may be secret; our own validators choose what they quote.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from integrations.catalog import shapes
from integrations.catalog.problems import Finding, Path, shown, suggestion
from integrations.catalog.shapes import OUR_ERROR

_KINDS: Final = {
    bool: "true or false",
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
_BOUNDS: Final = {
    "greater_than_equal": ("too small", ("ge", "least")),
    "less_than_equal": ("too large", ("le", "most")),
}
_MODELS: Final[Mapping[Path, type[shapes.Shape]]] = {
    (): shapes.CatalogShape,
    ("clusters", "*"): shapes.ClusterShape,
    ("environments", "*"): shapes.EnvironmentShape,
    ("environments", "*", "approvals"): shapes.ApprovalsShape,
    ("apps", "*"): shapes.AppShape,
    ("apps", "*", "artifact"): shapes.ArtifactShape,
    ("apps", "*", "chart"): shapes.ChartShape,
    ("apps", "*", "build"): shapes.BuildShape,
    ("apps", "*", "canary"): shapes.CanaryShape,
    ("apps", "*", "canary", "steps", "*"): shapes.StepShape,
    ("grants", "*"): shapes.GrantShape,
    ("steps", "*"): shapes.PipelineStepShape,
}


def explain(error: ValidationError) -> list[Finding]:
    """Turn every error of a validation into a finding."""
    return [_finding(detail) for detail in error.errors(include_url=False)]


def fields_of(model: type[shapes.Shape]) -> dict[str, str]:
    """List the keys of a mapping with their descriptions."""
    return {info.alias or name: info.description or "" for name, info in model.model_fields.items()}


def nothing(data: Any, path: Path = ()) -> Iterator[Finding]:
    """Find keys without a value: half-written lines that must not pass for a key that was left out."""
    if data is None:
        yield Finding(path, "Nothing stands here.", "Write a value, or remove the key.")
    elif isinstance(data, dict):
        for key, value in data.items():
            if (path[:1], len(path), key) != (("apps",), 2, "values"):
                yield from nothing(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from nothing(value, (*path, index))


def _finding(detail: ErrorDetails) -> Finding:
    path, at_key = _path(detail["loc"])
    kind = detail["type"]
    if kind in {"missing", "extra_forbidden"}:
        return _of_key(path, is_missing=kind == "missing")
    message, remedy = _in_words(detail)
    return Finding(path, message, remedy, at_key=at_key)


def _of_key(path: Path, *, is_missing: bool) -> Finding:
    key, fields = str(path[-1]), fields_of(_model(path[:-1]))
    if is_missing:
        return Finding(path, f"The key {shown(key)} is missing.", f"Add {key}: {fields.get(key, '')}", at_key=True)
    return Finding(path, f"There is no key {shown(key)} here.", suggestion(key, fields), at_key=True)


def _in_words(detail: ErrorDetails) -> tuple[str, str]:
    """Say what is wrong with a value and what to write."""
    context: Mapping[str, Any] = detail.get("ctx", {})
    kind, value = detail["type"], detail["input"]
    if kind == OUR_ERROR:
        return context["message"], context["remedy"]
    if kind in _WANTED:
        wanted, remedy = _WANTED[kind]
        return f"This should be {wanted}, not {_KINDS.get(type(value), 'that')}.", remedy
    if kind == "literal_error":
        return f"{shown(value)} is not possible here.", f"Write {context['expected']}."
    if kind == "too_short":
        return "The list is empty.", "Name at least one, or remove the key where it may be left out."
    if kind in _BOUNDS:
        word, bound = _BOUNDS[kind]
        return f"{shown(value)} is {word}.", f"The {bound[1]} is {context[bound[0]]}."
    return f"{detail['msg']}.", "See docs/catalog.md for what is possible."


def _path(location: tuple[int | str, ...]) -> tuple[Path, bool]:
    """Cut pydantic's mark for the key of a mapping."""
    return (location[:-1], True) if location and location[-1] == "[key]" else (location, False)


def _model(path: Path) -> type[shapes.Shape]:
    """Find the model of a mapping by its path, whatever its entries are called."""
    return _MODELS.get(tuple("*" if index in {1, 4} else part for index, part in enumerate(path)), shapes.CatalogShape)
