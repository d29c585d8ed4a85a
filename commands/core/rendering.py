"""What a plan needs in order to see a release that nobody makes: the ports, and the values that a chart is given.

Like `ports`; here because nothing but a plan uses them. The pipeline's last step gives the chart the same values.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from commands.core.catalog import Chart
from commands.core.errors import SystemFailure
from commands.core.manifest import Manifest
from commands.core.model import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A release that could be made; `is_upgrade` says that the app is there already."""

    name: str
    namespace: str
    values: Mapping[str, object]
    is_upgrade: bool


class Charts(Protocol):
    """The charts that apps are released with."""

    async def commit(self, chart: Chart) -> str:
        """Return the commit that the chart's reference stands for now."""
        ...

    async def archive(self, chart: Chart, *, commit: str) -> bytes:
        """Return all files of the chart's repository at a commit, as a tar.gz with one folder at its top."""
        ...


class Renderer(Protocol):
    """What makes manifests of a chart."""

    async def render(self, archive: bytes, *, folder: str, draft: Draft) -> tuple[Manifest, ...]:
        """Render the chart in that folder of the archive; whatever the chart makes, the result is of bounded size."""
        ...


class Objects(Protocol):
    """What runs in a cluster, object by object."""

    async def read(self, place: Place, wanted: Sequence[Manifest]) -> tuple[Manifest | SystemFailure | None, ...]:
        """Read the objects of these kinds and names: None for one that is not there, a failure for one not readable.

        Of secrets nothing is read, they count as not there.
        """
        ...


def chart_values(parameters: Mapping[str, str], *, digest: str) -> dict[str, object]:
    """Return what the release gives the chart, made of the pipeline's arguments and the image's digest.

    The number of the deployment is not known before there is one.
    """
    own = ("app", "environment", "version", "requester")
    return {
        **json.loads(parameters["values"]),
        "slipway": {"deployment": "0", **{key: parameters[key] for key in own}},
        "image": {"repository": parameters["image"], "digest": digest},
        "strategy": parameters["strategy"],
    }
