from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.playground.slack.rig import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.playground.slack.rig import Rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with running() as it:
        yield it
