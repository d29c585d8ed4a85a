"""Who can mend what failed: the owners of the app, or whoever keeps the step of the pipeline, as the catalog says it.

Pure. The causes are those of `steps.outcome` and of `failure`; a test holds them against both.
"""

from dataclasses import dataclass
from typing import Final

from commands.core.catalog import App, Catalog

OF_THE_APP: Final = frozenset(
    {
        "artifact-not-found",
        "artifact-unreadable",
        "checksum-mismatch",
        "checksum-missing",
        "image-conflict",
        "image-not-found",
        "chart-values",
        "manifest-refused",
        "immutable-field",
        "source-not-found",
        "source-unusable",
        "containerfile-failed",
        "image-runs-as-root",
        "too-large",
        "app-out-of-memory",
        "crash-loop",
        "cannot-start",
        "config-error",
        "app-image-pull",
        "probe-failing",
        "analysis-failed",
        "analysis-error",
    }
)
"""What the people who build the app can mend, wherever it shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Who is responsible, as people write it: for an app, and for the steps of the pipeline by their names."""

    app: tuple[str, ...] = ()
    steps: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_catalog(cls, catalog: Catalog, app: str) -> "Owners":
        known: App | None = catalog.apps.get(app)
        return cls(app=known.owners if known else (), steps=tuple(catalog.steps.items()))

    def of(self, *, step: str, cause: str) -> str:
        """Name who can mend a failure; empty where nobody is named. Without a step it is the rollout that failed."""
        if not step or cause in OF_THE_APP:
            return ", ".join(self.app)
        return dict(self.steps).get(step, "")


NOBODY: Final = Owners()
