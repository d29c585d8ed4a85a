"""What a measurement hands back: figures over several runs, and the pure statistics on them.

Used by every measurement and by the writers. It measures nothing itself.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table: a value per run, and the goal that the median must not exceed."""

    name: str
    unit: str
    runs: tuple[float, ...]
    goal: float | None = None

    @property
    def median(self) -> float:
        return median(self.runs)

    @property
    def is_met(self) -> bool | None:
        return None if self.goal is None else self.median <= self.goal

    def to_json(self) -> Json:
        return {
            "name": self.name,
            "unit": self.unit,
            "runs": [round(value, 3) for value in self.runs],
            "median": round(self.median, 3),
            "min": round(min(self.runs), 3),
            "max": round(max(self.runs), 3),
            "goal": self.goal,
            "met": self.is_met,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One measurement: its title, how it was made in a few sentences, and its figures."""

    title: str
    method: str
    figures: tuple[Figure, ...]
    load: tuple[float, float] = (0.0, 0.0)

    def to_json(self) -> Json:
        return {
            "title": self.title,
            "method": self.method,
            "load_before_and_after": [round(value, 2) for value in self.load],
            "figures": [figure.to_json() for figure in self.figures],
        }


@dataclass(slots=True)
class Series:
    """Collects the values of figures run by run, in the order in which they were first named."""

    units: dict[str, str] = field(default_factory=dict)
    goals: dict[str, float] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, value: float, unit: str, *, goal: float | None = None) -> None:
        """Take in the value of one run."""
        self.units[name] = unit
        if goal is not None:
            self.goals[name] = goal
        self.values.setdefault(name, []).append(value)

    def figures(self) -> tuple[Figure, ...]:
        return tuple(
            Figure(name=name, unit=self.units[name], runs=tuple(values), goal=self.goals.get(name))
            for name, values in self.values.items()
        )


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile: a value that was measured, never one in between.

    Raises
    ------
    ValueError
        There are no values, or the percentage is not in (0, 100].
    """
    if not values or not 0 < percent <= 100:
        raise ValueError(f"no {percent}th percentile of {len(values)} values")
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def lost_and_doubled(wanted: Sequence[str], found: Sequence[str]) -> Mapping[str, int]:
    """Count what is missing of the wanted, and what is there more often than it should be."""
    return {"lost": len(set(wanted) - set(found)), "doubled": len(found) - len(set(found))}
