"""Step 1: the jar or war from Nexus, its checksum compared. Gives back its sha256 and its exact file version.

Nothing is shared between pods: the file itself is not kept, the build fetches it again and holds it to the sha256.
A release whose image is there needs no file: then the way back works while Nexus is down and after it was cleaned up.
"""

import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steps import parameters, program
from steps.building import ARTIFACT_LABEL
from steps.nexus import Artifact, Nexus
from steps.outcome import Cause, Done, StepFailed
from steps.parameters import given
from steps.program import say
from steps.registry import Registry, tag
from steps.settings import Settings

SNAPSHOT: Final = "-SNAPSHOT"
_WITHOUT_NEXUS: Final = frozenset(
    {Cause.ARTIFACT_NOT_FOUND, Cause.UNREACHABLE, Cause.SERVER_FAILED, Cause.TIMEOUT, Cause.UNEXPECTED_ANSWER}
)
"""What says nothing about the file itself. A wrong checksum or a refused login is never passed over."""
_SHA256: Final = re.compile(parameters.SHA256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the template passes."""

    artifact_group: str = given(parameters.GROUP)
    artifact_name: str = given(parameters.ARTIFACT)
    artifact_packaging: str = given(parameters.PACKAGING)
    version: str = given(parameters.VERSION)
    artifact_classifier: str = given(parameters.CLASSIFIER, default="")
    image: str = given(parameters.IMAGE)


def run(wanted: Parameters, settings: Settings) -> Done:
    """Fetch, compare, forget."""
    artifact = Artifact(
        group=wanted.artifact_group,
        name=wanted.artifact_name,
        version=wanted.version,
        packaging=wanted.artifact_packaging,
        classifier=wanted.artifact_classifier,
    )
    try:
        with tempfile.TemporaryDirectory(dir=settings.scratch) as folder:
            fetched = Nexus(settings).fetch(artifact, Path(folder))
    except StepFailed as failure:
        if done := _without_nexus(wanted, Registry(settings), failure):
            return done
        raise
    file_version = fetched.artifact.file_version or wanted.version
    return Done(
        evidence=f"{artifact} is there: {fetched.size} bytes.",
        outputs={"sha256": fetched.sha256, "file-version": file_version},
        facts={"digest": f"sha256:{fetched.sha256}", "size": fetched.size},
    )


def _without_nexus(wanted: Parameters, registry: Registry, failure: StepFailed) -> Done | None:
    """Take what the image says it was made of, where the version has one; else the failure stands."""
    if failure.cause not in _WITHOUT_NEXUS or wanted.version.endswith(SNAPSHOT):
        return None
    target = f"{wanted.image}:{tag(wanted.version)}"
    try:
        made_of = str((registry.config(target).get("Labels") or {}).get(ARTIFACT_LABEL, ""))
    except StepFailed:
        return None
    if not _SHA256.fullmatch(made_of):
        return None
    say(f"{failure.evidence} It is not needed: {target} was built from it.")
    return Done(
        evidence=f"{target} is there, so the artifact is not needed.",
        outputs={"sha256": made_of, "file-version": wanted.version},
        facts={"digest": f"sha256:{made_of}"},
    )


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    return program.main(Parameters, run, arguments, environment)


if __name__ == "__main__":
    sys.exit(main())
