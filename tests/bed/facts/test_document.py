"""docs/facts.md names every test of this folder, and no other. Needs no bed."""

import re
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[2] / "docs" / "facts.md"


def test_the_table_of_facts_names_every_test_and_no_other() -> None:
    written = [path for path in HERE.glob("test_*.py") if path.name != Path(__file__).name]
    tests = {name for path in written for name in re.findall(r"^async def (test_\w+)", path.read_text(), re.MULTILINE)}
    named = re.findall(r"`(test_\w+)`", DOCUMENT.read_text(encoding="utf-8"))
    assert sorted(named) == sorted(tests)
