"""The recorder on a real cluster: a scenario recorded again goes through the states of the file that is kept."""

import os
from pathlib import Path

import pytest

from tests.bed.places import Places
from tests.bed.recording.__main__ import main, read
from tests.bed.recording.sequence import differences, sequence_of
from tests.recordings import FOLDER

pytestmark = [pytest.mark.bed, pytest.mark.timeout(240)]
NAMES = ("canary-abort-restore-at-once", "canary-analysis-inconclusive", "bluegreen-auto-promotion")


async def test_scenarios_recorded_again_go_through_the_same_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not os.environ.get("KUBECONFIG"):
        monkeypatch.setenv("KUBECONFIG", str(Places.from_environment().kubeconfig))

    assert await main(read([*NAMES, "--folder", str(tmp_path)])) == 0

    told = {name: differences(sequence_of(name, FOLDER), sequence_of(name, tmp_path)) for name in NAMES}
    assert told == {name: [] for name in NAMES}
