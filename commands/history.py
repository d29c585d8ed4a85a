"""See what was deployed: `/rollout history <app> [environment]`.

The newest deployments first: version, strategy, how it ended, who asked, when and why, which of them runs now and which
can be rolled back to. Needs no role.
"""

from commands.core import plan
from commands.core.acts import is_ours
from commands.core.catalog import App, Catalog
from commands.core.model import Deployment, Stage
from commands.core.ports import Deployments, Rollouts
from commands.core.reading import HistoryRow, Page
from commands.core.reasons import Fact, Notice, ReasonCode
from commands.core.requests import HistoryRequest
from commands.flow import turning

PAGE = 10


async def run(request: HistoryRequest, *, catalog: Catalog, deployments: Deployments, rollouts: Rollouts) -> Notice:
    """List a page of an app's deployments."""
    app = catalog.apps[request.app]
    facts: dict[str, Fact] = {"app": app.name, "environment": request.environment or ""}
    if request.environment not in {None, *app.environments}:
        places = {"environments": ", ".join(app.environments)}
        return Notice(code=ReasonCode.WRONG_ENVIRONMENT, facts={**facts, **places})
    end = request.page * PAGE
    found = await deployments.recent(app=app.name, environment=request.environment, limit=end + 1)
    shown = tuple(_row(row, rollouts) for row in found[end - PAGE : end])
    # How many there are in all is not counted: only whether there is another page is worth a question.
    page = Page(items=shown, number=request.page, pages=request.page + (len(found) > end))
    facts |= {"count": len(found), "page": request.page if page.pages > 1 else 0, "back": _back(app, request, shown)}
    choices = turning.beside(page, "history", app.name, request.environment)
    return Notice(code=ReasonCode.HISTORY, facts=facts, choices=choices, history=shown)


def _row(deployment: Deployment, rollouts: Rollouts) -> HistoryRow:
    rollout = rollouts.snapshot(deployment.place)
    runs = rollout is not None and rollout.is_done and is_ours(deployment, rollout)
    is_known = deployment.stage is Stage.SUCCEEDED and plan.release_parameters(deployment) is not None
    return HistoryRow(deployment=deployment, runs=runs, can_return=is_known and not runs)


def _back(app: App, request: HistoryRequest, rows: tuple[HistoryRow, ...]) -> str:
    """Write the line that goes back to one of them; empty where there is none to go back to."""
    words = ("/rollout rollback", app.name, "to <version>", request.environment or "")
    return " ".join(filter(None, words)) if any(row.can_return for row in rows) else ""
