"""Holds the stand-in's Rollouts controller to recordings of Argo Rollouts 1.10.1."""

import pytest

from tests.playground.argo.recorded import how, replayed
from tests.playground.argo.replay import Bed, RolloutReplay
from tests.playground.argo.rollout_rows import AnalysisRow, without_repeats


@pytest.mark.parametrize("name", replayed(workflows=False))
async def test_a_rollout_goes_through_the_recorded_states_and_tells_the_recorded_events(name: str) -> None:
    """Nothing but what the table of differences names may be otherwise; counts and conditions agree before each act."""
    conditions = how(name)
    async with Bed(speed=conditions.speed, faults=conditions.faults) as bed:
        replay = RolloutReplay(name, bed, skipped=conditions.skipped, loose=conditions.loose)
        await replay.run()

    assert without_repeats(replay.end_rows) == without_repeats(replay.rows)
    assert replay.end_sets == replay.sets
    assert _shortened(replay.own_analyses()) == _shortened(replay.analyses)
    own = {replay.own.text(message) for message in bed.messages}
    # Real clients merge many events of one object into "(combined from similar events)"; those cannot be compared.
    recorded = {replay.recorded.text(message) for message in replay.events if "combined from" not in message}
    assert recorded - own == set()


def _shortened(states: dict[str, list[AnalysisRow]]) -> dict[str, list[AnalysisRow]]:
    return {name: without_repeats(rows) for name, rows in states.items()}
