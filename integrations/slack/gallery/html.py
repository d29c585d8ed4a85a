"""Draws Block Kit as HTML, near enough to Slack's own look to judge a message by: the blocks that Slipway uses.

Called by `page`. It believes nothing: every text is escaped, whatever it says.
"""

import html
import re
from collections.abc import Iterator

from integrations.slack.blocks import Block

_REFERENCE = r"<([^<>]+)>"
_INLINE = re.compile(rf"{_REFERENCE}|`([^`\n]+)`|\*(?! )([^*\n]+)(?<! )\*|(?<![\w])_([^_\n]+)_(?![\w])|~([^~\n]+)~")
_FENCE = "```"
_QUOTES = ("> ", "&gt; ")
_USER_PREFIX = "U0"


def message(shown: tuple[Block, ...]) -> str:
    """Draw a message, block by block."""
    return "\n".join(_block(block) for block in shown)


def _block(block: Block) -> str:
    match block["type"]:
        case "section":
            return f'<div class="section">{markup(block["text"]["text"])}</div>'
        case "context":
            return f'<div class="context">{" ".join(markup(each["text"]) for each in block["elements"])}</div>'
        case "actions":
            elements = "".join(_element(element) for element in block["elements"])
            asked = "".join(_question(element) for element in block["elements"] if "confirm" in element)
            return f'<div class="actions">{elements}</div>{asked}'
        case "input":
            hint = f'<p class="hint">{_plain(block["hint"])}</p>' if "hint" in block else ""
            return (
                f'<label class="input"><span>{_plain(block["label"])}</span>{_element(block["element"])}</label>{hint}'
            )
        case other:
            raise ValueError(f"the gallery cannot draw a block of the type {other}")


def _element(element: Block) -> str:
    match element["type"]:
        case "button":
            return f'<button type="button" class="{element.get("style", "")}">{_plain(element["text"])}</button>'
        case "overflow":
            options = "".join(f"<li>{_plain(option['text'])}</li>" for option in element["options"])
            return f'<details class="menu" open><summary>⋯</summary><ul>{options}</ul></details>'
        case "static_select":
            return f"<select>{''.join(_options(element))}</select>"
        case "plain_text_input":
            initial = html.escape(element.get("initial_value", ""))
            return f'<input type="text" value="{initial}" placeholder="{_plain(element["placeholder"])}">'
        case other:
            raise ValueError(f"the gallery cannot draw an element of the type {other}")


def _options(element: Block) -> Iterator[str]:
    chosen = element.get("initial_option", {}).get("value")
    if chosen is None:
        yield f"<option>{_plain(element['placeholder'])}</option>"
    for option in element["options"]:
        detail = f" ({_plain(option['description'])})" if "description" in option else ""
        mark = " selected" if option["value"] == chosen else ""
        yield f"<option{mark}>{_plain(option['text'])}{detail}</option>"


def _question(element: Block) -> str:
    confirm = element["confirm"]
    words = " · ".join(_plain(confirm[name]) for name in ("title", "text", "confirm", "deny"))
    return f'<p class="asks">{_plain(element["text"]) if "text" in element else "⋯"}: {words}</p>'


def _plain(text: Block) -> str:
    return html.escape(text["text"])


def markup(text: str) -> str:
    """Draw Slack's markup: code, emphasis, quotes, mentions, links and dates."""
    parts = text.split(_FENCE)
    drawn = [f"<pre>{_escaped(part.strip())}</pre>" if index % 2 else _lines(part) for index, part in enumerate(parts)]
    return "".join(drawn)


def _lines(text: str) -> str:
    drawn = []
    for line in text.strip("\n").split("\n"):
        is_quote = line.startswith(_QUOTES)
        shown = _inline(line.partition(" ")[2] if is_quote else line)
        drawn.append(f"<blockquote>{shown}</blockquote>" if is_quote else f"<div>{shown}</div>")
    return "".join(drawn) if text.strip("\n") else ""


def _inline(text: str) -> str:
    drawn, end = "", 0
    for found in _INLINE.finditer(text):
        drawn += _escaped(text[end : found.start()]) + _token(found)
        end = found.end()
    return drawn + _escaped(text[end:])


def _token(found: re.Match[str]) -> str:
    reference, code, bold, italic, struck = found.groups()
    if reference:
        return _reference(reference)
    if code:
        return f"<code>{_escaped(code)}</code>"
    tag, inner = next((tag, inner) for tag, inner in (("b", bold), ("i", italic), ("s", struck)) if inner)
    return f"<{tag}>{_inline(inner)}</{tag}>"


def _reference(target: str) -> str:
    address, _, label = target.partition("|")
    if address.startswith("@"):
        return f'<span class="mention">@{html.escape(address[1:].removeprefix(_USER_PREFIX).lower())}</span>'
    if address.startswith("#"):
        return f'<span class="mention">#{html.escape(address[1:])}</span>'
    if address.startswith("!date"):
        return f"<time>{_escaped(label)}</time>"
    if not address.startswith(("https://", "http://")):
        return _escaped(label or address)
    return f'<a href="{html.escape(address)}">{_escaped(label or address)}</a>'


def _escaped(text: str) -> str:
    """Escape for HTML what is escaped for Slack already."""
    return html.escape(html.unescape(text))
