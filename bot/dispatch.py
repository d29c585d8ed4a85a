"""From understood words to the right verb, and from whatever happened to one answer; every listener calls it.

The only place besides the worker's queue that catches everything: a person gets a headline and an error id, the log
gets the trace.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar, assert_never

from bot.worker import Worker
from commands import abort, deploy, form, history, pause, plan, promote, restart, resume, retry, rollback, status
from commands import help as help_verb
from commands.core import grammar, policy
from commands.core.catalog import Catalog
from commands.core.errors import SystemFailure
from commands.core.form import Form
from commands.core.grammar import Vocabulary
from commands.core.model import Action, ChatUser, Deployment
from commands.core.ports import Catalogs, Clock, Deployments, Images, People, Pipelines, Rollouts, Versions
from commands.core.reasons import Fact, Notice, ReasonCode
from commands.core.rendering import Charts, Objects, Renderer
from commands.core.requests import (
    AbortRequest,
    DeployRequest,
    FormRequest,
    HelpRequest,
    HistoryRequest,
    Look,
    LookRequest,
    Misunderstood,
    Origin,
    PauseRequest,
    PlanRequest,
    PressRequest,
    PromoteRequest,
    Request,
    RestartRequest,
    ResumeRequest,
    RetryRequest,
    RollbackRequest,
    StatusRequest,
)
from commands.flow.again import Again
from commands.flow.ask import Ask
from commands.flow.whom import who_could
from commands.looks import command, details, links
from commands.looks import log as log_of

log = logging.getLogger(__name__)

BUDGET_SECONDS = 10.0
PLAN_SECONDS = 25.0
NAMED = 3
Answer = Notice | Form | None
"""What a line is answered by: words, the form, or nothing but the card."""

ActRequest = PromoteRequest | AbortRequest | PauseRequest | ResumeRequest | RestartRequest
Result = TypeVar("Result")
TEXTS: Mapping[str, str] = {
    "deploy": deploy.__doc__ or "",
    "form": form.__doc__ or "",
    "plan": plan.__doc__ or "",
    "promote": promote.__doc__ or "",
    "abort": abort.__doc__ or "",
    "pause": pause.__doc__ or "",
    "resume": resume.__doc__ or "",
    "restart": restart.__doc__ or "",
    "rollback": rollback.__doc__ or "",
    "retry": retry.__doc__ or "",
    "status": status.__doc__ or "",
    "history": history.__doc__ or "",
    "help": help_verb.__doc__ or "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """Runs verbs for people; `team` is the only team whose members are answered."""

    team: str
    hint: str
    catalogs: Catalogs
    people: People
    versions: Versions
    rollouts: Rollouts
    pipelines: Pipelines
    deployments: Deployments
    charts: Charts
    renderer: Renderer
    objects: Objects
    images: Images | None
    ask: Ask
    again: Again
    worker: Worker
    clock: Clock

    async def command(self, *, command: str, text: str, origin: Origin, is_confirmed: bool = False) -> Answer:
        """Run one typed line; None when the card is the answer."""
        if origin.user.team != self.team:
            return self._outsider()
        catalog = self.catalogs.current
        request = grammar.parse(command, text, vocabulary(catalog))
        if isinstance(request, DeployRequest | RollbackRequest | RetryRequest):
            request = replace(request, is_confirmed=is_confirmed)
        return await self._guarded(self._run(request, origin=origin, catalog=catalog), request)

    async def submit(self, request: DeployRequest | Misunderstood, *, origin: Origin) -> Notice | None:
        """Run what was entered in the form, with the rights of whoever sent it; None when the card is the answer."""
        if origin.user.team != self.team:
            return self._outsider()
        if isinstance(request, Misunderstood):
            return request.notice
        return await self._guarded(self._deploy(request, origin=origin, catalog=self.catalogs.current), request)

    async def press(self, request: PressRequest, *, user: ChatUser) -> Notice | None:
        """Carry out one press of a card's button; None when the card is the answer."""
        if user.team != self.team:
            return self._outsider()
        return await self._guarded(self._press(request, user=user), request)

    async def look(self, request: LookRequest, *, user: ChatUser) -> Notice:
        """Answer a press of a card that only reads: like the verbs that read it needs no role, only the team."""
        if user.team != self.team:
            return self._outsider()
        return await self._guarded(self._look(request, catalog=self.catalogs.current), request)

    def _outsider(self) -> Notice:
        return Notice(code=ReasonCode.OUTSIDE_TEAM, facts={"hint": self.hint})

    async def _press(self, request: PressRequest, *, user: ChatUser) -> Notice | None:
        row = await self.deployments.load(request.deployment)
        if request.action in {Action.ROLLBACK, Action.RETRY}:
            return await self._press_again(request, row, user=user)
        catalog = self.catalogs.current
        if request.action is Action.RESTART:
            return await restart.press(row, gate=request.gate, user=user, catalog=catalog, ask=self.ask)
        notice = await self.ask.on(row, action=request.action, gate=request.gate, user=user, catalog=catalog)
        if row is None or notice.code is not ReasonCode.REQUESTED:
            return notice
        self.worker.track(row)
        return None

    async def _repeat(
        self, request: RollbackRequest | RetryRequest, *, origin: Origin, catalog: Catalog
    ) -> Notice | None:
        if isinstance(request, RetryRequest):
            return self._begin(await retry.run(request, origin=origin, catalog=catalog, again=self.again), origin)
        return self._begin(await rollback.run(request, origin=origin, catalog=catalog, again=self.again), origin)

    async def _press_again(self, request: PressRequest, row: Deployment | None, *, user: ChatUser) -> Notice | None:
        """Start what a button of a finished card is for; the same press, by whomever, counts once."""
        channel = (row.card.channel if row.card else row.channel) if row is not None else ""
        origin = Origin(user=user, channel=channel, key=f"press:{request.deployment}:{request.gate}")
        verb = rollback.press if request.action is Action.ROLLBACK else retry.press
        catalog = self.catalogs.current
        return self._begin(await verb(row, gate=request.gate, origin=origin, catalog=catalog, again=self.again), origin)

    async def _guarded(
        self, running: Awaitable[Notice | Result], request: Request | PressRequest | LookRequest
    ) -> Notice | Result:
        answer: Notice | Result
        try:
            async with asyncio.timeout(PLAN_SECONDS if isinstance(request, PlanRequest) else BUDGET_SECONDS):
                answer = await running
        except SystemFailure as failure:
            log.warning("%s failed: %s", type(request).__name__, failure)
            answer = _unavailable(failure, request, self.hint)
        except Exception:
            error = uuid.uuid4().hex[:8]
            log.exception("error %s while running %s", error, type(request).__name__)
            answer = Notice(code=ReasonCode.INTERNAL, facts={"error": error})
        return await self._completed(answer) if isinstance(answer, Notice) else answer

    async def _completed(self, notice: Notice) -> Notice:
        """Add what no verb has to know: the team's own hint, and whom to ask for a right that is missing."""
        if "hint" in notice.facts:
            return replace(notice, facts={**notice.facts, "hint": self.hint})
        if notice.code is not ReasonCode.ROLE_MISSING:
            return notice
        app, environment = str(notice.facts["app"]), str(notice.facts["environment"])
        action = Action(str(notice.facts["action"]))
        roles = policy.roles_for(self.catalogs.current, action=action, app=app, environment=environment)
        people = await who_could(self.people, roles, most=NAMED)
        return replace(notice, facts={**notice.facts, "people": ", ".join(people)})

    async def _run(  # noqa: PLR0911  # one return for each kind of request
        self, request: Request, *, origin: Origin, catalog: Catalog
    ) -> Answer:
        match request:
            case DeployRequest():
                return await self._deploy(request, origin=origin, catalog=catalog)
            case PlanRequest():
                return await plan.run(
                    request,
                    user=origin.user,
                    catalog=catalog,
                    people=self.people,
                    versions=self.versions,
                    rollouts=self.rollouts,
                    deployments=self.deployments,
                    charts=self.charts,
                    renderer=self.renderer,
                    objects=self.objects,
                )
            case PromoteRequest() | AbortRequest() | PauseRequest() | ResumeRequest() | RestartRequest():
                return await self._typed(await self._act(request, user=origin.user, catalog=catalog), catalog)
            case RollbackRequest() | RetryRequest():
                return await self._repeat(request, origin=origin, catalog=catalog)
            case StatusRequest() | HistoryRequest() | HelpRequest():
                return await self._read(request, catalog)
            case FormRequest():
                return await form.run(
                    request,
                    user=origin.user,
                    catalog=catalog,
                    people=self.people,
                    versions=self.versions,
                    rollouts=self.rollouts,
                    clock=self.clock,
                )
            case Misunderstood():
                return request.notice
            case _:
                assert_never(request)

    async def _read(self, request: StatusRequest | HistoryRequest | HelpRequest, catalog: Catalog) -> Notice:
        """Run what only reads and needs no role."""
        match request:
            case StatusRequest():
                return await status.run(request, catalog=catalog, deployments=self.deployments, rollouts=self.rollouts)
            case HistoryRequest():
                return await history.run(request, catalog=catalog, deployments=self.deployments, rollouts=self.rollouts)
            case HelpRequest():
                return help_verb.run(request, texts=TEXTS)
            case _:
                assert_never(request)

    async def _look(self, request: LookRequest, *, catalog: Catalog) -> Notice:
        row = await self.deployments.load(request.deployment)
        if row is None:
            return Notice(code=ReasonCode.STALE)
        match request.look:
            case Look.DETAILS:
                return await details.run(row, catalog=catalog, deployments=self.deployments, rollouts=self.rollouts)
            case Look.LINKS:
                return await links.run(row, catalog=catalog, images=self.images)
            case Look.COMMAND:
                return command.run(row, rollouts=self.rollouts)
            case Look.LOG:
                return await log_of.run(row, pipelines=self.pipelines, rollouts=self.rollouts)
            case _:
                assert_never(request.look)

    async def _deploy(self, request: DeployRequest, *, origin: Origin, catalog: Catalog) -> Notice | None:
        started = await deploy.run(
            request,
            origin=origin,
            catalog=catalog,
            people=self.people,
            versions=self.versions,
            rollouts=self.rollouts,
            deployments=self.deployments,
            images=self.images,
            charts=self.charts,
            clock=self.clock,
        )
        return self._begin(started, origin)

    def _begin(self, started: Deployment | Notice, origin: Origin) -> Notice | None:
        """Follow what was started; its card is the answer, unless it is somewhere else."""
        if isinstance(started, Notice):
            return started
        self.worker.track(started)
        if started.channel == origin.channel:
            return None
        facts: dict[str, Fact] = {
            "deployment": started.number,
            "app": started.app,
            "version": started.version,
            "environment": started.environment,
            "strategy": started.strategy.value,
            "link": started.channel,
        }
        return Notice(code=ReasonCode.STARTED, facts=facts)

    async def _act(self, request: ActRequest, *, user: ChatUser, catalog: Catalog) -> Notice:
        deployments, ask = self.deployments, self.ask
        match request:
            case PromoteRequest():
                return await promote.run(request, user=user, catalog=catalog, deployments=deployments, ask=ask)
            case AbortRequest():
                return await abort.run(request, user=user, catalog=catalog, deployments=deployments, ask=ask)
            case PauseRequest():
                return await pause.run(request, user=user, catalog=catalog, deployments=deployments, ask=ask)
            case ResumeRequest():
                return await resume.run(request, user=user, catalog=catalog, deployments=deployments, ask=ask)
            case RestartRequest():
                return await restart.run(request, user=user, catalog=catalog, deployments=deployments, ask=ask)
            case _:
                assert_never(request)

    async def _typed(self, notice: Notice, catalog: Catalog) -> Notice:
        """Set the worker on what was asked for by word; its answer stays, for the card may be in another channel."""
        if notice.code is ReasonCode.REQUESTED:
            await self.worker.sweep()  # What has ended is followed no longer, and may be asked to restart.
            app, environment = catalog.apps[str(notice.facts["app"])], str(notice.facts["environment"])
            self.worker.nudge(catalog.place(app, catalog.environments[environment]))
        return notice


def vocabulary(catalog: Catalog) -> Vocabulary:
    """Collect the names that people may type."""
    names = {name.lower(): app.name for app in catalog.apps.values() for name in (*app.aliases, app.name)}
    return Vocabulary(apps=names, environments=tuple(catalog.environments))


def _unavailable(failure: SystemFailure, request: Request | PressRequest | LookRequest, hint: str) -> Notice:
    app = getattr(request, "app", None) or ""
    match failure.system:
        case "Keycloak":
            return Notice(code=ReasonCode.RIGHTS_UNKNOWN, facts={"hint": hint})
        case "Nexus":
            return Notice(code=ReasonCode.VERSIONS_UNKNOWN, facts={"app": app, "system": failure.system})
        case "Kubernetes":
            environment = getattr(request, "environment", None) or ""
            return Notice(code=ReasonCode.CLUSTER_UNREACHABLE, facts={"app": app, "environment": environment})
        case _:
            error = uuid.uuid4().hex[:8]
            log.error("error %s: %s", error, failure)
            return Notice(code=ReasonCode.INTERNAL, facts={"error": error})
