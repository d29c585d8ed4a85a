"""Filling a modal as a person would: values by block id, label or action id, checked as Slack's client checks them.

Pure. `interactions.py` turns searched values into options first, because finding those needs the app.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playground.slack.render import options_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playground.slack.model import Obj

_MENUS = ("static_select", "external_select", "radio_buttons")
_LISTS = ("multi_static_select", "multi_external_select", "checkboxes")
_FIELDS = {
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}


class NoSuchChoiceError(Exception):
    """A value that names no field or no option; `choices` are those that exist."""

    def __init__(self, wanted: str, choices: list[str]) -> None:
        super().__init__(wanted)
        self.wanted = wanted
        self.choices = choices


@dataclass(frozen=True, slots=True)
class Filled:
    """The state of a form: values by block and action id, and what Slack's client would not let through."""

    values: Obj
    errors: dict[str, str]


def inputs(view: Obj) -> list[Obj]:
    return [block for block in view["blocks"] if block["type"] == "input"]


def _names(block: Obj) -> tuple[str, ...]:
    return block["block_id"], block["label"]["text"], block["element"]["action_id"]


def by_block(view: Obj, values: Mapping[str, Any]) -> dict[str, Any]:
    """Key values by block id; a name that fits no field is an error."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        block = next((block for block in inputs(view) if name in _names(block)), None)
        if block is None:
            raise NoSuchChoiceError(name, [block["label"]["text"] for block in inputs(view)])
        found[block["block_id"]] = value
    return found


def option_named(wanted: Any, options: list[Obj]) -> Obj:
    """Find an option by its text or value; an option itself is accepted when it is one of them."""
    for option in options:
        if wanted in (option, option["text"]["text"], option["value"]):
            return option
    raise NoSuchChoiceError(str(wanted), [option["text"]["text"] for option in options])


def fill(view: Obj, given: Mapping[str, Any]) -> Filled:
    """Fill a form with values keyed by block id; what is not given keeps its initial value."""
    values: Obj = {}
    errors: dict[str, str] = {}
    for block in inputs(view):
        element = block["element"]
        state = _state(element, given[block["block_id"]]) if block["block_id"] in given else _initial(element)
        values[block["block_id"]] = {element["action_id"]: state}
        problem = _problem(block, state)
        if problem:
            errors[block["block_id"]] = problem
    return Filled(values, errors)


def _initial(element: Obj) -> Obj:
    kind = element["type"]
    if kind in _MENUS:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in _LISTS:
        return {"type": kind, "selected_options": element.get("initial_options") or []}
    if kind in _FIELDS:
        field, initial = _FIELDS[kind]
        return {"type": kind, field: element.get(initial)}
    return {"type": kind, "value": element.get("initial_value")}


def _state(element: Obj, value: Any) -> Obj:
    kind = element["type"]
    if kind in _MENUS:
        return {"type": kind, "selected_option": _option(element, value) if value else None}
    if kind in _LISTS:
        return {"type": kind, "selected_options": [_option(element, one) for one in value]}
    if kind in _FIELDS:
        return {"type": kind, _FIELDS[kind][0]: value or None}
    return {"type": kind, "value": str(value) if value else None}


def _option(element: Obj, value: Any) -> Obj:
    if "external" in element["type"] and isinstance(value, dict):
        return value
    return option_named(value, options_of(element))


def _problem(block: Obj, state: Obj) -> str | None:
    element = block["element"]
    value = next(part for name, part in state.items() if name != "type")
    if not value:
        return None if block.get("optional") else "Please complete this required field."
    shortest, longest = element.get("min_length", 0), element.get("max_length", 3000)
    if isinstance(value, str) and len(value) < shortest:
        return f"Must be at least {shortest} characters."
    if isinstance(value, str) and len(value) > longest:
        return f"Must be at most {longest} characters."
    return None
