"""What a person would read and could press in a message or view, as plain text.

The driver answers with it and finds buttons by it. Pure: names of people and channels come in as a lookup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playground.slack.model import Obj

Names = Callable[[str], str]

_TOKEN = re.compile(r"<([^<>]+)>")
_CODE = re.compile(r"```\n?(.*?)\n?```|`([^`\n]+)`", re.DOTALL)
_MARKS = re.compile(r"(?<![\w*_~])([*_~])(\S(?:.*?\S)?)\1(?![\w*_~])")
_SELECTS = ("static_select", "radio_buttons")


def plain_text(mrkdwn: str, names: Names) -> str:
    """Take the mark-up out of mrkdwn: mentions by name, links by their text, dates by their fallback."""
    words = _TOKEN.sub(lambda found: _token(found[1], names), mrkdwn)
    words = _CODE.sub(lambda found: found[1] or found[2] or "", words)
    while (fewer := _MARKS.sub(r"\2", words)) != words:
        words = fewer
    return html.unescape(words)


def _token(inside: str, names: Names) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("!date^"):
        return label
    if target.startswith("@"):
        return f"@{names(target[1:])}"
    if target.startswith("#"):
        return f"#{names(target[1:])}"
    if target.startswith("!"):
        return f"@{(label or target[1:]).removeprefix('@')}"
    return label or target


def _text(value: Obj | None, names: Names) -> str:
    if not value:
        return ""
    return str(value["text"]) if value["type"] == "plain_text" else plain_text(value["text"], names)


def _section(block: Obj, names: Names) -> str:
    lines = [_text(block.get("text"), names), *(_text(field, names) for field in block.get("fields") or [])]
    lines.append(_element_text(block["accessory"]) if block.get("accessory") else "")
    return "\n".join(line for line in lines if line)


def _context(block: Obj, names: Names) -> str:
    return " ".join(e["alt_text"] if e["type"] == "image" else _text(e, names) for e in block["elements"])


def _prose(block: Obj, names: Names) -> str:
    return block["text"] if isinstance(block["text"], str) else _text(block["text"], names)


_READERS: dict[str, Callable[[Obj, Names], str]] = {
    "section": _section,
    "header": _prose,
    "context": _context,
    "actions": lambda block, _: "  ".join(_element_text(element) for element in block["elements"]),
    "input": lambda block, _: f"{block['label']['text']}: {_element_text(block['element'])}",
    "image": lambda block, _: f"[image: {block['alt_text']}]",
    "divider": lambda _block, _: "---",
    "markdown": _prose,
    "alert": _prose,
}


def block_text(block: Obj, names: Names) -> str:
    """Give one block as lines of text; buttons stand in square brackets."""
    reader = _READERS.get(block["type"])
    return reader(block, names) if reader else f"[{block['type']}]"


def _element_text(element: Obj) -> str:
    kind = element["type"]
    if kind == "button":
        return f"[{element['text']['text']}]"
    if kind in {"overflow", "image"}:
        return "[⋯]" if kind == "overflow" else f"[image: {element['alt_text']}]"
    chosen = element.get("initial_option")
    shown = chosen["text"]["text"] if chosen else element.get("initial_value") or _placeholder(element)
    return f"[{shown}]"


def _placeholder(element: Obj) -> str:
    return str((element.get("placeholder") or {}).get("text", ""))


def rendered(text: str, blocks: Sequence[Obj], names: Names) -> str:
    """Give a whole message as text; `text` counts only when there are no blocks, as in Slack's clients."""
    return "\n".join(block_text(block, names) for block in blocks) if blocks else plain_text(text, names)


@dataclass(frozen=True, slots=True)
class Pressable:
    """Something a person can press: a button, or one option of a menu."""

    label: str
    block_id: str
    element: Obj
    option: Obj | None = None

    @property
    def asks_first(self) -> bool:
        return bool(self.element.get("confirm"))


def pressables(blocks: Sequence[Obj]) -> list[Pressable]:
    """List what can be pressed, in reading order."""
    return [found for block in blocks for element in _elements(block) for found in _pressables(block, element)]


def _elements(block: Obj) -> Iterator[Obj]:
    if block["type"] == "actions":
        yield from block["elements"]
    for place in ("accessory", "element"):
        if block.get(place):
            yield block[place]


def _pressables(block: Obj, element: Obj) -> Iterator[Pressable]:
    if element["type"] == "button":
        yield Pressable(element["text"]["text"], block["block_id"], element)
    elif element["type"] == "overflow" or (element["type"] in _SELECTS and block["type"] != "input"):
        for option in options_of(element):
            yield Pressable(option["text"]["text"], block["block_id"], element, option)


def options_of(element: Obj) -> list[Obj]:
    """List the options of a menu, those in groups included."""
    grouped = [option for group in element.get("option_groups") or [] for option in group["options"]]
    return [*(element.get("options") or []), *grouped]
