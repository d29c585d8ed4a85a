"""Go back to an earlier version: `/rollout rollback <app> [to <version>] [environment]`.

Releases the exact content of an earlier deployment again, image, chart and values, without building anything. Without a
version it is what ran before what runs now. It waits at no gate: whoever goes back wants to be back. A protected
environment must be named and asks once more. The same as the button on a card.
"""

from commands.core import back
from commands.core.catalog import Catalog
from commands.core.lines import render_rollback
from commands.core.model import Action, Deployment, Source
from commands.core.reasons import Choice, Notice, ReasonCode
from commands.core.requests import Origin, RollbackRequest
from commands.flow.again import Again, Asker

OFFERED = 3


async def run(request: RollbackRequest, *, origin: Origin, catalog: Catalog, again: Again) -> Deployment | Notice:
    """Go back, or say why there is no going back."""
    asker = await again.asker(
        request.app,
        request.environment,
        action=Action.ROLLBACK,
        user=origin.user,
        catalog=catalog,
        is_confirmed=request.is_confirmed,
    )
    if isinstance(asker, Notice):
        return asker
    of = back.target(asker.here, request.version)
    if of is None:
        return _nothing(request, asker)
    return await _start(of, asker=asker, origin=origin, catalog=catalog, again=again)


async def press(
    row: Deployment | None, *, gate: str, origin: Origin, catalog: Catalog, again: Again
) -> Deployment | Notice:
    """Go back from where a card's button is, once, however often it is pressed."""
    if row is None:
        return Notice(code=ReasonCode.STALE)
    pressed = await again.presser(row, action=Action.ROLLBACK, gate=gate, user=origin.user, catalog=catalog)
    if isinstance(pressed, Notice):
        return pressed
    asker, wanted = pressed
    number = row.way_back.number if row.way_back else 0
    of = next((each for each in asker.here.releasable if each.number == number), None)
    if of is None:
        return _nothing(RollbackRequest(app=row.app, version=wanted.effect), asker)
    return await _start(of, asker=asker, origin=origin, catalog=catalog, again=again)


async def _start(
    of: Deployment, *, asker: Asker, origin: Origin, catalog: Catalog, again: Again
) -> Deployment | Notice:
    if back.runs_already(asker.here, of):
        facts = {"app": of.app, "version": of.version, "environment": of.environment}
        return Notice(code=ReasonCode.RUNS_ALREADY, facts=facts)
    return await again.start(
        of,
        source=Source(action=Action.ROLLBACK, number=of.number),
        asker=asker,
        action=Action.ROLLBACK,
        command=render_rollback(RollbackRequest(app=of.app, version=of.version, environment=of.environment)),
        origin=origin,
        catalog=catalog,
    )


def _nothing(request: RollbackRequest, asker: Asker) -> Notice:
    """Say why there is nothing to go back to, and what there is."""
    app, environment = asker.app.name, asker.environment.name
    if not request.version:
        before = asker.here.current.ran_before if asker.here.current is not None else ""
        facts = {"app": app, "environment": environment, "version": before}
        return Notice(code=ReasonCode.NO_WAY_BACK, facts=facts)
    known = list(dict.fromkeys(row.version for row in asker.here.releasable))[:OFFERED]
    lines = [render_rollback(RollbackRequest(app=app, version=version, environment=environment)) for version in known]
    return Notice(
        code=ReasonCode.NEVER_RELEASED,
        facts={"app": app, "environment": environment, "version": request.version},
        choices=tuple(Choice(label=line, command=line) for line in lines),
    )
