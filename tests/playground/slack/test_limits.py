from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from playground.slack import limits
from playground.slack.model import SlackError

if TYPE_CHECKING:
    from collections.abc import Callable

Obj = dict[str, Any]


def text(length: int, kind: str = "plain_text") -> Obj:
    return {"type": kind, "text": "x" * length}


def options(count: int) -> list[Obj]:
    return [{"text": text(1), "value": str(n)} for n in range(count)]


def button(**fields: Any) -> Obj:
    return {"type": "button", "text": text(1), **fields}


def in_actions(*elements: Obj) -> list[Obj]:
    return [{"type": "actions", "elements": list(elements)}]


def select(**fields: Any) -> Obj:
    return {"type": "static_select", "options": options(1), **fields}


def ask(**fields: Any) -> Obj:
    dialog = {"title": text(1), "text": text(1), "confirm": text(1), "deny": text(1)}
    return button(confirm=dialog | fields)


def section(**fields: Any) -> list[Obj]:
    return [{"type": "section", "text": text(1, "mrkdwn"), **fields}]


def one_option(**fields: Any) -> list[Obj]:
    return in_actions({"type": "overflow", "options": [options(1)[0] | fields]})


# Each row: what is limited, the most that Slack takes, and blocks with so many of it.
MESSAGE_ROWS: list[tuple[str, int, Callable[[int], Any]]] = [
    ("blocks in a message", 50, lambda n: [{"type": "divider"}] * n),
    ("section text", 3000, lambda n: section(text=text(n, "mrkdwn"))),
    ("section fields", 10, lambda n: section(fields=[text(1)] * n)),
    ("section field text", 2000, lambda n: section(fields=[text(n)])),
    ("header text", 150, lambda n: [{"type": "header", "text": text(n)}]),
    ("context elements", 10, lambda n: [{"type": "context", "elements": [text(1)] * n}]),
    ("context text", 2000, lambda n: [{"type": "context", "elements": [text(n, "mrkdwn")]}]),
    ("elements in actions", 25, lambda n: in_actions(*[button()] * n)),
    ("block_id", 255, lambda n: [{"type": "divider", "block_id": "x" * n}]),
    ("action_id", 255, lambda n: in_actions(button(action_id="x" * n))),
    ("button text", 75, lambda n: in_actions(button(text=text(n)))),
    ("button value", 2000, lambda n: in_actions(button(value="x" * n))),
    ("button url", 3000, lambda n: in_actions(button(url="x" * n))),
    ("select options", 100, lambda n: in_actions(select(options=options(n)))),
    (
        "select option groups",
        100,
        lambda n: in_actions(
            {"type": "static_select", "option_groups": [{"label": text(1), "options": options(1)}] * n}
        ),
    ),
    (
        "option group label",
        75,
        lambda n: in_actions({"type": "static_select", "option_groups": [{"label": text(n), "options": options(1)}]}),
    ),
    ("option text", 75, lambda n: one_option(text=text(n))),
    ("option value", 150, lambda n: one_option(value="x" * n)),
    ("option description", 75, lambda n: one_option(description=text(n))),
    ("placeholder", 150, lambda n: in_actions(select(placeholder=text(n)))),
    ("overflow options", 5, lambda n: in_actions({"type": "overflow", "options": options(n)})),
    ("checkboxes", 10, lambda n: in_actions({"type": "checkboxes", "options": options(n)})),
    ("radio buttons", 10, lambda n: in_actions({"type": "radio_buttons", "options": options(n)})),
    ("confirm title", 100, lambda n: in_actions(ask(title=text(n)))),
    ("confirm text", 300, lambda n: in_actions(ask(text=text(n)))),
    ("confirm button", 30, lambda n: in_actions(ask(confirm=text(n)))),
    ("deny button", 30, lambda n: in_actions(ask(deny=text(n)))),
    ("image url", 3000, lambda n: [{"type": "image", "image_url": "x" * n, "alt_text": "a"}]),
    ("image alt text", 2000, lambda n: [{"type": "image", "image_url": "x", "alt_text": "x" * n}]),
    ("markdown block", 12_000, lambda n: [{"type": "markdown", "text": "x" * n}]),
    ("markdown together", 12_000, lambda n: [{"type": "markdown", "text": "x" * part} for part in (6000, n - 6000)]),
    ("table rows", 100, lambda n: table(rows=n)),
    ("table columns", 20, lambda n: table(columns=n)),
    ("table column settings", 20, lambda n: [table()[0] | {"column_settings": [{}] * n}]),
    ("tables per message", 1, lambda n: table() * n),
    ("data table rows", 101, lambda n: data_table(rows=[{}] * n)),
    ("data table page", 100, lambda n: data_table(page_size=n)),
    ("card title", 150, lambda n: [{"type": "card", "title": text(n)}]),
    ("card body", 200, lambda n: [{"type": "card", "body": text(n)}]),
    ("carousel elements", 10, lambda n: [{"type": "carousel", "elements": [{}] * n}]),
    ("container children", 10, lambda n: [{"type": "container", "child_blocks": [{}] * n}]),
]


def table(rows: int = 1, columns: int = 1) -> list[Obj]:
    return [{"type": "table", "rows": [[{}] * columns] * rows}]


def data_table(**fields: Any) -> list[Obj]:
    return [{"type": "data_table", "caption": "c", "rows": [{}, {}], **fields}]


def modal(*blocks: Obj, **fields: Any) -> Obj:
    shown = list(blocks) or [{"type": "divider"}]
    return {"type": "modal", "title": text(1), "submit": text(1), "blocks": shown, **fields}


def entry(element: Obj | None = None, **fields: Any) -> Obj:
    return {"type": "input", "label": text(1), "element": element or {"type": "plain_text_input"}, **fields}


VIEW_ROWS: list[tuple[str, int, Callable[[int], Any]]] = [
    ("blocks in a view", 100, lambda n: modal(*[{"type": "divider"}] * n)),
    ("title", 24, lambda n: modal(title=text(n))),
    ("submit", 24, lambda n: modal(submit=text(n))),
    ("close", 24, lambda n: modal(close=text(n))),
    ("private_metadata", 3000, lambda n: modal(private_metadata="x" * n)),
    ("callback_id", 255, lambda n: modal(callback_id="x" * n)),
    ("external_id", 255, lambda n: modal(external_id="x" * n)),
    ("input label", 2000, lambda n: modal(entry(label=text(n)))),
    ("input hint", 2000, lambda n: modal(entry(hint=text(n)))),
    ("input placeholder", 150, lambda n: modal(entry({"type": "plain_text_input", "placeholder": text(n)}))),
    ("input max_length", 3000, lambda n: modal(entry({"type": "plain_text_input", "max_length": n}))),
    ("alert text", 200, lambda n: modal({"type": "alert", "text": text(n)})),
]


@pytest.mark.parametrize(("what", "most", "make"), MESSAGE_ROWS, ids=[row[0] for row in MESSAGE_ROWS])
def test_a_message_takes_the_most_and_refuses_one_more(what: str, most: int, make: Callable[[int], Any]) -> None:
    assert limits.message_problems(make(most)) == [], what
    assert limits.message_problems(make(most + 1)), what


@pytest.mark.parametrize(("what", "most", "make"), VIEW_ROWS, ids=[row[0] for row in VIEW_ROWS])
def test_a_view_takes_the_most_and_refuses_one_more(what: str, most: int, make: Callable[[int], Any]) -> None:
    assert limits.view_problems(make(most)) == [], what
    assert limits.view_problems(make(most + 1)), what


REFUSED: list[tuple[str, Any, str]] = [
    ("an unknown block", [{"type": "sektion"}], "unsupported type: sektion"),
    ("no list", {"type": "divider"}, "must be an array"),
    ("no object", ["divider"], "unsupported type: None"),
    ("an unknown field", [{"type": "divider", "color": "red"}], "invalid additional property: color"),
    ("a section that says nothing", [{"type": "section"}], "missing required field: text"),
    ("an empty text", section(text=text(0, "mrkdwn")), "must be more than 0 characters"),
    ("a text that is a string", section(text="hello"), "must be an object"),
    ("a number as text", section(text={"type": "mrkdwn", "text": 5}), "must be a string"),
    ("mrkdwn in a header", [{"type": "header", "text": text(1, "mrkdwn")}], "must be one of: plain_text"),
    ("a style that is none", in_actions(button(style="loud")), "must be one of: primary, danger"),
    ("an input element in actions", in_actions({"type": "plain_text_input"}), "unsupported type: plain_text_input"),
    ("a confirm that is a string", in_actions(button(confirm="sure?")), "must be an object"),
    ("no actions", in_actions(), "must have at least 1 items"),
    ("an image without words", [{"type": "image", "image_url": "x"}], "missing required field: alt_text"),
    ("a data table of one row", data_table(rows=[{}]), "must have at least 2 items"),
    ("a data table without caption", [{"type": "data_table", "rows": [{}, {}]}], "missing required field: caption"),
    ("two equal action ids", in_actions(button(action_id="a"), button(action_id="a")), "`action_id` already exists: a"),
    ("two equal block ids", [{"type": "divider", "block_id": "b"}] * 2, "`block_id` already exists: b"),
    ("an alert in a message", [{"type": "alert", "text": text(1)}], "unsupported type: alert"),
    ("a task of no known status", [{"type": "task_card", "task_id": "t", "status": "odd"}], "must be one of: pending"),
]


@pytest.mark.parametrize(("what", "blocks", "why"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_message_refuses(what: str, blocks: Any, why: str) -> None:
    found = limits.message_problems(blocks)
    assert [problem for problem in found if problem.message.startswith(why)], (what, found)


def test_a_problem_names_its_place_as_a_json_pointer() -> None:
    blocks = [{"type": "divider"}, *section(text=text(3001, "mrkdwn"))]
    (problem,) = limits.message_problems(blocks)
    assert problem.to_line() == "[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]"


@pytest.mark.parametrize(
    ("view", "why"),
    [
        ("modal", "must be an object"),
        ({"type": "modal", "blocks": []}, "must have at least 1 items"),
        ({"type": "modal", "blocks": [{"type": "divider"}]}, "missing required field: title"),
        ({"type": "modal", "title": text(1), "blocks": [entry()]}, "missing required field: submit"),
        ({"type": "drawer", "title": text(1), "blocks": [{"type": "divider"}]}, "must be one of: modal, home"),
    ],
)
def test_a_view_refuses(view: Any, why: str) -> None:
    assert [problem.message for problem in limits.view_problems(view)] == [why]


def test_a_home_view_needs_no_title() -> None:
    assert limits.view_problems({"type": "home", "blocks": [{"type": "divider"}]}) == []


def test_all_the_text_of_a_message_together_has_a_limit() -> None:
    fits = [*section(text=text(3000, "mrkdwn")) * 4, *section(text=text(1200, "mrkdwn"))]
    limits.check_message_blocks(fits)
    with pytest.raises(SlackError, match="msg_blocks_too_long"):
        limits.check_message_blocks([*fits, *section()])


def test_a_view_of_more_than_250_kilobytes_is_too_large() -> None:
    big = modal(*(entry(hint=text(2000)) for _ in range(99)))
    limits.check_view(big)
    blocks = [{"type": "section", "fields": [text(2000)] * 10} for _ in range(13)]
    with pytest.raises(SlackError, match="view_too_large"):
        limits.check_view(modal(*blocks))


def test_characters_count_once_each_even_beyond_the_basic_plane() -> None:
    assert limits.message_problems([{"type": "header", "text": {"type": "plain_text", "text": "🚀" * 150}}]) == []
