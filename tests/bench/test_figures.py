"""The statistics of the bench."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import Figure, Result, Series, lost_and_doubled, percentile

VALUES = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=300)


def test_a_percentile_is_the_nearest_rank() -> None:
    hundred = [float(value) for value in range(100, 0, -1)]
    assert [percentile(hundred, percent) for percent in (1, 50, 99, 100)] == [1, 50, 99, 100]
    assert percentile([7.0], 1) == 7
    assert percentile([1.0, 2.0, 3.0], 50) == 2


@given(VALUES, st.floats(0.01, 100))
def test_a_percentile_was_measured_and_leaves_no_more_than_its_share_above(values: list[float], percent: float) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value > found for value in values) <= len(values) * (1 - percent / 100) + 1e-6


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], 0), ([1.0], 100.5)])
def test_a_percentile_of_nothing_is_refused(values: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, percent)


def test_the_median_of_the_runs_is_held_against_the_goal() -> None:
    figure = Figure(name="p99", unit="ms", runs=(90.0, 500.0, 100.0), goal=100)
    assert figure.median == 100
    assert figure.is_met
    assert Figure(name="p99", unit="ms", runs=(90.0, 101.0, 102.0), goal=100).is_met is False
    assert Figure(name="p99", unit="ms", runs=(1.0,)).is_met is None


def test_a_series_gathers_runs_by_name_in_the_order_of_their_first_mention() -> None:
    series = Series()
    for run in (1.0, 2.0):
        series.add("late", run, "s", goal=3)
        series.add("early", run * 10, "ms")
    assert series.figures() == (
        Figure(name="late", unit="s", runs=(1.0, 2.0), goal=3),
        Figure(name="early", unit="ms", runs=(10.0, 20.0)),
    )


def test_the_json_of_a_result_holds_every_run_and_what_follows_from_them() -> None:
    figure = Figure(name="p50", unit="ms", runs=(3.0, 1.0, 2.00049), goal=2)
    assert Result(title="T", method="M", figures=(figure,), load=(0.125, 2)).to_json() == {
        "title": "T",
        "method": "M",
        "load_before_and_after": [0.12, 2],
        "figures": [
            {
                "name": "p50",
                "unit": "ms",
                "runs": [3.0, 1.0, 2.0],
                "median": 2.0,
                "min": 1.0,
                "max": 3.0,
                "goal": 2,
                "met": False,
            }
        ],
    }


def test_what_is_lost_and_what_is_doubled_are_counted_apart() -> None:
    assert lost_and_doubled(["a", "b", "c"], ["a", "a", "b", "a"]) == {"lost": 1, "doubled": 2}
    assert lost_and_doubled(["a"], ["a"]) == {"lost": 0, "doubled": 0}
