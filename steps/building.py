"""What the two ways of building have in common: whether it is built, the artifact, the base image, the labels.

Used by build_image and build_containerfile. A tag that is there but was made of another file is a conflict for a
release and is made anew for a SNAPSHOT; an image that does not say what it was made of is taken as it is.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steps import jar, parameters
from steps.nexus import Artifact, Fetched, Nexus
from steps.outcome import Cause, Done, StepFailed
from steps.parameters import given
from steps.program import say
from steps.registry import Registry, tag
from steps.settings import Settings

ARTIFACT_LABEL: Final = "slipway.artifact.sha256"
UNPACKED: Final = 4
"""How many times its own size an artifact may unpack to, measured by the size limit."""
_OCI: Final = "org.opencontainers.image"
_LABEL_VALUE: Final = re.compile(r"[A-Za-z0-9 ._:/@+~%-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the template passes; `sha256` and `file_version` are the outputs of fetch-artifact."""

    artifact_group: str = given(parameters.GROUP)
    artifact_name: str = given(parameters.ARTIFACT)
    artifact_packaging: str = given(parameters.PACKAGING)
    version: str = given(parameters.VERSION)
    app: str = given(parameters.NAME)
    image: str = given(parameters.IMAGE)
    base_image: str = given(parameters.BASE_IMAGE)
    sha256: str = given(parameters.SHA256)
    file_version: str = given(parameters.OPTIONAL_VERSION, default="")
    artifact_classifier: str = given(parameters.CLASSIFIER, default="")

    @property
    def target(self) -> str:
        return f"{self.image}:{tag(self.version)}"


def there(wanted: Parameters, registry: Registry) -> Done | None:
    """Say that nothing is left to do; nothing comes back where the image must be built."""
    digest = _usable(wanted, registry)
    if not digest:
        return None
    return Done(evidence=f"{wanted.target} is there already.", outputs={"built": "false"}, facts={"digest": digest})


def made(wanted: Parameters, digest: str) -> Done:
    return Done(evidence=f"{wanted.target} built and pushed.", outputs={"built": "true"}, facts={"digest": digest})


def _usable(wanted: Parameters, registry: Registry) -> str:
    """Return the digest of the image that is there; empty where it must be built."""
    digest = registry.digest(wanted.target)
    if digest is None:
        return ""
    known = registry.config(wanted.target).get("Labels") or {}
    made_of = known.get(ARTIFACT_LABEL, wanted.sha256)
    if made_of == wanted.sha256:
        return digest
    if wanted.version.endswith("-SNAPSHOT"):
        say(f"{wanted.target} was built from an older snapshot.")
        return ""
    evidence = (
        f"{wanted.target} was built from another file (sha256 {made_of:.12}) than Nexus has now. Publish a new version."
    )
    raise StepFailed(Cause.IMAGE_CONFLICT, evidence)


def fetch(wanted: Parameters, settings: Settings, folder: Path) -> Fetched:
    """Fetch the artifact once more and hold it to what fetch-artifact has seen."""
    artifact = Artifact(
        group=wanted.artifact_group,
        name=wanted.artifact_name,
        version=wanted.version,
        packaging=wanted.artifact_packaging,
        classifier=wanted.artifact_classifier,
        file_version=wanted.file_version if wanted.version.endswith("-SNAPSHOT") else "",
    )
    fetched = Nexus(settings).fetch(artifact, folder)
    if fetched.sha256 != wanted.sha256:
        evidence = (
            f"{artifact} changed between two steps: its sha256 was {wanted.sha256:.12}, now {fetched.sha256:.12}."
        )
        raise StepFailed(Cause.CHECKSUM_MISMATCH, evidence)
    return fetched


def pinned_base(name: str, registry: Registry) -> str:
    """Pin the base image; one that is named by tag alone is looked up first."""
    digest = registry.digest(name)
    if digest is None:
        raise StepFailed(Cause.BASE_IMAGE_NOT_FOUND, f"The base image {name} does not exist.")
    head, slash, last = name.partition("@")[0].rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}@{digest}"


def labels(wanted: Parameters, fetched: Fetched, origin: jar.Origin) -> dict[str, str]:
    """Say what the image is and what it was made of."""
    said = {
        f"{_OCI}.title": wanted.app,
        f"{_OCI}.version": wanted.version,
        f"{_OCI}.source": origin.source or fetched.url,
        f"{_OCI}.revision": origin.revision,
        ARTIFACT_LABEL: fetched.sha256,
    }
    return {key: value for key, value in said.items() if _LABEL_VALUE.fullmatch(value)}
