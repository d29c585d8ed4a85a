"""What a deploy or a plan of one is about: the app, where it goes and which version, or why that cannot be said.

Rights are none of its business: whoever calls it has asked for them before versions are told.
"""

from dataclasses import replace

from commands.core import plan
from commands.core.catalog import App, Catalog, Environment
from commands.core.grammar import LATEST, closest
from commands.core.lines import render
from commands.core.ports import Found, Rollouts
from commands.core.reasons import Choice, Notice, ReasonCode
from commands.core.requests import DeployRequest
from commands.flow.offering import offered

GUESSES = 3


def target(request: DeployRequest, catalog: Catalog) -> tuple[App, Environment] | Notice:
    """Find the app and where it goes; names were checked by the grammar, their combination is checked here."""
    return place(request.app, request.environment, version=request.version, catalog=catalog)


def place(
    name: str, environment: str | None, *, catalog: Catalog, version: str = ""
) -> tuple[App, Environment] | Notice:
    """Find an app by its name and where it goes; without an environment to its only or the default one."""
    app = catalog.app(name)
    if app is None:
        return Notice(code=ReasonCode.UNKNOWN_APP, facts={"word": name, "guess": ""})
    if environment is None:
        usual = catalog.default_environment(app)
        facts = {"app": app.name, "version": version, "environment": ""}
        return (app, usual) if usual else Notice(code=ReasonCode.ENVIRONMENT_NEEDED, facts=facts)
    if environment not in app.environments:
        facts = {"app": app.name, "environment": environment, "environments": ", ".join(app.environments)}
        return Notice(code=ReasonCode.WRONG_ENVIRONMENT, facts=facts)
    return app, catalog.environments[environment]


def version(
    request: DeployRequest, app: App, available: Found, *, catalog: Catalog, rollouts: Rollouts
) -> str | Notice:
    """Find the version that was meant among those that can be deployed, or offer what is near."""
    if request.version == LATEST and not available.knows_newest:
        # The newest of what is left would be an older one, deployed as if it were the newest.
        return Notice(code=ReasonCode.VERSIONS_UNKNOWN, facts={"app": app.name, "system": available.silent})
    found = plan.resolve(request.version, available)
    return found or _unknown_version(request, app, available, catalog=catalog, rollouts=rollouts)


def _unknown_version(
    request: DeployRequest, app: App, available: Found, *, catalog: Catalog, rollouts: Rollouts
) -> Notice:
    guess = closest(request.version, [item.version for item in available])
    near = sorted(available, key=lambda item: item.version != guess)[:GUESSES]
    commands = [render(replace(request, version=item.version)) for item in near]
    return Notice(
        code=ReasonCode.UNKNOWN_VERSION,
        facts={
            "app": request.app,
            "version": request.version,
            "guess": guess or "",
            "silent": "" if available.knows_newest else available.silent,
        },
        choices=tuple(Choice(label=command, command=command) for command in commands),
        offers=offered(app, near, catalog=catalog, rollouts=rollouts),
    )
