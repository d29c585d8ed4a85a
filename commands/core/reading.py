"""What people read besides the card: what runs where, what was deployed, all of one deployment, where to see more.

Facts only, made by the verbs that read; the chat adapter puts them in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from commands.core.model import Act, Deployment
from commands.core.observed import RolloutSnapshot

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow:
    """One app in one environment; `rollout` is None where none is there, or where `is_known` is false.

    `running` is the version that people are served, empty where nobody knows it, and `since` when it arrived. `moving`
    is the deployment in motion with the newest rollout in it, `waits_for` the roles of which somebody must act.
    `is_changed` says that what runs is not what was deployed last: somebody changed it outside Slipway.
    """

    app: str
    environment: str
    is_known: bool = True
    running: str = ""
    since: datetime | None = None
    rollout: RolloutSnapshot | None = None
    moving: Deployment | None = None
    waits_for: tuple[str, ...] = ()
    is_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One deployment of the past or present; `runs` says that it is what runs now.

    `can_return` says that it is not, and that its exact content can be released again.
    """

    deployment: Deployment
    runs: bool = False
    can_return: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """All of one deployment; `acts` are those that counted, oldest first.

    `is_live` says that its rollout is what the cluster says now; otherwise it is what was last seen of it. `now` is
    what runs there instead, None where that is the deployment itself or where nobody knows the place any more.
    """

    deployment: Deployment
    acts: tuple[Act, ...] = ()
    is_live: bool = False
    now: StatusRow | None = None


class LinkKind(StrEnum):
    """What of a deployment other systems show on a page of their own."""

    WORKFLOW = "workflow"
    RESTORE = "restore"
    ROLLOUT = "rollout"
    IMAGE = "image"
    CHART = "chart"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A page of another system, and what it shows by its own name."""

    kind: LinkKind
    address: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """Some of the items of a list; `number` counts from 1 and is always one that exists."""

    items: tuple[Item, ...]
    number: int
    pages: int


def page_of(items: Sequence[Item], *, number: int, size: int) -> Page[Item]:
    """Cut a page out of a list; a number beyond the end, as after the list became shorter, gives the last one."""
    pages = max(1, -(-len(items) // size))
    number = min(max(number, 1), pages)
    return Page(items=tuple(items[(number - 1) * size : number * size]), number=number, pages=pages)
