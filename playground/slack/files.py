"""Files that the app uploads in Slack's three steps: ask for a URL, send the bytes, complete.

Used by the Web API and by the page, which shows them.
"""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import dataclass

from playground.slack.model import Obj, SlackError


@dataclass(slots=True)
class Upload:
    """One file on its way; `data` is None until its bytes have come."""

    id: str
    name: str
    length: int
    alt_text: str = ""
    title: str = ""
    data: bytes | None = None

    @property
    def mimetype(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "text/plain"

    def to_slack(self) -> Obj:
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": self.mimetype,
            "size": self.length,
            "alt_txt": self.alt_text,
            "url_private": f"/files/{self.id}",
        }


class Files:
    """All uploads of the workspace."""

    def __init__(self) -> None:
        self._uploads: dict[str, Upload] = {}

    def reserve(self, name: str, length: int, alt_text: str = "") -> Upload:
        upload = Upload(f"F0{secrets.token_hex(4).upper()}", name, length, alt_text)
        self._uploads[upload.id] = upload
        return upload

    def get(self, file_id: str) -> Upload:
        if file_id not in self._uploads:
            raise SlackError("file_not_found")
        return self._uploads[file_id]

    def receive(self, file_id: str, data: bytes) -> None:
        upload = self.get(file_id)
        if len(data) != upload.length:
            raise SlackError("invalid_file_length", status=400)
        upload.data = data

    def complete(self, file_id: str, title: str = "") -> Upload:
        upload = self.get(file_id)
        if upload.data is None:
            raise SlackError("file_update_failed")
        upload.title = title
        return upload
