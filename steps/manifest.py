"""The main section of a jar's MANIFEST.MF: read, and written in the form that the JDK wants (lines of 72 bytes).

Used by jar.
"""

from collections.abc import Mapping
from typing import Final

_LINE: Final = 72


def read(text: str) -> dict[str, str]:
    """Read the main attributes; their names keep the case they are written in."""
    attributes: dict[str, str] = {}
    last = ""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line:
            break
        if line.startswith(" ") and last:
            attributes[last] += line[1:]
            continue
        last, _, value = line.partition(":")
        attributes[last] = value.removeprefix(" ")
    return attributes


def write(attributes: Mapping[str, str]) -> bytes:
    """Write a manifest of main attributes alone, its version first, as the JDK insists."""
    ordered = {"Manifest-Version": attributes.get("Manifest-Version", "1.0"), **attributes}
    return b"".join(_fold(f"{name}: {value}") for name, value in ordered.items()) + b"\r\n"


def _fold(line: str) -> bytes:
    rest = line.encode()
    head, rest = rest[: _LINE - 2], rest[_LINE - 2 :]
    parts = [head]
    while rest:
        parts.append(b" " + rest[: _LINE - 3])
        rest = rest[_LINE - 3 :]
    return b"".join(part + b"\r\n" for part in parts)
