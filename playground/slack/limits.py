"""What Slack accepts in messages and views, as tables: lengths, counts, required and known fields.

Asked by the Web API, by response URLs and by answers to view submissions. Pure: it knows no workspace and no server.
Numbers: Slack's published Block Kit reference; the total of a message's blocks as measured by users of its API.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from playground.slack.model import SlackError
from playground.slack.rules import (
    Check,
    Problem,
    Shape,
    anything,
    items,
    may,
    must,
    number,
    one_of,
    plain,
    shaped,
    string,
    text,
    typed,
    unique,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playground.slack.model import Obj

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_BLOCK_CHARACTERS = 13_200
MARKDOWN_CHARACTERS = 12_000
POSTED_TEXT = 40_000
UPDATED_TEXT = 4_000
VIEW_BYTES = 250_000

confirm = shaped(
    {
        "title": must(plain(100)),
        "text": must(text(300)),
        "confirm": must(plain(30)),
        "deny": must(plain(30)),
        "style": may(one_of("primary", "danger")),
    }
)
option = shaped(
    {
        "text": must(text(75)),
        "value": must(string(150)),
        "description": may(text(75)),
        "url": may(string(3000)),
    }
)
option_group = shaped({"label": must(plain(75)), "options": must(items(100, option))})

_ACTION: Shape = {"action_id": may(string(255)), "confirm": may(confirm), "focus_on_load": may(anything)}
_FIELD: Shape = _ACTION | {"placeholder": may(plain(150))}
_MULTI: Shape = _FIELD | {"max_selected_items": may(number(1, 100))}
_STATIC: Shape = {
    "options": may(items(100, option)),
    "option_groups": may(items(100, option_group)),
}
_EXTERNAL: Shape = {"min_query_length": may(number(0, 1000))}
_ENTRY: Shape = _FIELD | {"initial_value": may(anything), "dispatch_action_config": may(anything)}
_CHOICE: Shape = _ACTION | {"options": must(items(10, option))}

ELEMENTS: dict[str, Shape] = {
    "button": _ACTION
    | {
        "text": must(plain(75)),
        "value": may(string(2000)),
        "url": may(string(3000)),
        "style": may(one_of("primary", "danger")),
        "accessibility_label": may(string(75)),
    },
    "overflow": _ACTION | {"options": must(items(5, option))},
    "static_select": _FIELD | _STATIC | {"initial_option": may(option)},
    "external_select": _FIELD | _EXTERNAL | {"initial_option": may(option)},
    "users_select": _FIELD | {"initial_user": may(anything)},
    "channels_select": _FIELD | {"initial_channel": may(anything), "response_url_enabled": may(anything)},
    "conversations_select": _FIELD
    | {
        "initial_conversation": may(anything),
        "default_to_current_conversation": may(anything),
        "response_url_enabled": may(anything),
        "filter": may(anything),
    },
    "multi_static_select": _MULTI | _STATIC | {"initial_options": may(items(100, option))},
    "multi_external_select": _MULTI | _EXTERNAL | {"initial_options": may(items(100, option))},
    "multi_users_select": _MULTI | {"initial_users": may(anything)},
    "checkboxes": _CHOICE | {"initial_options": may(items(10, option))},
    "radio_buttons": _CHOICE | {"initial_option": may(option)},
    "datepicker": _FIELD | {"initial_date": may(anything)},
    "timepicker": _FIELD | {"initial_time": may(anything), "timezone": may(anything)},
    "datetimepicker": _ACTION | {"initial_date_time": may(anything)},
    "plain_text_input": _ENTRY
    | {"multiline": may(anything), "min_length": may(number(0, 3000)), "max_length": may(number(1, 3000))},
    "email_text_input": _ENTRY,
    "url_text_input": _ENTRY,
    "number_input": _ENTRY
    | {"is_decimal_allowed": must(anything), "min_value": may(anything), "max_value": may(anything)},
    "image": {
        "image_url": may(string(3000)),
        "slack_file": may(anything),
        "alt_text": must(string(2000)),
    },
}
_SELECTS = ("static_select", "external_select", "users_select", "channels_select", "conversations_select")
_MULTI_SELECTS = ("multi_static_select", "multi_external_select", "multi_users_select")
_PICKERS = ("datepicker", "timepicker", "checkboxes", "radio_buttons")
_ENTRIES = ("plain_text_input", "email_text_input", "url_text_input", "number_input")

accessory = typed(ELEMENTS, "button", "overflow", "image", *_SELECTS, *_MULTI_SELECTS, *_PICKERS)
action = typed(ELEMENTS, "button", "overflow", *_SELECTS, *_MULTI_SELECTS, *_PICKERS, "datetimepicker")
entry = typed(ELEMENTS, *_ENTRIES, *_SELECTS, *_MULTI_SELECTS, *_PICKERS, "datetimepicker")


def context_element(value: Any, pointer: str) -> Iterator[Problem]:
    kind = value.get("type") if isinstance(value, dict) else None
    check: Check = typed(ELEMENTS, "image") if kind == "image" else text(2000)
    yield from check(value, pointer)


_BLOCK: Shape = {"block_id": may(string(255))}
_RESULT: Shape = _BLOCK | {"title": may(anything)}

BLOCKS: dict[str, Shape] = {
    "section": _BLOCK
    | {
        "text": may(text(3000)),
        "fields": may(items(10, text(2000))),
        "accessory": may(accessory),
        "expand": may(anything),
    },
    "header": _BLOCK | {"text": must(plain(150)), "level": may(number(1, 4))},
    "divider": _BLOCK,
    "context": _BLOCK | {"elements": must(items(10, context_element))},
    "actions": _BLOCK | {"elements": must(items(25, action))},
    "image": _BLOCK | ELEMENTS["image"] | {"title": may(plain(2000))},
    "input": _BLOCK
    | {
        "label": must(plain(2000)),
        "element": must(entry),
        "hint": may(plain(2000)),
        "optional": may(anything),
        "dispatch_action": may(anything),
    },
    "markdown": _BLOCK | {"text": must(string(MARKDOWN_CHARACTERS, 1))},
    "rich_text": _BLOCK | {"elements": must(anything)},
    "file": _BLOCK | {"external_id": must(anything), "source": must(anything)},
    "table": _BLOCK | {"rows": must(items(100, items(20))), "column_settings": may(items(20))},
    "data_table": _BLOCK
    | {
        "rows": must(items(101, least=2)),
        "caption": must(string(3000, 1)),
        "page_size": may(number(1, 100)),
        "columns": may(anything),
    },
    "alert": _BLOCK | {"text": must(text(200)), "level": may(anything)},
    "card": _RESULT
    | {
        "title": may(text(150)),
        "body": may(text(200)),
        "subtitle": may(text(150)),
        "actions": may(items(5)),
        "icon": may(anything),
        "hero_image": may(anything),
    },
    "carousel": _BLOCK | {"elements": must(items(10))},
    "container": _RESULT | {"child_blocks": must(items(10)), "subtitle": may(anything), "icon": may(anything)},
    "plan": _RESULT | {"tasks": may(anything)},
    "task_card": _RESULT
    | {
        "task_id": must(anything),
        "status": may(one_of("pending", "in_progress", "complete", "error")),
        "details": may(anything),
        "output": may(anything),
        "sources": may(anything),
    },
}
ONLY_IN_MODALS = ("alert",)
MESSAGE_TYPES = tuple(kind for kind in BLOCKS if kind not in ONLY_IN_MODALS)
VIEW: Shape = {
    "type": must(one_of("modal", "home")),
    "title": may(plain(24)),
    "submit": may(plain(24)),
    "close": may(plain(24)),
    "callback_id": may(string(255)),
    "external_id": may(string(255)),
    "private_metadata": may(string(3000)),
    "notify_on_close": may(anything),
    "clear_on_close": may(anything),
    "submit_disabled": may(anything),
    "blocks": must(items(VIEW_BLOCKS, typed(BLOCKS))),
}


def message_problems(blocks: Any, pointer: str = "/blocks") -> list[Problem]:
    """List what Slack would refuse in the blocks of a message."""
    found = list(items(MESSAGE_BLOCKS, typed(BLOCKS, *MESSAGE_TYPES), least=0)(blocks, pointer))
    return found or [*_across(blocks, pointer), *_once_per_message(blocks, pointer)]


def view_problems(view: Any, pointer: str = "/view") -> list[Problem]:
    """List what Slack would refuse in a modal or home view."""
    found = list(shaped(VIEW)(view, pointer))
    return found or [*_across(view["blocks"], f"{pointer}/blocks"), *_modal_parts(view, pointer)]


def _across(blocks: Sequence[Obj], pointer: str) -> Iterator[Problem]:
    """Check what concerns several blocks or elements: ids that repeat, and sections that say nothing."""
    yield from unique(((block.get("block_id"), f"{pointer}/{i}") for i, block in enumerate(blocks)), "block_id")
    for index, block in enumerate(blocks):
        if block["type"] == "section" and not (block.get("text") or block.get("fields")):
            yield Problem("missing required field: text", f"{pointer}/{index}")
        if block["type"] == "actions":
            at = f"{pointer}/{index}/elements"
            yield from unique(((e.get("action_id"), f"{at}/{i}") for i, e in enumerate(block["elements"])), "action_id")


def _once_per_message(blocks: Sequence[Obj], pointer: str) -> Iterator[Problem]:
    if sum(block["type"] == "table" for block in blocks) > 1:
        yield Problem("only one table allowed per message", pointer)
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN_CHARACTERS:
        yield Problem(f"markdown blocks together must be less than {MARKDOWN_CHARACTERS + 1} characters", pointer)


def _modal_parts(view: Obj, pointer: str) -> Iterator[Problem]:
    if view["type"] != "modal":
        return
    if not view.get("title"):
        yield Problem("missing required field: title", pointer)
    if any(block["type"] == "input" for block in view["blocks"]) and not view.get("submit"):
        yield Problem("missing required field: submit", pointer)


def characters(value: Any) -> int:
    """Count the characters that people read in blocks, at any depth."""
    if isinstance(value, list):
        return sum(characters(item) for item in value)
    if not isinstance(value, dict):
        return 0
    return sum(
        len(part) if name == "text" and isinstance(part, str) else characters(part) for name, part in value.items()
    )


def refusal(code: str, problems: Sequence[Problem]) -> SlackError:
    lines = [problem.to_line() for problem in problems]
    return SlackError(code, extra={"errors": lines, "response_metadata": {"messages": lines}})


def check_message_blocks(blocks: Any) -> None:
    """Refuse the blocks of a message as Slack does: invalid_blocks, or msg_blocks_too_long."""
    problems = message_problems(blocks)
    if problems:
        raise refusal("invalid_blocks", problems)
    if characters(blocks) > MESSAGE_BLOCK_CHARACTERS:
        raise SlackError("msg_blocks_too_long")


def check_view(view: Any) -> None:
    """Refuse a view as Slack does: invalid_arguments, or view_too_large."""
    if len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES:
        raise SlackError("view_too_large")
    problems = view_problems(view)
    if problems:
        raise refusal("invalid_arguments", problems)
