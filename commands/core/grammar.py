"""The language people type: one line in, one request out, whatever the line is.

Pure and total: every text gives a request or a `Misunderstood` that says what was probably meant. Both commands share
it; a first word that is a verb is a verb. Rights, versions and the cluster are none of its business.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from commands.core.observed import Strategy
from commands.core.reasons import Choice, Fact, Notice, ReasonCode
from commands.core.requests import (
    AbortRequest,
    DeployRequest,
    FormRequest,
    HelpRequest,
    HistoryRequest,
    Misunderstood,
    PauseRequest,
    PlanRequest,
    PromoteRequest,
    Request,
    RestartRequest,
    ResumeRequest,
    RetryRequest,
    RollbackRequest,
    StatusRequest,
)

MAX_TEXT = 1000
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
LATEST = "latest"
ALL, PAGE = "all", "page"
MOST_PAGES = 999

STRATEGY_WORDS: Mapping[str, Strategy] = {
    "rolling": Strategy.ROLLING,
    "blue-green": Strategy.BLUE_GREEN,
    "bluegreen": Strategy.BLUE_GREEN,
    "bg": Strategy.BLUE_GREEN,
    "canary": Strategy.CANARY,
    "recreate": Strategy.RECREATE,
}
VERBS = (
    *("deploy", "plan", "status", "promote", "advance", "full", "abort", "cancel", "pause", "hold", "resume"),
    *("restart", "rollback", "retry", "history", "help"),
)
_SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u2032`\u00b4"
_DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_TRANSLATION = str.maketrans(
    {**dict.fromkeys(_SINGLE_QUOTES, "'"), **dict.fromkeys(_DOUBLE_QUOTES, '"'), **dict.fromkeys(_DASHES, "-")}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The names of the catalog: `apps` maps each name and alias to its app, `environments` are names."""

    apps: Mapping[str, str]
    environments: Sequence[str]


def parse(command: str, text: str, vocabulary: Vocabulary) -> Request:
    """Understand one line.

    Parameters
    ----------
    command
        The slash command it was typed after: `/deploy` or `/rollout`.
    text
        What followed, as the chat sent it.
    vocabulary
        The names that exist.
    """
    if len(text) > MAX_TEXT:
        return _confused(ReasonCode.TOO_LONG, count=MAX_TEXT)
    words = _words(text)
    if not words:
        return FormRequest() if command == "/deploy" else StatusRequest()
    line = _Line(command=command, words=words, vocabulary=vocabulary)
    verb = words[0].lower().strip("-")
    if verb in VERBS:
        return _PARSERS[verb](line, verb)
    if _app(line, 0) is not None:
        return _deploy(line, 0) if command == "/deploy" else _status(line, 0)
    return _unknown_first(line)


def tidy(text: str) -> str:
    """Write what a person entered the way a line is read: plain quotes, single spaces, nothing that cannot be seen."""
    return " ".join(_words(text))


def read_version(word: str) -> str | None:
    """Read a version as it was entered; None where it cannot be one."""
    version = _clean(word)
    if not VERSION.fullmatch(version):
        return None
    return LATEST if version.lower() == LATEST else version


def closest(word: str, candidates: Sequence[str]) -> str | None:
    """Return the candidate that was probably meant, if any is near."""
    found = difflib.get_close_matches(word.lower(), candidates, n=1, cutoff=0.6)
    return found[0] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    command: str
    words: tuple[str, ...]
    vocabulary: Vocabulary

    def corrected(self, index: int, word: str) -> str:
        return " ".join((self.command, *self.words[:index], word, *self.words[index + 1 :]))


def _words(text: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFKC", text.translate(_TRANSLATION)).translate(_TRANSLATION)
    visible = "".join(" " if c.isspace() else c for c in plain if c.isspace() or unicodedata.category(c)[0] != "C")
    return tuple(word for word in visible.split(" ") if word)


def _clean(word: str) -> str:
    return word.strip("\"'").rstrip(".,;:!?").lstrip("-")


def _app(line: _Line, index: int) -> str | None:
    return line.vocabulary.apps.get(_clean(line.words[index]).lower())


def _confused(code: ReasonCode, choices: tuple[Choice, ...] = (), **facts: Fact) -> Misunderstood:
    return Misunderstood(notice=Notice(code=code, facts=facts, choices=choices))


def _suggest(code: ReasonCode, line: _Line, index: int, candidates: Sequence[str]) -> Misunderstood:
    word = _clean(line.words[index])
    guess = closest(word, candidates)
    if guess is None or guess == word.lower():
        return _confused(code, word=word, guess="")
    command = line.corrected(index, guess)
    return _confused(code, (Choice(label=command, command=command),), word=word, guess=guess)


def _unknown_first(line: _Line) -> Misunderstood:
    word = _clean(line.words[0]).lower()
    apps = sorted(line.vocabulary.apps)
    as_app, as_verb = closest(word, apps), closest(word, VERBS)
    is_verb = as_verb is not None and (as_app is None or _likeness(word, as_verb) > _likeness(word, as_app))
    if is_verb or (as_app is None and line.command != "/deploy"):
        return _suggest(ReasonCode.UNKNOWN_VERB, line, 0, VERBS)
    return _suggest(ReasonCode.UNKNOWN_APP, line, 0, apps)


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _app_or_confused(line: _Line, index: int, verb: str) -> str | Misunderstood:
    if index >= len(line.words):
        return _confused(ReasonCode.MISSING_APP, verb=verb)
    return _app(line, index) or _suggest(ReasonCode.UNKNOWN_APP, line, index, sorted(line.vocabulary.apps))


@dataclass(slots=True)
class _Options:
    strategy: Strategy | None = None
    environment: str | None = None
    reason: str = ""


def _deploy(line: _Line, start: int) -> Request:
    if start >= len(line.words):
        return FormRequest()
    app = _app_or_confused(line, start, "deploy")
    if isinstance(app, Misunderstood):
        return app
    if start + 1 >= len(line.words):
        return FormRequest(app=app)
    version = read_version(line.words[start + 1])
    if version is None:
        return _confused(ReasonCode.MALFORMED_VERSION, word=_clean(line.words[start + 1]))
    options = _options(line, start + 2)
    if isinstance(options, Misunderstood):
        return options
    return DeployRequest(
        app=app,
        version=version,
        strategy=options.strategy,
        environment=options.environment,
        reason=options.reason,
    )


def _plan(line: _Line, verb: str) -> Request:
    """Read the words of a deploy; what opens a form there is missing here."""
    request = _deploy(line, 1)
    if isinstance(request, DeployRequest):
        return PlanRequest(wanted=request)
    if not isinstance(request, FormRequest):
        return request
    if request.app is None:
        return _confused(ReasonCode.MISSING_APP, verb=verb)
    return _confused(ReasonCode.MISSING_VERSION, app=request.app)


def _options(line: _Line, start: int) -> _Options | Misunderstood:
    options, index = _Options(), start
    while index < len(line.words):
        word = _clean(line.words[index]).lower()
        if word == "because":
            options.reason = " ".join(line.words[index + 1 :])
            return options
        index += word == "to" and index + 1 < len(line.words)
        if not _take(options, _clean(line.words[index]).lower(), line.vocabulary, is_named=word == "to"):
            return _unknown_option(line, index, is_named=word == "to")
        index += 1
    return options


def _take(options: _Options, word: str, vocabulary: Vocabulary, *, is_named: bool) -> bool:
    if word in vocabulary.environments and options.environment is None:
        options.environment = word
        return True
    if word in STRATEGY_WORDS and options.strategy is None and not is_named:
        options.strategy = STRATEGY_WORDS[word]
        return True
    return False


def _unknown_option(line: _Line, index: int, *, is_named: bool) -> Misunderstood:
    environments = list(line.vocabulary.environments)
    if is_named:
        return _suggest(ReasonCode.UNKNOWN_ENVIRONMENT, line, index, environments)
    return _suggest(ReasonCode.UNKNOWN_WORD, line, index, [*STRATEGY_WORDS, *environments, "because", "to"])


@dataclass(frozen=True, slots=True)
class _Target:
    app: str
    environment: str | None = None
    extras: frozenset[str] = frozenset()
    version: str = ""


def _target(line: _Line, verb: str, *, allowed: frozenset[str] = frozenset()) -> _Target | Misunderstood:
    """Read `<app> [env]` in any order after the app, with the extra words that the verb knows."""
    app = _app_or_confused(line, 1, verb)
    if isinstance(app, Misunderstood):
        return app
    environment, extras, version = None, set[str](), ""
    for index in range(2, len(line.words)):
        word = _clean(line.words[index]).lower()
        if word in line.vocabulary.environments and environment is None:
            environment = word
        elif word in allowed:
            extras.add(word)
        elif "to" in extras and not version and VERSION.fullmatch(word):
            version = _clean(line.words[index])
        else:
            return _suggest(ReasonCode.UNKNOWN_WORD, line, index, [*line.vocabulary.environments, *sorted(allowed)])
    return _Target(app=app, environment=environment, extras=frozenset(extras), version=version)


def _promote(line: _Line, verb: str) -> Request:
    target = _target(line, verb, allowed=frozenset({"full", "to"}) if verb != "full" else frozenset())
    if isinstance(target, Misunderstood):
        return target
    is_full = verb == "full" or "full" in target.extras
    return PromoteRequest(app=target.app, environment=target.environment, is_full=is_full)


_Placed = AbortRequest | PauseRequest | ResumeRequest | RestartRequest | RetryRequest


def _placed(make: type[_Placed]) -> Callable[[_Line, str], Request]:
    """Return the parser of a verb that takes nothing but `<app> [env]`."""

    def parse_placed(line: _Line, verb: str) -> Request:
        target = _target(line, verb)
        if isinstance(target, Misunderstood):
            return target
        return make(app=target.app, environment=target.environment)

    return parse_placed


def _rollback(line: _Line, verb: str) -> Request:
    target = _target(line, verb, allowed=frozenset({"to"}))
    if isinstance(target, Misunderstood):
        return target
    return RollbackRequest(app=target.app, environment=target.environment, version=target.version)


@dataclass(slots=True)
class _Selection:
    app: str | None = None
    environment: str | None = None
    is_all: bool = False
    page: int = 1


def _status(line: _Line, start: int) -> Request:
    found = _selection(line, start)
    if isinstance(found, Misunderstood):
        return found
    is_all = found.is_all and found.app is None and found.environment is None
    return StatusRequest(app=found.app, environment=found.environment, is_all=is_all, page=found.page)


def _history(line: _Line, verb: str) -> Request:
    app = _app_or_confused(line, 1, verb)
    if isinstance(app, Misunderstood):
        return app
    found = _selection(line, 1)
    return (
        found
        if isinstance(found, Misunderstood)
        else HistoryRequest(app=app, environment=found.environment, page=found.page)
    )


def _selection(line: _Line, start: int) -> _Selection | Misunderstood:
    """Read which of many are wanted: an app, an environment, all of them, a page, in any order."""
    found, index = _Selection(), start
    while index < len(line.words):
        word = _clean(line.words[index]).lower()
        if word in line.vocabulary.apps and found.app is None:
            found.app = line.vocabulary.apps[word]
        elif word in line.vocabulary.environments and found.environment is None:
            found.environment = word
        elif word == ALL:
            found.is_all = True
        elif word == PAGE and (number := _number(line, index + 1)):
            found.page, index = number, index + 1
        else:
            known = [*line.vocabulary.apps, *line.vocabulary.environments, ALL]
            code = ReasonCode.UNKNOWN_APP if found.app is None else ReasonCode.UNKNOWN_WORD
            return _suggest(code, line, index, known)
        index += 1
    return found


def _number(line: _Line, index: int) -> int:
    """Read the number of a page; 0 where there is none."""
    word = _clean(line.words[index]) if index < len(line.words) else ""
    return min(int(word), MOST_PAGES) if word.isascii() and word.isdigit() else 0


def _help(line: _Line, _: str) -> Request:
    return HelpRequest(verb=_clean(line.words[1]).lower() if len(line.words) > 1 else "")


_PARSERS: Mapping[str, Callable[[_Line, str], Request]] = {
    "deploy": lambda line, _: _deploy(line, 1),
    "plan": _plan,
    "status": lambda line, _: _status(line, 1),
    **dict.fromkeys(("promote", "advance", "full"), _promote),
    **dict.fromkeys(("abort", "cancel"), _placed(AbortRequest)),
    "rollback": _rollback,
    "retry": _placed(RetryRequest),
    "history": _history,
    **dict.fromkeys(("pause", "hold"), _placed(PauseRequest)),
    "resume": _placed(ResumeRequest),
    "restart": _placed(RestartRequest),
    "help": _help,
}
