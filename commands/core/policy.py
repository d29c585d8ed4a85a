"""Who may do what: the catalog's grants against a person's roles. Facts in, a verdict with its reason out.

Nothing here widens a right: without a grant that covers the action, the app and the environment, the answer is no.
"""

from dataclasses import dataclass

from commands.core.catalog import App, Catalog, Environment
from commands.core.model import Action, Deployment, Person, WayBack
from commands.core.observed import Strategy
from commands.core.reasons import Choice, Notice, ReasonCode


@dataclass(frozen=True, slots=True)
class Allowed:
    """Go ahead."""


@dataclass(frozen=True, slots=True)
class Denied:
    """No; the notice says what, why and what next."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Cleared:
    """The deploy may start, with this strategy."""

    strategy: Strategy


Verdict = Allowed | Denied

# A right that includes others: who may promote may also go to the end, or have an undecided analysis made again.
_IMPLIED_BY = {
    Action.FULL: (Action.FULL, Action.PROMOTE),
    Action.REANALYSE: (Action.REANALYSE, Action.PROMOTE),
    Action.CANCEL: (Action.CANCEL, Action.ABORT),
}


def permits(catalog: Catalog, person: Person, *, action: Action, app: str, environment: str) -> Verdict:
    """Say whether a person's roles allow an action on an app in an environment."""
    able = roles_for(catalog, action=action, app=app, environment=environment)
    if person.roles & set(able):
        return Allowed()
    facts = {
        "action": action.value,
        "app": app,
        "environment": environment,
        "role": ", ".join(able),
        "roles": ", ".join(sorted(person.roles)),
        "people": "",  # Whoever answers looks them up, for that takes a question.
    }
    return Denied(Notice(code=ReasonCode.ROLE_MISSING, facts=facts))


def roles_for(catalog: Catalog, *, action: Action, app: str, environment: str) -> list[str]:
    """List the roles of which each allows an action on an app in an environment, in the order of the grants."""
    names = _IMPLIED_BY.get(action, (action,))
    roles = [
        grant.role
        for grant in catalog.grants
        if any(grant.covers(action=name.value, app=app, environment=environment) for name in names)
    ]
    return list(dict.fromkeys(roles))


def permits_cancel(catalog: Catalog, person: Person, deployment: Deployment) -> Verdict:
    """Say whether a person may stop a pipeline: those who may abort, and who asked for it while they may deploy."""
    target = {"app": deployment.app, "environment": deployment.environment}
    if person.id == deployment.requester.id:
        own = permits(catalog, person, action=Action.DEPLOY, **target)
        if isinstance(own, Allowed):
            return own
    return permits(catalog, person, action=Action.CANCEL, **target)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployFacts:
    """What a deploy is decided on; `command` repeats the request, `way_back` is what runs now.

    `action` is the right that it takes: repeating an earlier one has its own.
    """

    person: Person
    app: App
    environment: Environment
    version: str
    strategy: Strategy | None
    is_named: bool
    is_confirmed: bool
    command: str
    way_back: WayBack | None
    action: Action = Action.DEPLOY


def decide(catalog: Catalog, facts: DeployFacts) -> Cleared | Denied:
    """Decide whether a deploy may start now, and how."""
    verdict = permits(
        catalog, facts.person, action=facts.action, app=facts.app.name, environment=facts.environment.name
    )
    if isinstance(verdict, Denied):
        return verdict
    if facts.strategy is None:
        names = {"app": facts.app.name, "environment": facts.environment.name, "version": facts.version}
        return Denied(Notice(code=ReasonCode.STRATEGY_NEEDED, facts=names, choices=_strategies(facts)))
    objection = _objection(facts)
    return Cleared(facts.strategy) if objection is None else Denied(objection)


def _objection(facts: DeployFacts) -> Notice | None:
    names = {"app": facts.app.name, "environment": facts.environment.name, "version": facts.version}
    if facts.environment.approvals is not None and facts.environment.approvals.count > 0:
        return Notice(code=ReasonCode.APPROVAL_NEEDED, facts=names)
    if facts.environment.windows:
        return Notice(code=ReasonCode.WINDOW_NEEDED, facts=names)
    if facts.environment.is_protected and not facts.is_named:
        return Notice(code=ReasonCode.ENVIRONMENT_NEEDED, facts=names)
    if facts.environment.is_protected and not facts.is_confirmed:
        return _confirmation(facts)
    return None


def _strategies(facts: DeployFacts) -> tuple[Choice, ...]:
    lines = (f"{facts.command} {strategy.value}" for strategy in Strategy)
    return tuple(Choice(label=line, command=line) for line in lines)


def _confirmation(facts: DeployFacts) -> Notice:
    is_back = facts.action is Action.ROLLBACK
    verb = "Roll back" if is_back else "Deploy"
    label = f"{verb} {facts.app.name} {'to ' if is_back else ''}{facts.version}"
    label += f" {'in' if is_back else 'to'} {facts.environment.name}"
    return Notice(
        code=ReasonCode.CONFIRM_BACK if is_back else ReasonCode.CONFIRM,
        facts={
            "app": facts.app.name,
            "environment": facts.environment.name,
            "version": facts.version,
            "running": facts.way_back.version if facts.way_back else "",
            "strategy": facts.strategy.value if facts.strategy else "",
        },
        choices=(Choice(label=label, command=facts.command, is_confirmation=True),),
    )
