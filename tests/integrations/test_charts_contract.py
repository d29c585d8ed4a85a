"""What every Charts promises: the fake and the real adapter pass the same tests."""

from collections.abc import AsyncIterator

import pytest

from commands.core.errors import SystemFailure
from commands.core.rendering import Charts
from tests.fakes.rendering import FakeCharts
from tests.integrations.gitea.bench import COMMIT, chart, running


@pytest.fixture(params=["fake", "gitea"])
async def charts(request: pytest.FixtureRequest) -> AsyncIterator[Charts]:
    if request.param == "fake":
        fake = FakeCharts()
        fake.push(chart(), COMMIT)
        yield fake
        return
    async with running() as bench:
        yield bench.charts()


async def test_a_commit_is_found_and_has_an_archive(charts: Charts) -> None:
    commit = await charts.commit(chart())
    assert commit == COMMIT
    assert await charts.archive(chart(), commit=commit)


async def test_what_is_not_there_fails(charts: Charts) -> None:
    with pytest.raises(SystemFailure):
        await charts.commit(chart("v9"))
    with pytest.raises(SystemFailure):
        await charts.archive(chart(), commit="e" * 40)
