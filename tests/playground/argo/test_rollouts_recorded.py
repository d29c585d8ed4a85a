"""Holds the stand-in's Rollouts controller to recordings of Argo Rollouts 1.10.1."""

import pytest

from playground.faults import Fault
from tests.playground.argo.replay import Bed, RolloutReplay
from tests.playground.argo.rollout_rows import without_repeats

CRASH = (Fault(system="rollouts", kind="crash-loop", match="app:v2"),)
PULL = (Fault(system="rollouts", kind="image-pull", match="app:v99"),)
FAULTS = {
    "canary-crashloop": CRASH,
    "canary-crashloop-deadline-abort": CRASH,
    "canary-image-pull-failure": PULL,
}
NAMES = (
    "canary-happy",
    "canary-abort",
    "canary-abort-restore-at-once",
    "canary-promote-full",
    "canary-promote-full-after-abort",
    "canary-superseded",
    "canary-scale",
    "canary-manual-pause",
    "canary-skip-running-step",
    "canary-crashloop",
    "canary-crashloop-deadline-abort",
    "canary-image-pull-failure",
    "rolling",
    "rollback-window",
    "undo-without-window",
    "bluegreen-first-and-upgrade",
    "bluegreen-abort",
    "bluegreen-auto-promotion",
    "invalid-spec",
)

# Where an act must come before a delay of the recording ends, the stand-in's time runs slower, for busy machines.
SPEEDS = {
    "bluegreen-abort": 15.0,
    "bluegreen-first-and-upgrade": 15.0,
    "canary-crashloop": 20.0,
    "canary-crashloop-deadline-abort": 20.0,
    "canary-image-pull-failure": 20.0,
    "canary-superseded": 15.0,
}

# What the stand-in does otherwise, and why that may be. Nothing else may differ: phases, messages, generations, steps,
# hashes, pauses and aborts come in the recorded order, and the counts and conditions before each act are the recorded.
SKIPPED_ACTS = {
    "invalid-spec": frozenset({"remove /spec/strategy/blueGreen/activeService"}),  # refused by the CRD, not by Argo
}
LOOSE_CONDITIONS = {
    "invalid-spec": frozenset({"Healthy", "Progressing"}),  # the real one leaves them stale until some other event
}


@pytest.mark.parametrize("name", NAMES)
async def test_a_rollout_goes_through_the_recorded_states_and_tells_the_recorded_events(name: str) -> None:
    async with Bed(speed=SPEEDS.get(name, 50.0), faults=FAULTS.get(name, ())) as bed:
        skipped, loose = SKIPPED_ACTS.get(name, frozenset()), LOOSE_CONDITIONS.get(name, frozenset())
        replay = RolloutReplay(name, bed, skipped=skipped, loose=loose)
        await replay.run()

    assert without_repeats(replay.end_rows) == without_repeats(replay.rows)
    assert replay.end_sets == replay.sets
    own = {replay.own.text(message) for message in bed.messages}
    # Real clients merge many events of one object into "(combined from similar events)"; those cannot be compared.
    recorded = {replay.recorded.text(message) for message in replay.events if "combined from" not in message}
    assert recorded - own == set()
