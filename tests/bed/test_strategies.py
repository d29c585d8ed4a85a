"""All twelve changes from one strategy to another, in one world, while people use the app.

Each is a deploy of another version through the real bot. No request fails where the strategy promises it, no gate is
skipped, and a recreate never has two versions beside each other.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

from commands.core.observed import Strategy
from tests.bed.places import Places
from tests.bed.pod_watch import PodWatch, watching_pods
from tests.bed.visitors import Visitors, service
from tests.scenarios.bed_ground import BedGround
from tests.scenarios.world import World, playing

pytestmark = [pytest.mark.bed, pytest.mark.timeout(1800)]

APP: Final = "search"
RUNS, OTHER = "3.4.0", "3.5.0"
ROLLING, GREEN, CANARY, RECREATE = Strategy.ROLLING, Strategy.BLUE_GREEN, Strategy.CANARY, Strategy.RECREATE
ROUND: Final = (
    *(GREEN, ROLLING, CANARY, ROLLING, RECREATE, GREEN, CANARY, GREEN, RECREATE, CANARY, RECREATE, ROLLING),
)
"""A way from rolling, which runs at the start, that takes each of the twelve changes once."""


@pytest.fixture
def ground(tmp_path: Path) -> BedGround:
    """Give a world whose app has one gate as a canary, and pods that serve on while Services forget them."""
    ground = BedGround(tmp_path)
    path = Path(ground.environment["SLIPWAY_CATALOG"])
    catalog = yaml.safe_load(path.read_text(encoding="utf-8"))
    app = catalog["apps"][APP]
    app["values"] |= {"replicas": 3, "drainSeconds": 10, "blueGreen": {"scaleDownDelaySeconds": 15}}
    app["canary"] = {"steps": [{"weight": 34}, {"pause": {}}]}
    path.write_text(yaml.safe_dump(catalog), encoding="utf-8")
    return ground


@pytest.fixture
def world(tmp_path: Path, ground: BedGround) -> Iterator[World]:
    with playing(tmp_path, ground) as world:
        world.start_bot()
        # The app as it runs at the start has pods that do not wait for their Services to forget them.
        world.type("alice", f"/deploy {APP} {OTHER} rolling")
        world.card_shows("done in", number=1)
        world.type("alice", f"/deploy {APP} {RUNS} rolling")
        world.card_shows("done in", number=2)
        yield world


def test_the_round_has_every_change_once() -> None:
    changes = set(zip((ROLLING, *ROUND), ROUND, strict=False))
    assert changes == {(one, other) for one in Strategy for other in Strategy if one is not other}
    assert len(ROUND) == len(changes)


def test_every_change_of_strategy_keeps_its_promises(world: World, ground: BedGround, tmp_path: Path) -> None:
    places, url = Places.from_environment(), service(ground, APP, "staging")
    namespace = next(name for name in ground.namespaces if name.startswith("staging"))
    _wait_for(world, Visitors(url), RUNS)
    before, now = RUNS, OTHER
    for turn, strategy in enumerate(ROUND):
        with watching_pods(places, namespace, APP, tmp_path / f"{turn}.json") as pods, Visitors(url) as visitors:
            _deploy(world, visitors, before=before, now=now, strategy=strategy, number=turn + 3)
            _wait_for(world, visitors, now)
        what = f"turn {turn}, to {strategy}: {visitors.answers}"
        _judge(strategy, visitors, pods, what)
        before, now = now, before


def _wait_for(world: World, visitors: Visitors, version: str) -> None:
    world.until(lambda: {visitors.ask() for _ in range(10)} == {version}, f"{version} answers alone")


def _deploy(world: World, visitors: Visitors, *, before: str, now: str, strategy: Strategy, number: int) -> None:
    """Deploy, and at a gate see that it holds before it is passed."""
    world.type("alice", f"/deploy {APP} {now} {strategy}")
    if strategy is GREEN:
        world.card_shows("green is ready", number=number)
        assert now not in visitors.answers, "nobody sees green before the switch"
        world.press("bob", f"Switch traffic to {now}")
    elif strategy is CANARY:
        world.card_shows("waits for a promote", number=number)
        seen = {visitors.ask() for _ in range(60)}
        assert seen == {before, now}, "at the gate both versions answer"
        world.press("bob", "34 % → 100 %")
    world.card_shows("done in", number=number)


def _judge(strategy: Strategy, visitors: Visitors, pods: PodWatch, what: str) -> None:
    assert len(pods.templates()) == 2, what  # the old one and the new one
    if strategy is RECREATE:
        assert pods.met() == frozenset(), what
    else:
        assert visitors.failures == [], what
        assert pods.met(), f"the watch sees two versions beside each other: {what}"
