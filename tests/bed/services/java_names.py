"""What the Java services know of host names: this file's list and nothing else.

The bed's network namespace reaches no name server, and Java looks its own addresses up backwards while it starts; each
such question would be waited for in vain, ten seconds long.
"""

import socket
from pathlib import Path

from tests.bed.places import ADDRESS, Places


def flag(places: Places) -> str:
    """Return the JVM's flag for the file that `write` makes."""
    return f"-Djdk.net.hosts.file={_file(places)}"


def write(places: Places) -> None:
    """Make the file; the names in it are for logs, the addresses are what counts."""
    file = _file(places)
    file.parent.mkdir(parents=True, exist_ok=True)
    name = socket.gethostname()
    file.write_text(f"127.0.0.1 localhost {name}\n{ADDRESS} bed.example.com\n", encoding="utf-8")


def _file(places: Places) -> Path:
    return places.downloads / "hosts"
