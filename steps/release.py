"""Step 5: chart, values and digest become a release, and with it an Argo Rollout. It does not wait for the Rollout.

Run twice it releases once; whatever an earlier run that was killed has left is finished or put right first.
"""

import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from steps import charts, parameters, program
from steps.charts import Chart
from steps.cluster import Cluster
from steps.helm import Helm, Release
from steps.outcome import Cause, Done, StepFailed
from steps.parameters import given
from steps.program import say
from steps.rollout import Rollout
from steps.settings import Settings

_OWN: Final = ("slipway", "image", "strategy")
_LOOK_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the template passes; `digest` and `chart_commit` come from earlier steps, or an earlier deployment."""

    app: str = given(parameters.NAME)
    environment: str = given(parameters.ENVIRONMENT)
    namespace: str = given(parameters.NAME)
    deployment: str = given(parameters.NUMBER)
    version: str = given(parameters.VERSION)
    strategy: str = given(parameters.STRATEGY)
    requester: str = given(parameters.TEXT)
    image: str = given(parameters.IMAGE)
    digest: str = given(parameters.DIGEST)
    chart_repository: str = given(parameters.CHART_REPOSITORY)
    chart_path: str = given(parameters.FOLDER_PATH)
    chart_commit: str = given(parameters.CHART_COMMIT)
    values: str = given(parameters.ANYTHING)


def run(wanted: Parameters, settings: Settings) -> Done:
    """Fetch the chart, render, prepare what runs, release, make sure."""
    values = chart_values(wanted)
    helm = Helm(settings, namespace=wanted.namespace, name=wanted.app)
    cluster = Cluster(settings, wanted.namespace)
    with tempfile.TemporaryDirectory(dir=settings.scratch) as name:
        folder = Path(name)
        chart = charts.fetch(
            Chart(repository=wanted.chart_repository, path=wanted.chart_path), wanted.chart_commit, settings, folder
        )
        file = folder / "values.json"
        # As they are: helm's YAML reader does not know the pairs of escapes that JSON has for an emoji.
        file.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
        rollout = Rollout(cluster, wanted.app, helm.render(chart, file), patience_seconds=settings.patience_seconds)
        current = settled(helm, cluster, wanted.app, settings)
        if current is not None and is_same(current, values, _description(wanted)):
            rollout.insist()
            return _done(wanted, current, changed=False)
        rollout.prepare(wanted.strategy)
        say(f"Releasing {wanted.app} {wanted.version} as {wanted.strategy} into {wanted.namespace}")
        released = helm.upgrade(chart, file, description=_description(wanted))
        rollout.insist()
    return _done(wanted, released, changed=True)


def chart_values(wanted: Parameters) -> dict[str, Any]:
    """Put the release's own values over the app's; those are the release's alone and nobody else may set them."""
    try:
        values = json.loads(wanted.values or "{}")
    except (ValueError, RecursionError) as exc:
        raise StepFailed(Cause.CHART_VALUES, f"values is not JSON: {exc}") from exc
    if not isinstance(values, dict):
        raise StepFailed(Cause.CHART_VALUES, "values is not a JSON object")
    if taken := sorted(values.keys() & set(_OWN)):
        raise StepFailed(Cause.CHART_VALUES, f"values may not set {', '.join(taken)}: the release does.")
    own = ("app", "environment", "deployment", "version", "requester")
    return {
        **values,
        "slipway": {key: getattr(wanted, key) for key in own},
        "image": {"repository": wanted.image, "digest": wanted.digest},
        "strategy": wanted.strategy,
    }


def settled(helm: Helm, cluster: Cluster, app: str, settings: Settings) -> Release | None:
    """Return the newest revision once nobody is at work on it.

    A revision that stays pending was left by a helm that is gone: its record is deleted, which touches no object. The
    release that follows takes over what it made.
    """
    forgotten = 0
    while (newest := helm.newest()) is not None and newest.is_pending:
        age = (datetime.now(UTC) - newest.changed_at).total_seconds()
        if age < settings.pending_seconds:
            say(f"Revision {newest.revision} of {app} is {newest.status}; waiting for whoever made it")
            time.sleep(min(_LOOK_SECONDS, settings.pending_seconds - age))
            continue
        if newest.revision == forgotten:
            evidence = (
                f"Revision {forgotten} of {app} is {newest.status} although its record was deleted: "
                "somebody else releases it, or something keeps the record."
            )
            raise StepFailed(Cause.RELEASE_PENDING, evidence)
        say(f"Revision {newest.revision} of {app} was left {newest.status}: forgetting it")
        cluster.forget_revision(app, newest.revision)
        forgotten = newest.revision
    return newest


def is_same(current: Release, values: Mapping[str, Any], description: str) -> bool:
    """Say whether this very deployment was released already, by a run that could not say so."""
    return (current.status, current.description, current.values) == ("deployed", description, values)


def _description(wanted: Parameters) -> str:
    return f"Slipway deployment {wanted.deployment}: {wanted.version}, chart {charts.short(wanted.chart_commit)}"


def _done(wanted: Parameters, release: Release, *, changed: bool) -> Done:
    evidence = f"release {release.revision} of {wanted.app}{'' if changed else ' is there already'}"
    return Done(
        evidence=evidence,
        outputs={"revision": str(release.revision)},
        facts={"revision": release.revision, "changed": changed},
    )


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    return program.main(Parameters, run, arguments, environment)


if __name__ == "__main__":
    sys.exit(main())
