"""Two recordings of a scenario are the same by their states, not by times, names or counts on the way."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bed.recording.lines import packed
from tests.bed.recording.sequence import differences, sequence_of
from tests.recordings import FOLDER, load

Line = dict[str, Any]


def changed(name: str, folder: Path, change: Callable[[Line], Line | None]) -> list[str]:
    """What differs from a recording after a change of its lines; a line that becomes None is left out."""
    lines = [new for line in load(name) if (new := change(line))]
    (folder / f"{name}.jsonl").write_text(packed(lines))
    return differences(sequence_of(name, FOLDER), sequence_of(name, folder))


def later(line: Line) -> Line:
    return {**line, "t": line["t"] + 5}


def renamed(line: Line) -> Line:
    """Another namespace, another template hash."""
    text = json.dumps(line).replace("rec-canary-abort", "rec-again").replace("6fffc58ccb", "5c5c5c5c5")
    other: Line = json.loads(text)
    return other


def more_replicas_on_the_way(line: Line) -> Line:
    if line.get("kind") == "rollouts" and line["object"].get("status", {}).get("phase") == "Progressing":
        line["object"]["status"]["replicas"] = 7
    return line


@pytest.mark.parametrize("change", [later, renamed, more_replicas_on_the_way])
def test_times_names_and_counts_on_the_way_make_no_difference(change: Callable[[Line], Line], tmp_path: Path) -> None:
    assert changed("canary-abort", tmp_path, change) == []


def test_another_phase_is_a_difference(tmp_path: Path) -> None:
    def change(line: Line) -> Line:
        if line.get("kind") == "rollouts" and line["object"].get("status", {}).get("phase") == "Degraded":
            line["object"]["status"]["phase"] = "Progressing"
        return line

    told = changed("canary-abort", tmp_path, change)

    assert len(told) == 1
    assert told[0].startswith("the Rollout, state ")
    assert "was Row(phase='Degraded'" in told[0]


def test_another_answer_is_a_difference(tmp_path: Path) -> None:
    def change(line: Line) -> Line:
        return {**line, "act": {**line["act"], "code": 409}} if "act" in line else line

    assert [one.split(",")[0] for one in changed("canary-abort", tmp_path, change)] == ["requests"]


def test_a_state_that_is_missing_is_a_difference(tmp_path: Path) -> None:
    def change(line: Line) -> Line | None:
        ended = line.get("kind") == "workflows" and line["object"].get("status", {}).get("phase") == "Failed"
        return None if ended else line

    told = changed("workflow-step-fails", tmp_path, change)

    assert "Workflow workflow-step-fails, state 4 of 3 (before 4): was Row(phase='Failed'" in " ".join(told)


def test_the_verdict_of_an_analysis_is_compared(tmp_path: Path) -> None:
    def change(line: Line) -> Line:
        if line.get("kind") == "analysisruns" and line["object"]["status"]["phase"] == "Failed":
            line["object"]["status"]["phase"] = "Error"
        return line

    told = changed("canary-analysis-failed", tmp_path, change)

    assert [one.split(",")[0] for one in told] == ["AnalysisRun web-B-2-1", "AnalysisRun web-B-2-1.1"]
