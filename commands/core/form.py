"""What the form offers, before anybody puts it in words: names that can be chosen, and what is chosen already.

`commands.form` gathers it, `integrations.slack` draws it. It grants nothing: what comes back is checked like a line.
"""

from dataclasses import dataclass
from datetime import datetime

from commands.core.observed import Strategy
from commands.core.reasons import Offer

MAX_VERSIONS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """An environment that can be chosen; `running` is the version that is out there in full, where that is known."""

    name: str
    is_protected: bool = False
    running: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form of one person; `app` is the one that was named, or empty.

    Without versions the version is typed; `count` is how many there are where not all are offered, `silent` a system
    that did not answer, `opened_at` what their age is counted to. `usual` is the named app's own strategy;
    `environment` is where the app goes when nobody says, empty where it must be said.
    """

    apps: tuple[str, ...]
    destinations: tuple[Destination, ...]
    app: str = ""
    environment: str = ""
    versions: tuple[Offer, ...] = ()
    count: int = 0
    silent: str = ""
    knows_newest: bool = True
    opened_at: datetime | None = None
    usual: Strategy | None = None
