"""Draws the form as a modal, and reads what was entered in it as if it had been typed.

Called by the client and by the bot's listeners. What comes back is believed no more than a typed line: names are
checked against the catalog and rights are checked by whoever carries it out.
"""

from collections.abc import Iterator, Sequence

from commands.core import grammar
from commands.core.form import Form
from commands.core.observed import Strategy
from commands.core.reasons import Fact, Notice, ReasonCode
from commands.core.requests import DeployRequest, Misunderstood
from integrations.slack import blocks, card_words, offers
from integrations.slack.blocks import Block
from integrations.slack.payloads import Submission
from integrations.slack.phrases import label

CALLBACK = "slipway:form"
APP, VERSION, STRATEGY, ENVIRONMENT, REASON = "app", "version", "strategy", "environment", "reason"
USUAL = "usual"
_REASON_LIMIT = 300
_STRATEGIES: dict[str, Strategy | None] = {"": None, USUAL: None, **{each.value: each for each in Strategy}}


def render(form: Form, *, channel: str) -> Block:
    """Draw the form; `channel` is where its answer goes."""
    fields = [
        blocks.field(_apps(form), label=card_words.FORM_APP),
        blocks.field(_versions(form), label=card_words.FORM_VERSION, hint=" ".join(_remarks(form))),
        blocks.field(_strategies(form), label=card_words.FORM_STRATEGY),
        blocks.field(_destinations(form), label=card_words.FORM_ENVIRONMENT),
        blocks.field(
            blocks.entry(action=REASON, hint=card_words.FORM_REASON_HINT, limit=_REASON_LIMIT),
            label=card_words.FORM_REASON,
            is_optional=True,
        ),
    ]
    return blocks.modal(
        fields,
        callback=CALLBACK,
        metadata=channel,
        title=card_words.FORM_TITLE,
        submit=card_words.FORM_SUBMIT,
        close=card_words.FORM_CLOSE,
    )


def read(submission: Submission) -> DeployRequest | Misunderstood:
    """Read what was entered; what could not have been typed either is not understood."""
    entered = {name: grammar.tidy(value) for name, value in submission.values}
    app, word = entered.get(APP, "").lower(), entered.get(VERSION, "")
    strategy, reason = entered.get(STRATEGY, ""), entered.get(REASON, "")
    version = grammar.read_version(word)
    if not app:
        return _confused(ReasonCode.MISSING_APP, verb="deploy")
    if not word:
        return _confused(ReasonCode.MISSING_VERSION, app=app)
    if version is None:
        return _confused(ReasonCode.MALFORMED_VERSION, word=word)
    if strategy not in _STRATEGIES:
        return _confused(ReasonCode.UNKNOWN_WORD, word=strategy, guess="")
    if len(reason) > _REASON_LIMIT:
        return _confused(ReasonCode.TOO_LONG, count=_REASON_LIMIT)
    return DeployRequest(
        app=app,
        version=version,
        strategy=_STRATEGIES[strategy],
        environment=entered.get(ENVIRONMENT, "").lower() or None,
        reason=reason,
    )


def _confused(code: ReasonCode, **facts: Fact) -> Misunderstood:
    return Misunderstood(notice=Notice(code=code, facts=facts))


def _apps(form: Form) -> Block:
    options = [blocks.option(label=name, value=name) for name in _usable(form.apps)]
    return _names(options, action=APP, hint=card_words.FORM_APP_HINT, chosen=form.app)


def _versions(form: Form) -> Block:
    options = [
        blocks.option(label=offer.version, value=offer.version, detail=offers.detail(offer, now=form.opened_at))
        for offer in form.versions
        if _usable([offer.version])
    ]
    if not options:
        return blocks.entry(action=VERSION, hint=card_words.FORM_VERSION_TYPED, limit=blocks.OPTION_VALUE)
    return blocks.menu(options, action=VERSION, hint=card_words.FORM_VERSION_HINT, chosen="")


def _remarks(form: Form) -> Iterator[str]:
    """Say what the list of versions does not show."""
    if form.silent:
        remark = card_words.FORM_WITHOUT_IMAGES if form.knows_newest else card_words.FORM_WITHOUT_ARTIFACTS
        yield label(remark, system=form.silent)
    shown = min(len(form.versions), blocks.OPTIONS)
    if shown < form.count:
        yield label(card_words.FORM_MORE, shown=shown, count=form.count, app=form.app)


def _strategies(form: Form) -> Block:
    options = [
        blocks.option(label=strategy.value, value=strategy.value, detail=card_words.FORM_STRATEGIES[strategy])
        for strategy in Strategy
    ]
    # Only an app that is known to have no usual strategy leaves no choice but to choose.
    if form.usual is not None or not form.app:
        options.insert(0, _usual(form.usual))
    return blocks.menu(options, action=STRATEGY, hint=card_words.FORM_STRATEGY_HINT, chosen=USUAL)


def _usual(strategy: Strategy | None) -> Block:
    shown = label(card_words.FORM_USUAL, strategy=strategy.value if strategy else "")
    detail = card_words.FORM_STRATEGIES[strategy] if strategy else card_words.FORM_USUAL_DOES
    return blocks.option(label=shown, value=USUAL, detail=detail)


def _destinations(form: Form) -> Block:
    options = [
        blocks.option(
            label=label(card_words.FORM_DESTINATION, environment=each.name, protected=int(each.is_protected)),
            value=each.name,
            detail=label(card_words.FORM_RUNS, version=each.running) if each.running else "",
        )
        for each in form.destinations
        if _usable([each.name])
    ]
    return _names(options, action=ENVIRONMENT, hint=card_words.FORM_ENVIRONMENT_HINT, chosen=form.environment)


def _names(options: Sequence[Block], *, action: str, hint: str, chosen: str) -> Block:
    """Let a name be chosen; where there are more than a menu can hold, or none, it is typed."""
    if 0 < len(options) <= blocks.OPTIONS:
        return blocks.menu(options, action=action, hint=hint, chosen=chosen)
    initial = "".join(_usable([chosen]))
    return blocks.entry(action=action, hint=hint, limit=blocks.OPTION_VALUE, initial=initial)


def _usable(names: Sequence[str]) -> list[str]:
    return [name for name in names if 0 < len(name) <= blocks.OPTION_VALUE]
