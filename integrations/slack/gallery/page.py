"""Writes the gallery: one HTML page with every state at its ordinary and its largest size, in light and dark.

Called by `slipway gallery`. It holds everything in itself and runs no script.
"""

import html
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from integrations.slack import blocks
from integrations.slack.blocks import Message
from integrations.slack.gallery import html as drawing
from integrations.slack.gallery.pictures import Picture

_STYLE = Path(__file__).with_name("style.css")
_THEMES = ("system", "light", "dark")


def page(pictures: Iterable[Picture]) -> str:
    """Write the page; pictures of one part stand together."""
    parts = [(name, list(found)) for name, found in groupby(pictures, key=lambda picture: picture.part)]
    count = sum(len(found) for _, found in parts)
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Slipway gallery</title>',
            f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style></head>",
            "<body><header><h1>Slipway gallery</h1>",
            f"<p>{count} states as people see them in Slack, at their ordinary and at their largest size.</p>",
            f"<nav>{''.join(_link(name, len(found)) for name, found in parts)}</nav>",
            f"<fieldset>{''.join(map(_theme, _THEMES))}</fieldset></header><main>",
            *(line for name, found in parts for line in _part(name, found)),
            "</main></body></html>\n",
        )
    )


def _theme(name: str) -> str:
    mark = " checked" if name == _THEMES[0] else ""
    return f'<label><input type="radio" name="theme" id="{name}"{mark}> {name}</label>'


def _link(part: str, count: int) -> str:
    return f'<a href="#part-{_anchor(part)}">{html.escape(part)} ({count})</a> '


def _part(name: str, pictures: list[Picture]) -> Iterator[str]:
    yield f'<h2 id="part-{_anchor(name)}">{html.escape(name)}</h2>'
    for picture in pictures:
        yield f'<article id="{_anchor(picture.name)}"><h3>{html.escape(picture.title)}</h3><div class="pair">'
        yield _figure(picture, picture.message, "ordinary")
        yield _figure(picture, picture.largest, "at its largest")
        yield "</div></article>"


def _figure(picture: Picture, shown: Message, size: str) -> str:
    characters, count = picture.room
    taken = f"{blocks.size(shown.blocks):,} of {characters:,} characters, {len(shown.blocks)} of {count} blocks"
    label = html.escape(f"{picture.title}, {size}")
    return (
        f'<figure><div class="message" role="group" aria-label="{label}">{drawing.message(shown.blocks)}</div>'
        f"<figcaption>{size} · {taken}</figcaption></figure>"
    )


def _anchor(name: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in name.lower())
