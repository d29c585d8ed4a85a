"""Turns the core's data classes into JSON text and back, exactly; used by the column types of `tables`.

Fields that a newer version added are ignored, fields that an older one lacked take their defaults. It must not know
any table or statement.
"""

import functools
import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

DATETIME = "$datetime"
MICROSECONDS = "$microseconds"


class Unreadable(ValueError):
    """Stored text is not what its type asks for."""


def to_json(value: object) -> str:
    """Write a value; ASCII only, so that any text of people and pods fits any database."""
    return json.dumps(_plain(value), separators=(",", ":"), sort_keys=True)


def from_json(kind: type[T], text: str) -> T:
    """Read a value of `kind`, or raise Unreadable."""
    try:
        plain = json.loads(text)
    except ValueError as exc:
        raise Unreadable(f"not JSON: {text[:80]}") from exc
    return cast("T", _read(kind, plain))


def utc(moment: datetime) -> datetime:
    """Return an aware time in UTC; a naive one is refused, because nobody could say which moment it was."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without a time zone cannot be stored: {moment.isoformat()}")
    return moment.astimezone(UTC)


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | str():
            return value
        case datetime():
            return {DATETIME: utc(value).isoformat()}
        case timedelta():
            return {MICROSECONDS: value // timedelta(microseconds=1)}
        case _:
            return _plain_many(value)


def _plain_many(value: object) -> object:
    match value:
        case frozenset():
            return sorted((_plain(item) for item in value), key=str)
        case tuple() | list():
            return [_plain(item) for item in value]
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case _ if is_dataclass(value):
            return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            raise TypeError(f"cannot be stored: {type(value).__name__}")


def _read(kind: Any, plain: Any) -> object:
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return _read_union(get_args(kind), plain)
    if origin is not None:
        return _read_many(origin, get_args(kind), plain)
    if is_dataclass(kind):
        return _read_fields(cast("type", kind), plain)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _read_enum(kind, plain)
    return _read_one(kind, plain)


def _read_union(kinds: tuple[Any, ...], plain: Any) -> object:
    for kind in kinds:
        try:
            return _read(kind, plain)
        except Unreadable:
            continue
    raise Unreadable(f"none of {', '.join(map(str, kinds))}: {plain!r:.80}")


def _read_many(origin: Any, kinds: tuple[Any, ...], plain: Any) -> object:
    if origin is tuple:
        return _read_tuple(kinds, _checked(list, plain))
    if origin is frozenset:
        return frozenset(_read(kinds[0], item) for item in _checked(list, plain))
    if origin is Mapping:
        return {key: _read(kinds[1], item) for key, item in _checked(dict, plain).items()}
    raise TypeError(f"cannot be stored: {origin}")


def _read_tuple(kinds: tuple[Any, ...], items: list[Any]) -> tuple[object, ...]:
    if kinds[-1] is ...:
        return tuple(_read(kinds[0], item) for item in items)
    if len(kinds) != len(items):
        raise Unreadable(f"{len(items)} values instead of {len(kinds)}")
    return tuple(_read(kind, item) for kind, item in zip(kinds, items, strict=True))


def _read_fields(kind: type, plain: Any) -> object:
    stored = _checked(dict, plain)
    values = {}
    for field, hint in _fields_of(kind):
        if field.name in stored:
            values[field.name] = _read(hint, stored[field.name])
        elif field.default is MISSING and field.default_factory is MISSING:
            raise Unreadable(f"{kind.__name__} lacks {field.name}")
    return kind(**values)


@functools.cache
def _fields_of(kind: type) -> tuple[tuple[Field[Any], Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field, hints[field.name]) for field in fields(kind))


def _read_enum(kind: type[Enum], plain: Any) -> Enum:
    try:
        return kind(plain)
    except ValueError as exc:
        raise Unreadable(f"{plain!r:.80} is no {kind.__name__}") from exc


def _read_one(kind: Any, plain: Any) -> object:
    if kind is datetime:
        return _read_datetime(_tagged(DATETIME, str, plain))
    if kind is timedelta:
        return timedelta(microseconds=_tagged(MICROSECONDS, int, plain))
    return _checked(kind, plain)


def _read_datetime(text: str) -> datetime:
    try:
        return utc(datetime.fromisoformat(text))
    except ValueError as exc:
        raise Unreadable(f"{text[:80]!r} is no time") from exc


def _tagged(tag: str, kind: type[T], plain: Any) -> T:
    if not isinstance(plain, dict) or set(plain) != {tag}:
        raise Unreadable(f"{plain!r:.80} has no {tag}")
    return _checked(kind, plain[tag])


def _checked(kind: type[T], plain: Any) -> T:
    # A bool is an int to Python; a stored true is no number.
    if type(plain) is not kind:
        raise Unreadable(f"{plain!r:.80} is no {kind.__name__}")
    return plain
