"""See what a deploy would do: `/deploy plan <app> <version> [strategy] [to <environment>]`.

Answers only you, and changes nothing anywhere: whether you may, who is busy there, how version, image, chart and
strategy would change, how long it takes, and which fields of the manifest differ from what runs. Secrets are never
read, and what looks like one is not shown. What cannot be found out is said.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from commands.core import plan, preview
from commands.core.catalog import App, Catalog, Environment
from commands.core.changes import Difference
from commands.core.errors import SystemFailure
from commands.core.grammar import LATEST
from commands.core.lines import render
from commands.core.model import Action, ChatUser, Person
from commands.core.observed import Strategy
from commands.core.policy import Cleared, Denied, DeployFacts, decide, permits
from commands.core.ports import Deployments, Found, People, Rollouts, Stranger, Versions
from commands.core.preview import Outlook, Records
from commands.core.reasons import Choice, Notice, ReasonCode
from commands.core.rendering import Charts, Draft, Objects, Renderer, chart_values
from commands.core.requests import DeployRequest, PlanRequest
from commands.flow import choosing
from commands.flow.comparing import asked, differences

LOOK_UP_SECONDS = 5.0
COMPARE_SECONDS = 10.0
REMEMBERED = 100
CONCERNED = (Action.DEPLOY, Action.APPROVE, Action.PROMOTE)
"""A plan shows configuration: whoever has one of these rights there may see it."""


async def run(
    request: PlanRequest,
    *,
    user: ChatUser,
    catalog: Catalog,
    people: People,
    versions: Versions,
    rollouts: Rollouts,
    deployments: Deployments,
    charts: Charts,
    renderer: Renderer,
    objects: Objects,
) -> Notice:
    """Say what the deploy would do."""
    asker = await _asker(request.wanted, user=user, catalog=catalog, people=people)
    if isinstance(asker, Notice):
        return asker
    outlook = await _gather(
        request.wanted,
        asker,
        catalog=catalog,
        versions=versions,
        rollouts=rollouts,
        deployments=deployments,
        charts=charts,
    )
    if isinstance(outlook, Notice):
        return outlook
    compared = await _compare(outlook, asker.person, catalog=catalog, charts=charts, renderer=renderer, objects=objects)
    return _notice(replace(outlook, differences=compared), request.wanted, asker.person, catalog)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asker:
    """Who asks, about what."""

    person: Person
    app: App
    environment: Environment


async def _asker(wanted: DeployRequest, *, user: ChatUser, catalog: Catalog, people: People) -> _Asker | Notice:
    target = choosing.target(wanted, catalog)
    if isinstance(target, Notice):
        return target
    app, environment = target
    person = await people.find(user)
    if isinstance(person, Stranger):
        return Notice(code=person.code, facts={"hint": ""})
    names = {"app": app.name, "environment": environment.name}
    refusals = [permits(catalog, person, action=action, **names) for action in CONCERNED]
    denied = [refusal for refusal in refusals if isinstance(refusal, Denied)]
    if len(denied) == len(refusals):
        return denied[0].notice
    return _Asker(person=person, app=app, environment=environment)


async def _gather(
    wanted: DeployRequest,
    asker: _Asker,
    *,
    catalog: Catalog,
    versions: Versions,
    rollouts: Rollouts,
    deployments: Deployments,
    charts: Charts,
) -> Outlook | Notice:
    app, environment = asker.app, asker.environment
    strategy = wanted.strategy or app.strategy
    if strategy is None:
        names = {"app": app.name, "environment": environment.name, "version": wanted.version}
        lines = [render(replace(wanted, strategy=each)) for each in Strategy]
        return _of_plan(Notice(code=ReasonCode.STRATEGY_NEEDED, facts=names, choices=_choices(lines)))
    found, records, commit = await asyncio.gather(
        asked("the artifact store", versions.search(app), seconds=LOOK_UP_SECONDS),
        asked("the database", _records(deployments, asker), seconds=LOOK_UP_SECONDS),
        asked("Gitea", charts.commit(app.chart), seconds=LOOK_UP_SECONDS),
    )
    version = _version(wanted, asker, found, catalog=catalog, rollouts=rollouts)
    if isinstance(version, Notice):
        return version
    place = catalog.place(app, environment)
    return Outlook(
        app=app,
        environment=environment,
        version=version,
        strategy=strategy,
        may=permits(catalog, asker.person, action=Action.DEPLOY, app=app.name, environment=environment.name),
        is_named=wanted.environment is not None,
        rollout=rollouts.snapshot(place),
        is_seen=rollouts.is_synced(place),
        found=found,
        records=records,
        commit=commit,
    )


async def _records(deployments: Deployments, asker: _Asker) -> Records:
    holder = await deployments.holder(app=asker.app.name, environment=asker.environment.name)
    return Records(holder=holder, recent=await deployments.recent(app=asker.app.name, limit=REMEMBERED))


def _version(
    wanted: DeployRequest, asker: _Asker, found: Found | SystemFailure, *, catalog: Catalog, rollouts: Rollouts
) -> str | Notice:
    """Find the version that is meant; where not all can be looked up, it may be just the one that was typed."""
    known, silent = (Found(), found.system) if isinstance(found, SystemFailure) else (found, found.silent)
    if isinstance(found, SystemFailure) or not found.knows_newest:
        if wanted.version == LATEST:
            return Notice(code=ReasonCode.VERSIONS_UNKNOWN, facts={"app": asker.app.name, "system": silent})
        return plan.resolve(wanted.version, known) or wanted.version
    version = choosing.version(wanted, asker.app, found, catalog=catalog, rollouts=rollouts)
    return _of_plan(version) if isinstance(version, Notice) else version


async def _compare(
    outlook: Outlook, person: Person, *, catalog: Catalog, charts: Charts, renderer: Renderer, objects: Objects
) -> Sequence[Difference] | SystemFailure:
    if isinstance(outlook.commit, SystemFailure):
        return outlook.commit
    parameters = plan.parameters(
        outlook.app, outlook.environment, version=outlook.version, strategy=outlook.strategy, person=person
    )
    draft = Draft(
        name=outlook.app.name,
        namespace=outlook.environment.namespace,
        values=chart_values(parameters, digest=outlook.digest_or_placeholder),
        is_upgrade=outlook.rollout is not None,
    )
    question = differences(
        outlook.app.chart,
        commit=outlook.commit,
        draft=draft,
        place=catalog.place(outlook.app, outlook.environment),
        charts=charts,
        renderer=renderer,
        objects=objects,
    )
    return await asked("the comparison", question, seconds=COMPARE_SECONDS)


def _notice(outlook: Outlook, wanted: DeployRequest, person: Person, catalog: Catalog) -> Notice:
    facts = {
        "app": outlook.app.name,
        "version": outlook.version,
        "environment": outlook.environment.name,
        "strategy": outlook.strategy.value,
    }
    command = render(replace(wanted, app=outlook.app.name, version=outlook.version))
    can_start = preview.is_free(outlook) and _could_start(outlook, person, catalog, command)
    return Notice(
        code=ReasonCode.PLAN,
        facts=facts,
        lines=preview.lines(outlook),
        choices=_choices([command]) if can_start else (),
    )


def _could_start(outlook: Outlook, person: Person, catalog: Catalog, command: str) -> bool:
    """Say whether the deploy itself would be taken, if only after its question is answered."""
    facts = DeployFacts(
        person=person,
        app=outlook.app,
        environment=outlook.environment,
        version=outlook.version,
        strategy=outlook.strategy,
        is_named=outlook.is_named,
        is_confirmed=False,
        command=command,
        way_back=None,
    )
    verdict = decide(catalog, facts)
    return isinstance(verdict, Cleared) or verdict.notice.code is ReasonCode.CONFIRM


def _choices(lines: Sequence[str]) -> tuple[Choice, ...]:
    return tuple(Choice(label=line, command=line) for line in lines)


def _of_plan(notice: Notice) -> Notice:
    """Let the next steps of a deploy's answer plan instead."""
    lines = [choice.command.replace("/deploy ", "/deploy plan ", 1) for choice in notice.choices]
    return replace(notice, choices=_choices(lines))
