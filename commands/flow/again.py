"""Starts a deployment that repeats an earlier one: to go back to its content, or to try it again.

Shared by the verbs that do so; they decide which one is meant. Nothing is built that was built before.
"""

from dataclasses import dataclass, replace

from commands.core import plan
from commands.core.acts import Possible, names, possible
from commands.core.back import Here
from commands.core.catalog import App, Catalog, Environment
from commands.core.model import Action, Actor, ChatUser, Content, Deployment, Person, Source, Takeover
from commands.core.policy import Denied, DeployFacts, decide, permits
from commands.core.ports import Clock, Deployments, Images, NewDeployment, People, Rollouts, Stranger
from commands.core.reasons import Fact, Notice, ReasonCode
from commands.core.requests import Origin
from commands.flow import choosing, returning, starting


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, about which app and where, and what is known of it there."""

    person: Person
    app: App
    environment: Environment
    here: Here
    is_named: bool
    is_confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The ports that repeating a deployment takes."""

    people: People
    rollouts: Rollouts
    deployments: Deployments
    images: Images | None
    clock: Clock

    async def asker(
        self,
        app: str,
        environment: str | None,
        *,
        action: Action,
        user: ChatUser,
        catalog: Catalog,
        is_confirmed: bool,
    ) -> Asker | Notice:
        """Find out who asks and whether they may, before anything is told."""
        target = choosing.place(app, environment, catalog=catalog)
        if isinstance(target, Notice):
            return target
        person = await self.people.find(user)
        if isinstance(person, Stranger):
            return Notice(code=person.code, facts={"hint": ""})
        may = permits(catalog, person, action=action, app=target[0].name, environment=target[1].name)
        if isinstance(may, Denied):
            return may.notice
        place = catalog.place(*target)
        here = await returning.look(
            target[0], target[1].name, place=place, rollouts=self.rollouts, deployments=self.deployments
        )
        return Asker(
            person=person,
            app=target[0],
            environment=target[1],
            here=here,
            is_named=environment is not None,
            is_confirmed=is_confirmed,
        )

    async def start(
        self,
        of: Deployment,
        *,
        source: Source,
        asker: Asker,
        action: Action,
        command: str,
        origin: Origin,
        catalog: Catalog,
    ) -> Deployment | Notice:
        """Start it, with the rules of a deploy; `command` is what a question about it stands for."""
        back = await returning.way_back(asker.app, asker.here, images=self.images)
        facts = DeployFacts(
            person=asker.person,
            app=asker.app,
            environment=asker.environment,
            version=of.version,
            strategy=of.strategy,
            is_named=asker.is_named,
            is_confirmed=asker.is_confirmed,
            command=command,
            way_back=back,
            action=action,
        )
        verdict = decide(catalog, facts)
        if isinstance(verdict, Denied):
            return verdict.notice
        new = self._new(of, source=source, asker=asker, origin=origin)
        return await starting.start(replace(new, way_back=back), deployments=self.deployments)

    def _new(self, of: Deployment, *, source: Source, asker: Asker, origin: Origin) -> NewDeployment:
        released = plan.release_parameters(of)
        parameters = dict(of.parameters) if released is None else released
        return NewDeployment(
            key=origin.key,
            app=of.app,
            environment=of.environment,
            place=of.place,
            version=of.version,
            strategy=of.strategy,
            requester=Actor.from_person(asker.person),
            channel=asker.environment.channel or origin.channel,
            reason="" if source.action is Action.ROLLBACK else of.reason,
            parameters={**parameters, "requester": asker.person.name},
            way_back=None,
            at=self.clock.now(),
            content=Content() if released is None else of.content,
            source=source,
        )

    async def presser(
        self, row: Deployment, *, action: Action, gate: str, user: ChatUser, catalog: Catalog
    ) -> tuple[Asker, Possible] | Notice:
        """Find out who presses a card's button, whether they may, and whether it still does what it says.

        The button says where and what, and has asked: that names the environment and confirms it.
        """
        asker = await self.asker(row.app, row.environment, action=action, user=user, catalog=catalog, is_confirmed=True)
        if isinstance(asker, Notice):
            return asker
        wanted = self.judge(row, action=action, gate=gate)
        return wanted if isinstance(wanted, Notice) else (asker, wanted)

    def judge(self, row: Deployment, *, action: Action, gate: str) -> Possible | Notice:
        """Say what a press of a card's button would do now, or why it does nothing any more."""
        wanted = next((act for act in possible(row) if act.action is action), None)
        if wanted is not None and wanted.gate == gate:
            return wanted
        later = row.later
        if later is None or later.state is Takeover.NOTHING:
            return Notice(code=ReasonCode.STALE)
        if later.action is action:
            ago = starting.seconds_since(later.at, self.clock.now())
            return Notice(
                code=ReasonCode.ALREADY_DONE, facts={"action": action.value, "by": later.by.chat_id, "ago": ago}
            )
        facts: dict[str, Fact] = {**names(row), "version": later.version, "deployment": later.number}
        return Notice(code=ReasonCode.TAKEN_OVER, facts=facts)
