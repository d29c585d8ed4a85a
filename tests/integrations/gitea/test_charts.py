"""Charts in Gitea: found, read, and every refusal understood; the token stays with the Gitea of the settings."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from commands.core.errors import Permanent, SystemFailure, Temporary
from integrations.gitea import GiteaSettings, charts
from tests.integrations.gitea.bench import COMMIT, TOKEN, URL, Bench, chart, running


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with running() as bench:
        yield bench


async def refusal(bench: Bench, kind: type[SystemFailure] = Permanent, *, ref: str = "v1.4.0") -> str:
    with pytest.raises(kind) as raised:
        await bench.charts().commit(chart(ref))
    assert raised.value.system == "Gitea"
    assert TOKEN not in str(raised.value)
    return raised.value.message


async def test_a_reference_is_a_commit_with_or_without_a_slash(bench: Bench) -> None:
    assert await bench.charts().commit(chart()) == COMMIT
    assert await bench.charts().commit(chart("feature/x")) == "d" * 40


async def test_an_archive_is_what_was_sent(bench: Bench) -> None:
    assert await bench.charts().archive(chart(), commit=COMMIT) == bench.archives[COMMIT]
    with pytest.raises(Permanent, match="commit eeeeeeeeeeee"):
        await bench.charts().archive(chart(), commit="e" * 40)


async def test_a_public_repository_needs_no_token(bench: Bench) -> None:
    bench.is_public = True
    assert await bench.charts(token=None).commit(chart()) == COMMIT
    assert "Authorization" not in bench.asked[0][1]


async def test_what_is_not_there_may_be_out_of_sight_and_the_scope_is_named(bench: Bench) -> None:
    message = await refusal(bench, ref="v9")
    assert "v9 of https://gitea.example.com/platform/charts.git is not there, or its token cannot see it" in message
    assert "`read:repository`" in message
    with pytest.raises(Permanent, match="no token is set"):
        await bench.charts(token=None).commit(chart())


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, Permanent, "does not know the token (HTTP 401). Set a token with the scope `read:repository`"),
        (403, Permanent, "may not read /repos/platform/charts/commits (HTTP 403). Set a token with the scope"),
        (302, Permanent, "leads elsewhere (HTTP 302)"),
        (409, Permanent, "cannot be read (HTTP 409)"),
        (429, Temporary, "is not ready (HTTP 429)"),
        (500, Temporary, "is not ready (HTTP 500)"),
    ],
)
async def test_refusals_say_what_to_do(bench: Bench, status: int, kind: type[SystemFailure], words: str) -> None:
    bench.answer = (status, b"no")
    assert words in await refusal(bench, kind)
    assert len(bench.asked) == 1


async def test_without_a_token_one_is_asked_for(bench: Bench) -> None:
    bench.answer = (401, b"")
    with pytest.raises(Permanent, match="asks for a token"):
        await bench.charts(token=None).commit(chart())


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"{}", b"[7]", b'[{"sha": 7}]', b'[{"sha": "../../x"}]', b"[" * 100_000]
)
async def test_an_answer_that_is_not_giteas_is_refused(bench: Bench, body: bytes) -> None:
    bench.answer = (200, body)
    assert "not that of Gitea" in await refusal(bench)


async def test_no_answer_is_read_without_an_end(bench: Bench) -> None:
    bench.answer = (200, b"x" * (charts.LIST_BYTES + 1))
    assert "sent more than 1 MiB" in await refusal(bench)


async def test_an_outage_is_logged_once_and_its_end_too(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    gitea = bench.charts()
    bench.answer = (503, b"")
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            with pytest.raises(Temporary):
                await gitea.commit(chart())
        bench.answer = None
        await gitea.commit(chart())
    first, second = (each.message for each in caplog.records if each.name.startswith("integrations"))
    assert first.startswith("Gitea cannot be asked: Gitea: http://127.0.0.1")
    assert second == "Gitea answers again."
    assert TOKEN not in caplog.text


async def test_a_gitea_that_is_not_there_or_silent_is_temporary(bench: Bench) -> None:
    gone = bench.charts(internal_url="http://127.0.0.1:9")
    with pytest.raises(Temporary, match="could not be reached"):
        await gone.commit(chart())
    with pytest.raises(Temporary, match="gave no answer"):
        await bench.charts(budget=timedelta(0)).commit(chart())


@pytest.mark.parametrize(
    "repository",
    [
        "https://elsewhere.example.com/platform/charts.git",
        "http://gitea.example.com/platform/charts.git",
        "https://gitea.example.com:8443/platform/charts.git",
        "https://gitea.example.com:bad/platform/charts.git",
        "http://169.254.169.254/latest/meta-data",
        "oci://harbor.example.com/charts/app",
        "charts",
    ],
)
async def test_what_is_not_in_the_gitea_of_the_settings_is_never_asked(bench: Bench, repository: str) -> None:
    with pytest.raises(Permanent, match="not in the Gitea of SLIPWAY_GITEA__URL"):
        await bench.charts().commit(chart(repository=repository))
    assert bench.asked == []


@pytest.mark.parametrize(
    "repository", [f"{URL}/../charts.git", f"{URL}/a b/charts", f"{URL}/platform/..", f"{URL}/x?y/z"]
)
async def test_an_address_cannot_lead_to_another_call(bench: Bench, repository: str) -> None:
    with pytest.raises(Permanent):
        await bench.charts().commit(chart(repository=repository))
    assert bench.asked == []


async def test_addresses_are_compared_as_places(bench: Bench) -> None:
    assert await bench.charts().commit(chart(repository="https://GITEA.example.com:443/platform/charts")) == COMMIT


async def test_without_an_address_the_setting_is_named_and_nothing_is_asked(bench: Bench) -> None:
    unset = bench.charts(url="", internal_url="")
    with pytest.raises(Permanent, match="Set SLIPWAY_GITEA__URL"):
        await unset.commit(chart())
    assert await unset.check([chart()]) == ()
    assert bench.asked == []


async def test_the_check_tries_each_chart_once(bench: Bench) -> None:
    elsewhere = chart(repository="https://elsewhere.example.com/platform/charts.git")
    good, bad = await bench.charts().check([chart(), chart(), chart("v9"), elsewhere])
    assert (good.is_ok, good.message) == (True, "is commit cccccccccccc")
    assert (bad.is_ok, "`read:repository`" in bad.message) == (False, True)
    assert len(bench.asked) == 2


@pytest.mark.parametrize("url", ["gitea", "ftp://gitea", "https://", "https://me:pw@gitea", "https://gitea?x=1"])
def test_settings_that_cannot_be_used_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must begin with"):
        GiteaSettings(url=url)
    with pytest.raises(ValueError, match="needs its url too"):
        GiteaSettings(internal_url=URL)
