"""Brings AnalysisRuns to their end, as the Rollouts controller does: measures when it is time, writes what comes.

Started by cluster.Controllers; the runs are made, and their phases acted on, by rollouts. A measurement is good unless
a fault of kind `analysis` gives another verdict (Failed, Inconclusive, Error), with `value` and `message`.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from playground.argo import metrics
from playground.argo.metrics import Measurement
from playground.argo.names import Obj, dig, seconds_of, timestamp
from playground.argo.runner import Key, Runner
from playground.faults import Faults
from playground.kubernetes.store import Store, WatchEvent
from playground.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

JOB_SECONDS: Final = 5.0
TERMINATED: Final = "Run Terminated"


@dataclass
class Plan:
    """When a metric is due next, in the loop's time, and what is being measured now."""

    due: float
    measuring: Measurement | None = None
    started: "datetime | None" = None


class AnalysisRunsController:
    """Runs every AnalysisRun of the store."""

    def __init__(self, store: Store, pace: Pace, faults: Faults) -> None:
        self._store = store
        self._pace = pace
        self._faults = faults
        self._runner = Runner(self._pass, pace)
        self._plans: dict[str, dict[str, Plan]] = {}
        self._unsubscribe: Callable[[], None] | None = None

    async def start(self) -> None:
        self._runner.start()
        self._unsubscribe = self._store.subscribe(self._heard)
        for run in self._store.list("AnalysisRun"):
            self._runner.add(_key(run))

    async def stop(self) -> None:
        if self._unsubscribe:
            self._unsubscribe()
            self._unsubscribe = None
        self._runner.stop()

    def _heard(self, event: WatchEvent) -> None:
        if event.object["kind"] != "AnalysisRun":
            return
        if event.type == "DELETED":
            self._plans.pop(event.object["metadata"]["uid"], None)
        self._runner.add(_key(event.object))

    def _pass(self, key: Key) -> None:
        run = self._store.get("AnalysisRun", *key)
        if run is None or dig(run, "status", "phase") in metrics.ENDED:
            self._runner.wake(key, None)
            return
        plans = self._planned(run)
        results = {result["name"]: result for result in dig(run, "status", "metricResults") or ()}
        if not run["spec"].get("terminate"):
            for metric in _metrics(run):
                self._advance(run, metric, plans[metric["name"]], results)
        self._write(run, list(results.values()))
        waiting = [plan.due for name, plan in plans.items() if _phase(results, name) == "Running"]
        self._runner.wake(key, max(0.0, min(waiting) - self._now()) * self._pace.speed if waiting else None)

    def _planned(self, run: Obj) -> dict[str, Plan]:
        def first(metric: Obj) -> Plan:
            return Plan(self._later(seconds_of(metric.get("initialDelay", 0))))

        uid = run["metadata"]["uid"]
        if uid not in self._plans:
            self._plans[uid] = {metric["name"]: first(metric) for metric in _metrics(run)}
        return self._plans[uid]

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _later(self, seconds: float) -> float:
        return self._now() + self._pace.scale(seconds)

    # Measuring

    def _advance(self, run: Obj, metric: Obj, plan: Plan, results: dict[str, Obj]) -> None:
        """Begin or end the measurement that is due."""
        name = metric["name"]
        if _phase(results, name) != "Running" or plan.due > self._now():
            return
        result = results.get(name) or metrics.begin(name)
        started = plan.started or self._pace.now()
        measured = plan.measuring or self._measure(run, metric)
        if measured.seconds and plan.measuring is None:
            plan.measuring, plan.started, plan.due = measured, started, self._later(measured.seconds)
            results[name] = metrics.under_way(result, measured, started)
            return
        result = metrics.counted(result, measured, started, self._pace.now())
        results[name] = metrics.judged(metric, result)
        plan.measuring, plan.started = None, None
        plan.due = self._later(metrics.pause_after(metric, measured))

    def _measure(self, run: Obj, metric: Obj) -> Measurement:
        fault = self._faults.take("rollouts", "analysis", f"{run['metadata']['name']} {metric['name']}")
        options = fault.options if fault else {}
        verdict = str(options.get("verdict", "Failed" if fault else "Successful"))
        value, message = (str(options.get(key, "")) for key in ("value", "message"))
        if "job" not in metric["provider"]:
            return Measurement(verdict, value or ("" if verdict == "Error" else "0"), message)
        meta = run["metadata"]
        job = {"job-name": f"{meta['uid']}.{metric['name']}.1", "job-namespace": meta["namespace"]}
        return Measurement(verdict, "", message, JOB_SECONDS, job)

    # Writing

    def _write(self, run: Obj, results: list[Obj]) -> None:
        wanted, now = len(_metrics(run)), timestamp(self._pace.now())
        known = run.get("status") or {}
        phase = metrics.run_phase(results, wanted)
        message = next((result.pop("why") for result in results if result.get("why")), "")
        if run["spec"].get("terminate"):
            phase, message = "Successful", TERMINATED
        if phase in metrics.ENDED:  # A run that is over measures nothing more; what went on until then counts as good.
            results = [{**one, "phase": "Successful"} if one["phase"] == "Running" else one for one in results]
        status: Obj = {
            "dryRunSummary": {},
            "phase": phase,
            "runSummary": metrics.summary(results, wanted),
            "startedAt": known.get("startedAt") or now,
            **({"metricResults": results} if results else {}),
            **({"message": message} if message else {}),
            **({"completedAt": now} if phase in metrics.ENDED else {}),
        }
        self._store.replace({**run, "status": status})


def _phase(results: dict[str, Obj], name: str) -> str:
    return str(results[name]["phase"]) if name in results else "Running"


def _metrics(run: Obj) -> list[Obj]:
    return list(run["spec"].get("metrics") or ())


def _key(run: Obj) -> Key:
    return run["metadata"]["namespace"], run["metadata"]["name"]
