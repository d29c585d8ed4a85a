"""Images in memory."""

from dataclasses import dataclass, field
from datetime import datetime

from commands.core.errors import SystemFailure
from commands.core.observed import Scan
from commands.core.ports import Image
from commands.core.versions import tag


@dataclass(slots=True)
class FakeImages:
    """Holds what was built, by name, on `host` alone; `asked` lists the names.

    `failure` is raised by every question until it is taken back.
    """

    host: str = "harbor.example.com"
    built: dict[str, tuple[Image, ...]] = field(default_factory=dict)
    failure: SystemFailure | None = None
    asked: list[str] = field(default_factory=list)

    def push(
        self, image: str, name: str, *, digest: str = "", at: datetime | None = None, scan: Scan | None = None
    ) -> None:
        """Put a tag on a digest; a tag that was elsewhere moves, and an image without tags is not listed."""
        before = self.built.get(image, ())
        known = next((one for one in before if one.digest == digest), None)
        pushed = Image(tags=(name,), digest=digest, pushed_at=at, scan=scan)
        if known is not None:
            pushed = Image(tags=(*known.tags, name), digest=digest, pushed_at=known.pushed_at, scan=known.scan)
        others = [
            Image(tags=kept, digest=one.digest, pushed_at=one.pushed_at, scan=one.scan)
            for one in before
            if one is not known and (kept := tuple(each for each in one.tags if each != name))
        ]
        self.built[image] = (pushed, *others)

    async def search(self, image: str) -> tuple[Image, ...] | None:
        self.asked.append(image)
        if not image.startswith(f"{self.host}/"):
            return None
        if self.failure is not None:
            raise self.failure
        return self.built.get(image, ())

    async def digest(self, image: str, *, version: str) -> str | None:
        found = await self.search(image)
        return next((one.digest for one in found or () if tag(version) in one.tags), None)
