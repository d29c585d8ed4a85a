"""The port `Deployments` in memory: as atomic as one event loop, forgotten at the end of the test."""

from collections.abc import Sequence
from dataclasses import replace

from commands.core.errors import Permanent, SystemFailure
from commands.core.model import Act, ActState, CardRef, Content, Deployment, Stage
from commands.core.ports import AlreadyAsked, Asked, NewDeployment, Repeated, SlotTaken, Started
from commands.core.reasons import Milestone


class FakeDeployments:
    """Ids are d1, d2, … like the numbers. While `failure` is set, every method raises it."""

    def __init__(self, *, first_number: int = 1) -> None:
        self.failure: SystemFailure | None = None
        self.rows: dict[str, Deployment] = {}
        self._number = first_number
        self._keys: dict[str, str] = {}
        self._stale: set[str] = set()
        self._acts: dict[str, Act] = {}
        self._milestones: dict[str, dict[str, Milestone]] = {}
        self._said: set[tuple[str, str]] = set()

    def put(self, deployment: Deployment) -> Deployment:
        """Place a ready-made row, as if it had been started and never shown."""
        self.rows[deployment.id] = deployment
        self._stale.add(deployment.id)
        self._number = max(self._number, deployment.number + 1)
        return deployment

    async def start(self, new: NewDeployment) -> Started | SlotTaken | Repeated:
        self._fail()
        if new.key in self._keys:
            return Repeated(self.rows[self._keys[new.key]])
        holder = self._holder(new.app, new.environment)
        if holder is not None:
            return SlotTaken(holder)
        deployment = self.put(_first(new, self._number))
        self._keys[new.key] = deployment.id
        return Started(deployment)

    async def load(self, deployment: str) -> Deployment | None:
        self._fail()
        return self.rows.get(deployment)

    async def holder(self, *, app: str, environment: str) -> Deployment | None:
        self._fail()
        return self._holder(app, environment)

    async def holders(self) -> tuple[Deployment, ...]:
        self._fail()
        return tuple(row for row in sorted(self.rows.values(), key=_number) if not row.stage.is_terminal)

    async def unfinished(self) -> tuple[str, ...]:
        self._fail()
        return tuple(row.id for row in sorted(self.rows.values(), key=_number) if self._is_unfinished(row))

    async def recent(
        self,
        *,
        app: str | None = None,
        environment: str | None = None,
        stage: Stage | None = None,
        limit: int = 20,
    ) -> tuple[Deployment, ...]:
        self._fail()
        newest = sorted(self.rows.values(), key=_number, reverse=True)
        found = [
            row
            for row in newest
            if app in {None, row.app} and environment in {None, row.environment} and stage in {None, row.stage}
        ]
        return tuple(found[: max(limit, 0)])

    async def save(self, deployment: Deployment, *, milestones: Sequence[Milestone]) -> Deployment | None:
        self._fail()
        row = self.rows.get(deployment.id)
        if row is None or row.revision != deployment.revision:
            return None
        saved = replace(deployment, revision=row.revision + 1, card=row.card)
        self.put(saved)
        for milestone in milestones:
            self._milestones.setdefault(saved.id, {}).setdefault(milestone.key, milestone)
        return saved

    async def ask(self, act: Act) -> Asked | AlreadyAsked:
        self._fail()
        if act.deployment not in self.rows:
            raise Permanent("the database", f"there is no deployment {act.deployment}")
        before = self._claimed(act) or self._acts.get(act.id)
        if before is not None:
            return AlreadyAsked(before)
        self._acts[act.id] = act
        return Asked(act)

    async def acts(self, deployment: str) -> tuple[Act, ...]:
        self._fail()
        return tuple(act for act in self._acts.values() if act.deployment == deployment)

    async def close(self, act: str, *, state: ActState) -> None:
        self._fail()
        if act in self._acts and self._acts[act].state is not ActState.REFUSED:
            self._acts[act] = replace(self._acts[act], state=state)

    async def unsaid(self, deployment: str) -> tuple[Milestone, ...]:
        self._fail()
        return self._unsaid(deployment)

    async def said(self, deployment: str, *, key: str) -> None:
        self._fail()
        if key in self._milestones.get(deployment, {}):
            self._said.add((deployment, key))

    async def shown(self, deployment: str, *, card: CardRef, revision: int) -> None:
        self._fail()
        row = self.rows.get(deployment)
        if row is None:
            return
        self.rows[deployment] = replace(row, card=card)
        if row.revision == revision:
            self._stale.discard(deployment)
        else:
            self._stale.add(deployment)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _holder(self, app: str, environment: str) -> Deployment | None:
        held = (row for row in self.rows.values() if not row.stage.is_terminal)
        return next((row for row in held if (row.app, row.environment) == (app, environment)), None)

    def _is_unfinished(self, row: Deployment) -> bool:
        is_asked = any(act.deployment == row.id and act.state is ActState.REQUESTED for act in self._acts.values())
        is_moving = not row.stage.is_terminal or row.watched_until is not None or row.restart is not None or is_asked
        return is_moving or row.id in self._stale or bool(self._unsaid(row.id))

    def _unsaid(self, deployment: str) -> tuple[Milestone, ...]:
        kept = self._milestones.get(deployment, {}).values()
        return tuple(milestone for milestone in kept if (deployment, milestone.key) not in self._said)

    def _claimed(self, act: Act) -> Act | None:
        standing = (one for one in self._acts.values() if one.state is not ActState.REFUSED)
        wanted = (act.deployment, act.action, act.gate)
        return next((one for one in standing if (one.deployment, one.action, one.gate) == wanted), None)


def _number(row: Deployment) -> int:
    return row.number


def _first(new: NewDeployment, number: int) -> Deployment:
    return Deployment(
        id=f"d{number}",
        number=number,
        app=new.app,
        environment=new.environment,
        place=new.place,
        version=new.version,
        strategy=new.strategy,
        requester=new.requester,
        channel=new.channel,
        created_at=new.at,
        reason=new.reason,
        workflow=f"{new.app}-{new.environment}-{number}",
        parameters=tuple(new.parameters.items()),
        content=new.content or Content(),
        way_back=new.way_back,
        source=new.source,
    )
