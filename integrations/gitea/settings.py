"""What the Gitea adapter is told: where, and with which token. `bot.settings` builds it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit


class Secret(Protocol):
    """A secret that does not show itself, such as pydantic's SecretStr."""

    def get_secret_value(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GiteaSettings:
    """Settings of `GiteaCharts`.

    `url` is the address that the catalog's charts lie below, empty where there is no Gitea; `internal_url` is how it
    is reached where that is another one. Without a token it is asked anonymously. `budget` is the time of one question.
    """

    url: str = ""
    internal_url: str = ""
    token: Secret | None = field(default=None, repr=False)
    budget: timedelta = timedelta(seconds=5)

    def __post_init__(self) -> None:
        for address in filter(None, (self.url, self.internal_url)):
            parts = urlsplit(address)
            if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or parts.query:
                raise ValueError(
                    "The Gitea url must begin with https:// (or http:// inside a cluster), without a password."
                )
        if self.internal_url and not self.url:
            raise ValueError("An internal_url of Gitea needs its url too: the one that the catalog's charts lie below.")
