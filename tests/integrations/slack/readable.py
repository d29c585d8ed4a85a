"""Writes a message as a person would see it, for the .txt beside each golden."""

import re
from typing import Any

from integrations.slack.blocks import Message

_DATE = re.compile(r"<!date\^\d+\^\{[a-z_]+\}(?: \{time\})?\|([^>]*)>")
_MENTION = re.compile(r"<@U0([A-Z0-9]+)>")


def readable(message: Message) -> str:
    lines = []
    for block in message.blocks:
        match block["type"]:
            case "section":
                lines.append(_seen(block["text"]["text"]))
            case "context":
                lines.append(_seen(block["elements"][0]["text"]))
            case "actions":
                lines.append("  ".join(_element(element) for element in block["elements"]))
                lines += [
                    f"    {button['confirm']['confirm']['text']}? {button['confirm']['text']['text']}"
                    for button in block["elements"]
                    if "confirm" in button
                ]
            case other:
                raise AssertionError(other)
    return "\n".join(lines) + "\n"


def _element(element: dict[str, Any]) -> str:
    if element["type"] == "overflow":
        return f"[⋯ {' | '.join(option['text']['text'] for option in element['options'])}]"
    return f"[{element['text']['text']}]"


def _seen(markup: str) -> str:
    text = _MENTION.sub(lambda found: f"@{found[1].lower()}", _DATE.sub(r"\1", markup))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
