"""Where the database is; `bot.settings` makes this."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """`url` is `sqlite:///<file>` (three slashes: relative, four: absolute); the other waits for a foreign lock."""

    url: str
    busy_timeout_seconds: float = 5.0
