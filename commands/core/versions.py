"""What can be deployed: published versions and built images brought together, and what of it people are told.

Pure; `commands.flow.search` asks, the form and the replies show. A version's tag is the version itself, with an
underscore for the plus sign that tags cannot hold.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from commands.core.grammar import LATEST, VERSION
from commands.core.ordering import order
from commands.core.ports import Available, Image
from commands.core.reasons import Offer

_MUTABLE = "-SNAPSHOT"
_ATTACHED = re.compile(r"sha256-[0-9a-f]{64}(?:\.[a-z]+)?")
"""Signatures and the like stand beside an image under tags of this form."""


def union(published: Sequence[Available] | None, images: Sequence[Image] | None) -> tuple[Available, ...]:
    """Bring together what was published and what was built, newest first; None stands for what is not known."""
    built = {name: image for image in reversed(images or ()) for name in image.tags}
    known = [_published(one, built, is_known=images is not None) for one in published or ()]
    explained = {tag(one.version) for one in known}
    others = [
        _only_built(name, image, is_published=None if published is None else False)
        for name, image in built.items()
        if name not in explained and _can_be_version(name)
    ]
    return tuple(sorted([*known, *others], key=lambda one: order(one.version), reverse=True))


def tag(version: str) -> str:
    """Return the tag that the pipeline gives the image of a version."""
    return version.replace("+", "_")


def _published(one: Available, built: Mapping[str, Image], *, is_known: bool) -> Available:
    image = built.get(tag(one.version))
    if image is None or not _is_of(image, one):
        return replace(one, is_built=False if is_known else None)
    return replace(one, is_built=True, digest=image.digest, scan=image.scan)


def _is_of(image: Image, one: Available) -> bool:
    """Say whether the image is surely made of what is published now: a snapshot may have been published anew since."""
    if not one.version.endswith(_MUTABLE):
        return True
    return image.pushed_at is not None and one.published_at is not None and image.pushed_at >= one.published_at


def _only_built(name: str, image: Image, *, is_published: bool | None) -> Available:
    return Available(
        version=name,
        published_at=image.pushed_at,
        is_published=is_published,
        is_built=True,
        digest=image.digest,
        scan=image.scan,
    )


def _can_be_version(name: str) -> bool:
    return bool(VERSION.fullmatch(name)) and name.lower() != LATEST and not _ATTACHED.fullmatch(name)


def offers(found: Sequence[Available], *, running: Mapping[str, Sequence[str]]) -> tuple[Offer, ...]:
    """Say of each version what helps to choose; `running` maps a version to the environments it runs in."""
    return tuple(
        Offer(
            version=one.version,
            published_at=one.published_at,
            is_built=bool(one.is_built),
            is_only_built=one.is_published is False,
            critical=one.scan.critical if one.scan else 0,
            high=one.scan.high if one.scan else 0,
            running=tuple(running.get(one.version, ())),
        )
        for one in found
    )
