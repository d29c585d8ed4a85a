"""What the five steps of the pipeline do in the playground: the table that step_runs looks templates up in.

Each takes the time that the real one roughly takes and ends its log with one line of JSON.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from playground.argo import release
from playground.argo.preparing import InTheMiddleError
from playground.argo.release import image_digest
from playground.argo.step_runs import StepBehaviour, StepContext
from playground.harbor import NoRoom
from playground.kubernetes.store import Store

Versions = Callable[[str, str, str], bool]
NO_ROOM: Final = 14
NOT_FOUND: Final = 11
BAD_VALUES: Final = 12
NOT_RELEASED: Final = 15
FETCH_SECONDS: Final = 1.0
BUILD_SECONDS: Final = 3.0
SKIP_SECONDS: Final = 0.3
RESOLVE_SECONDS: Final = 0.5
CHART_SECONDS: Final = 0.7
RELEASE_SECONDS: Final = 1.0


def every_version(_group: str, _name: str, _version: str) -> bool:
    return True


class Images(Protocol):
    """Where images are kept; `image` is named with its host."""

    def has(self, image: str, tag: str) -> bool: ...

    def push(self, image: str, tag: str, digest: str, *, at: datetime) -> object:
        """Keep an image; NoRoom says why it cannot be."""
        ...


class BuiltHere:
    """Remembers what was built, and no more."""

    def __init__(self) -> None:
        self._built: set[tuple[str, str]] = set()

    def has(self, image: str, tag: str) -> bool:
        return (image, tag) in self._built

    def push(self, image: str, tag: str, digest: str, *, at: datetime) -> None:  # noqa: ARG002  # it keeps names only
        self._built.add((image, tag))


class Pipeline:
    """The steps' common memory: where images are kept, how often an app was released."""

    def __init__(self, store: Store, versions: Versions, images: Images) -> None:
        self._store = store
        self._versions = versions
        self._images = images
        self._revisions: dict[tuple[str, str], int] = {}

    def behaviours(self) -> dict[str, StepBehaviour]:
        return {
            "fetch-artifact": self.fetch_artifact,
            "build-image": self.build_image,
            "resolve-image": self.resolve_image,
            "fetch-chart": self.fetch_chart,
            "release": self.release,
        }

    async def fetch_artifact(self, context: StepContext) -> int:
        known = context.parameters
        group, name, version = (known.get(key, "") for key in ("artifact-group", "artifact-name", "version"))
        what = f"{group}:{name}:{version}"
        context.log(f"fetching {what}")
        await context.pace.sleep(FETCH_SECONDS)
        if not self._versions(group, name, version):
            context.finish("failed", "artifact-not-found", f"{what} does not exist", seconds=FETCH_SECONDS)
            return NOT_FOUND
        digest = hashlib.sha256(what.encode()).hexdigest()
        context.outputs.update({"sha256": digest, "file-version": version})
        context.finish("ok", "", f"{what} fetched", seconds=FETCH_SECONDS, digest=f"sha256:{digest}")
        return 0

    async def build_image(self, context: StepContext) -> int:
        app, version = context.parameters.get("app", ""), context.parameters.get("version", "")
        name = context.parameters.get("image", app)
        again, image = self._images.has(name, version), f"{name}:{version}"
        seconds = SKIP_SECONDS if again else BUILD_SECONDS
        context.log(f"{image} was built before" if again else f"building {image}")
        await context.pace.sleep(seconds)
        try:
            if not again:
                self._images.push(name, version, image_digest(app, version), at=context.pace.now())
        except NoRoom as error:
            context.finish("failed", "quota-exceeded", str(error), seconds=seconds)
            return NO_ROOM
        context.outputs["built"] = str(not again).lower()
        context.finish("ok", "", f"{image} {'is there already' if again else 'built and pushed'}", seconds=seconds)
        return 0

    async def resolve_image(self, context: StepContext) -> int:
        await context.pace.sleep(RESOLVE_SECONDS)
        digest = image_digest(context.parameters.get("app", ""), context.parameters.get("version", ""))
        context.outputs["digest"] = digest
        context.finish("ok", "", f"resolved to {digest}", seconds=RESOLVE_SECONDS, digest=digest)
        return 0

    async def fetch_chart(self, context: StepContext) -> int:
        await context.pace.sleep(CHART_SECONDS)
        repository, ref = (context.parameters.get(key, "") for key in ("chart-repository", "chart-ref"))
        commit = chart_commit(repository, ref)
        context.outputs["commit"] = commit
        context.finish("ok", "", f"{ref} is {commit}", seconds=CHART_SECONDS, commit=commit)
        return 0

    async def release(self, context: StepContext) -> int:
        known = dict(context.parameters)
        known.setdefault("digest", image_digest(known.get("app", ""), known.get("version", "")))
        await context.pace.sleep(RELEASE_SECONDS)
        try:
            await release.apply(self._store, known)
        except release.ReleaseError as error:
            context.finish("failed", "chart-values", str(error), seconds=RELEASE_SECONDS)
            return BAD_VALUES
        except InTheMiddleError as error:
            context.finish("failed", "release-failed", str(error), seconds=RELEASE_SECONDS)
            return NOT_RELEASED
        key = (known["namespace"], known["app"])
        self._revisions[key] = number = self._revisions.get(key, 0) + 1
        context.outputs["revision"] = str(number)
        context.finish("ok", "", f"release {number} of {known['app']}", seconds=RELEASE_SECONDS, revision=number)
        return 0


def chart_commit(repository: str, ref: str) -> str:
    """The commit that a reference of the chart's repository stands for."""
    return hashlib.sha1(f"{repository}@{ref}".encode(), usedforsecurity=False).hexdigest()
