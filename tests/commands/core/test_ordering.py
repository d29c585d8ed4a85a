import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.ordering import newest_first, order

NUMBERS = st.lists(st.integers(min_value=0, max_value=10**30), min_size=1, max_size=4).map(
    lambda numbers: ".".join(map(str, numbers))
)
EARLY = st.sampled_from(["-rc.1", "-alpha", "-SNAPSHOT", "-1", ".RC1", ".Beta2", "-0.3.7", "-x.7.z.92"])


def test_the_example_of_semantic_versioning_is_in_order() -> None:
    ascending = "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0"
    assert newest_first(ascending.split()) == ascending.split()[::-1]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.9", "1.10"),
        ("v1.9", "1.10"),
        ("1.2", "v1.2.1"),
        ("1.2.1", "1.3"),
        ("9", "10.0.1"),
        ("1.2-SNAPSHOT", "1.2"),
        ("1.2.RC1", "1.2.Final"),
        ("1.2.0", "1.2.0.1"),
        ("1.2-rc2", "1.2-rc10"),
        ("1.1", "1.2-rc1"),
        ("1.2.Final", "1.2.SP1"),
        ("main", "0.0.1"),
        ("latest", "0"),
        ("", "0"),
        ("20261101", "20261102"),
        ("1.2", "1.2.jre17"),
    ],
)
def test_pairs_that_people_expect(older: str, newer: str) -> None:
    assert newest_first([older, newer]) == [newer, older]


@given(st.text(), st.text())
def test_the_order_is_total_and_different_texts_are_never_equal(left: str, right: str) -> None:
    a, b = order(left), order(right)
    assert (a < b) + (a == b) + (a > b) == 1
    assert (a == b) == (left == right)


@given(st.lists(st.text(alphabet="v0123.-+rcalphFin"), max_size=6))
def test_the_order_does_not_depend_on_where_a_version_stood(versions: list[str]) -> None:
    sorted_once = newest_first(versions)
    assert all(
        newest_first(shuffled) == sorted_once for shuffled in itertools.permutations(versions[:4] + versions[4:])
    )


@given(NUMBERS, EARLY, st.sampled_from(["", "v"]))
def test_a_release_is_newer_than_its_pre_releases(numbers: str, early: str, prefix: str) -> None:
    assert order(prefix + numbers) > order(numbers + early)


@given(st.lists(st.integers(min_value=0), min_size=2, max_size=4), st.data())
def test_numbers_compare_as_numbers(numbers: list[int], data: st.DataObject) -> None:
    index = data.draw(st.integers(min_value=0, max_value=len(numbers) - 1))
    higher = [*numbers[:index], numbers[index] + 1, *numbers[index + 1 :]]
    assert order(".".join(map(str, higher))) > order(".".join(map(str, numbers)))
