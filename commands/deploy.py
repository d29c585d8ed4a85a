"""Deploy a version: `/deploy <app> <version> [strategy] [to <environment>] [because <reason>]`.

Starts the pipeline and posts the card that follows it to the end. The version is as stored in Nexus, with or without
its leading v, or `latest`. Strategy is rolling, blue-green (bg), canary or recreate; without one the app's own is
taken. A protected environment must be named and asks once more.
"""

import asyncio
from dataclasses import replace
from datetime import datetime

from commands.core import plan
from commands.core.catalog import Catalog
from commands.core.lines import render
from commands.core.model import Action, Actor, ChatUser, Deployment
from commands.core.observed import Strategy
from commands.core.policy import Denied, DeployFacts, decide, permits
from commands.core.ports import (
    Clock,
    Deployments,
    Images,
    NewDeployment,
    People,
    Rollouts,
    Stranger,
    Versions,
)
from commands.core.reasons import Notice, ReasonCode
from commands.core.rendering import Charts
from commands.core.requests import DeployRequest, Origin
from commands.flow import choosing, returning, starting, unchanged


async def run(
    request: DeployRequest,
    *,
    origin: Origin,
    catalog: Catalog,
    people: People,
    versions: Versions,
    rollouts: Rollouts,
    deployments: Deployments,
    images: Images | None,
    charts: Charts,
    clock: Clock,
) -> Notice | Deployment:
    """Start a deployment, or say why it did not start."""
    # gather
    facts = await _gather(
        request,
        user=origin.user,
        catalog=catalog,
        people=people,
        versions=versions,
        rollouts=rollouts,
        deployments=deployments,
        images=images,
    )
    if isinstance(facts, Notice):
        return facts
    # decide
    verdict = decide(catalog, facts)
    if isinstance(verdict, Denied):
        return verdict.notice
    # plan
    new = _plan(facts, strategy=verdict.strategy, request=request, origin=origin, catalog=catalog, at=clock.now())
    is_idle = await unchanged.is_unchanged(
        new, app=facts.app, rollouts=rollouts, deployments=deployments, images=images, charts=charts
    )
    if is_idle:
        names = {"app": new.app, "version": new.version, "environment": new.environment}
        return Notice(code=ReasonCode.RUNS_ALREADY, facts=names)
    # commit
    return await starting.start(new, deployments=deployments)


async def _gather(
    request: DeployRequest,
    *,
    user: ChatUser,
    catalog: Catalog,
    people: People,
    versions: Versions,
    rollouts: Rollouts,
    deployments: Deployments,
    images: Images | None,
) -> DeployFacts | Notice:
    target = choosing.target(request, catalog)
    if isinstance(target, Notice):
        return target
    app, environment = target
    person = await people.find(user)
    if isinstance(person, Stranger):
        return Notice(code=person.code, facts={"hint": ""})
    may = permits(catalog, person, action=Action.DEPLOY, app=app.name, environment=environment.name)
    if isinstance(may, Denied):
        return may.notice
    place = catalog.place(app, environment)
    available, here = await asyncio.gather(
        versions.search(app),
        returning.look(app, environment.name, place=place, rollouts=rollouts, deployments=deployments),
    )
    version = choosing.version(request, app, available, catalog=catalog, rollouts=rollouts)
    if isinstance(version, Notice):
        return version
    return DeployFacts(
        person=person,
        app=app,
        environment=environment,
        version=version,
        strategy=request.strategy or app.strategy,
        is_named=request.environment is not None,
        is_confirmed=request.is_confirmed,
        command=render(replace(request, app=app.name, version=version)),
        way_back=await returning.way_back(app, here, images=images),
    )


def _plan(
    facts: DeployFacts, *, strategy: Strategy, request: DeployRequest, origin: Origin, catalog: Catalog, at: datetime
) -> NewDeployment:
    return NewDeployment(
        key=origin.key,
        app=facts.app.name,
        environment=facts.environment.name,
        place=catalog.place(facts.app, facts.environment),
        version=facts.version,
        strategy=strategy,
        requester=Actor.from_person(facts.person),
        channel=facts.environment.channel or origin.channel,
        reason=request.reason,
        parameters=plan.parameters(
            facts.app, facts.environment, version=facts.version, strategy=strategy, person=facts.person
        ),
        way_back=facts.way_back,
        at=at,
    )
