"""docs/facts.md names every test of this folder, and no other before its part on surprises. Needs no bed."""

import re
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[2] / "docs" / "facts.md"
SURPRISES = "\n## What surprised"
"""Where the page goes on to tests of the product, which tests/test_docs.py looks after."""


def test_the_table_of_facts_names_every_test_and_no_other() -> None:
    written = [path for path in HERE.glob("test_*.py") if path.name != Path(__file__).name]
    tests = {name for path in written for name in re.findall(r"^async def (test_\w+)", path.read_text(), re.MULTILINE)}
    facts, _, _ = DOCUMENT.read_text(encoding="utf-8").partition(SURPRISES)
    named = re.findall(r"`(test_\w+)`", facts)
    assert sorted(named) == sorted(tests)
