"""The real clock; everything that decides takes a `Clock` so that tests can say what time it is."""

from datetime import UTC, datetime


class SystemClock:
    """The machine's clock in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)
