"""What people ask for, understood: the results of the grammar. Imperative names, no rights and no state in them."""

from dataclasses import dataclass
from enum import StrEnum

from commands.core.model import Action, ChatUser
from commands.core.observed import Strategy
from commands.core.reasons import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a command came from; `key` makes its repetition harmless."""

    user: ChatUser
    channel: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployRequest:
    """`/deploy <app> <version> [strategy] [to <environment>] [because <reason>]`; None is what was not said."""

    app: str
    version: str
    strategy: Strategy | None = None
    environment: str | None = None
    reason: str = ""
    is_confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """`/deploy plan <app> <version> [strategy] [to <environment>]`: what the deploy that is `wanted` would do."""

    wanted: DeployRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRequest:
    """`/deploy` without words, or with some: the form, prefilled with what was understood."""

    app: str | None = None
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteRequest:
    """`promote|advance <app> [env] [full]`."""

    app: str
    environment: str | None = None
    is_full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortRequest:
    """`abort <app> [env]`."""

    app: str
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRequest:
    """`pause|hold <app> [env]`."""

    app: str
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRequest:
    """`resume <app> [env]`."""

    app: str
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackRequest:
    """`rollback <app> [to <version>] [env]`; an empty version is what ran before what runs now."""

    app: str
    version: str = ""
    environment: str | None = None
    is_confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRequest:
    """`retry <app> [env]`."""

    app: str
    environment: str | None = None
    is_confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartRequest:
    """`restart <app> [env]`."""

    app: str
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PressRequest:
    """A press of a card's button: the deployment and the gate that the button carried."""

    action: Action
    deployment: str
    gate: str


class Look(StrEnum):
    """What can be read of a deployment from its card; nothing is changed by it, and it needs no role."""

    DETAILS = "details"
    LINKS = "links"
    COMMAND = "command"
    LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRequest:
    """A press on a card that only reads: what is wanted, and of which deployment."""

    look: Look
    deployment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRequest:
    """`status [app] [environment]`, or `status all`; `page` counts from 1."""

    app: str | None = None
    environment: str | None = None
    is_all: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRequest:
    """`history <app> [environment]`; `page` counts from 1."""

    app: str
    environment: str | None = None
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpRequest:
    """`help [verb]`."""

    verb: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misunderstood:
    """What could not be understood, and what was probably meant."""

    notice: Notice


Request = (
    DeployRequest
    | PlanRequest
    | FormRequest
    | PromoteRequest
    | AbortRequest
    | PauseRequest
    | ResumeRequest
    | RollbackRequest
    | RetryRequest
    | RestartRequest
    | StatusRequest
    | HistoryRequest
    | HelpRequest
    | Misunderstood
)
