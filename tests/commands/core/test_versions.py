"""What was published and what was built, brought together."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.observed import Scan
from commands.core.ordering import order
from commands.core.ports import Available, Image
from commands.core.reasons import Offer
from commands.core.versions import offers, tag, union
from tests.make import DIGEST, NOON

LATER = NOON + timedelta(hours=1)
SCAN = Scan(critical=2, high=5)
MANY = 5_000


def published(*names: str) -> tuple[Available, ...]:
    return tuple(Available(version=name, published_at=NOON) for name in names)


def built(*names: str) -> tuple[Image, ...]:
    return tuple(Image(tags=(name,), digest=DIGEST, pushed_at=LATER, scan=SCAN) for name in names)


def test_a_version_with_an_image_is_built_and_knows_its_digest_and_scan() -> None:
    assert union(published("v1.2", "v1.1"), built("v1.1")) == (
        Available(version="v1.2", published_at=NOON, is_built=False),
        Available(version="v1.1", published_at=NOON, is_built=True, digest=DIGEST, scan=SCAN),
    )


def test_an_image_without_an_artifact_is_a_version_that_was_built_only() -> None:
    assert union(published("v1.2"), built("v1.1")) == (
        Available(version="v1.2", published_at=NOON, is_built=False),
        Available(version="v1.1", published_at=LATER, is_published=False, is_built=True, digest=DIGEST, scan=SCAN),
    )


def test_what_could_not_be_asked_is_not_known() -> None:
    assert union(published("v1.2"), None) == (Available(version="v1.2", published_at=NOON),)
    (only,) = union(None, built("v1.2"))
    assert (only.is_published, only.is_built) == (None, True)
    assert union(None, None) == ()


def test_releases_stand_above_their_pre_releases_and_other_names_below_all() -> None:
    found = union(published("1.9", "1.10.0-rc.1", "1.10.0"), built("main", "1.9.5", "2.0-beta"))
    assert [one.version for one in found] == ["2.0-beta", "1.10.0", "1.10.0-rc.1", "1.9.5", "1.9", "main"]


def test_a_version_with_a_plus_sign_is_the_image_with_an_underscore() -> None:
    assert tag("1.0+build.7") == "1.0_build.7"
    (only,) = union(published("1.0+build.7"), built("1.0_build.7"))
    assert (only.version, only.is_built) == ("1.0+build.7", True)


@pytest.mark.parametrize("name", ["latest", "LATEST", "_cache", "sha256-" + "ab" * 32, "sha256-" + "ab" * 32 + ".sig"])
def test_tags_that_are_no_versions_are_not_offered(name: str) -> None:
    assert union((), built(name)) == ()


@pytest.mark.parametrize(
    ("pushed_at", "published_at", "is_built"),
    [(LATER, NOON, True), (NOON, NOON, True), (NOON, LATER, False), (None, NOON, False), (NOON, None, False)],
)
def test_a_snapshot_is_built_only_if_its_image_is_not_older(
    pushed_at: object, published_at: object, *, is_built: bool
) -> None:
    artifact = Available(version="1.0-SNAPSHOT", published_at=published_at)  # type: ignore[arg-type]  # times or None
    image = Image(tags=("1.0-SNAPSHOT",), digest=DIGEST, pushed_at=pushed_at)  # type: ignore[arg-type]  # the same
    (only,) = union((artifact,), (image,))
    assert (only.is_built, only.digest) == (is_built, DIGEST if is_built else "")


def test_the_first_image_counts_where_a_tag_is_told_twice() -> None:
    first, second = Image(tags=("v1",), digest="sha256:" + "1" * 64), Image(tags=("v1", "v0"), digest=DIGEST)
    digests = {one.version: one.digest for one in union((), (first, second))}
    assert digests == {"v1": first.digest, "v0": DIGEST}


def test_an_offer_says_what_helps_to_choose() -> None:
    found = union(published("v1.2"), built("v1.1"))
    assert offers(found, running={"v1.1": ["staging", "production"]}) == (
        Offer(version="v1.2", published_at=NOON),
        Offer(
            version="v1.1",
            published_at=LATER,
            is_built=True,
            is_only_built=True,
            critical=2,
            high=5,
            running=("staging", "production"),
        ),
    )


@given(st.lists(st.sampled_from(["v1", "v1.1", "2", "main", "latest", "1-SNAPSHOT"])), st.lists(st.text(max_size=3)))
def test_every_version_is_listed_once_and_nothing_published_is_lost(artifacts: list[str], tags: list[str]) -> None:
    names = list(dict.fromkeys(artifacts))
    found = [one.version for one in union(published(*names), built(*tags))]
    assert len(found) == len(set(found))
    assert set(names) <= set(found)


def test_five_thousand_versions_take_one_key_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counting(version: str) -> object:
        asked.append(version)
        return order(version)

    monkeypatch.setattr("commands.core.versions.order", counting)
    names = [f"v{number // 100}.{number % 100}" for number in range(MANY)]
    found = union(published(*names), built(*names[::2]))
    assert (len(found), len(asked)) == (MANY, MANY)
    assert found[0].version == "v49.99"
