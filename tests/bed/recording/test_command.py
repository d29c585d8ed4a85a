"""The recorder's command: what it takes, what it refuses, which files it writes."""

from pathlib import Path

import pytest

from tests.bed.recording.__main__ import Options, keep, read
from tests.bed.recording.scenarios import SCENARIOS, WITHOUT_PODS, hidden_in, kinds_of
from tests.recordings import FOLDER

NAME = "canary-abort"


@pytest.fixture(autouse=True)
def a_cluster_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nowhere/kubeconfig")


def options(folder: Path, *more: str) -> Options:
    return read([NAME, "--folder", str(folder), *more])


def test_without_names_everything_is_recorded() -> None:
    assert read([]).names == tuple(SCENARIOS)
    assert read([]).folder == FOLDER


def test_an_unknown_name_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read(["canary-hapy"])

    said = capsys.readouterr().err
    assert "no scenario canary-hapy; there are: canary-happy, " in said


def test_without_a_cluster_it_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KUBECONFIG")

    with pytest.raises(SystemExit):
        read([])

    assert "KUBECONFIG is not set" in capsys.readouterr().err


def test_the_same_states_leave_the_file_alone_unless_it_is_wanted_anew(tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.jsonl"
    known = (FOLDER / path.name).read_text()
    path.write_text(known)
    moved = known.replace('{"t":', '{"t":1', 1)

    assert keep(NAME, moved, options(tmp_path)) == "the same states"
    assert path.read_text() == known
    assert keep(NAME, moved, options(tmp_path, "--anew")) == "the same states"
    assert path.read_text() == moved


def test_other_states_are_told_and_written(tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.jsonl"
    known = (FOLDER / path.name).read_text()
    path.write_text(known)
    other = known.replace("RolloutAborted:", "RolloutStopped:")

    assert keep(NAME, other, options(tmp_path)).startswith("other states:\n  the Rollout, state ")
    assert path.read_text() == other


def test_a_first_recording_is_written(tmp_path: Path) -> None:
    text = (FOLDER / f"{NAME}.jsonl").read_text()

    assert "recorded for the first time" in keep(NAME, text, options(tmp_path))
    assert (tmp_path / f"{NAME}.jsonl").read_text() == text


def test_each_scenario_watches_its_own_kinds() -> None:
    assert "rollouts" in kinds_of("rolling")
    assert kinds_of("workflow-stop") == ("workflows", "pods")
    assert set(SCENARIOS) >= WITHOUT_PODS
    assert {name for name in SCENARIOS if hidden_in(name)} == WITHOUT_PODS
