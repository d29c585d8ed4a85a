"""Says what is known of a version, for the form's options (plain text) and under a reply (a line of markup).

Called by the renderers of both. In a menu the age is counted to the moment at which it opened, for its texts know no
dates; the most telling part comes early, because Slack cuts after 75 characters.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from commands.core.reasons import Offer
from integrations.slack import card_words, text
from integrations.slack.phrases import fill, label
from integrations.slack.text import Mrkdwn

_BETWEEN = " · "
_UNITS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1))


def detail(offer: Offer, *, now: datetime | None) -> str:
    """Describe a version for an option of a menu; the result is outside text."""
    age = [] if now is None or offer.published_at is None else [_age(now - offer.published_at)]
    return _BETWEEN.join([*age, *_known(offer)])


def line(offer: Offer) -> Mrkdwn:
    """Describe a version as a line of a message, its day in the reader's own zone."""
    since = [] if offer.published_at is None else [fill(card_words.OFFER_SINCE, at=offer.published_at)]
    known = [text.escape(part) for part in _known(offer)]
    return Mrkdwn(_BETWEEN.join([text.code(offer.version), *since, *known]))


def _known(offer: Offer) -> Iterator[str]:
    if offer.is_built:
        yield card_words.OFFER_ONLY_BUILT if offer.is_only_built else card_words.OFFER_BUILT
    if offer.critical or offer.high:
        yield label(card_words.OFFER_SCANNED, critical=offer.critical, high=offer.high)
    if offer.running:
        yield label(card_words.OFFER_RUNNING, environments=", ".join(offer.running))


def _age(age: timedelta) -> str:
    """Write an age in its largest unit: nobody chooses a version by the hours beside the days."""
    unit = next((unit for unit in _UNITS if age >= unit), timedelta(seconds=1))
    return label(card_words.OFFER_AGE, age=int(max(age // unit, 0) * unit.total_seconds()))
