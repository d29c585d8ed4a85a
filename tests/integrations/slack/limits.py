"""Slack's limits as the tests know them, written down apart from the product's own numbers."""

import json
from typing import Any

from integrations.slack.blocks import Message

TEXT_OF_UPDATE = 4_000
BLOCKS = 50
CHARACTERS = 13_200
LENGTHS = {"section": 3_000, "context": 2_000}
ELEMENTS = {"context": 10, "actions": 25}
BUTTON = {"text": 75, "value": 2_000, "action_id": 255}
OPTIONS = 5
OPTION = {"text": 75, "value": 150}
CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}


def assert_fits(message: Message) -> None:
    """Fail where Slack would refuse a message, posted or edited."""
    assert 0 < len(message.text) <= TEXT_OF_UPDATE
    assert 0 < len(message.blocks) <= BLOCKS
    assert len(json.dumps(list(message.blocks), ensure_ascii=False)) <= CHARACTERS
    for block in message.blocks:
        _assert_block(block)
    ids = [button["action_id"] for button in buttons(message)]
    assert len(ids) == len(set(ids))


def buttons(message: Message) -> list[dict[str, Any]]:
    return [element for element in _pressable(message) if element["type"] == "button"]


def menu(message: Message) -> list[dict[str, Any]]:
    """Return the options behind the dots."""
    dots = [element for element in _pressable(message) if element["type"] == "overflow"]
    return dots[0]["options"] if dots else []


def _pressable(message: Message) -> list[dict[str, Any]]:
    return [element for block in message.blocks if block["type"] == "actions" for element in block["elements"]]


def _assert_block(block: dict[str, Any]) -> None:
    kind = block["type"]
    assert kind in {"section", "context", "actions"}
    for element in block.get("elements", [block]):
        if element["type"] == "button":
            _assert_button(element)
        elif element["type"] == "overflow":
            _assert_menu(element)
        else:
            text = element if kind == "context" else element["text"]
            assert 0 < len(text["text"]) <= LENGTHS[kind]
    assert len(block.get("elements", [])) <= ELEMENTS.get(kind, 0)


def _assert_menu(dots: dict[str, Any]) -> None:
    assert 0 < len(dots["options"]) <= OPTIONS
    for option in dots["options"]:
        assert 0 < len(option["text"]["text"]) <= OPTION["text"]
        assert 0 < len(option["value"]) <= OPTION["value"]


def _assert_button(button: dict[str, Any]) -> None:
    assert 0 < len(button["text"]["text"]) <= BUTTON["text"]
    assert 0 < len(button["value"]) <= BUTTON["value"]
    assert 0 < len(button["action_id"]) <= BUTTON["action_id"]
    for name, limit in CONFIRM.items():
        if "confirm" in button:
            assert 0 < len(button["confirm"][name]["text"]) <= limit, name
