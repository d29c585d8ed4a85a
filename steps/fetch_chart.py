"""Step 4: the chart at a fixed commit. Gives back the commit; the release fetches exactly that one.

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
    """What the template passes; with `expected_commit` a reference that moved is refused."""

    chart_repository: str = given(parameters.REPOSITORY)
    chart_path: str = given(parameters.CHART_PATH)
    chart_ref: str = given(parameters.REFERENCE)
    expected_commit: str = given(parameters.OPTIONAL_COMMIT, default="")


def run(wanted: Parameters, settings: Settings) -> Done:
    """Pin, compare, try."""
    chart = Chart(repository=wanted.chart_repository, path=wanted.chart_path)
    commit = charts.pin(chart, wanted.chart_ref, settings)
    if wanted.expected_commit and wanted.expected_commit != commit:
        evidence = f"{wanted.chart_ref} moved: it is {commit:.12}, and {wanted.expected_commit:.12} was expected."
        raise StepFailed(Cause.CHART_MOVED, evidence)
    with tempfile.TemporaryDirectory(dir=settings.scratch) as folder:
        charts.fetch(chart, commit, settings, Path(folder))
    return Done(evidence=f"{wanted.chart_ref} is {commit}.", outputs={"commit": commit})


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    return program.main(Parameters, run, arguments, environment)


if __name__ == "__main__":
    sys.exit(main())
