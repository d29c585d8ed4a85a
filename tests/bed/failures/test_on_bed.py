"""Every recorded failure, made again by the real controllers and servers: the bot makes of it what was recorded."""

from collections.abc import Iterator, Mapping

import pytest

from tests import failures
from tests.bed.failures.running import Running, run_all
from tests.bed.places import Places

pytestmark = [pytest.mark.bed, pytest.mark.timeout(1800)]

Ran = Mapping[str, Running]


@pytest.fixture(scope="module")
def ran() -> Iterator[Ran]:
    """Run all of them, some at a time."""
    with run_all(Places.from_environment()) as running:
        yield running


def test_every_case_is_recorded(ran: Ran) -> None:
    assert sorted(ran) == failures.names()


@pytest.mark.parametrize("name", failures.names())
def test_a_failure_is_explained_as_it_was_recorded(ran: Ran, name: str) -> None:
    case, found = ran[name].case, ran[name].recorded.result().explained()
    assert (found.step, found.cause) == (case.step, case.cause), found
    assert case.says in " ".join((found.message, *found.lines)), found
    before = failures.load(name).explained()
    assert (before.step, before.cause) == (found.step, found.cause)
    assert case.is_told_in_two_ways or before.exit_code == found.exit_code
