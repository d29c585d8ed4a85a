"""Step 4: the chart at a fixed commit, or digest in a registry. Gives it back; the release fetches exactly that one.

The chart is downloaded here already, so that one that is missing or broken is found before anything changes.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from steps import charts, parameters, program
from steps.charts import Chart
from steps.outcome import Cause, Done, StepFailed
from steps.parameters import given
from steps.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the template passes; with `chart_pin` a reference that moved is refused."""

    chart_repository: str = given(parameters.CHART_REPOSITORY)
    chart_path: str = given(parameters.FOLDER_PATH)
    chart_ref: str = given(parameters.REFERENCE)
    chart_pin: str = given(parameters.OPTIONAL_CHART_COMMIT, default="")


def run(wanted: Parameters, settings: Settings) -> Done:
    """Pin, compare, try."""
    chart = Chart(repository=wanted.chart_repository, path=wanted.chart_path)
    commit = charts.pin(chart, wanted.chart_ref, settings)
    if wanted.chart_pin and wanted.chart_pin != commit:
        was, now = charts.short(wanted.chart_pin), charts.short(commit)
        evidence = f"{wanted.chart_ref} of the chart moved: it is {now}, and {was} was expected."
        raise StepFailed(Cause.CHART_MOVED, evidence)
    with tempfile.TemporaryDirectory(dir=settings.scratch) as folder:
        charts.fetch(chart, commit, settings, Path(folder))
    return Done(evidence=f"{wanted.chart_ref} is {commit}.", outputs={"commit": commit})


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    return program.main(Parameters, run, arguments, environment)


if __name__ == "__main__":
    sys.exit(main())
