"""Which share so many pods can give; the figures are those of the real controller (tests/data/recordings, docs)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.weights import missed


@pytest.mark.parametrize(
    ("pods", "weight", "share"),
    [
        (3, 10, 25),
        (3, 33, None),
        (4, 25, None),
        (5, 20, None),
        (5, 50, None),
        (10, 1, 9),
        (1, 50, None),
        (1, 20, 50),
        (100, 1, None),
        (0, 20, None),
        (3, 0, None),
        (3, 100, None),
    ],
)
def test_one_pod_more_may_come_closer(pods: int, weight: int, share: int | None) -> None:
    assert missed(pods=pods, weight=weight, may_surge=True) == share


@pytest.mark.parametrize(
    ("pods", "weight", "share"), [(3, 10, 33), (4, 50, None), (1, 20, 100), (2, 90, 50), (5, 50, 60)]
)
def test_without_room_for_one_more_only_the_pods_there_are_count(pods: int, weight: int, share: int | None) -> None:
    assert missed(pods=pods, weight=weight, may_surge=False) == share


@given(st.integers(-1, 500), st.integers(-5, 105), st.booleans())
def test_a_share_is_always_some_of_the_traffic(pods: int, weight: int, may_surge: bool) -> None:  # noqa: FBT001  # drawn
    share = missed(pods=pods, weight=weight, may_surge=may_surge)
    assert share is None or 0 < share <= 100
