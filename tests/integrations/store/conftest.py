from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from integrations.store import SqlDeployments
from tests.integrations.store.build import opened, settings


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlDeployments]:
    async with opened(settings(tmp_path)) as store:
        yield store
