"""Step 2: the jar becomes an image on its base image, pushed under the version's tag; skipped where it is there.

The same jar on the same base gives the same digest. A tag that is there but was made of another file is a conflict for
a release and is made anew for a SNAPSHOT; an image that does not say what it was made of is taken as it is.
"""

import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steps import jar, parameters, program
from steps.nexus import Artifact, Fetched, Nexus
from steps.outcome import Cause, Done, StepFailed
from steps.parameters import given
from steps.program import say
from steps.registry import Recipe, Registry, tag
from steps.settings import Settings

USER: Final = "65532:65532"
ARTIFACT_LABEL: Final = "slipway.artifact.sha256"
_OCI: Final = "org.opencontainers.image"
_LABEL_VALUE: Final = re.compile(r"[A-Za-z0-9 ._:/@+~%-]+")
_UNPACKED: Final = 4
"""How many times its own size an artifact may unpack to, measured by the size limit."""


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


def run(wanted: Parameters, settings: Settings) -> Done:
    """Look whether it is built; if not, fetch, split, push."""
    registry = Registry(settings)
    target = f"{wanted.image}:{tag(wanted.version)}"
    if there := _usable(wanted, registry, target):
        return Done(evidence=f"{target} is there already.", outputs={"built": "false"}, facts={"digest": there})
    with tempfile.TemporaryDirectory(dir=settings.scratch) as folder:
        digest = _build(wanted, settings, registry, Path(folder), target)
    return Done(evidence=f"{target} built and pushed.", outputs={"built": "true"}, facts={"digest": digest})


def _usable(wanted: Parameters, registry: Registry, target: str) -> str:
    """Return the digest of the image that is there; empty where it must be built."""
    digest = registry.digest(target)
    if digest is None:
        return ""
    labels = registry.config(target).get("Labels") or {}
    made_of = labels.get(ARTIFACT_LABEL, wanted.sha256)
    if made_of == wanted.sha256:
        return digest
    if wanted.version.endswith("-SNAPSHOT"):
        say(f"{target} was built from an older snapshot.")
        return ""
    evidence = f"{target} was built from another file (sha256 {made_of:.12}) than Nexus has now. Publish a new version."
    raise StepFailed(Cause.IMAGE_CONFLICT, evidence)


def _build(wanted: Parameters, settings: Settings, registry: Registry, folder: Path, target: str) -> str:
    base = _base(wanted.base_image, registry)
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
    with jar.opened(fetched.path, limit=settings.max_bytes * _UNPACKED) as archive:
        layers = jar.write_layers(archive, fetched.path, folder)
        labels = _labels(wanted, fetched, jar.origin(archive))
    entrypoint, command = start(registry.config(base), f"/{jar.FOLDER}/app.{artifact.packaging}")
    say(f"Building {target} on {base} with {len(layers)} layers")
    return registry.build(
        Recipe(
            base=base, target=target, layers=layers, labels=labels, user=USER, entrypoint=entrypoint, command=command
        )
    )


def _base(name: str, registry: Registry) -> str:
    """Pin the base image; one that is named by tag alone is looked up first."""
    digest = registry.digest(name)
    if digest is None:
        raise StepFailed(Cause.BASE_IMAGE_NOT_FOUND, f"The base image {name} does not exist.")
    head, slash, last = name.partition("@")[0].rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}@{digest}"


def _labels(wanted: Parameters, fetched: Fetched, origin: jar.Origin) -> dict[str, str]:
    labels = {
        f"{_OCI}.title": wanted.app,
        f"{_OCI}.version": wanted.version,
        f"{_OCI}.source": origin.source or fetched.url,
        f"{_OCI}.revision": origin.revision,
        ARTIFACT_LABEL: fetched.sha256,
    }
    return {key: value for key, value in labels.items() if _LABEL_VALUE.fullmatch(value)}


def start(config: Mapping[str, object], path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Say what starts the app, as (entrypoint, command); empty tuples keep what the base has.

    A base's own entrypoint is kept. One that ends with `-jar` gets the file; one that has a default command is a
    wrapper, whose command is replaced; any other is taken to know what it starts.
    """
    entrypoint, command = _words(config.get("Entrypoint")), _words(config.get("Cmd"))
    if not entrypoint:
        return ("java", "-jar", path), ()
    if any(path in word for word in (*entrypoint, *command)):
        return (), ()
    if entrypoint[-1] == "-jar":
        return (), (path,)
    return (), ("java", "-jar", path) if command else ()


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(word) for word in value) if isinstance(value, list) else ()


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    return program.main(Parameters, run, arguments, environment)


if __name__ == "__main__":
    sys.exit(main())
