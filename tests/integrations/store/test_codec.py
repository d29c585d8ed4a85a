import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.core.model import Act, Deployment, Expected, Stage, WayBack
from commands.core.observed import CanaryStep, CanaryStepKind, PipelineSnapshot, RolloutSnapshot
from commands.core.reasons import Fact, Milestone, MilestoneCode
from integrations.store.codec import Unreadable, from_json, to_json
from tests.make import NOON, rollout

KINDS = (Deployment, Act, Milestone, PipelineSnapshot, RolloutSnapshot)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(), max_size=8),
    int: st.integers(),
    bool: st.booleans(),
    type(None): st.none(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    timedelta: st.timedeltas(),
}


@cache
def anything(kind: Any) -> st.SearchStrategy[Any]:
    """Make a strategy for a type of the core from its annotations, defaults included."""
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{field.name: anything(hints[field.name]) for field in fields(kind)})
    return st.sampled_from(kind) if isinstance(kind, type) and issubclass(kind, Enum) else anything_of(kind)


def anything_of(kind: Any) -> st.SearchStrategy[Any]:
    origin, kinds = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return st.one_of(*map(anything, kinds))
    if origin is Mapping:
        return st.dictionaries(anything(kinds[0]), anything(kinds[1]), max_size=3)
    if origin is tuple and kinds[-1] is ...:
        return st.lists(anything(kinds[0]), max_size=3).map(tuple)
    assert origin is tuple
    return st.tuples(*map(anything, kinds))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_everything_that_is_stored_comes_back_exactly(kind: Any, data: st.DataObject) -> None:
    value = data.draw(anything(kind))
    text = to_json(value)
    assert text.isascii()
    assert from_json(kind, text) == value


def test_types_come_back_and_not_only_equal_values() -> None:
    facts: dict[str, Fact] = {"word": "noon", "count": 2, "at": NOON, "$datetime": "2026-11-02"}
    back = from_json(Milestone, to_json(Milestone(key="k", code=MilestoneCode.DONE, facts=facts, lines=("a",))))
    assert back.facts == facts
    assert {name: type(value) for name, value in back.facts.items()} == {
        "word": str,
        "count": int,
        "at": datetime,
        "$datetime": str,
    }
    assert isinstance(back.code, MilestoneCode)
    assert isinstance(back.lines, tuple)


def test_times_of_other_zones_come_back_as_the_same_moment_in_utc() -> None:
    seoul = NOON.astimezone(timezone(timedelta(hours=9)))
    back = from_json(WayBack, to_json(WayBack(version="v1", since=seoul)))
    assert back.since == NOON
    assert back.since is not None
    assert back.since.tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_json(WayBack(version="v1", since=NOON.replace(tzinfo=None)))


def test_sets_of_words_come_back() -> None:
    words = frozenset({"b", "a", ""})
    assert to_json(words) == '["","a","b"]'
    assert from_json(frozenset[str], to_json(words)) == words


def test_fields_of_a_newer_version_are_ignored_and_missing_ones_take_their_defaults() -> None:
    text = '{"kind":"pause","added_in_a_newer_version":{"any":[1]}}'
    assert from_json(CanaryStep, text) == CanaryStep(kind=CanaryStepKind.PAUSE)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (WayBack, "{"),
        (WayBack, "[]"),
        (WayBack, "null"),
        (WayBack, '{"digest":"x"}'),
        (WayBack, '{"version":1}'),
        (WayBack, '{"version":"v1","since":"2026-11-02T12:00:00+00:00"}'),
        (WayBack, '{"version":"v1","since":{"$datetime":"noon"}}'),
        (WayBack, '{"version":"v1","since":{"$datetime":"2026-11-02T12:00:00"}}'),
        (WayBack, '{"version":"v1","since":{"$datetime":"2026-11-02T12:00:00+00:00","more":1}}'),
        (CanaryStep, '{"kind":"leap"}'),
        (CanaryStep, '{"kind":"pause","duration":{"$microseconds":1.5}}'),
        (CanaryStep, '{"kind":"weight","weight":true}'),
        (Expected, '{"uid":"u"}'),
        (Stage, '"asleep"'),
        (tuple[tuple[str, str], ...], '[["a","b"],["c"]]'),
        (tuple[tuple[str, str], ...], '{"a":"b"}'),
    ],
)
def test_text_that_is_not_what_its_type_asks_for_is_unreadable(kind: type[object], text: str) -> None:
    with pytest.raises(Unreadable):
        from_json(kind, text)


def test_what_has_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        to_json(object())
    with pytest.raises(TypeError, match="dict"):
        from_json(dict[str, str], "{}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Older:
    """What an older version knew of a rollout."""

    name: str
    weight: int = 0


def test_an_older_version_reads_what_it_knows() -> None:
    assert from_json(Older, to_json(rollout())) == Older(name="shop", weight=20)
