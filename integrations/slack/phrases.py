"""Fills the templates of `words` and its kin with facts: the one formatter, so that no fact reaches a text unescaped.

Called by every renderer of this package. Knows formats and plural forms, not a single sentence.
"""

import logging
import re
import string
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from typing_extensions import override

from commands.core.model import Action
from commands.core.reasons import Fact
from integrations.slack import names, text
from integrations.slack.remedies import MEANINGS
from integrations.slack.text import Mrkdwn

_LOG = logging.getLogger(__name__)
_DIGEST_SHOWN = len("sha256:") + 12
_COMMIT_SHOWN = 12
_MEASURE = 120
_ONE = re.compile(r"\[\s*([^\s,\[\]]+)\s*\]")
# What is measured when nothing was measured says nothing of the bound itself.
_NO_DATA = r"(?:len\(result\) == 0 \|\| isNaN\(result\[0\]\) \|\| |len\(result\) > 0 && !isNaN\(result\[0\]\) && )?"
_COMPARISON = re.compile(_NO_DATA + r"result(?:\[0\])?\s*(<=|>=|==|!=|<|>)\s*(-?[0-9.]+)")
_SIGNS = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def fill(template: str, facts: Mapping[str, Fact] | None = None, /, **more: Fact) -> Mrkdwn:
    """Fill a template; a missing fact is shown as nothing, because an answer with a hole beats no answer."""
    return Mrkdwn(_FILLER.vformat(template, (), {**(facts or {}), **more}))


def label(template: str, /, **facts: Fact) -> str:
    """Fill a template for a plain text such as a button; the result is outside text, to be passed to `text.plain`."""
    return text.unescape(fill(template, facts))


def needs(template: str) -> frozenset[str]:
    """List the facts that a template mentions."""
    return frozenset(name for _, name, _, _ in _FILLER.parse(template) if name)


class _Filler(string.Formatter):
    """Looks facts up by their plain names and formats them by the names of `_FORMATS`."""

    @override
    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        if field_name not in kwargs:
            _LOG.warning("a text lacks its fact %s", field_name)
        return kwargs.get(field_name, ""), field_name

    @override
    def format_field(self, value: Fact, format_spec: str) -> str:
        name, _, rest = format_spec.partition("|")
        forms = tuple(rest.split("|"))
        if name == "plural":
            return _plural(value, forms)
        if name.startswith("if"):
            return _choose(value, forms, shown=_FORMATS[name.removeprefix("if").removeprefix("-")])
        return _FORMATS[name](value)


_FILLER = _Filler()


def _plural(value: Fact, forms: Sequence[str]) -> str:
    """Choose among as many forms as the language has: the first for one, the last for the others."""
    return (forms[0] if value == 1 else forms[-1]).replace("#", _text(value))


def _choose(value: Fact, forms: Sequence[str], *, shown: Callable[[Fact], Mrkdwn]) -> str:
    if value in {"", 0}:
        return forms[1] if len(forms) > 1 else ""
    return forms[0].replace("#", shown(value))


def _text(value: Fact) -> Mrkdwn:
    return _time(value) if isinstance(value, datetime) else text.escape(str(value))


def _code(value: Fact) -> Mrkdwn:
    return text.code(str(value))


def _codes(value: Fact) -> Mrkdwn:
    return Mrkdwn(", ".join(text.code(part.strip()) for part in str(value).split(",")))


def _any_of(value: Fact) -> Mrkdwn:
    return _either([text.code(part.strip()) for part in str(value).split(",")])


def _people(value: Fact) -> Mrkdwn:
    return _either([text.mention(part.strip()) for part in str(value).split(",")])


def _either(parts: Sequence[Mrkdwn]) -> Mrkdwn:
    return Mrkdwn(f" {names.OR} ".join([", ".join(parts[:-1]), parts[-1]] if parts[:-1] else parts))


def _person(value: Fact) -> Mrkdwn:
    return text.mention(str(value)) if value else Mrkdwn(names.SOMEBODY)


def _time(value: Fact) -> Mrkdwn:
    return _date(value, "{time}", "%H:%M UTC")


def _day(value: Fact) -> Mrkdwn:
    return _date(value, "{date_short_pretty}", "%Y-%m-%d")


def _moment(value: Fact) -> Mrkdwn:
    return _date(value, "{date_short_pretty} {time}", "%Y-%m-%d %H:%M UTC")


def _date(value: Fact, token: str, otherwise: str) -> Mrkdwn:
    """Show a moment in the reader's own zone; the part after the bar is for readers whose client cannot."""
    if not isinstance(value, datetime):
        return _text(value)
    return Mrkdwn(f"<!date^{int(value.timestamp())}^{token}|{value.astimezone(UTC).strftime(otherwise)}>")


def _span(value: Fact) -> Mrkdwn:
    return Mrkdwn(span(timedelta(seconds=value))) if isinstance(value, int) else _text(value)


def span(length: timedelta) -> str:
    """Write a duration with its two largest units."""
    seconds = max(int(length.total_seconds()), 0)
    if seconds < _MINUTE:
        return f"{seconds} {names.SECOND}"
    if seconds < _HOUR:
        return _units(seconds // _MINUTE, names.MINUTE, seconds % _MINUTE, names.SECOND)
    if seconds < _DAY:
        return _units(seconds // _HOUR, names.HOUR, seconds % _HOUR // _MINUTE, names.MINUTE)
    return _units(seconds // _DAY, names.DAY, seconds % _DAY // _HOUR, names.HOUR)


def _units(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit}" + (f" {small} {small_unit}" if small else "")


def _verb(forms: Mapping[Action, str]) -> Callable[[Fact], Mrkdwn]:
    known = {action.value: form for action, form in forms.items()}
    return lambda value: Mrkdwn(known.get(str(value), text.escape(str(value))))


def _named(known: Mapping[str, str]) -> Callable[[Fact], Mrkdwn]:
    return lambda value: Mrkdwn(known.get(str(value), text.escape(str(value), limit=40)))


def _value(value: Fact) -> Mrkdwn:
    """Show what was measured; a query that gives a list of one gives its one."""
    listed = _ONE.fullmatch(str(value).strip())
    return text.escape(listed.group(1) if listed else str(value), limit=_MEASURE)


def _times(value: Fact) -> Mrkdwn:
    return Mrkdwn(names.ONCE if value == 1 else names.TIMES.replace("{count}", _text(value)))


def _condition(value: Fact) -> Mrkdwn:
    """Show a condition of an analysis, a plain comparison in short and anything else as it was written."""
    found = _COMPARISON.fullmatch(str(value).strip())
    if found is None:
        return text.code(str(value), limit=_MEASURE)
    return text.escape(f"{_SIGNS.get(found.group(1), found.group(1))} {found.group(2)}")


def _digest(value: Fact) -> Mrkdwn:
    return text.escape(str(value), limit=_DIGEST_SHOWN)


def _commit(value: Fact) -> Mrkdwn:
    return text.escape(str(value)[:_COMMIT_SHOWN])


def _link(value: Fact) -> Mrkdwn:
    return text.link(str(value))


_FORMATS: Mapping[str, Callable[[Fact], Mrkdwn]] = {
    "": _text,
    "code": _code,
    "codes": _codes,
    "anyof": _any_of,
    "person": _person,
    "people": _people,
    "time": _time,
    "day": _day,
    "moment": _moment,
    "span": _span,
    "doing": _verb(names.DOING),
    "done": _verb(names.DONE),
    "stage": _named(names.STAGES),
    "step": _named(names.STEPS),
    "value": _value,
    "times": _times,
    "condition": _condition,
    "meaning": _named(MEANINGS),
    "stall": _named(names.STALLS),
    "change": _named(names.CHANGES),
    "digest": _digest,
    "commit": _commit,
    "link": _link,
}
