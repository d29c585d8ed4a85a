"""Step 1: the jar or war from Nexus, its checksum compared. Gives back its sha256 and its exact file version.

Nothing is shared between pods: the file itself is not kept, the build fetches it again and holds it to the sha256.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from steps import parameters, program
from steps.nexus import Artifact, Nexus
from steps.outcome import Done
from steps.parameters import given
from steps.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the template passes."""

    artifact_group: str = given(parameters.GROUP)
    artifact_name: str = given(parameters.ARTIFACT)
    artifact_packaging: str = given(parameters.PACKAGING)
    version: str = given(parameters.VERSION)
    artifact_classifier: str = given(parameters.CLASSIFIER, default="")


def run(wanted: Parameters, settings: Settings) -> Done:
    """Fetch, compare, forget."""
    artifact = Artifact(
        group=wanted.artifact_group,
        name=wanted.artifact_name,
        version=wanted.version,
        packaging=wanted.artifact_packaging,
        classifier=wanted.artifact_classifier,
    )
    with tempfile.TemporaryDirectory(dir=settings.scratch) as folder:
        fetched = Nexus(settings).fetch(artifact, Path(folder))
    file_version = fetched.artifact.file_version or wanted.version
    return Done(
        evidence=f"{artifact} is there: {fetched.size} bytes.",
        outputs={"sha256": fetched.sha256, "file-version": file_version},
        facts={"digest": f"sha256:{fetched.sha256}", "size": fetched.size},
    )


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    return program.main(Parameters, run, arguments, environment)


if __name__ == "__main__":
    sys.exit(main())
