from typing import Any

import pytest

from tests.integrations.nexus.bench import Bench

LIST, SEARCH = "/service/rest/v1/repositories", "/service/rest/v1/search/assets"


async def verdict(bench: Bench) -> tuple[bool, str]:
    (finding,) = await bench.versions().check()
    assert finding.subject == "Nexus repository releases"
    return finding.is_ok, finding.message


async def test_a_repository_with_artifacts_is_well(bench: Bench) -> None:
    bench.publish("v1.2")
    assert await verdict(bench) == (True, "can be searched")


async def test_a_repository_that_shows_nothing_is_reported(bench: Bench) -> None:
    is_ok, message = await verdict(bench)
    assert not is_ok
    assert "no artifacts" in message


@pytest.mark.parametrize(
    ("listed", "is_ok", "words"),
    [
        ([{"name": "releases", "format": "maven2"}], True, "can be read"),
        ([{"name": "releases", "format": "raw"}], False, "maven2"),
        ([{"name": "other", "format": "maven2"}, {"name": "more"}, {}, 7], False, "(more, other)"),
        ([], False, "(none)"),
        ({"items": 7}, False, "leads to Nexus itself"),
        ("<html></html>", False, "leads to Nexus itself"),
    ],
)
async def test_the_list_of_repositories_decides_where_it_is_shown(
    bench: Bench, listed: Any, *, is_ok: bool, words: str
) -> None:
    bench.fault("status", match=LIST, status=200, body=listed)
    verdict_is_ok, message = await verdict(bench)
    assert (verdict_is_ok, words in message) == (is_ok, True)


async def test_a_hidden_list_leaves_the_search_to_decide(bench: Bench) -> None:
    bench.publish("v1.2")
    bench.fault("status", match=LIST, status=403)
    assert (await verdict(bench))[0]


async def test_a_plain_repository_has_no_search(bench: Bench) -> None:
    bench.fault("status", match=SEARCH, status=404)
    is_ok, message = await verdict(bench)
    assert is_ok
    assert "maven-metadata.xml" in message


async def test_an_outage_is_reported(bench: Bench) -> None:
    bench.fault("down")
    is_ok, message = await verdict(bench)
    assert not is_ok
    assert "could not be reached" in message
