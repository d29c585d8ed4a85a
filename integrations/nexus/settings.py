"""What the Nexus adapter is told: where, which repository, as whom. `bot.settings` builds it."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
MAX_AGE = timedelta(seconds=5)


class Secret(Protocol):
    """A secret that does not show itself, such as pydantic's SecretStr."""

    def get_secret_value(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NexusSettings:
    """Settings of `NexusVersions`.

    Without a username Nexus is asked anonymously. `budget` is the time for one list with all its pages, `max_age` how
    old a list may be that is handed out again, at most five seconds.
    """

    url: str
    repository: str
    username: str = ""
    password: Secret | None = field(default=None, repr=False)
    budget: timedelta = timedelta(seconds=5)
    max_age: timedelta = timedelta(seconds=3)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or parts.username or parts.query or parts.fragment:
            raise ValueError(
                "The Nexus url must begin with https:// (or http:// inside a cluster) and hold no password."
            )
        if not _REPOSITORY.fullmatch(self.repository):
            raise ValueError(
                f"The Nexus repository {self.repository!r} is no repository name. Give one such as releases."
            )
        if bool(self.username) != (self.password is not None):
            raise ValueError("Nexus needs a username and a password, or neither to be asked anonymously.")
        if self.max_age > MAX_AGE:
            raise ValueError(
                f"Versions may be at most {MAX_AGE.seconds} s old, not {self.max_age.total_seconds():g} s."
            )
