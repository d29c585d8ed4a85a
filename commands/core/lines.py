"""Writes the lines that people would type for a request, for buttons and answers that stand for one.

The other way round from `grammar`: parsing such a line gives the same request again.
"""

from collections.abc import Iterable, Mapping

from commands.core.grammar import PAGE
from commands.core.model import Action, Deployment
from commands.core.requests import DeployRequest, RetryRequest, RollbackRequest


def render(request: DeployRequest) -> str:
    """Write a deploy request the way a person would type it; parsing it again gives the same request."""
    parts = ["/deploy", request.app, request.version]
    if request.strategy is not None:
        parts.append(request.strategy.value)
    if request.environment is not None:
        parts += ["to", request.environment]
    if request.reason:
        parts += ["because", request.reason]
    return " ".join(parts)


def render_page(*words: str | None, page: int) -> str:
    """Write the line that shows a page of a list; None among the words is what was not said."""
    return " ".join(["/rollout", *(word for word in words if word), *([PAGE, str(page)] if page > 1 else [])])


def render_rollback(request: RollbackRequest) -> str:
    """Write a rollback the way a person would type it."""
    version = ("to", request.version) if request.version else ()
    return " ".join(["/rollout", "rollback", request.app, *version, *filter(None, [request.environment])])


def render_retry(request: RetryRequest) -> str:
    """Write a retry the way a person would type it."""
    return " ".join(["/rollout", "retry", request.app, *filter(None, [request.environment])])


def render_deployment(deployment: Deployment) -> str:
    """Write the line that asks for the same once more: a way back for a way back, otherwise a deploy."""
    app, version, environment = deployment.app, deployment.version, deployment.environment
    if deployment.goes_straight_through:
        return render_rollback(RollbackRequest(app=app, version=version, environment=environment))
    return render(
        DeployRequest(
            app=app,
            version=version,
            strategy=deployment.strategy,
            environment=environment,
            reason=deployment.reason,
        )
    )


def typed(deployment: Deployment, actions: Iterable[Action]) -> tuple[str, ...]:
    """Write what would be typed in place of a card: the deployment's own line, then one for each action."""
    acts = (render_act(action, app=deployment.app, environment=deployment.environment) for action in actions)
    return tuple(dict.fromkeys((render_deployment(deployment), *filter(None, acts))))


def render_act(action: Action, *, app: str, environment: str) -> str:
    """Write the line that does what a button does; empty where only the button does it."""
    words = _ACTS.get(action)
    return " ".join(["/rollout", words[0], app, environment, *words[1:]]) if words else ""


_ACTS: Mapping[Action, tuple[str, ...]] = {
    Action.PROMOTE: ("promote",),
    Action.FULL: ("promote", "full"),
    Action.PAUSE: ("pause",),
    Action.RESUME: ("resume",),
    Action.RESTART: ("restart",),
    Action.ABORT: ("abort",),
    Action.CANCEL: ("abort",),
    Action.ROLLBACK: ("rollback",),
    Action.RETRY: ("retry",),
}
