"""See what runs where: `/rollout status [app|all] [environment]`.

Without words, everything in motion; with an app, what it runs in each environment; `all` or an environment lists every
app. Needs no role.
"""

import asyncio
from collections.abc import Sequence

from commands.core.catalog import App, Catalog
from commands.core.grammar import ALL
from commands.core.observed import RolloutPhase, RolloutSnapshot
from commands.core.ports import Deployments, Rollouts
from commands.core.reading import Page, StatusRow, page_of
from commands.core.reasons import Fact, Notice, ReasonCode
from commands.core.requests import StatusRequest
from commands.flow import turning
from commands.flow.standing import Standing, newest

FLEET_PAGE = 25
MOTION_PAGE = 15
APP_PAGE = 8


async def run(request: StatusRequest, *, catalog: Catalog, deployments: Deployments, rollouts: Rollouts) -> Notice:
    """List what was asked for, one row per app and environment."""
    moving = {(row.app, row.environment): newest(row, rollouts) for row in await deployments.holders()}
    look = Standing(catalog=catalog, rollouts=rollouts, moving=moving)
    if request.app is not None:
        return await _app(request, catalog.apps[request.app], look, deployments)
    rows = [
        look.row(app, name)
        for app in sorted(catalog.apps.values(), key=lambda app: app.name)
        for name in app.environments
        if request.environment in {None, name}
    ]
    if request.is_all or request.environment is not None:
        return _fleet(request, rows)
    return _motion(request, rows, look)


async def _app(request: StatusRequest, app: App, look: Standing, deployments: Deployments) -> Notice:
    names = [name for name in app.environments if request.environment in {None, name}]
    if not names:
        places = {"environment": request.environment or "", "environments": ", ".join(app.environments)}
        return Notice(code=ReasonCode.WRONG_ENVIRONMENT, facts={"app": app.name, **places})
    page = page_of(names, number=request.page, size=APP_PAGE)
    recent = await asyncio.gather(*(deployments.recent(app=app.name, environment=name) for name in page.items))
    rows = tuple(look.row(app, name, known) for name, known in zip(page.items, recent, strict=True))
    return _notice(ReasonCode.STATUS, request, Page(items=rows, number=page.number, pages=page.pages), app=app.name)


def _fleet(request: StatusRequest, rows: Sequence[StatusRow]) -> Notice:
    return _notice(
        ReasonCode.FLEET,
        request,
        page_of(rows, number=request.page, size=FLEET_PAGE),
        environment=request.environment or "",
        count=len(rows),
        moving=sum(row.moving is not None for row in rows),
        unwell=sum(row.rollout is not None and row.rollout.phase is RolloutPhase.DEGRADED for row in rows),
    )


def _motion(request: StatusRequest, rows: Sequence[StatusRow], look: Standing) -> Notice:
    """List what moves, whether the catalog still names it or not, and what somebody moves outside Slipway."""
    known = {(row.app, row.environment): row for row in rows}
    ours = [known.get(key) or look.forgotten(row) for key, row in look.moving.items()]
    outside = [row for row in rows if row.moving is None and row.rollout is not None and _moves(row.rollout)]
    page = page_of([*ours, *outside], number=request.page, size=MOTION_PAGE)
    return _notice(ReasonCode.MOTION, request, page, count=len(ours) + len(outside))


def _moves(rollout: RolloutSnapshot) -> bool:
    return rollout.phase in {RolloutPhase.PROGRESSING, RolloutPhase.PAUSED}


def _notice(code: ReasonCode, request: StatusRequest, page: Page[StatusRow], **facts: Fact) -> Notice:
    words = ("status", request.app, ALL if request.is_all else None, request.environment)
    choices = turning.beside(page, *words)
    return Notice(code=code, facts={**facts, **turning.facts(page)}, choices=choices, status=page.items)
