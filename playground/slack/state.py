"""The parts of one stand-in, put together: what the Web API, the driver and the people's acts share.

Built by `server.py`; holds no behaviour of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.slack.files import Files
    from playground.slack.model import App
    from playground.slack.sockets import Sockets
    from playground.slack.triggers import ResponseUrls, Triggers
    from playground.slack.views import Views
    from playground.slack.workspace import Workspace


class Address:
    """Where the two servers listen; known once they have started, because port 0 means any free one."""

    def __init__(self) -> None:
        self.api = ""
        self.page = ""


@dataclass(frozen=True, slots=True)
class Slack:
    """One stand-in workspace with its one app."""

    app: App
    address: Address
    workspace: Workspace
    views: Views
    triggers: Triggers
    response_urls: ResponseUrls
    sockets: Sockets
    files: Files

    def name_of(self, some_id: str) -> str:
        """Give the visible name behind the id of a person, channel or app."""
        bare = some_id.partition("|")[0]
        person, channel = self.workspace.people.get(bare), self.workspace.channels.get(bare)
        if bare in {self.app.bot_user, self.app.bot_id}:
            return self.app.name
        return person.name if person else channel.name if channel else bare
