"""The search over both systems, and what people are offered of what it found."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from commands.core.catalog import App
from commands.core.errors import Permanent, Temporary
from commands.core.ports import Available, Found, Image
from commands.core.reasons import Notice, Offer, ReasonCode
from commands.core.requests import DeployRequest
from commands.core.versions import union
from commands.flow import search as module
from commands.flow.offering import offered
from commands.flow.search import Search
from tests import make
from tests.commands.desk import Desk
from tests.fakes.images import FakeImages
from tests.fakes.versions import FakeVersions
from tests.make import NOON

DOWN = Temporary("Nexus", "no answer")
AWAY = Permanent("Harbor", "HTTP 401")


@dataclass(slots=True)
class Both:
    """A search over both fakes for one app."""

    desk: Desk = field(default_factory=Desk)
    nexus: FakeVersions = field(default_factory=FakeVersions)
    harbor: FakeImages = field(default_factory=FakeImages)

    def __post_init__(self) -> None:
        for version in ("v1.1", "v1.2"):
            self.nexus.publish(self.desk.catalog.apps["shop"].artifact, version, at=NOON)
        self.harbor.push(self.desk.catalog.apps["shop"].image, "v1.1", digest=make.DIGEST, at=NOON)

    async def found(self, search: Search | None = None) -> Found:
        search = search or Search(published=self.nexus, images=self.harbor)
        return await search.search(self.desk.catalog.apps["shop"])


def built(found: Found) -> dict[str, bool | None]:
    return {one.version: one.is_built for one in found}


async def test_versions_of_both_systems_are_one_list() -> None:
    both = Both()
    both.harbor.push(both.desk.catalog.apps["shop"].image, "v1.0", digest="sha256:" + "0" * 64, at=NOON)
    found = await both.found()
    assert built(found) == {"v1.2": False, "v1.1": True, "v1.0": True}
    assert [one.is_published for one in found] == [True, True, False]
    assert (found.silent, found.knows_newest) == ("", True)


async def test_without_a_registry_what_was_published_is_all_there_is() -> None:
    both = Both()
    found = await both.found(Search(published=both.nexus, images=None))
    assert built(found) == {"v1.2": None, "v1.1": None}


async def test_images_that_are_kept_elsewhere_leave_what_is_built_unknown_and_nobody_silent() -> None:
    found = await Both(harbor=FakeImages(host="other.example.com")).found()
    assert (built(found), found.silent) == ({"v1.2": None, "v1.1": None}, "")


async def test_without_an_answer_of_the_registry_the_artifacts_are_listed_and_it_is_named() -> None:
    both = Both()
    both.harbor.failure = AWAY
    found = await both.found()
    assert (built(found), found.silent, found.knows_newest) == ({"v1.2": None, "v1.1": None}, "Harbor", True)


async def test_without_an_answer_of_the_artifact_store_the_images_are_listed_and_it_is_named() -> None:
    both = Both()
    both.nexus.failure = DOWN
    found = await both.found()
    assert (built(found), found.silent, found.knows_newest) == ({"v1.1": True}, "Nexus", False)


async def test_when_neither_helps_the_artifact_stores_failure_is_told() -> None:
    both = Both()
    both.nexus.failure, both.harbor.failure = DOWN, AWAY
    with pytest.raises(Temporary):
        await both.found()
    both.harbor.failure = None
    both.harbor.built.clear()
    with pytest.raises(Temporary):
        await both.found()
    with pytest.raises(Temporary):
        await both.found(Search(published=both.nexus, images=None))


async def test_what_has_not_changed_is_not_brought_together_again(monkeypatch: pytest.MonkeyPatch) -> None:
    both, made = Both(), list[int]()
    kept = Kept(await both.nexus.search(both.desk.catalog.apps["shop"]))

    def counting(published: Sequence[Available] | None, images: Sequence[Image] | None) -> tuple[Available, ...]:
        made.append(1)
        return union(published, images)

    monkeypatch.setattr(module, "union", counting)
    search = Search(published=kept, images=both.harbor)
    first = await both.found(search)
    assert await both.found(search) is first
    assert len(made) == 1
    both.harbor.push(both.desk.catalog.apps["shop"].image, "v1.2", digest="sha256:" + "2" * 64, at=NOON)
    assert built(await both.found(search)) == {"v1.2": True, "v1.1": True}
    assert len(made) == 2


@dataclass(frozen=True, slots=True)
class Kept:
    """Hands the same list out again, as an adapter does while nothing has changed."""

    found: Found

    async def search(self, _app: App) -> Found:
        return self.found


def test_what_runs_somewhere_is_offered_however_old_it_is() -> None:
    desk = Desk()
    shop = desk.catalog.apps["shop"]
    desk.rollouts.put(desk.place("shop"), make.healthy(version="v1"))
    desk.rollouts.put(desk.place("shop", "production"), make.healthy(version="v98"))
    found = [Available(version=f"v{number}") for number in range(99, -1, -1)]
    few = offered(shop, found, catalog=desk.catalog, rollouts=desk.rollouts, limit=3)
    assert [(offer.version, offer.running) for offer in few] == [
        ("v99", ()),
        ("v98", ("production",)),
        ("v1", ("staging",)),
    ]
    everything = offered(shop, found, catalog=desk.catalog, rollouts=desk.rollouts)
    assert [offer.version for offer in everything] == [one.version for one in found]


async def refused(desk: Desk, version: str) -> Notice:
    answer = await desk.deploy(DeployRequest(app="shop", version=version))
    assert isinstance(answer, Notice)
    await desk.chat.whisper(channel="C0DEPLOYS", user="U0ALICE", notice=answer)
    return answer


async def test_an_unknown_version_is_answered_with_what_is_known_of_the_nearest() -> None:
    desk = Desk()
    desk.rollouts.put(desk.place("shop"), make.healthy(version="v1.2"))
    notice = await refused(desk, "v1.22")
    assert notice.facts["silent"] == ""
    assert [choice.command for choice in notice.choices] == [f"/deploy shop {offer.version}" for offer in notice.offers]
    assert notice.offers == (
        Offer(version="v1.2", running=("staging",)),
        Offer(version="v1.3.0-rc.1"),
        Offer(version="v1.1"),
    )


async def test_without_the_artifact_store_a_version_that_is_not_seen_is_not_said_to_be_missing() -> None:
    desk = Desk()
    desk.versions.silent, desk.versions.knows_newest = "Nexus", False
    notice = await refused(desk, "v9.9")
    assert (notice.code, notice.facts["silent"]) == (ReasonCode.UNKNOWN_VERSION, "Nexus")


async def test_latest_is_nothing_that_can_be_known_without_the_artifact_store() -> None:
    desk = Desk()
    desk.versions.silent, desk.versions.knows_newest = "Nexus", False
    notice = await refused(desk, "latest")
    assert notice == Notice(code=ReasonCode.VERSIONS_UNKNOWN, facts={"app": "shop", "system": "Nexus"})


async def test_without_the_registry_latest_is_what_it_always_was() -> None:
    desk = Desk()
    desk.versions.silent = "Harbor"
    assert (await desk.started(version="latest")).version == "v1.2"
