"""The one place that makes outside text safe for Slack: escaping, stripping, clipping, code spans and mentions.

Everything that reaches a message is either a template of ours or a `Mrkdwn` or plain text made here. Knows no words.
"""

import re
import unicodedata
from typing import NewType

Mrkdwn = NewType("Mrkdwn", str)
"""Text in Slack's markup that is safe to send: outside parts in it are escaped."""

FACT_LIMIT = 300
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_CHARACTERS = {entity: char for char, entity in _ENTITIES.items()}
_ENTITY = re.compile("|".join(_CHARACTERS))
# Labels are not unescaped everywhere, so that look-alikes stand there instead of entities.
_LOOKALIKES = str.maketrans({"&": "\uff06", "<": "\u2039", ">": "\u203a"})
# Fillers that have a letter's category and no picture.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SPACES = frozenset("\t\n\v\f\r\x85\u2028\u2029")
_TOKEN = re.compile(r"&(?:amp|lt|gt);|<[^<>]*>|.", re.DOTALL)
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,20}")
_URL = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:/[A-Za-z0-9._~!$'()*+,;=:@%/?#-]*)?")
_QUOTE_LINE = 200


def clean(text: str) -> str:
    """Drop what cannot be seen or turns the reading direction; every line break and tab becomes a space."""
    return "".join(" " if char in _SPACES else char for char in text if char in _SPACES or _is_visible(char))


def _is_visible(char: str) -> bool:
    return char not in _INVISIBLE and unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def clip(text: str, limit: int) -> str:
    """Shorten to at most `limit` characters, the last of them an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"


def plain(text: str, *, limit: int) -> str:
    """Make outside text fit for a plain-text object such as a button's label."""
    return clip(" ".join(clean(text).split()), limit).translate(_LOOKALIKES)


def escape(text: str, *, limit: int = FACT_LIMIT) -> Mrkdwn:
    """Make outside text fit for markup; `limit` counts characters before escaping.

    Backticks become quotes: one that is left open would turn all that follows into code.
    """
    return _escaped(clip(" ".join(clean(text).replace("`", "'").split()), limit))


def prose(text: str, *, limit: int = FACT_LIMIT) -> Mrkdwn:
    """Make a line of our own help or lists fit for markup: what stands between two backticks stays code."""
    parts = clip(text, limit).split("`")
    if len(parts) % 2 == 0 or "" in parts[1::2]:
        return escape(text, limit=limit)
    shown = [code(part) if index % 2 else _escaped(clean(part)) for index, part in enumerate(parts)]
    return Mrkdwn(" ".join("".join(shown).split()))


def _escaped(text: str) -> Mrkdwn:
    return Mrkdwn("".join(_ENTITIES.get(char, char) for char in text))


def unescape(markup: Mrkdwn) -> str:
    """Undo the escaping, for a plain text that was filled from a template; it is outside text again."""
    return _ENTITY.sub(lambda found: _CHARACTERS[found.group()], markup)


def cut(markup: str, limit: int) -> Mrkdwn:
    """Shorten safe markup to at most `limit` characters without cutting an entity, a mention or a link in two."""
    if len(markup) <= limit:
        return Mrkdwn(markup)
    kept, length = [], 1
    for token in _TOKEN.findall(markup):
        length += len(token)
        if length > limit:
            break
        kept.append(token)
    return Mrkdwn("".join(kept) + "…")


def code(text: str, *, limit: int = FACT_LIMIT) -> Mrkdwn:
    """Show outside text as a code span that it cannot end; nothing is shown as a dash."""
    inner = escape(text, limit=limit)
    return Mrkdwn(f"`{inner or '-'}`")


def mention(user: str) -> Mrkdwn:
    """Mention a user id; anything that is none is shown as text and notifies nobody."""
    return Mrkdwn(f"<@{user}>") if _USER.fullmatch(user) else escape(user)


def link(target: str, *, label: str = "") -> Mrkdwn:
    """Link a channel id or a plain http address; anything else is shown as text."""
    if _CHANNEL.fullmatch(target):
        return Mrkdwn(f"<#{target}>")
    if not _URL.fullmatch(target):
        return escape(label or target)
    name = escape((label or target).replace("|", "/"))
    return Mrkdwn(f"<{target}|{name}>")


def quote(lines: tuple[str, ...], *, limit: int) -> Mrkdwn:
    """Quote outside lines one by one, the newest of those that fit."""
    return Mrkdwn("\n".join(f"> {line}" for line in _newest(lines, limit=limit, extra=3)))


def preformatted(lines: tuple[str, ...], *, limit: int, longest: int = _QUOTE_LINE) -> Mrkdwn:
    """Show outside lines as a block that they cannot end, the newest of those that fit; empty without lines.

    A line longer than `longest` is clipped.
    """
    kept = _newest(lines, limit=limit - 8, extra=1, longest=longest)
    return Mrkdwn("```\n" + "\n".join(kept) + "\n```") if kept else Mrkdwn("")


def _newest(lines: tuple[str, ...], *, limit: int, extra: int, longest: int = _QUOTE_LINE) -> list[Mrkdwn]:
    kept: list[Mrkdwn] = []
    room = limit
    for line in reversed(lines):
        safe = _escaped(clip(clean(line).rstrip().replace("`", "'"), longest))
        room -= len(safe) + extra
        if room < 0:
            break
        kept.insert(0, safe)
    return kept
