"""Step 2 of an app that brings a Containerfile: built with the jar beside it, pushed; skipped where it is there.

The file is taken from one commit, which the catalog names. The image has the same labels as any other and must name a
user that is not root.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steps import building, jar, parameters, program, sources
from steps.buildah import Buildah, Order
from steps.nexus import Fetched
from steps.outcome import Cause, Done, StepFailed
from steps.parameters import given
from steps.program import say
from steps.registry import Registry
from steps.settings import Settings

SOURCE_LABEL: Final = "slipway.containerfile.commit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters(building.Parameters):
    """What the template passes: as for any image, and where the Containerfile is."""

    source_repository: str = given(parameters.GIT_REPOSITORY)
    source_commit: str = given(parameters.COMMIT)
    source_context: str = given(parameters.FOLDER_PATH)
    containerfile: str = given(parameters.FILE_PATH)


def run(wanted: Parameters, settings: Settings) -> Done:
    """Look whether it is built; if not, fetch the jar and the file, build, look at the result, push."""
    registry = Registry(settings)
    if done := building.there(wanted, registry):
        return done
    base = building.pinned_base(wanted.base_image, registry)
    with _scratch(settings) as folder:
        order = _order(wanted, settings, base, folder)
        buildah = Buildah(settings, folder)
        say(f"Building {wanted.target} with {wanted.containerfile} on {base}")
        buildah.build(order)
        buildah.require_plain_user(wanted.target)
        digest = buildah.push(wanted.target)
    return building.made(wanted, digest)


@contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    """Lend a folder. What a build leaves of other users cannot be removed, not even looked at; it goes with the pod."""
    folder = Path(tempfile.mkdtemp(dir=settings.scratch))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _order(wanted: Parameters, settings: Settings, base: str, folder: Path) -> Order:
    """Lay out the folder that is built: the source's files and the artifact as app.jar or app.war."""
    fetched = building.fetch(wanted, settings, folder)
    context = folder / "context"
    sources.fetch(wanted.source_repository, wanted.source_commit, wanted.source_context, settings, target=context)
    file = context / wanted.containerfile
    if not file.is_file():
        where = f"{wanted.source_context} of {wanted.source_repository} at {wanted.source_commit:.12}"
        raise StepFailed(Cause.SOURCE_NOT_FOUND, f"There is no {wanted.containerfile} in {where}.")
    shutil.copyfile(fetched.path, context / f"app.{wanted.artifact_packaging}")
    labels = {**_labels(wanted, fetched, settings), SOURCE_LABEL: wanted.source_commit}
    return Order(containerfile=file, context=context, base=base, target=wanted.target, labels=labels)


def _labels(wanted: Parameters, fetched: Fetched, settings: Settings) -> dict[str, str]:
    with jar.opened(fetched.path, limit=settings.max_bytes * building.UNPACKED) as archive:
        return building.labels(wanted, fetched, jar.origin(archive))


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    return program.main(Parameters, run, arguments, environment)


if __name__ == "__main__":
    sys.exit(main())
