"""The suite's two options: `--update-goldens` writes the expected texts of tests/data instead of comparing them,
`--ground=bed` plays the scenarios on the real bed.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Examples are counted, not timed: the machine may be busy. `--hypothesis-profile=thorough` looks longer.
settings.register_profile("slipway", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("slipway")

DATA = Path(__file__).parent / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write tests/data anew; read the diff")
    words = "where scenarios take place: on stand-ins, or on the real bed (`make bed`)"
    parser.addoption("--ground", choices=("playground", "bed"), default="playground", help=words)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file of that name under tests/data."""

    def check(name: str, text: str) -> None:
        path = DATA / name
        if request.config.getoption("--update-goldens"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{name} is missing: run pytest with --update-goldens and read what it writes"
        assert text == path.read_text(encoding="utf-8")

    return check
