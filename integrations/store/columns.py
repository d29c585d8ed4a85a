"""Column types: they take and give the core's own values, so that a row is a data class and nothing is mapped by hand.

All are plain text, time and number to the database, on SQLite and PostgreSQL alike.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Text, TypeDecorator
from typing_extensions import override

from integrations.store.codec import Unreadable, from_json, to_json, utc


def storable(text: str) -> str:
    """Replace what no database stores (NUL, half a surrogate pair) by a question mark."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


class Words(TypeDecorator[str]):
    """Text, also from outside."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; naive times are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else utc(value)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        # SQLite keeps no zone: what was written is UTC.
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Choice(TypeDecorator[StrEnum]):
    """One member of an enumeration, by its value."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    @override
    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else value.value

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        try:
            return None if value is None else self.kind(value)
        except ValueError as exc:
            raise Unreadable(f"{value!r:.80} is no {self.kind.__name__}") from exc


class Document(TypeDecorator[object]):
    """A data class, or a tuple of them, as JSON text; None is NULL."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    @override
    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        return None if value is None else to_json(value)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> object:
        return None if value is None else from_json(self.kind, value)
