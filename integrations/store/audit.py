"""The audit trail: rows that are only ever appended, each hashed over itself and the one before it.

Used by `deployments`, which has the transactions. A changed, moved or missing row breaks the chain where it is.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from commands.core.model import Actor
from commands.core.reasons import Fact
from integrations.store.codec import to_json
from integrations.store.columns import storable
from integrations.store.tables import audit_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to which thing, with which roles, and what was decided."""

    actor: Actor
    roles: tuple[str, ...]
    action: str
    subject: str
    code: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


async def append(connection: AsyncConnection, entry: AuditEntry, *, at: datetime) -> int:
    """Add a row behind the last one; two writers of one place collide on its number."""
    last = (await connection.execute(select(audit_rows).order_by(audit_rows.c.seq.desc()).limit(1))).one_or_none()
    seq = last.seq + 1 if last else 1
    # What is hashed is what a later reader finds, so the texts are made storable here and not on their way in.
    values = {
        "seq": seq,
        "at": at,
        "actor": storable(entry.actor.id),
        "chat_id": storable(entry.actor.chat_id),
        "roles": entry.roles,
        "action": storable(entry.action),
        "subject": storable(entry.subject),
        "code": storable(entry.code),
        "facts": to_json(entry.facts),
        "previous": last.hash if last else "",
    }
    await connection.execute(insert(audit_rows).values(**values, hash=_hash(values)))
    return int(seq)


async def first_broken(connection: AsyncConnection) -> int | None:
    """Return the number of the first row that does not follow from the one before it; None when all do."""
    seq, previous = 0, ""
    async with connection.stream(select(audit_rows).order_by(audit_rows.c.seq)) as rows:
        async for row in rows.mappings():
            seq += 1
            values = {name: value for name, value in row.items() if name != "hash"}
            if (row["seq"], row["previous"], row["hash"]) != (seq, previous, _hash(values)):
                return seq
            previous = row["hash"]
    return None


def _hash(values: Mapping[str, object]) -> str:
    return hashlib.sha256(to_json(values).encode()).hexdigest()
