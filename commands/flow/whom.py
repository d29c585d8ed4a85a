"""Whom people can turn to: the holders of the roles that a right takes. An ornament; its silence holds nothing up."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from commands.core.acts import awaited
from commands.core.errors import SystemFailure
from commands.core.model import Deployment
from commands.core.policy import roles_for
from commands.core.ports import Catalogs, People
from commands.core.reasons import Milestone
from commands.core.reminding import reminder

log = logging.getLogger(__name__)
MENTIONED = 10


async def who_could(people: People, roles: Collection[str], *, most: int) -> tuple[str, ...]:
    """List the chat ids of some who hold one of the roles; nobody where the login server does not tell."""
    if not roles:
        return ()
    try:
        return (await people.holders_of(roles))[:most]
    except SystemFailure as failure:
        log.info("who holds %s is not known: %s", ", ".join(sorted(roles)), failure.message)
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """The ports that reminding people of a pause takes."""

    catalogs: Catalogs
    people: People

    def after(self, row: Deployment) -> timedelta | None:
        """Return how long a pause may stand where this deployment goes, as the catalog says today."""
        environment = self.catalogs.current.environments.get(row.environment)
        return environment.remind if environment is not None else None

    async def line(self, row: Deployment, *, now: datetime) -> Milestone:
        """Write the line for the thread of a deployment that waits for somebody."""
        action = awaited(row)
        roles = (
            roles_for(self.catalogs.current, action=action, app=row.app, environment=row.environment) if action else []
        )
        people = await who_could(self.people, roles, most=MENTIONED)
        return reminder(row, people=people, roles=roles, now=now)
