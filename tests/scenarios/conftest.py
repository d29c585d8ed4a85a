"""The worlds that scenarios run in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.world import World, playing


@pytest.fixture
def quiet_world(tmp_path: Path) -> Iterator[World]:
    """Give a world in which the bot has not been started."""
    with playing(tmp_path) as world:
        yield world


@pytest.fixture
def world(quiet_world: World) -> World:
    """Give a world with a bot that is ready."""
    quiet_world.start_bot()
    return quiet_world
