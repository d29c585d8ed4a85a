"""Writes results for people: the Markdown of docs/benchmarks.md. Pure; called by `__main__`."""

import textwrap
from collections.abc import Mapping, Sequence

from bench.figures import Figure, Result

WIDTH = 120
_HEAD = """\
# Benchmarks

Written by `{command}`; do not edit. {machine}.

Every figure is the median of several runs with the least and the greatest beside it. Everything ran on this one
machine over loopback: the bot, the stand-ins and the program that measures share its cores, so absolute times are
upper bounds. Ratios compare two things inside the same run.
"""


def document(results: Sequence[Result], *, command: str, machine: Mapping[str, object]) -> str:
    """Return the whole page; `machine` is said in its order as `name value`."""
    facts = ", ".join(f"{name} {value}" for name, value in machine.items())
    return "\n".join([_HEAD.format(command=command, machine=facts), *(section(result) for result in results)])


def section(result: Result) -> str:
    """Return one measurement as a heading, how it was made, and its table."""
    method = textwrap.fill(result.method, WIDTH, break_long_words=False, break_on_hyphens=False)
    lines = [f"## {result.title}", "", method, "", "| figure | median | min to max | values | goal |"]
    lines += ["|---|---:|---:|---:|---|", *(_row(figure) for figure in result.figures), ""]
    lines += [f"Load average before and after: {result.load[0]:.1f}, {result.load[1]:.1f}.", ""]
    return "\n".join(lines)


def _row(figure: Figure) -> str:
    spread = f"{number(min(figure.runs))} to {number(max(figure.runs))}"
    value = f"{number(figure.median)} {figure.unit}".strip()
    return f"| {figure.name} | {value} | {spread} | {len(figure.runs)} | {_goal(figure)} |"


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    return f"≤ {number(figure.goal)}: {'met' if figure.is_met else 'missed'}"


def number(value: float) -> str:
    """Write a number with as many digits as are worth reading."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
