"""Choose what to deploy: `/deploy [app]`.

Opens a form: app, version, strategy, environment, reason. With an app it lists the newest versions to whoever may
deploy it; when they cannot be read at once, the version is typed. Sending it is like typing the command.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from commands.core.catalog import App, Catalog, Environment
from commands.core.errors import SystemFailure
from commands.core.form import MAX_VERSIONS, Destination, Form
from commands.core.grammar import read_version
from commands.core.lines import render
from commands.core.model import Action, ChatUser
from commands.core.policy import Denied, permits
from commands.core.ports import Clock, Found, People, Rollouts, Stranger, Versions
from commands.core.reasons import Choice, Notice, ReasonCode
from commands.core.requests import DeployRequest, FormRequest
from commands.flow.offering import offered, running

LOOK_UP_SECONDS = 1.5
OFFERED = 4


async def run(
    request: FormRequest,
    *,
    user: ChatUser,
    catalog: Catalog,
    people: People,
    versions: Versions,
    rollouts: Rollouts,
    clock: Clock,
) -> Form | Notice:
    """Gather what the form offers, soon: Slack opens it within three seconds of the command or not at all."""
    if request.app is None:
        return _without_app(catalog)
    app = catalog.app(request.app)
    if app is None:
        return Notice(code=ReasonCode.UNKNOWN_APP, facts={"word": request.app, "guess": ""})
    try:
        async with asyncio.timeout(LOOK_UP_SECONDS):
            found = await _look_up(app, user=user, catalog=catalog, people=people, versions=versions)
    except (SystemFailure, TimeoutError):
        # The form opens without versions: they are typed, and the rights are checked when it is sent.
        found = Found()
    if isinstance(found, Notice):
        return found
    return replace(_with_app(app, found, catalog=catalog, rollouts=rollouts), opened_at=clock.now())


def in_words(form: Form) -> Notice:
    """Offer the same as a form that could not be opened: the first apps, or the newest versions, as buttons."""
    if not form.app:
        lines = [f"/deploy {name}" for name in form.apps[:OFFERED]]
        return Notice(code=ReasonCode.EMPTY, choices=_choices(lines))
    lines = [render(DeployRequest(app=form.app, version=offer.version)) for offer in form.versions[:OFFERED]]
    return Notice(code=ReasonCode.MISSING_VERSION, facts={"app": form.app}, choices=_choices(lines))


def _choices(lines: Sequence[str]) -> tuple[Choice, ...]:
    return tuple(Choice(label=line, command=line) for line in lines)


async def _look_up(app: App, *, user: ChatUser, catalog: Catalog, people: People, versions: Versions) -> Found | Notice:
    """List the versions for whoever may deploy the app somewhere; anybody else is told why not."""
    person = await people.find(user)
    if isinstance(person, Stranger):
        return Notice(code=person.code, facts={"hint": ""})
    verdicts = [
        permits(catalog, person, action=Action.DEPLOY, app=app.name, environment=name) for name in app.environments
    ]
    refused = [verdict for verdict in verdicts if isinstance(verdict, Denied)]
    if refused and len(refused) == len(verdicts):
        return refused[0].notice
    return await versions.search(app)


def _without_app(catalog: Catalog) -> Form:
    environments = catalog.environments.values()
    default = next((each for each in environments if each.is_default), None)
    return Form(
        apps=tuple(catalog.apps),
        destinations=tuple(Destination(name=each.name, is_protected=each.is_protected) for each in environments),
        environment=_chosen(default),
    )


def _with_app(app: App, found: Found, *, catalog: Catalog, rollouts: Rollouts) -> Form:
    typable = [item for item in found if read_version(item.version) == item.version]
    return Form(
        apps=tuple(catalog.apps),
        destinations=tuple(_destination(app, name, catalog=catalog, rollouts=rollouts) for name in app.environments),
        app=app.name,
        environment=_chosen(catalog.default_environment(app)),
        versions=offered(app, typable, catalog=catalog, rollouts=rollouts, limit=MAX_VERSIONS),
        count=len(typable),
        silent=found.silent,
        knows_newest=found.knows_newest,
        usual=app.strategy,
    )


def _chosen(environment: Environment | None) -> str:
    """Name the environment that is chosen already; a protected one is chosen by a person only."""
    return "" if environment is None or environment.is_protected else environment.name


def _destination(app: App, name: str, *, catalog: Catalog, rollouts: Rollouts) -> Destination:
    now = running(app, name, catalog=catalog, rollouts=rollouts)
    return Destination(name=name, is_protected=catalog.environments[name].is_protected, running=now)
