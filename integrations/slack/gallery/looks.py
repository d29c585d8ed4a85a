"""The examples of what a card's dots lead to: all of a deployment, links, commands, a log. One entry each.

Called by `pictures`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from commands.core.acts import names, possible
from commands.core.evidence import evidence
from commands.core.lines import typed
from commands.core.model import (
    Act,
    Action,
    Actor,
    ActState,
    Content,
    Deployment,
    Later,
    OutsideChange,
    Place,
    Stage,
    Takeover,
)
from commands.core.observed import PauseReason, Strategy
from commands.core.reading import Details, Link, LinkKind, StatusRow
from commands.core.reasons import Notice, ReasonCode
from integrations.slack.gallery import largest
from integrations.slack.gallery.examples import BOB, DIGEST, NOON, earlier, healthy
from integrations.slack.gallery.states import OUTSIDE, ended, every_card, failed, paused, rolling_out

_COMMIT = "c" * 40
_DEEDS = 40
_LINES = 200
LOOKS = frozenset({ReasonCode.DETAILS, ReasonCode.LINKS, ReasonCode.COMMAND, ReasonCode.LOG})
PARAMETERS = earlier().parameters
KNOWN = Content(digest=DIGEST, chart_commit=_COMMIT)
PLACED: Mapping[str, Any] = {
    "place": Place(cluster="main", namespace="production", app="shop"),
    "workflow": "shop-production-142",
    "parameters": PARAMETERS,
}
WAITING = rolling_out(paused(PauseReason.STEP), stage=Stage.PAUSED, content=KNOWN, outside=OUTSIDE[:1], **PLACED)
FAILED = replace(failed(Strategy.CANARY), **PLACED)
LATER = Later(number=143, version="v1.3", action=Action.DEPLOY, by=BOB, at=NOON, state=Takeover.DONE)
PAST = replace(ended(Stage.SUCCEEDED, Strategy.CANARY, content=KNOWN, **PLACED), later=LATER)
NOW = StatusRow(app="shop", environment="production", running="v1.3", since=NOON, rollout=healthy(version="v1.3"))
LINKS = (
    Link(
        kind=LinkKind.WORKFLOW,
        address="https://argo.example.com/workflows/production/shop-production-142",
        name="shop-production-142",
    ),
    Link(
        kind=LinkKind.RESTORE,
        address="https://argo.example.com/workflows/production/shop-production-142-restore",
        name="shop-production-142-restore",
    ),
    Link(kind=LinkKind.ROLLOUT, address="https://rollouts.example.com/rollout/production/shop", name="shop"),
    Link(
        kind=LinkKind.IMAGE,
        address=f"https://harbor.example.com/harbor/projects/7/repositories/shop/artifacts-tab/artifacts/{DIGEST}",
        name=DIGEST,
    ),
    Link(kind=LinkKind.CHART, address=f"https://gitea.example.com/platform/charts/commit/{_COMMIT}", name=_COMMIT[:12]),
    Link(kind=LinkKind.SOURCE, address=f"https://gitea.example.com/shop/shop/commit/{_COMMIT}", name=_COMMIT[:12]),
)
LOG = (
    "pushing layer 1 of 5: exists",
    "pushing layer 2 of 5: exists",
    "pushing layer 3 of 5",
    "PUT https://harbor.example.com/v2/shop/shop/blobs/uploads/ 413 Request Entity Too Large",
    "denied: quota of project shop is 50 GiB, used 50 GiB",
)


def looks() -> Mapping[str, tuple[Notice, Notice]]:
    """Give each answer at its ordinary size and at its largest."""
    return {
        "details": _details(WAITING, *_deeds(WAITING)),
        "details-of-a-failure": _details(FAILED),
        "details-of-the-past": _details(PAST, is_live=False),
        "links": (_links(WAITING), _links(largest.deployment(WAITING))),
        "copy-command": (_commands(WAITING), _commands(largest.deployment(WAITING))),
        "log-of-a-step": _log(FAILED),
        "log-of-a-pod": _log(every_card()["crash-loop-canary"].deployment, is_kept=True),
    }


def _deeds(row: Deployment) -> tuple[Act, ...]:
    held = _act(row, Action.PAUSE, minutes=2, state=ActState.APPLIED)
    promoted = _act(row, Action.PROMOTE, minutes=11, state=ActState.REQUESTED, label="50")
    return held, replace(held, id="a2", action=Action.RESUME, at=NOON + timedelta(minutes=7)), promoted


def _act(row: Deployment, action: Action, *, minutes: int, state: ActState, label: str = "") -> Act:
    by, at = Actor(id=BOB.id, name=BOB.name, chat_id=BOB.chat_id), NOON + timedelta(minutes=minutes)
    return Act(id="a1", deployment=row.id, action=action, gate="0" * 12, by=by, at=at, label=label, state=state)


def _details(row: Deployment, *acts: Act, is_live: bool = True) -> tuple[Notice, Notice]:
    is_live = is_live and row.rollout is not None
    now = None if is_live else NOW
    large = largest.deployment(replace(row, outside=(*row.outside, *_many(row))))
    return (
        Notice(
            code=ReasonCode.DETAILS,
            facts=names(row),
            details=Details(deployment=row, acts=acts, is_live=is_live, now=now),
        ),
        Notice(
            code=ReasonCode.DETAILS,
            facts=names(large),
            details=Details(
                deployment=large,
                acts=acts * _DEEDS,
                is_live=is_live,
                now=now and replace(now, app=large.app, environment=large.environment, running=large.version),
            ),
        ),
    )


def _many(row: Deployment) -> tuple[OutsideChange, ...]:
    return OUTSIDE * _DEEDS if row.outside else ()


def _links(row: Deployment) -> Notice:
    return Notice(code=ReasonCode.LINKS, facts=names(row), links=LINKS)


def _commands(row: Deployment) -> Notice:
    return Notice(
        code=ReasonCode.COMMAND, facts=names(row), commands=typed(row, (each.action for each in possible(row)))
    )


def _log(row: Deployment, *, is_kept: bool = False) -> tuple[Notice, Notice]:
    kept = evidence(row)
    step = kept.step if kept is not None else ""
    lines = kept.lines if kept is not None and is_kept else LOG
    large = largest.deployment(row)
    facts = {"step": step, "is_kept": "yes" if is_kept else ""}
    return (
        Notice(code=ReasonCode.LOG, facts={**names(row), **facts}, log=lines),
        Notice(code=ReasonCode.LOG, facts={**names(large), **facts}, log=(f"{largest.REASON} " * 2,) * _LINES),
    )
