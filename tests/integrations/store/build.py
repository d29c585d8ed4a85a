"""Orders, acts, a clock and an opened store for the tests of the store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory

from commands.core.model import Act, Action, Deployment, Expected
from commands.core.observed import Strategy
from commands.core.ports import Deployments, NewDeployment, Started
from commands.core.reasons import Milestone, MilestoneCode
from integrations.store import SqlDeployments, StoreSettings
from tests.make import ALICE, BOB, NOON, PLACE

ROOT = Path(__file__).parents[3]


def newest() -> str:
    """Return the number of the newest tables."""
    return ScriptDirectory(str(ROOT / "integrations/store/migrations")).get_current_head() or ""


class NoonClock:
    """It is always noon."""

    def now(self) -> datetime:
        return NOON


def settings(folder: Path, *, busy_timeout_seconds: float = 5.0) -> StoreSettings:
    return StoreSettings(url=f"sqlite:///{folder}/slipway.sqlite", busy_timeout_seconds=busy_timeout_seconds)


@asynccontextmanager
async def opened(chosen: StoreSettings) -> AsyncIterator[SqlDeployments]:
    store = await SqlDeployments.open(chosen, clock=NoonClock())
    try:
        yield store
    finally:
        await store.aclose()


def new(key: str = "trigger-1", **changes: Any) -> NewDeployment:
    return NewDeployment(
        **{
            "key": key,
            "app": "shop",
            "environment": "staging",
            "place": PLACE,
            "version": "v1.2",
            "strategy": Strategy.CANARY,
            "requester": ALICE,
            "channel": "C0DEPLOYS",
            "reason": "",
            "parameters": {},
            "way_back": None,
            "at": NOON,
            **changes,
        }
    )


async def started(store: Deployments, order: NewDeployment | None = None) -> Deployment:
    answer = await store.start(order or new())
    assert isinstance(answer, Started)
    return answer.deployment


def act(deployment: str, **changes: Any) -> Act:
    return Act(
        **{
            "id": "act-1",
            "deployment": deployment,
            "action": Action.PROMOTE,
            "gate": "gate-1",
            "by": BOB,
            "at": NOON,
            "label": "50 %",
            "expected": Expected(
                uid="uid-1",
                generation=4,
                observed_generation="4",
                current_hash="bbbb",
                stable_hash="aaaa",
                step_index=1,
            ),
            **changes,
        }
    )


def milestone(key: str, **changes: Any) -> Milestone:
    return Milestone(**{"key": key, "code": MilestoneCode.CANARY_AT, "facts": {"weight": 20, "at": NOON}, **changes})
