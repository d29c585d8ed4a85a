"""The statements that more than one method of `deployments` needs, each on a connection that is in a transaction."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import ColumnElement, Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from commands.core.model import Act, Content, Deployment
from commands.core.ports import NewDeployment
from commands.core.reasons import Milestone
from integrations.store.tables import act_rows, deployment_rows, milestone_rows, slot_rows

DEPLOYMENT: Final = tuple(deployment_rows.c[field.name] for field in fields(Deployment))
ACT: Final = tuple(act_rows.c[field.name] for field in fields(Act))


def to_deployment(row: Row[Any]) -> Deployment:
    return Deployment(**row._mapping)  # noqa: SLF001  # a documented attribute: the underscore only avoids column names


def to_act(row: Row[Any]) -> Act:
    return Act(**row._mapping)  # noqa: SLF001  # as above


async def find(connection: AsyncConnection, condition: ColumnElement[bool]) -> Deployment | None:
    """Return the one deployment that a condition on its row names."""
    row = (await connection.execute(select(*DEPLOYMENT).where(condition))).one_or_none()
    return None if row is None else to_deployment(row)


async def find_holder(connection: AsyncConnection, *, app: str, environment: str) -> Deployment | None:
    """Return the deployment that holds a slot."""
    held = select(slot_rows.c.deployment).where(slot_rows.c.app == app, slot_rows.c.environment == environment)
    return await find(connection, deployment_rows.c.id == held.scalar_subquery())


async def begin(connection: AsyncConnection, new: NewDeployment) -> Deployment:
    """Write a row and take its slot; either collides with whoever was first."""
    first = _first(new)
    values = {field.name: getattr(first, field.name) for field in fields(first) if field.name != "number"}
    values |= {"command_key": new.key, "card_is_stale": True}
    insertion = insert(deployment_rows).values(values).returning(deployment_rows.c.number)
    number = (await connection.execute(insertion)).scalar_one()
    slot = {"app": new.app, "environment": new.environment, "deployment": first.id}
    await connection.execute(insert(slot_rows).values(slot))
    # The name carries the number, which only the database knows.
    naming = (
        update(deployment_rows)
        .where(deployment_rows.c.number == number)
        .values(workflow=f"{new.app}-{new.environment}-{number}")
        .returning(*DEPLOYMENT)
    )
    return to_deployment((await connection.execute(naming)).one())


def _first(new: NewDeployment) -> Deployment:
    return Deployment(
        id=uuid4().hex,
        number=0,
        app=new.app,
        environment=new.environment,
        place=new.place,
        version=new.version,
        strategy=new.strategy,
        requester=new.requester,
        channel=new.channel,
        created_at=new.at,
        reason=new.reason,
        parameters=tuple(new.parameters.items()),
        content=new.content or Content(),
        way_back=new.way_back,
        source=new.source,
    )


async def append(connection: AsyncConnection, deployment: str, milestones: Sequence[Milestone]) -> None:
    """Add the milestones whose keys are new; the caller's update of the deployment's row keeps others out."""
    if not milestones:
        return
    query = select(milestone_rows.c.key, milestone_rows.c.seq).where(milestone_rows.c.deployment == deployment)
    known = {row.key: row.seq for row in await connection.execute(query)}
    # Of two with one key the first stays, also within one call.
    fresh = {one.key: one for one in reversed(milestones) if one.key not in known}
    wanted = sorted(fresh.values(), key=milestones.index)
    values = [
        {"deployment": deployment, "seq": seq, "key": one.key, "milestone": one}
        for seq, one in enumerate(wanted, start=max(known.values(), default=0) + 1)
    ]
    if values:
        await connection.execute(insert(milestone_rows), values)
