"""How a release that nobody makes differs from what runs: the chart is fetched, rendered and held against the cluster.

Used by the plan. It reads and writes nothing; every failure of one object is that object's alone.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from commands.core.catalog import Chart
from commands.core.changes import Difference, compare
from commands.core.errors import SystemFailure, Temporary
from commands.core.manifest import Manifest
from commands.core.model import Place
from commands.core.rendering import Charts, Draft, Objects, Renderer

Answer = TypeVar("Answer")


async def differences(
    chart: Chart, *, commit: str, draft: Draft, place: Place, charts: Charts, renderer: Renderer, objects: Objects
) -> tuple[Difference, ...]:
    """List what would become of each object that the chart makes, in the chart's order."""
    archive = await charts.archive(chart, commit=commit)
    wanted = await renderer.render(archive, folder=chart.path, draft=draft)
    live = await objects.read(place, wanted)
    return tuple(_difference(*pair) for pair in zip(wanted, live, strict=True))


async def asked(system: str, question: Awaitable[Answer], *, seconds: float) -> Answer | SystemFailure:
    """Wait for an answer that the plan can do without; what comes instead is said in its place."""
    try:
        async with asyncio.timeout(seconds):
            return await question
    except TimeoutError:
        return Temporary(system, f"no answer within {seconds:g} s")
    except SystemFailure as failure:
        return failure


def _difference(wanted: Manifest, live: Manifest | SystemFailure | None) -> Difference:
    subject = f"{wanted.kind} {wanted.name}"
    if wanted.is_secret:
        return Difference(subject=subject, is_secret=True)
    if live is None:
        return Difference(subject=subject, is_new=True)
    if isinstance(live, SystemFailure):
        return Difference(subject=subject, why=str(live))
    return Difference(subject=subject, changes=compare(wanted, live))
