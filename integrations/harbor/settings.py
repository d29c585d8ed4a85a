"""What the Harbor adapter is told: where, as whom, and by which name images call it. `bot.settings` builds it."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_AGE = timedelta(seconds=30)


class Secret(Protocol):
    """A secret that does not show itself, such as pydantic's SecretStr."""

    def get_secret_value(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HarborSettings:
    """Settings of `HarborImages`.

    Without a username Harbor is asked anonymously; a robot's name is given whole, with its `$`. `registry` is the host
    with which images begin, where that is another than the address's. `budget` is the time for one list with all its
    pages, `patience` how long somebody who asks waits for it, `max_age` how old a list may be that is handed out again.
    """

    url: str
    registry: str = ""
    username: str = ""
    password: Secret | None = field(default=None, repr=False)
    budget: timedelta = timedelta(seconds=10)
    patience: timedelta = timedelta(seconds=1)
    max_age: timedelta = MAX_AGE

    def __post_init__(self) -> None:
        if not _is_address(self.url):
            raise ValueError(
                "The Harbor url must begin with https:// (or http:// inside a cluster) and hold no password."
            )
        if self.registry and not _HOST.fullmatch(self.registry):
            raise ValueError(f"The Harbor registry {self.registry!r} is no host. Give one such as harbor.example.com.")
        if bool(self.username) != (self.password is not None):
            raise ValueError("Harbor needs a username and a password, or neither to be asked anonymously.")
        if self.max_age > MAX_AGE:
            raise ValueError(f"Images may be at most {MAX_AGE.seconds} s old, not {self.max_age.total_seconds():g} s.")

    @property
    def host(self) -> str:
        """What the images that are kept here begin with."""
        return self.registry or self._own_host

    @property
    def portal(self) -> str:
        """Where people see it: at the host that images begin with, for the bot may go by an address of its own."""
        is_elsewhere = self.registry not in {"", self._own_host}
        return f"https://{self.registry}" if is_elsewhere else self.url.rstrip("/")

    @property
    def _own_host(self) -> str:
        parts = urlsplit(self.url)
        has_port = parts.port is not None and parts.port != _DEFAULT_PORTS[parts.scheme]
        return f"{parts.hostname}{f':{parts.port}' if has_port else ''}"


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:  # A port or an IPv6 address that is none.
        return False
    return parts.scheme in _DEFAULT_PORTS and has_host and not (parts.username or parts.query or parts.fragment)
