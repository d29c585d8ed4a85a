"""The page of the gallery: whole, valid, without scripts, with every state in it."""

from html.parser import HTMLParser
from typing import Final

import pytest
from typing_extensions import override

from integrations.slack.blocks import Message
from integrations.slack.gallery import html
from integrations.slack.gallery.page import page
from integrations.slack.gallery.pictures import Picture, pictures
from tests.integrations.slack.hostile import HOSTILE

VOID: Final = {"meta", "input"}


class Reader(HTMLParser):
    """Reads a page and remembers what is wrong with its nesting, its ids and its texts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.texts: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        known = dict(attrs)
        if len(known) != len(attrs):
            self.wrong.append(f"an attribute twice in {self.get_starttag_text()}")
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.targets += [value for name, value in attrs if name == "href" and value]
        self.wrong += [f"{name} in {tag}" for name in known if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing, at {self.getpos()}")

    @override
    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.wrong == []
    assert reader.open == []
    return reader


def test_the_page_is_whole_and_has_every_state() -> None:
    shown = list(pictures())
    text = page(shown)
    assert text.startswith("<!doctype html>")
    found = read(text)
    assert len(found.ids) == len(set(found.ids))
    assert {picture.name for picture in shown} <= set(found.ids)
    assert {target.removeprefix("#") for target in found.targets if target.startswith("#")} <= set(found.ids)
    assert not found.tags & {"script", "link", "img", "iframe"}, "it holds everything in itself and runs nothing"
    assert "url(" not in text
    assert f"{len(shown)} states" in text


@pytest.mark.parametrize("outside", HOSTILE)
def test_nothing_that_is_said_becomes_a_tag(outside: str) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": outside}}
    button = {"type": "button", "text": {"text": outside}, "confirm": {name: {"text": outside} for name in WORDS}}
    blocks = ({"type": "actions", "elements": [button]}, section)
    found = read(html.message(blocks))
    assert found.tags <= {"div", "p", "button", "b", "i", "s", "code", "pre", "blockquote", "a", "span", "time"}
    assert not [target for target in found.targets if not target.startswith("http")]


WORDS = ("title", "text", "confirm", "deny")


@pytest.mark.parametrize(
    ("markup", "drawn"),
    [
        ("*bold* `a &lt; b`", "<div><b>bold</b> <code>a &lt; b</code></div>"),
        ("> quoted\n&gt; too", "<blockquote>quoted</blockquote><blockquote>too</blockquote>"),
        ("```\nlog &amp; more\n```", "<pre>log &amp; more</pre>"),
        ("<@U0ALICE>", '<div><span class="mention">@alice</span></div>'),
        ("<#C0PROD>", '<div><span class="mention">#C0PROD</span></div>'),
        ("<!date^1793620800^{time}|12:00 UTC>", "<div><time>12:00 UTC</time></div>"),
        ("<https://a.example/x|#142>", '<div><a href="https://a.example/x">#142</a></div>'),
        ("<https://a.example/x>", '<div><a href="https://a.example/x">https://a.example/x</a></div>'),
        ("<javascript:alert(1)|here>", "<div>here</div>"),
        ("_it_ ~no~ snake_case_name 2 * 3 * 4", "<div><i>it</i> <s>no</s> snake_case_name 2 * 3 * 4</div>"),
        ("", ""),
    ],
)
def test_markup_is_drawn(markup: str, drawn: str) -> None:
    assert html.markup(markup) == drawn


def test_what_the_gallery_cannot_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="block of the type video"):
        html.message(({"type": "video"},))
    with pytest.raises(ValueError, match="element of the type datepicker"):
        html.message(({"type": "actions", "elements": [{"type": "datepicker"}]},))


def test_a_menu_behind_dots_shows_what_it_holds() -> None:
    option = {"text": {"text": "Pause"}, "value": "x"}
    overflow = {"type": "overflow", "options": [option], "confirm": {name: {"text": "sure"} for name in WORDS}}
    drawn = html.message(({"type": "actions", "elements": [overflow]},))
    assert "<li>Pause</li>" in drawn
    assert "⋯: sure · sure" in drawn


def test_a_title_says_the_name_in_words() -> None:
    message = Message(text="", blocks=())
    assert Picture(part="p", name="green-ready", message=message, largest=message).title == "Green ready"
