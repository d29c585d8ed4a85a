"""What Slipway needs of the world, one Protocol per need; adapters live in `integrations`, fakes in `tests/fakes`.

Every method may raise `Temporary` or `Permanent` of `commands.core.errors` and nothing else that is expected; every
network wait lies under the caller's `asyncio.timeout`. Methods are keyword-only where two arguments could be mixed up.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, overload

from typing_extensions import override

from commands.core.card import Card
from commands.core.catalog import App, Catalog
from commands.core.form import Form
from commands.core.model import (
    Act,
    Action,
    Actor,
    ActState,
    CardRef,
    ChatUser,
    Content,
    Deployment,
    Expected,
    Person,
    Place,
    Source,
    Stage,
    WayBack,
)
from commands.core.observed import PipelineSnapshot, RolloutSnapshot, Scan, Strategy
from commands.core.reasons import Milestone, Notice, ReasonCode


class Clock(Protocol):
    """The time, injected so that decisions can be tested."""

    def now(self) -> datetime:
        """Return the aware UTC time."""
        ...


class Catalogs(Protocol):
    """Holds the newest valid catalog."""

    @property
    def current(self) -> Catalog: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A chat user who is nobody we may act for; `code` is one of the rights codes."""

    code: ReasonCode


class People(Protocol):
    """Who a chat user is and what roles they have."""

    async def find(self, user: ChatUser) -> Person | Stranger:
        """Look a person up, fresh: nothing is cached, an unreachable login server raises Temporary."""
        ...

    async def holders_of(self, roles: Collection[str]) -> tuple[str, ...]:
        """List the chat ids of people who hold one of the roles, one each, by name; some may be missing.

        This is for telling whom to ask, never for deciding. Who holds a role only because another includes it may be
        missing, and so may whoever is beyond the first fifty.

        Raises
        ------
        Permanent
            The login server does not let the bot list them.
        """
        ...


class PatchOutcome(StrEnum):
    """What became of an act on a rollout."""

    APPLIED = "applied"
    CHANGED = "changed"  # It is no longer what the person saw (HTTP 422): nothing was done.
    GONE = "gone"


class Rollouts(Protocol):
    """The rollouts of all clusters, watched."""

    def snapshot(self, place: Place) -> RolloutSnapshot | None:
        """Return what was last observed; None where there is no rollout. Does no input or output."""
        ...

    def is_synced(self, place: Place) -> bool:
        """Say whether the first list of that place has been read, so that None means absent."""
        ...

    async def read(self, place: Place) -> RolloutSnapshot | None:
        """Ask the cluster itself, for a decision that must not rest on a cache."""
        ...

    async def patch(self, place: Place, *, action: Action, expected: Expected) -> PatchOutcome:
        """Act on the rollout, if it is still as expected: one atomic request, after another that lets go of a held one.

        Repeatable: whoever died between the two finds it resumed, and acts on that.
        """
        ...

    async def log(self, place: Place, *, pod: str, container: str) -> tuple[str, ...]:
        """Return the last lines of a container, oldest first; those of its last life where it was started again.

        Empty where there are none: they go with the pod.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineOrder:
    """A workflow to start: deterministic name, template, arguments, and the labels that lead back to the deployment."""

    name: str
    template: str
    owner: str
    place: Place
    environment: str
    number: int
    parameters: tuple[tuple[str, str], ...]


class Pipelines(Protocol):
    """The pipelines of all clusters, watched."""

    def snapshot(self, place: Place, *, name: str) -> PipelineSnapshot | None:
        """Return what was last observed; None where there is no such workflow. Does no input or output."""
        ...

    def is_synced(self, place: Place) -> bool:
        """Say whether the first list has been read, so that None means absent."""
        ...

    async def submit(self, order: PipelineOrder) -> None:
        """Start it; a workflow of that name which belongs to the same owner counts as started.

        Raises
        ------
        Permanent
            The template is missing or wants other arguments, or the name belongs to another owner.
        """
        ...

    async def stop(self, place: Place, *, name: str) -> None:
        """Stop it; exit handlers still run. Stopping what has ended or vanished does nothing."""
        ...

    async def log(self, place: Place, *, name: str, step: str) -> tuple[str, ...]:
        """Return the last lines of a step's main container, oldest first; empty where they are gone."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Available:
    """A version that can be deployed; what nobody could be asked about is None.

    `is_published` says that its artifact is there, `is_built` that its image is, so that it deploys without a build;
    `digest` is that image's and `scan` what was found in it, where that is known.
    """

    version: str
    published_at: datetime | None = None
    is_published: bool | None = True
    is_built: bool | None = None
    digest: str = ""
    scan: Scan | None = None


@dataclass(frozen=True, slots=True)
class Found(Sequence[Available]):
    """What a search found, newest first. `silent` names a system that did not answer, whose knowledge is missing.

    `knows_newest` is False where that system is the one that versions are published to first.
    """

    versions: tuple[Available, ...] = ()
    silent: str = ""
    knows_newest: bool = True

    @overload
    def __getitem__(self, index: int) -> Available: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Available, ...]: ...
    @override
    def __getitem__(self, index: int | slice) -> Available | tuple[Available, ...]:
        return self.versions[index]

    @override
    def __len__(self) -> int:
        return len(self.versions)


class Versions(Protocol):
    """Which versions of an app can be deployed, wherever they are."""

    async def search(self, app: App) -> Found:
        """List an app's versions; those published seconds ago are among them."""
        ...


class Published(Protocol):
    """Which versions of an app were published as artifacts."""

    async def search(self, app: App) -> Sequence[Available]:
        """List them, newest first, at most a few seconds old; unchanged, the same object is given again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image with all its tags, and the page that shows it; what the registry does not say is empty."""

    tags: tuple[str, ...]
    digest: str = ""
    pushed_at: datetime | None = None
    scan: Scan | None = None
    page: str = ""


class Images(Protocol):
    """Which images were built, by their names with the host and without a tag."""

    async def search(self, image: str) -> Sequence[Image] | None:
        """List the images of a name, at most half a minute old; None where it is kept elsewhere.

        Unchanged, the same object is given again. This is an ornament: it waits a second at the most.
        """
        ...

    async def digest(self, image: str, *, version: str) -> str | None:
        """Return the digest behind a version's tag as of now; None where there is no such image or it is elsewhere."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeployment:
    """What `Deployments.start` writes; `key` makes the same command count once.

    `content` is what is known of it beforehand, `source` the earlier deployment that it repeats.
    """

    key: str
    app: str
    environment: str
    place: Place
    version: str
    strategy: Strategy
    requester: Actor
    channel: str
    reason: str
    parameters: Mapping[str, str]
    way_back: WayBack | None
    at: datetime
    content: Content | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The slot was free: this is the new row."""

    deployment: Deployment


@dataclass(frozen=True, slots=True)
class SlotTaken:
    """Somebody deploys there already."""

    holder: Deployment


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same command was accepted before: this is its row."""

    deployment: Deployment


@dataclass(frozen=True, slots=True)
class Asked:
    """The act was recorded; it will be carried out."""

    act: Act


@dataclass(frozen=True, slots=True)
class AlreadyAsked:
    """Somebody asked for the same thing first."""

    act: Act


class Deployments(Protocol):
    """The rows: what was asked, decided and said. Every method is one transaction."""

    async def start(self, new: NewDeployment) -> Started | SlotTaken | Repeated:
        """Take the (app, environment) slot and write the row, or say who holds it."""
        ...

    async def load(self, deployment: str) -> Deployment | None: ...

    async def holder(self, *, app: str, environment: str) -> Deployment | None:
        """Return the deployment that holds the slot."""
        ...

    async def holders(self) -> tuple[Deployment, ...]:
        """List the deployments that hold a slot, by their numbers: all that is in motion."""
        ...

    async def unfinished(self) -> tuple[str, ...]:
        """List the ids of deployments that are not terminal, are still watched, or whose card or thread is behind."""
        ...

    async def recent(
        self,
        *,
        app: str | None = None,
        environment: str | None = None,
        stage: Stage | None = None,
        limit: int = 20,
    ) -> tuple[Deployment, ...]:
        """List deployments, newest first; with `stage` only those that stand there."""
        ...

    async def save(self, deployment: Deployment, *, milestones: Sequence[Milestone]) -> Deployment | None:
        """Write the row and append its milestones if nobody else saved since; None when somebody did.

        The revision goes up by one; a terminal stage frees the slot in the same transaction; a milestone whose key
        exists already is left out. The card reference is not written here.
        """
        ...

    async def ask(self, act: Act) -> Asked | AlreadyAsked:
        """Record an act unless its (deployment, action, gate) was asked for before."""
        ...

    async def acts(self, deployment: str) -> tuple[Act, ...]:
        """List a deployment's acts, oldest first."""
        ...

    async def close(self, act: str, *, state: ActState) -> None:
        """Say what became of an act; a refused one frees its gate."""
        ...

    async def unsaid(self, deployment: str) -> tuple[Milestone, ...]:
        """List milestones that the thread has not heard, in order."""
        ...

    async def said(self, deployment: str, *, key: str) -> None: ...

    async def shown(self, deployment: str, *, card: CardRef, revision: int) -> None:
        """Remember where the card is and what it shows; `revision` is the one it was drawn from."""
        ...


class Chat(Protocol):
    """Cards, threads, private answers and the form."""

    async def post(self, channel: str, card: Card) -> CardRef:
        """Post a new card; `channel` is an id, a name with #, or a person's id for their direct messages."""
        ...

    async def update(self, ref: CardRef, card: Card) -> CardRef:
        """Edit the card in place."""
        ...

    async def say(self, ref: CardRef, milestone: Milestone) -> None:
        """Add a line to the card's thread."""
        ...

    async def whisper(self, *, channel: str, user: str, notice: Notice) -> None:
        """Tell one person something that only they see."""
        ...

    async def open_form(self, *, trigger: str, channel: str, form: Form) -> None:
        """Open the form for whoever made the trigger; what they send says the channel that it was opened from.

        Raises
        ------
        Permanent
            The trigger has been used or is too old: it is good once and for seconds.
        """
        ...

    def digest(self, card: Card) -> str:
        """Return a hash of what the card would look like, to compare with what was sent."""
        ...
