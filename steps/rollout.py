"""The running Rollout around a release: made ready for what comes, and held to what was released afterwards.

Used by release. helm patches a Rollout by the difference of two manifests, so what somebody changed in between, or a
run that was killed, stays changed: `insist` puts that right. The chart's YAML is never parsed here; the API server does
that, asked to make the object for trial under a name that does not exist.
"""

import json
import re
import time
from collections.abc import Callable
from typing import Any, Final

from steps.cluster import ANALYSIS_TEMPLATES, ROLLOUTS, SERVICES, Cluster, Obj
from steps.outcome import Cause, StepFailed
from steps.program import say

_LOOK_SECONDS: Final = 1.0
_DOCUMENT: Final = re.compile(r"^---.*$", re.MULTILINE)
_KIND: Final = re.compile(r"^kind: *['\"]?(\w+)", re.MULTILINE)
_TRIAL: Final = "-slipway-trial"
_HASH: Final = "rollouts-pod-template-hash"
_OTHERS: Final = frozenset({"labels", "annotations"})
"""Parts of an object to which others add as well."""
_NEEDED_BY_STRATEGY: Final = {"Service": SERVICES, "AnalysisTemplate": ANALYSIS_TEMPLATES}
"""What must be there before a Rollout can name it in its strategy."""
_NAME: Final = re.compile(r"^metadata:\n(?:  .*\n)*?  name: *['\"]?([\w.-]+)", re.MULTILINE)


class Rollout:
    """One app's Rollout as it is, and as `manifest`, all that the chart makes, wants it to be."""

    def __init__(self, cluster: Cluster, app: str, manifest: str, *, patience_seconds: float) -> None:
        self._cluster = cluster
        self._app = app
        self._patience = patience_seconds
        self._documents = documents(manifest)
        wanted = self._documents.get(("Rollout", app))
        if wanted is None:
            raise StepFailed(Cause.CHART_UNUSABLE, f"The chart makes no Rollout named {app}.")
        self._document: str = wanted

    def prepare(self, strategy: str) -> None:
        """Before the release: what a strategy needs that Argo does not do by itself."""
        live = self._cluster.rollout(self._app)
        if live is None:
            return
        if strategy == "recreate":
            self._stop(live)
            return
        if strategy == "blue-green" and "blueGreen" not in live["spec"].get("strategy", {}):
            self._switch_strategy(live)
        self._begin_again(live)

    def insist(self) -> None:
        """After the release: the Rollout is what the chart says, whatever it was changed to before."""
        live = self._cluster.rollout(self._app)
        if live is None:
            raise StepFailed(Cause.RELEASE_FAILED, f"The Rollout {self._app} was deleted while it was released.")
        wanted = self._wanted()
        notes = {key: wanted["metadata"][key] for key in _OTHERS if wanted["metadata"].get(key)}
        parts = {"metadata": notes, "spec": wanted["spec"]}
        if changes := difference({key: live[key] for key in parts}, parts):
            self._cluster.patch(ROLLOUTS, self._app, changes)

    def _wanted(self) -> Obj:
        """Return the Rollout as the chart makes it, with all that the API server adds by itself."""
        found = _NAME.search(self._document)
        assert found is not None  # noqa: S101  # documents() found it by this name
        start, end = found.span(1)
        trial = f"{self._app}{_TRIAL}"
        document = f"{self._document[:start]}{trial}{self._document[end:]}"
        return self._cluster.apply(ROLLOUTS, trial, document, is_trial=True)

    def _begin_again(self, live: Obj) -> None:
        """Take back the abort of what comes once more: Argo does so by itself only where another template comes."""
        if (live.get("status") or {}).get("abort") and self._wanted()["spec"]["template"] == live["spec"]["template"]:
            say(f"{self._app} was aborted with this very content; it begins again")
            self._cluster.patch(ROLLOUTS, f"{self._app}/status", {"status": {"abort": False}})

    def _stop(self, live: Obj) -> None:
        """Take all pods of another template away, wait until they are gone, and bring the new ones up."""
        wanted, status = self._wanted(), live.get("status") or {}
        if wanted["spec"]["template"] == live["spec"]["template"] and not status.get("abort"):
            return
        if status.get("abort") and self._serves_already(live, status.get("stableRS") or ""):
            say(f"{self._app} goes back to what the traffic is on, so nothing has to stop")
            return
        labels = live["spec"]["selector"]["matchLabels"]
        say(f"Stopping every pod of {self._app}: a recreate never runs two versions at once")
        self._cluster.patch(ROLLOUTS, self._app, {"spec": {"replicas": 0}})
        self._wait(lambda: not self._cluster.pods(labels), f"The old pods of {self._app} did not go away")
        self._begin_again(live)
        # The template and the number of pods must come in one change: with no pods at all the new template would
        # count as healthy at once.
        self.insist()

    def _switch_strategy(self, live: Obj) -> None:
        """Let the content that runs become blue first: together with new content the switch would have no gate.

        Where nothing runs that could serve, there is nothing to guard and nothing that could become blue.
        """
        status = live.get("status") or {}
        stable = status.get("stableRS")
        if not stable or not status.get("availableReplicas"):
            return
        if status.get("currentPodHash") != stable or status.get("abort"):
            if self._serves_already(live, stable):
                say(f"{self._app} goes back to what the traffic is on, so there is no switch to guard")
                return
            evidence = (
                f"{self._app} is in the middle of a rollout, so it cannot change to blue-green. "
                "Finish it or go back first."
            )
            raise StepFailed(Cause.RELEASE_FAILED, evidence)
        say(f"{self._app} becomes blue-green with what it runs, before the new version comes")
        for (kind, name), document in self._documents.items():
            if path := _NEEDED_BY_STRATEGY.get(kind):
                self._cluster.apply(path, name, document)
                self._cluster.patch(path, name, {"metadata": self._ownership()})
        strategies = {"strategy": live["spec"]["strategy"]}, {"strategy": self._wanted()["spec"]["strategy"]}
        self._cluster.patch(ROLLOUTS, self._app, {"spec": difference(*strategies, depth=1)})
        self._wait(self._is_blue, f"{self._app} did not take up the strategy blue-green")

    def _serves_already(self, live: Obj, stable: str) -> bool:
        """Say whether what comes is what the stable pods run: an abort that is being put right."""
        labels = {**live["spec"]["selector"]["matchLabels"], _HASH: stable}
        wanted = _runs(self._wanted()["spec"]["template"]["spec"]["containers"])
        pods = [_runs(containers) for containers in self._cluster.containers(labels)]
        # Others may have put containers of their own beside them.
        return bool(pods) and all(wanted.items() <= pod.items() for pod in pods)

    def _is_blue(self) -> bool:
        live = self._cluster.rollout(self._app) or {}
        status: dict[str, Any] = live.get("status") or {}
        active = (status.get("blueGreen") or {}).get("activeSelector")
        return bool(active) and active == status.get("stableRS")

    def _ownership(self) -> Obj:
        """Mark an object as one of this release, as helm does, so that helm takes it over."""
        return {
            "labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": {
                "meta.helm.sh/release-name": self._app,
                "meta.helm.sh/release-namespace": self._cluster.namespace,
            },
        }

    def _wait(self, holds: Callable[[], bool], otherwise: str) -> None:
        until = time.monotonic() + self._patience
        while not holds():
            if time.monotonic() > until:
                raise StepFailed(Cause.TIMEOUT, f"{otherwise} within {self._patience:.0f} s.")
            time.sleep(_LOOK_SECONDS)


def _runs(containers: list[Obj]) -> dict[str, tuple[str, str]]:
    """Map containers to what makes them recognisable: their image, and the variables that the chart sets."""
    return {
        each["name"]: (
            each["image"],
            json.dumps([(env["name"], env.get("value", "")) for env in each.get("env") or ()]),
        )
        for each in containers
    }


def difference(live: Obj, wanted: Obj, *, depth: int = 0) -> Obj:
    """Return the merge patch that makes an object what is wanted.

    Of the object itself and of its spec only the wanted keys are looked at: what others keep there, such as a pause or
    the number of pods of an autoscaler, stays. Below, a key that is not wanted goes.
    """
    changes: Obj = {}
    for key, value in wanted.items():
        now = live.get(key)
        if isinstance(value, dict) and isinstance(now, dict):
            inner = difference(now, value, depth=0 if key in _OTHERS and depth == 1 else depth + 1)
            changes |= {key: inner} if inner else {}
        elif value != now:
            changes[key] = value
    gone = live.keys() - wanted.keys() if depth > 1 else ()
    return changes | dict.fromkeys(gone)


def documents(manifest: str) -> dict[tuple[str, str], str]:
    """Map each document of a rendered chart by kind and name."""
    found: dict[tuple[str, str], str] = {}
    for document in _DOCUMENT.split(manifest):
        kind, name = _KIND.search(document), _NAME.search(document)
        if kind and name:
            found[kind[1], name[1]] = document
    return found
