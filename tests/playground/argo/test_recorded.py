"""The table of recordings is complete, says why where something differs, and stands in the documentation."""

from pathlib import Path

from tests.bed.recording.scenarios import NOT_RECORDED, SCENARIOS
from tests.playground.argo.recorded import NOT_REPLAYED, REPLAYS, how, replayed, table
from tests.recordings import load, names

DOCUMENT = Path(__file__).parents[3] / "docs" / "recordings.md"


def test_every_recording_is_replayed_or_listed_with_a_reason() -> None:
    both = {*replayed(workflows=False), *replayed(workflows=True)}

    assert both | set(NOT_REPLAYED) == set(names())
    assert both & set(NOT_REPLAYED) == set()
    assert set(REPLAYS) <= both
    assert all(NOT_REPLAYED.values())


def test_whatever_is_not_compared_has_its_reason() -> None:
    conditions = {name: how(name) for name in names()}
    lenient = {name for name, one in conditions.items() if one.skipped or one.loose or one.parallel}

    assert {name for name in lenient if not conditions[name].differs} == set()


def test_every_recording_can_be_made_again() -> None:
    assert {*SCENARIOS, *NOT_RECORDED} == set(names())
    assert set(SCENARIOS) & NOT_RECORDED == set()


def test_what_is_skipped_is_in_its_recording() -> None:
    for name, conditions in REPLAYS.items():
        bodies = [line["act"].get("body") for line in load(name) if "act" in line]
        operations = {f"{entry['op']} {entry['path']}" for body in bodies if isinstance(body, list) for entry in body}
        assert conditions.skipped <= operations


def test_the_documentation_shows_the_table() -> None:
    assert table() in DOCUMENT.read_text(encoding="utf-8"), f"{DOCUMENT} is to hold:\n{table()}"
