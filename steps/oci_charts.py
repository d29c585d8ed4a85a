"""Charts in a registry, as `helm push` puts them there: the digest behind a version, and the archive of a digest.

Used by charts alone. By way of crane, which the other steps use for images; the logins are those for charts.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from steps.outcome import Cause, StepFailed
from steps.parameters import DIGEST
from steps.registry import Registry, tag
from steps.settings import Settings

CONTENT: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


def pin(name: str, version: str, settings: Settings) -> str:
    """Return the digest that a version stands for now."""
    digest = _registry(settings).digest(f"{name}:{tag(version)}")
    if digest is None:
        evidence = f"The chart {name} has no version {version}, or this account cannot see it."
        raise StepFailed(Cause.CHART_NOT_FOUND, evidence)
    return digest


def download(name: str, digest: str, archive: Path, settings: Settings) -> None:
    """Write the chart's archive; it is looked at before it is fetched, so that only a chart of fair size is."""
    registry = _registry(settings)
    try:
        content, size = _content(registry.manifest(f"{name}@{digest}"))
        if size <= settings.max_bytes:
            return registry.blob(f"{name}@{content}", archive)
    except _NoChart as exc:
        raise StepFailed(Cause.CHART_UNUSABLE, f"{name}@{digest:.19} is no Helm chart.") from exc
    except StepFailed as failure:
        if failure.cause is Cause.IMAGE_NOT_FOUND:
            raise StepFailed(Cause.CHART_NOT_FOUND, f"{name}@{digest:.19} is not in the registry.") from failure
        raise
    raise StepFailed(Cause.TOO_LARGE, f"The chart {name} is larger than is accepted.")


class _NoChart(Exception):
    """What lies there was not put there by `helm push`."""


def _content(manifest: Mapping[str, Any]) -> tuple[str, int]:
    """Find the digest and the size of the one layer that is the chart."""
    try:
        ((digest, size),) = [
            (str(each["digest"]), int(each["size"])) for each in manifest["layers"] if each["mediaType"] == CONTENT
        ]
    except (LookupError, TypeError, ValueError) as exc:
        raise _NoChart from exc
    if not re.fullmatch(DIGEST, digest):
        raise _NoChart
    return digest, size


def _registry(settings: Settings) -> Registry:
    return Registry(settings, logins=settings.charts_folder)
