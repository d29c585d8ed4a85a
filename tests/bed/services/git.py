"""Git as the bed uses it to push: one account, none of the machine's own settings, the same commit for the same files.

Used by `charts`, and by tests that need a repository of their own.
"""

import base64
from pathlib import Path
from typing import Final

from playground import seed
from tests.bed.services.programs import run

BRANCH: Final = "main"
WHEN: Final = seed.SEEDED_AT.isoformat()
_IDENTITY: Final = {
    # The same files are the same commit in every bed.
    **{f"GIT_{role}_NAME": "Platform" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "platform@acme.example" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_DATE": WHEN for role in ("AUTHOR", "COMMITTER")},
}


class Git:
    """Git as one account, with nothing of the machine's own settings."""

    def __init__(self, folder: Path, *, user: str, password: str) -> None:
        self.folder = folder
        credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
        settings = {
            "http.extraHeader": f"Authorization: Basic {credentials}",
            "http.proxy": "",
            "credential.helper": "",
            "init.defaultBranch": BRANCH,
            "core.autocrlf": "false",
        }
        numbered = enumerate(settings.items())
        pairs = {f"GIT_CONFIG_{what}_{n}": text for n, pair in numbered for what, text in zip(_PAIR, pair, strict=True)}
        self._environment = {
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": str(len(settings)),
            "GIT_TERMINAL_PROMPT": "0",
            "no_proxy": "*",
            **pairs,
            **_IDENTITY,
        }

    def __call__(self, *words: str) -> str:
        return run(["git", *words], environment=self._environment, folder=self.folder).strip()


_PAIR: Final = ("KEY", "VALUE")
