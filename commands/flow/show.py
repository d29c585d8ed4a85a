"""Makes the chat say what the database says: the card first, then the lines its thread has not heard.

Repeatable: it compares what is shown with what should be, so retry after an outage and repair after a crash are the
same thing.
"""

import logging
from dataclasses import dataclass, replace

from commands.core.card import Card, draw
from commands.core.errors import Permanent
from commands.core.model import CardRef, Deployment
from commands.core.ports import Chat, Deployments
from commands.core.reasons import Milestone

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """The ports that showing a deployment takes."""

    deployments: Deployments
    chat: Chat

    async def run(self, deployment_id: str) -> None:
        """Bring the card and the thread of a deployment up to date."""
        row = await self.deployments.load(deployment_id)
        if row is None:
            return
        ref = await self._card(row)
        for milestone in await self.deployments.unsaid(deployment_id):
            await self._say(row, ref, milestone)
            await self.deployments.said(deployment_id, key=milestone.key)

    async def _say(self, row: Deployment, ref: CardRef, milestone: Milestone) -> None:
        """Say a line in the thread; what somebody removed of the past is not missed."""
        try:
            await self.chat.say(ref, milestone)
        except Permanent as failure:
            if row.later is None:
                raise
            log.warning("the thread of #%d does not hear of what came later: %s", row.number, failure.message)

    async def _card(self, row: Deployment) -> CardRef:
        card = draw(row, await self.deployments.acts(row.id))
        if row.card is None:
            ref = await self._post(row, card)
        elif row.card.sent != self.chat.digest(card):
            ref = await self._edit(row, row.card, card)
        else:
            ref = row.card
        await self.deployments.shown(row.id, card=ref, revision=row.revision)
        return ref

    async def _post(self, row: Deployment, card: Card) -> CardRef:
        """Post the card where it belongs, or, where the bot may not write, to whoever asked for the deployment."""
        try:
            return await self.chat.post(row.channel, card)
        except Permanent as failure:
            log.warning("the card of #%d goes to %s alone: %s", row.number, row.requester.name, failure.message)
            return await self.chat.post(row.requester.chat_id, card)

    async def _edit(self, row: Deployment, ref: CardRef, card: Card) -> CardRef:
        """Edit the card in place; one that somebody deleted is posted anew, for its buttons are needed.

        A card of the past is not: it would only be in the way.
        """
        try:
            return await self.chat.update(ref, card)
        except Permanent as failure:
            if row.later is not None:
                log.warning("the card of #%d does not say what came later: %s", row.number, failure.message)
                return replace(ref, sent=self.chat.digest(card))
            log.warning("a card cannot be edited and is posted anew: %s", failure.message)
            return await self.chat.post(ref.channel, card)
