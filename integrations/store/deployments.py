"""The deployments in a database: the port `Deployments`, in statements that any SQL database runs.

Built by `bot.wiring`; it keeps what it is told and decides nothing but who was first.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import and_, case, delete, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from commands.core.model import TERMINAL, Act, ActState, CardRef, Deployment, Stage
from commands.core.ports import AlreadyAsked, Asked, Clock, NewDeployment, Repeated, SlotTaken, Started
from commands.core.reasons import Milestone
from integrations.store import audit, rows
from integrations.store.audit import AuditEntry
from integrations.store.settings import StoreSettings
from integrations.store.tables import act_rows, deployment_rows, milestone_rows, slot_rows
from integrations.store.transactions import Transactions

# What `save` leaves alone: who the row is, what `shown` writes, and what the database counts.
NOT_SAVED: Final = frozenset({"id", "number", "app", "environment", "created_at", "card", "revision"})
SAVED: Final = tuple(field.name for field in fields(Deployment) if field.name not in NOT_SAVED)
UNDERWAY: Final = tuple(stage for stage in Stage if stage not in TERMINAL)


class SqlDeployments:
    """Each method is one transaction and may be repeated."""

    def __init__(self, transactions: Transactions, *, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock

    @classmethod
    async def open(cls, settings: StoreSettings, *, clock: Clock) -> "SqlDeployments":
        """Connect, and create or upgrade the tables."""
        return cls(await Transactions.open(settings), clock=clock)

    async def aclose(self) -> None:
        await self._transactions.aclose()

    async def start(self, new: NewDeployment) -> Started | SlotTaken | Repeated:
        async def write(connection: AsyncConnection) -> Started:
            return Started(await rows.begin(connection, new))

        async def read(connection: AsyncConnection) -> Repeated | SlotTaken | None:
            before = await rows.find(connection, deployment_rows.c.command_key == new.key)
            if before is not None:
                return Repeated(before)
            holder = await rows.find_holder(connection, app=new.app, environment=new.environment)
            return None if holder is None else SlotTaken(holder)

        return await self._transactions.first(f"starting {new.app} in {new.environment}", write=write, read=read)

    async def load(self, deployment: str) -> Deployment | None:
        async with self._transactions.reading(f"loading deployment {deployment}") as connection:
            return await rows.find(connection, deployment_rows.c.id == deployment)

    async def holder(self, *, app: str, environment: str) -> Deployment | None:
        async with self._transactions.reading(f"reading the slot of {app} in {environment}") as connection:
            return await rows.find_holder(connection, app=app, environment=environment)

    async def holders(self) -> tuple[Deployment, ...]:
        held = select(slot_rows.c.deployment)
        query = select(*rows.DEPLOYMENT).where(deployment_rows.c.id.in_(held)).order_by(deployment_rows.c.number)
        async with self._transactions.reading("listing what is in motion") as connection:
            return tuple(rows.to_deployment(row) for row in await connection.execute(query))

    async def unfinished(self) -> tuple[str, ...]:
        unheard = select(milestone_rows.c.deployment).where(milestone_rows.c.said_at.is_(None))
        asked = select(act_rows.c.deployment).where(act_rows.c.state == ActState.REQUESTED)
        is_unfinished = or_(
            deployment_rows.c.stage.in_(UNDERWAY),
            deployment_rows.c.card_is_stale.is_(True),
            deployment_rows.c.watched_until.is_not(None),
            deployment_rows.c.restart.is_not(None),
            deployment_rows.c.id.in_(asked),
            deployment_rows.c.id.in_(unheard),
        )
        query = select(deployment_rows.c.id).where(is_unfinished).order_by(deployment_rows.c.number)
        async with self._transactions.reading("listing unfinished deployments") as connection:
            return tuple(await connection.scalars(query))

    async def recent(
        self,
        *,
        app: str | None = None,
        environment: str | None = None,
        stage: Stage | None = None,
        limit: int = 20,
    ) -> tuple[Deployment, ...]:
        query = select(*rows.DEPLOYMENT).order_by(deployment_rows.c.number.desc()).limit(max(limit, 0))
        if app is not None:
            query = query.where(deployment_rows.c.app == app)
        if environment is not None:
            query = query.where(deployment_rows.c.environment == environment)
        if stage is not None:
            query = query.where(deployment_rows.c.stage == stage)
        async with self._transactions.reading("listing recent deployments") as connection:
            return tuple(rows.to_deployment(row) for row in await connection.execute(query))

    async def save(self, deployment: Deployment, *, milestones: Sequence[Milestone]) -> Deployment | None:
        statement = (
            update(deployment_rows)
            .where(deployment_rows.c.id == deployment.id, deployment_rows.c.revision == deployment.revision)
            .values({name: getattr(deployment, name) for name in SAVED})
            .values(revision=deployment.revision + 1, card_is_stale=True)
            .returning(*rows.DEPLOYMENT)
        )
        async with self._transactions.writing(f"saving deployment {deployment.id}") as connection:
            row = (await connection.execute(statement)).one_or_none()
            if row is None:
                return None
            await rows.append(connection, deployment.id, milestones)
            if deployment.stage.is_terminal:
                await connection.execute(delete(slot_rows).where(slot_rows.c.deployment == deployment.id))
            return rows.to_deployment(row)

    async def ask(self, act: Act) -> Asked | AlreadyAsked:
        async def write(connection: AsyncConnection) -> Asked:
            values = {field.name: getattr(act, field.name) for field in fields(Act)}
            await connection.execute(insert(act_rows).values(values | {"claim": act.gate}))
            return Asked(act)

        async def read(connection: AsyncConnection) -> AlreadyAsked | None:
            columns = act_rows.c
            same = and_(columns.deployment == act.deployment, columns.action == act.action, columns.claim == act.gate)
            query = select(*rows.ACT).where(or_(same, columns.id == act.id)).order_by(columns.seq.desc()).limit(1)
            row = (await connection.execute(query)).one_or_none()
            return None if row is None else AlreadyAsked(rows.to_act(row))

        what = f"asking to {act.action} deployment {act.deployment}"
        return await self._transactions.first(what, write=write, read=read)

    async def acts(self, deployment: str) -> tuple[Act, ...]:
        query = select(*rows.ACT).where(act_rows.c.deployment == deployment).order_by(act_rows.c.seq)
        async with self._transactions.reading(f"listing the acts of deployment {deployment}") as connection:
            return tuple(rows.to_act(row) for row in await connection.execute(query))

    async def close(self, act: str, *, state: ActState) -> None:
        values: dict[str, Any] = {"state": state}
        if state is ActState.REFUSED:
            values["claim"] = act_rows.c.gate + literal("#") + act_rows.c.id
        # A refused act stays refused: its gate may be somebody else's by now.
        is_open = act_rows.c.state != ActState.REFUSED
        async with self._transactions.writing(f"closing act {act}") as connection:
            await connection.execute(update(act_rows).where(act_rows.c.id == act, is_open).values(values))

    async def unsaid(self, deployment: str) -> tuple[Milestone, ...]:
        is_unheard = and_(milestone_rows.c.deployment == deployment, milestone_rows.c.said_at.is_(None))
        query = select(milestone_rows.c.milestone).where(is_unheard).order_by(milestone_rows.c.seq)
        async with self._transactions.reading(f"listing the milestones of deployment {deployment}") as connection:
            return tuple(await connection.scalars(query))

    async def said(self, deployment: str, *, key: str) -> None:
        columns = milestone_rows.c
        is_it = and_(columns.deployment == deployment, columns.key == key, columns.said_at.is_(None))
        async with self._transactions.writing(f"marking a milestone of deployment {deployment}") as connection:
            await connection.execute(update(milestone_rows).where(is_it).values(said_at=self._clock.now()))

    async def shown(self, deployment: str, *, card: CardRef, revision: int) -> None:
        # A card drawn from an older row is stale again, also when a newer one was shown in between.
        is_stale = case((deployment_rows.c.revision == revision, False), else_=True)
        statement = update(deployment_rows).where(deployment_rows.c.id == deployment)
        async with self._transactions.writing(f"remembering the card of deployment {deployment}") as connection:
            await connection.execute(statement.values(card=card, card_is_stale=is_stale))

    async def record(self, entry: AuditEntry) -> int:
        """Append to the audit trail and return the row's number."""
        async with self._transactions.writing("recording in the audit trail") as connection:
            return await audit.append(connection, entry, at=self._clock.now())

    async def verify(self) -> int | None:
        """Return the number of the first audit row that was tampered with; None when the trail is whole."""
        async with self._transactions.reading("verifying the audit trail") as connection:
            return await audit.first_broken(connection)
