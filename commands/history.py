"""See what was deployed: `/rollout history <app> [environment]`.

The newest deployments first: version, strategy, how it ended, who asked, when and why, and which of them can be rolled
back to. Needs no role.
"""

from commands.core.catalog import Catalog
from commands.core.model import Deployment, Stage
from commands.core.ports import Deployments
from commands.core.reading import HistoryRow, Page
from commands.core.reasons import Fact, Notice, ReasonCode
from commands.core.requests import HistoryRequest
from commands.flow import turning

PAGE = 10


async def run(request: HistoryRequest, *, catalog: Catalog, deployments: Deployments) -> Notice:
    """List a page of an app's deployments."""
    app = catalog.apps[request.app]
    facts: dict[str, Fact] = {"app": app.name, "environment": request.environment or ""}
    if request.environment not in {None, *app.environments}:
        places = {"environments": ", ".join(app.environments)}
        return Notice(code=ReasonCode.WRONG_ENVIRONMENT, facts={**facts, **places})
    end = request.page * PAGE
    found = await deployments.recent(app=app.name, environment=request.environment, limit=end + 1)
    shown = tuple(HistoryRow(deployment=row, can_return=can_return(row)) for row in found[end - PAGE : end])
    # How many there are in all is not counted: only whether there is another page is worth a question.
    page = Page(items=shown, number=request.page, pages=request.page + (len(found) > end))
    choices = turning.beside(page, "history", app.name, request.environment)
    return Notice(
        code=ReasonCode.HISTORY,
        facts={**facts, "count": len(found), "page": request.page if page.pages > 1 else 0},
        choices=choices,
        history=shown,
    )


def can_return(deployment: Deployment) -> bool:
    """Say whether what was released then is known exactly, so that it can be released again without a build."""
    content = deployment.content
    return deployment.stage is Stage.SUCCEEDED and bool(content.digest) and bool(content.chart_commit)
