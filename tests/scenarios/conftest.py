"""The worlds that scenarios run in: on stand-ins, or with `--ground=bed` on the real bed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed.places import CLUSTER, Cluster
from tests.scenarios.ground import Ground, PlaygroundGround
from tests.scenarios.world import World, playing

STAND_IN: str = "stand_in"
UNHURRIED: str = "unhurried"
QUICK: float = 20
BED_SECONDS, PLAYGROUND_SECONDS = 600, 240
REAL = {
    Cluster.OWN: "the real bed",
    Cluster.NODELESS: "the real bed, but with a stand-in for the node (no kubelet can run here)",
    Cluster.EXISTING: "a cluster that exists",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out on the bed what only a stand-in can do; the reason is shown."""
    is_bed = config.getoption("ground") == "bed"
    for item in items:
        if "tests/scenarios/" in item.nodeid:
            item.add_marker(pytest.mark.timeout(BED_SECONDS if is_bed else PLAYGROUND_SECONDS))
        if is_bed:
            for mark in item.iter_markers(STAND_IN):
                item.add_marker(pytest.mark.skip(reason=f"only on stand-ins: {mark.args[0]}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many scenarios ran where, so that one that was left out cannot pass for one that ran."""
    stats = terminalreporter.stats
    ran = [each for key in ("passed", "failed") for each in stats.get(key, ()) if _is_scenario(each)]
    left_out = [each for each in stats.get("skipped", ()) if _is_scenario(each)]
    if ran or left_out:
        where = REAL[CLUSTER] if config.getoption("ground") == "bed" else "the playground"
        terminalreporter.write_line(f"scenarios: {len(ran)} ran on {where}, {len(left_out)} were left out")


def _is_scenario(report: pytest.TestReport) -> bool:
    return "tests/scenarios/" in report.nodeid


@pytest.fixture
def ground(tmp_path: Path, pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Ground:
    """Give the ground that was asked for; the world ends it."""
    if pytestconfig.getoption("ground") == "bed":
        from tests.scenarios.bed_ground import BedGround

        return BedGround(tmp_path)
    is_unhurried = request.node.get_closest_marker(UNHURRIED) is not None
    return PlaygroundGround(tmp_path, speed=1 if is_unhurried else QUICK)


@pytest.fixture
def quiet_world(tmp_path: Path, ground: Ground) -> Iterator[World]:
    """Give a world in which the bot has not been started."""
    with playing(tmp_path, ground) as world:
        yield world


@pytest.fixture
def world(quiet_world: World) -> World:
    """Give a world with a bot that is ready."""
    quiet_world.start_bot()
    return quiet_world
