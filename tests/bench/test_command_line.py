"""What can be asked of the bench."""

import pytest

from bench.__main__ import MEASUREMENTS, RUNS, main, read_command_line


def test_a_whole_run_is_what_nobody_has_to_ask_for() -> None:
    asked = read_command_line([])
    assert asked.plan.runs == RUNS
    assert not asked.plan.is_quick
    assert asked.names == tuple(MEASUREMENTS)
    assert asked.is_whole
    assert asked.command == "python -m bench"


def test_a_quick_run_is_one_run_unless_more_are_asked_for() -> None:
    assert read_command_line(["--quick"]).plan.runs == 1
    assert read_command_line(["--quick", "--runs", "4"]).plan.runs == 4


@pytest.mark.parametrize("words", [["--quick"], ["--only", "startup"]])
def test_anything_less_than_a_whole_run_does_not_replace_the_page(words: list[str]) -> None:
    assert not read_command_line(words).is_whole


def test_the_command_is_repeated_without_where_its_json_goes() -> None:
    asked = read_command_line(["--json", "out.json", "--runs", "2", "--only", "events", "--only", "memory"])
    assert asked.command == "python -m bench --only events --only memory --runs 2"
    assert asked.names == ("events", "memory")


@pytest.mark.parametrize("words", [["--runs", "0"], ["--runs", "-1"], ["--runs", "many"], ["--only", "nothing"]])
def test_what_cannot_be_measured_is_refused_before_anything_starts(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(words)
    assert refused.value.code == 2
    assert words[1] in capsys.readouterr().err
