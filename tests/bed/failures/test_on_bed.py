"""Every recorded failure, made again by the real controllers and servers: the bot makes of it what was recorded."""

import pytest

from tests import failures
from tests.bed.failures.cases import Case
from tests.bed.failures.running import run_all
from tests.bed.places import Places
from tests.failures import Recorded

pytestmark = [pytest.mark.bed, pytest.mark.timeout(900)]

Ran = dict[str, tuple[Case, Recorded]]


@pytest.fixture(scope="module")
def ran() -> Ran:
    """Run all of them, some at a time."""
    return {name: (case, recorded) for name, case, recorded in run_all(Places.from_environment())}


def test_every_case_is_recorded(ran: Ran) -> None:
    assert sorted(ran) == failures.names()


@pytest.mark.parametrize("name", failures.names())
def test_a_failure_is_explained_as_it_was_recorded(ran: Ran, name: str) -> None:
    case, recorded = ran[name]
    found = recorded.explained()
    assert (found.step, found.cause) == (case.step, case.cause), found
    assert case.says in " ".join((found.message, *found.lines)), found
    before = failures.load(name).explained()
    assert (before.step, before.cause, before.exit_code) == (found.step, found.cause, found.exit_code)
