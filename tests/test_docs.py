"""The generated parts of the documentation are what the code says."""

import re
import runpy
from pathlib import Path

import pytest

from bot.dispatch import TEXTS

ROOT = Path(__file__).parents[1]


def test_generated_documents_are_up_to_date() -> None:
    for path, text in runpy.run_path(str(ROOT / "docs" / "generate.py"))["rendered"]().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is out of date: run make docs"


def test_every_test_that_the_facts_name_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "facts.md").read_text(encoding="utf-8")))
    written = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert named - set(re.findall(r"def (test_\w+)\(", written)) == set()


@pytest.mark.parametrize("verb", sorted(path.stem for path in (ROOT / "commands").glob("[a-z]*.py")))
def test_every_verb_has_help_that_shows_its_form(verb: str) -> None:
    headline = TEXTS[verb].partition("\n")[0]
    assert "`/" in headline
    assert headline.endswith("`.")
