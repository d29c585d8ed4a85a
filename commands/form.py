"""Choose what to deploy: `/deploy [app]`.

Without words, says how to begin; with an app, offers its newest versions as buttons to whoever may deploy it.
"""

from commands.core.catalog import Catalog
from commands.core.grammar import render
from commands.core.model import Action, ChatUser
from commands.core.policy import Denied, permits
from commands.core.ports import People, Stranger, Versions
from commands.core.reasons import Choice, Notice, ReasonCode
from commands.core.requests import DeployRequest, FormRequest

OFFERED = 4


async def run(request: FormRequest, *, user: ChatUser, catalog: Catalog, people: People, versions: Versions) -> Notice:
    """Offer what could be meant by an unfinished command."""
    app = catalog.app(request.app) if request.app else None
    if app is None:
        choices = tuple(Choice(label=f"/deploy {name}", command=f"/deploy {name}") for name in catalog.apps)
        return Notice(code=ReasonCode.EMPTY, choices=choices[:OFFERED])
    person = await people.find(user)
    if isinstance(person, Stranger):
        return Notice(code=person.code, facts={"hint": ""})
    verdicts = [
        permits(catalog, person, action=Action.DEPLOY, app=app.name, environment=name) for name in app.environments
    ]
    refused = next((verdict for verdict in verdicts if isinstance(verdict, Denied)), None)
    if refused is not None and all(isinstance(verdict, Denied) for verdict in verdicts):
        return refused.notice
    found = await versions.search(app)
    commands = [render(DeployRequest(app=app.name, version=item.version)) for item in found[:OFFERED]]
    choices = tuple(Choice(label=command, command=command) for command in commands)
    return Notice(code=ReasonCode.MISSING_VERSION, facts={"app": app.name}, choices=choices)
