"""The page that the bench writes."""

import pytest

from bench.figures import Figure, Result
from bench.table import document, number, section

RESULT = Result(
    title="Start to ready",
    method="How it was made. " * 20,
    figures=(
        Figure(name="bot ready", unit="s", runs=(1.4, 1.234, 2.0), goal=3),
        Figure(name="bot / floor", unit="", runs=(1.5,), goal=1),
        Figure(name="floor", unit="s", runs=(1.0,)),
    ),
    load=(0.04, 12.3),
)


def test_each_figure_is_a_row_with_its_spread_and_goal() -> None:
    rows = [line for line in section(RESULT).splitlines() if line.startswith("|")]
    assert rows == [
        "| figure | median | min to max | values | goal |",
        "|---|---:|---:|---:|---|",
        "| bot ready | 1.40 s | 1.23 to 2 | 3 | ≤ 3: met |",
        "| bot / floor | 1.50 | 1.50 to 1.50 | 1 | ≤ 1: missed |",
        "| floor | 1 s | 1 to 1 | 1 |  |",
    ]


def test_the_page_names_the_command_and_the_machine_and_keeps_its_lines_short() -> None:
    page = document([RESULT, RESULT], command="python -m bench --runs 2", machine={"cores": 2, "Python": "3.11.7"})
    assert "`python -m bench --runs 2`" in page
    assert "cores 2, Python 3.11.7" in page
    assert page.count("## Start to ready") == 2
    assert "Load average before and after: 0.0, 12.3." in page
    assert max(map(len, page.splitlines())) <= 120


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (3.0, "3"), (0.126, "0.13"), (9.994, "9.99"), (12.34, "12.3"), (145.6, "146"), (-0.5, "-0.50")],
)
def test_a_number_has_the_digits_that_are_worth_reading(value: float, text: str) -> None:
    assert number(value) == text
