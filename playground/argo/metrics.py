"""The arithmetic of an AnalysisRun: a measurement counted, a metric and a run assessed, in Argo's words. Pure.

Called by analysis_runs, which measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from playground.argo.names import Obj, seconds_of, timestamp

ENDED: Final = frozenset({"Successful", "Failed", "Error", "Inconclusive"})
BAD: Final = frozenset({"Failed", "Error"})
ERROR_LIMIT: Final = 4
ERROR_INTERVAL: Final = 10.0
KEPT: Final = 10
COUNTS: Final = {"Successful": "successful", "Failed": "failed", "Inconclusive": "inconclusive", "Error": "error"}
WORST_FIRST: Final = ("Failed", "Error", "Inconclusive")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One look at a metric. `seconds` is what it takes; until then it is Running."""

    phase: str
    value: str = ""
    message: str = ""
    seconds: float = 0.0
    metadata: dict[str, str] = field(default_factory=dict)

    def to_json(self, started: datetime, now: datetime | None) -> Obj:
        """As a run lists it; without `now` it goes on."""
        shown: Obj = {"phase": self.phase if now else "Running", "startedAt": timestamp(started)}
        if now:
            shown["finishedAt"] = timestamp(now)
            shown |= {key: text for key, text in (("value", self.value), ("message", self.message)) if text}
        return shown | ({"metadata": dict(self.metadata)} if self.metadata else {})


def begin(name: str) -> Obj:
    return {"name": name, "phase": "Running"}


def counted(result: Obj, measured: Measurement, started: datetime, now: datetime) -> Obj:
    """The result of a metric with one more measurement; errors are counted apart from the rest."""
    listed = [entry for entry in result.get("measurements") or () if entry["phase"] != "Running"]
    more = {**result, "measurements": [*listed, measured.to_json(started, now)][-KEPT:]}
    own = COUNTS[measured.phase]
    more[own] = more.get(own, 0) + 1
    for name, phase in (("consecutiveError", "Error"), ("consecutiveSuccess", "Successful")):
        more[name] = more.get(name, 0) + 1 if measured.phase == phase else 0
        if not more[name]:
            del more[name]
    if measured.phase != "Error":
        more["count"] = more.get("count", 0) + 1
    return more


def under_way(result: Obj, measured: Measurement, started: datetime) -> Obj:
    """The result of a metric with a measurement that takes its time."""
    return {**result, "measurements": [*(result.get("measurements") or ()), measured.to_json(started, None)]}


def judged(metric: Obj, result: Obj) -> Obj:
    """The result with its phase; `why` is for the run's message and does not stay."""
    phase, why = assessed(metric, result)
    error = {"message": _last_error(result)} if phase == "Error" else {}
    return {**result, "phase": phase, **error, **({"why": why} if why else {})}


def assessed(metric: Obj, result: Obj) -> tuple[str, str]:
    """The phase of a metric by its limits, and why when it is over with no good end."""
    limits = (
        ("Failed", "failed", "failed", "failureLimit", 0),
        ("Error", "consecutiveErrors", "consecutiveError", "consecutiveErrorLimit", ERROR_LIMIT),
        ("Inconclusive", "inconclusive", "inconclusive", "inconclusiveLimit", 0),
    )
    for phase, words, key, name, default in limits:
        found, limit = int(result.get(key, 0)), int(metric.get(name, default))
        if found > limit:
            why = f'Metric "{metric["name"]}" assessed {phase} due to {words} ({found}) > {name} ({limit})'
            return phase, f'{why}: "Error Message: {_last_error(result)}"' if phase == "Error" else why
    wanted = int(metric.get("count") or (0 if metric.get("interval") else 1))
    return ("Successful" if wanted and result.get("count", 0) >= wanted else "Running"), ""


def _last_error(result: Obj) -> str:
    return str(result["measurements"][-1].get("message", ""))


def pause_after(metric: Obj, measured: Measurement) -> float:
    """Stand-in seconds until the next measurement."""
    return ERROR_INTERVAL if measured.phase == "Error" else seconds_of(metric.get("interval", 0))


def run_phase(results: Sequence[Obj], wanted: int) -> str:
    """The phase of a run: a bad metric ends it at once, else it lasts until each metric has ended."""
    phases = [result["phase"] for result in results]
    for phase in WORST_FIRST[:2]:
        if phase in phases:
            return phase
    if len(phases) < wanted or any(phase not in ENDED for phase in phases):
        return "Running"
    return "Inconclusive" if "Inconclusive" in phases else "Successful"


def summary(results: Sequence[Obj], wanted: int) -> Obj:
    """How many metrics ended in which way; zero is left out."""
    ended = [COUNTS[result["phase"]] for result in results if result["phase"] in ENDED]
    return {"count": wanted, **{name: ended.count(name) for name in COUNTS.values() if name in ended}}
