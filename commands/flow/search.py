"""The port Versions over what was published and what was built: one of the two may be away, the other is shown then.

Built by `bot.wiring` in place of the artifact store alone. It knows no vendor; `core.versions` says what belongs
together.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from commands.core.catalog import App
from commands.core.errors import SystemFailure
from commands.core.ports import Available, Found, Image, Images, Published
from commands.core.versions import union

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Made:
    """A list with what it was made of: it is good as long as both give the same again."""

    published: Sequence[Available]
    images: Sequence[Image]
    found: Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Implements Versions; without `images` what was published is all there is."""

    published: Published
    images: Images | None
    _made: dict[str, _Made] = field(default_factory=dict, init=False, repr=False)

    async def search(self, app: App) -> Found:
        """List an app's versions, newest first; raises only where neither system helps."""
        if self.images is None:
            return Found(tuple(await self.published.search(app)))
        published, images = await asyncio.gather(
            _outcome(self.published.search(app)), _outcome(self.images.search(app.image))
        )
        if isinstance(published, SystemFailure):
            return _without_artifacts(published, images)
        if isinstance(images, SystemFailure):
            return Found(union(published, None), silent=images.system)
        if images is None:
            return Found(union(published, None))
        return self._union(app, published, images)

    def _union(self, app: App, published: Sequence[Available], images: Sequence[Image]) -> Found:
        made = self._made.get(app.name)
        if made is None or made.published is not published or made.images is not images:
            made = _Made(published, images, Found(union(published, images)))
            self._made[app.name] = made
        return made.found


async def _outcome(asked: Awaitable[Answer]) -> Answer | SystemFailure:
    """Give a failure as a value, so that one system's does not cost the other's answer."""
    try:
        return await asked
    except SystemFailure as failure:
        return failure


def _without_artifacts(failure: SystemFailure, images: Sequence[Image] | SystemFailure | None) -> Found:
    """List what was built; where that is nothing, the failure says more than an empty list."""
    known = union(None, None if isinstance(images, SystemFailure) else images)
    if not known:
        raise failure
    return Found(known, silent=failure.system, knows_newest=False)
