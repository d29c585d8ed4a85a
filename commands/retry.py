"""Try again what failed: `/rollout retry <app> [environment]`.

Starts the newest deployment there once more if it failed, was aborted or was cancelled. What it had found out is kept:
with its image and its chart known it goes straight to the release, otherwise its steps skip what exists. Its gates are
as before. The same as the button on a card.
"""

from commands.core.acts import possible
from commands.core.catalog import Catalog
from commands.core.lines import render_retry
from commands.core.model import Action, Deployment, Source
from commands.core.reasons import Notice, ReasonCode
from commands.core.requests import Origin, RetryRequest
from commands.flow.again import Again, Asker


async def run(request: RetryRequest, *, origin: Origin, catalog: Catalog, again: Again) -> Deployment | Notice:
    """Try the newest deployment again, or say why there is nothing to try."""
    asker = await again.asker(
        request.app,
        request.environment,
        action=Action.RETRY,
        user=origin.user,
        catalog=catalog,
        is_confirmed=request.is_confirmed,
    )
    if isinstance(asker, Notice):
        return asker
    of = next(iter(asker.here.recent), None)
    if of is None or (of.stage.is_terminal and not _can_be_tried(of)):
        facts = {"app": asker.app.name, "environment": asker.environment.name}
        return Notice(code=ReasonCode.NOTHING_TO_RETRY, facts=facts)
    return await _start(of, asker=asker, origin=origin, catalog=catalog, again=again)


async def press(
    row: Deployment | None, *, gate: str, origin: Origin, catalog: Catalog, again: Again
) -> Deployment | Notice:
    """Try again what a card's button is on, once, however often it is pressed."""
    if row is None:
        return Notice(code=ReasonCode.STALE)
    pressed = await again.presser(row, action=Action.RETRY, gate=gate, user=origin.user, catalog=catalog)
    if isinstance(pressed, Notice):
        return pressed
    asker, _ = pressed
    return await _start(row, asker=asker, origin=origin, catalog=catalog, again=again)


def _can_be_tried(row: Deployment) -> bool:
    return any(act.action is Action.RETRY for act in possible(row))


async def _start(
    of: Deployment, *, asker: Asker, origin: Origin, catalog: Catalog, again: Again
) -> Deployment | Notice:
    # What went back goes back again, past its gates.
    is_back = of.source is not None and of.source.action is Action.ROLLBACK
    return await again.start(
        of,
        source=of.source if is_back and of.source is not None else Source(action=Action.RETRY, number=of.number),
        asker=asker,
        action=Action.RETRY,
        command=render_retry(RetryRequest(app=of.app, environment=of.environment)),
        origin=origin,
        catalog=catalog,
    )
