"""Texts that try to be more than texts, and the check that a drawn message lets none of them."""

import re
from collections.abc import Iterator
from typing import Any

from integrations.slack.blocks import Message

HOSTILE = (
    "<!channel> look",
    "<!here|here>",
    "<!subteam^S123|@team>",
    "<@U0BOB>",
    "<http://evil.example.com|approved by bob>",
    "&lt;!channel&gt;",
    "&amp;lt;b&amp;gt;",
    "`code` ```block```",
    "*Approved by @bob* _x_ ~y~",
    "line\n> quoted\n*Approved*",
    "\u202eeilla\u202c \u2066x\u2069",
    "zero\u200bwidth\ufeff\u2060joined\u00ad",
    "\x1b[31mred\x1b[0m \x07\x00",
    "lone \ud800 surrogate",
    "<" * 400,
    "&" * 4000,
    "`" * 50,
    "{app} {0} {by:person} {x.__class__}",
    "# | #",
    "مرحبا بالعالم",
    "👩\u200d👩\u200d👧 family",
    "x" * 5000,
)

# What may stand in markup: entities, and references of our own making in angle brackets.
_OURS = re.compile(
    r"<@[UW][A-Z0-9]+>|<#[CDG][A-Z0-9]+>|<!date\^\d+\^\{[a-z_]+\}(?: \{time\})?\|[0-9:\- UTC]+>|<https?://[^<>|\s]+\|[^<>|]*>"
)
_QUOTE = re.compile(r"^> ", re.MULTILINE)
_ENTITY = re.compile(r"&(?:amp|lt|gt);")
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\ud800-\udfff]")


def texts(message: Message) -> Iterator[tuple[str, str]]:
    """List (kind, text) of everything that is read: the fallback is markup too."""
    yield "mrkdwn", message.text
    yield from _texts(list(message.blocks))


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        if value.get("type") in {"mrkdwn", "plain_text"}:
            yield value["type"], value["text"]
        for item in value.values():
            yield from _texts(item)


def assert_harmless(message: Message) -> None:
    """Fail where an outside text could format, link, notify, hide or forge a line."""
    for kind, text in texts(message):
        assert not _UNSEEN.search(text), (kind, text)
        rest = text
        if kind == "mrkdwn":
            rest = _ENTITY.sub("", _QUOTE.sub("", _OURS.sub("", text)))
            assert text.count("```") in {0, 2}, text
        assert not set("<>&") & set(rest), (kind, text)
