"""Asks for an act on a deployment: rights of the person, possibility of the act, one row that makes it count once.

Shared by the verbs that act and by every button. The worker carries the act out.
"""

import uuid
from dataclasses import dataclass, replace

from commands.core import holds
from commands.core.acts import Possible, already, expected_of, is_ours
from commands.core.catalog import Catalog
from commands.core.judging import judge
from commands.core.model import Act, Action, Actor, ChatUser, Deployment, Person
from commands.core.policy import Denied, Verdict, permits, permits_cancel
from commands.core.ports import AlreadyAsked, Clock, Deployments, People, Rollouts, Stranger
from commands.core.reasons import Fact, Notice, ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """The ports that asking for an act takes."""

    people: People
    deployments: Deployments
    rollouts: Rollouts
    clock: Clock

    async def on(
        self, row: Deployment | None, *, action: Action, gate: str | None, user: ChatUser, catalog: Catalog
    ) -> Notice:
        """Record an act on a deployment, or say why not; `gate` is None when the act was typed."""
        judged = await self._judged(row, action=action, gate=gate, user=user, catalog=catalog)
        if isinstance(judged, Notice):
            return judged
        # commit
        row = judged.row
        asked = await self.deployments.ask(self._act(judged))
        if isinstance(asked, AlreadyAsked):
            return already(asked.act, now=self.clock.now())
        facts: dict[str, Fact] = {
            "app": row.app,
            "environment": row.environment,
            "deployment": row.number,
            "action": action.value,
        }
        return Notice(code=ReasonCode.REQUESTED, facts=facts)

    async def could(
        self, row: Deployment | None, *, action: Action, gate: str | None, user: ChatUser, catalog: Catalog
    ) -> Deployment | Notice:
        """Say what an act would be recorded on, or why not, for whoever asks back first; nothing is written."""
        judged = await self._judged(row, action=action, gate=gate, user=user, catalog=catalog)
        return judged if isinstance(judged, Notice) else judged.row

    async def _judged(
        self, row: Deployment | None, *, action: Action, gate: str | None, user: ChatUser, catalog: Catalog
    ) -> "_Judged | Notice":
        # gather
        person = await self.people.find(user)
        if isinstance(person, Stranger):
            return Notice(code=person.code, facts={"hint": ""})
        if row is None or self._is_unseen(row):
            return _lost(row)
        acts = await self.deployments.acts(row.id)
        row = self._newest(row, acts)
        # decide
        verdict = _verdict(catalog, person, row, action)
        if isinstance(verdict, Denied):
            return verdict.notice
        wanted = judge(row, action=action, gate=gate, acts=acts, now=self.clock.now())
        return wanted if isinstance(wanted, Notice) else _Judged(row=row, wanted=wanted, person=person)

    def _is_unseen(self, row: Deployment) -> bool:
        """Say whether nobody knows what became of a deployment that has ended, because the cluster was not listed."""
        return row.stage.is_terminal and not self.rollouts.is_synced(row.place)

    def _newest(self, row: Deployment, acts: tuple[Act, ...]) -> Deployment:
        """Judge by what the cluster says now, not by what the row remembers."""
        live = self.rollouts.snapshot(row.place)
        if not is_ours(row, live):
            # What has ended may have been replaced since, while what moves shows again in a moment.
            return replace(row, rollout=None) if row.stage.is_terminal else row
        return holds.observe(replace(row, rollout=live), acts=acts, now=self.clock.now())

    def _act(self, judged: "_Judged") -> Act:
        row, wanted, now = judged.row, judged.wanted, self.clock.now()
        can_expect = wanted.action is not Action.CANCEL
        return Act(
            id=uuid.uuid4().hex,
            deployment=row.id,
            action=wanted.action,
            gate=wanted.gate,
            by=Actor.from_person(judged.person),
            at=now,
            expected=expected_of(row.rollout, wanted.action, at=now) if can_expect and row.rollout else None,
            label=wanted.effect,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """An act that may be asked for: of whom, and of what as it is now."""

    row: Deployment
    wanted: Possible
    person: Person


def _lost(row: Deployment | None) -> Notice:
    if row is None:
        return Notice(code=ReasonCode.STALE)
    return Notice(code=ReasonCode.CLUSTER_UNREACHABLE, facts={"app": row.app, "environment": row.environment})


def _verdict(catalog: Catalog, person: Person, row: Deployment, action: Action) -> Verdict:
    if action is Action.CANCEL:
        return permits_cancel(catalog, person, row)
    verdict = permits(catalog, person, action=action, app=row.app, environment=row.environment)
    if isinstance(verdict, Denied) or not _lets_go(row, action):
        return verdict
    return permits(catalog, person, action=Action.RESUME, app=row.app, environment=row.environment)


def _lets_go(row: Deployment, action: Action) -> bool:
    """Say whether an act would let go, on the way, of what somebody holds; to abort needs no such right."""
    is_held = row.rollout is not None and row.rollout.is_held
    return is_held and action in {Action.PROMOTE, Action.FULL}
