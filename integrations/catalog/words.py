"""The little languages inside the catalog: names, durations, windows, images, addresses, strategies, actions.

Used by shapes.py as validators. Each takes what stood in the file and returns it understood, or raises Unfit.
"""

import ipaddress
import re
import zoneinfo
from datetime import timedelta
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from commands.core.grammar import STRATEGY_WORDS
from commands.core.model import Action
from commands.core.observed import Strategy
from commands.core.stalls import NO_STEP, STEP_MINUTES
from integrations.catalog.problems import shown, suggestion

VERBS: Final = frozenset(
    {
        *("deploy", "rollout", "help", "status", "promote", "advance", "full", "abort", "retry"),
        *("pause", "hold", "resume"),
        *("restart", "rollback", "history", "plan", "cancel", "approve", "to", "because", "latest", "all"),
        "page",
    }
)
STEPS: Final = (*STEP_MINUTES, NO_STEP)
ACTIONS: Final = {
    **{action.value: action.value for action in Action},
    "advance": Action.PROMOTE.value,
    "hold": Action.PAUSE.value,
    "*": "*",
}
NAME_PATTERN: Final = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"
NAMESPACE_PATTERN: Final = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
DURATION_PATTERN: Final = r"^[1-9][0-9]{0,5}[smhd]$"
WINDOW_PATTERN: Final = (
    r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))? "
    r"([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00) [A-Za-z0-9_+/-]+$"
)
PAGE_PATTERN: Final = (
    r"^https?://[A-Za-z0-9.:\[\]-]+/([A-Za-z0-9._~!$'()*+,;=:@%/?#-]|\{namespace\}|\{name\})*\{name\}"
    r"([A-Za-z0-9._~!$'()*+,;=:@%/?#-]|\{namespace\}|\{name\})*$"
)
OCI: Final = "oci://"
CLASSIFIER_PATTERN: Final = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$"
DIGEST_PATTERN: Final = re.compile(r"sha256:[0-9a-f]{64}")
_IMAGE = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_CHART_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*|\.")
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,127}")
_CHART_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_MAVEN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_CHANNEL = re.compile(r"#[^\s#@<>&|]{1,80}|[CG][A-Z0-9]{5,20}")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SIZES: Final = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


class Unfit(Exception):
    """What stood there cannot be used: why, and what to write instead."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def name(text: str) -> str:
    if re.fullmatch(NAME_PATTERN[1:-1], text):
        return text
    raise Unfit(f"{shown(text)} is no name.", "Use at most 40 lower-case letters, digits and inner hyphens.")


def spoken_name(text: str) -> str:
    """Check the name of an app: people type it where a verb or a strategy could stand."""
    if text in VERBS:
        raise Unfit(f"{shown(text)} is a verb of the commands.", "Choose another name, such as one with a prefix.")
    if text in STRATEGY_WORDS:
        raise Unfit(f"{shown(text)} is the name of a strategy.", "Choose another name, such as one with a prefix.")
    return name(text)


def environment_name(text: str) -> str:
    if text in {"full", "to", "because", "all", "page"}:
        raise Unfit(f"{shown(text)} is a word of the commands.", "Choose another name.")
    return name(text)


def namespace(text: str) -> str:
    if re.fullmatch(NAMESPACE_PATTERN[1:-1], text):
        return text
    raise Unfit(f"{shown(text)} is no namespace.", "Use at most 63 lower-case letters, digits and inner hyphens.")


def line(text: str) -> str:
    """Check a short text that people or Keycloak read: one line, not empty."""
    if text.strip() == text and 0 < len(text) <= 200 and text.isprintable():  # noqa: PLR2004  # longer than any role
        return text
    raise Unfit(f"{shown(text)} cannot be used.", "Write one line of text without blanks around it.")


def duration(text: str) -> timedelta:
    if re.fullmatch(DURATION_PATTERN[1:-1], text):
        return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
    raise Unfit(f"{shown(text)} is no duration.", "Write a number and s, m, h or d: 90s, 10m, 4h, 2d.")


def duration_label(time: timedelta) -> str:
    """Write a duration as cards do, in its largest whole unit: `10m` and `600s` are `10 min`."""
    seconds = int(time.total_seconds())
    unit, size = next((unit, size) for unit, size in _SIZES.items() if seconds % size == 0)
    return f"{seconds // size} {unit}"


def window(text: str) -> str:
    if not re.fullmatch(WINDOW_PATTERN[1:-1], text):
        raise Unfit(f"{shown(text)} is no window.", 'Write it like "Mon-Fri 09:00-18:00 Europe/Berlin".')
    _, hours, zone = text.split(" ")
    start, _, end = hours.partition("-")
    if start >= end:
        raise Unfit(f"The window {shown(text)} ends before it begins.", "Write two windows when it spans midnight.")
    if zone not in _zones():
        raise Unfit(f"There is no time zone {shown(zone)}.", _zone_hint(zone))
    return text


def _zone_hint(zone: str) -> str:
    by_lower = {known.lower(): known for known in _zones()}
    hint = suggestion(zone, by_lower.keys())
    if not hint.startswith("Did"):
        return "Use a name such as Europe/Berlin or Asia/Seoul."
    return f"Did you mean {by_lower[hint[len('Did you mean ') : -1]]}?"


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def image(text: str) -> str:
    """Check where an app's image goes: a repository of a registry; its tag is the version."""
    if "@" in text or ":" in text.rpartition("/")[2]:
        raise Unfit(f"The image {shown(text)} has a tag or a digest.", "Leave it out: the version is the tag.")
    if _IMAGE.fullmatch(text):
        return text
    raise Unfit(f"{shown(text)} is no image.", "Write registry and path, such as harbor.example.com/shop/shop.")


def base_image(text: str) -> str:
    repository, _, digest = text.partition("@")
    head, slash, last = repository.rpartition("/")
    bare, colon, tag = last.partition(":")
    if "@" in text and not DIGEST_PATTERN.fullmatch(digest):
        raise Unfit(f"The digest of {shown(text)} is none.", "Write sha256: and 64 hexadecimal digits.")
    if _IMAGE.fullmatch(f"{head}{slash}{bare}") and (_TAG.fullmatch(tag) if colon else True):
        return text
    raise Unfit(f"{shown(text)} is no image.", "Write registry, path and digest.")


def is_pinned(text: str) -> bool:
    return "@" in text


def chart_repository(text: str) -> str:
    """Check where a chart lies: a Git repository, or `oci://` and its name in a registry."""
    if not text.startswith(OCI):
        return repository(text)
    name = text.removeprefix(OCI)
    if not _IMAGE.fullmatch(name):
        message = f"{shown(text)} is no chart in a registry."
        raise Unfit(message, "Write oci://, registry and path, without the version.")
    host = name.partition("/")[0].partition(":")[0]
    if _is_link_local(host):
        raise Unfit(f"{shown(host)} is a link-local address.", "Use the name of the registry.")
    return text


def repository(text: str) -> str:
    """Check the address of a Git repository: https, or http on this machine; nothing secret in it."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise Unfit("This is no address.", "Write one such as https://gitea.example.com/platform/charts.git.") from None
    if parts.username or parts.password or "@" in parts.netloc:
        raise Unfit("The address holds a user or a password.", "Leave it out: the pipeline has its own credentials.")
    if not host or not text.isascii() or not text.isprintable() or " " in text or parts.query or parts.fragment:
        message = f"{shown(text)} is no address of a repository."
        raise Unfit(message, "Write one such as https://gitea.example.com/platform/charts.git.")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise Unfit(f"{shown(text)} does not begin with https.", "Use https; http is for hosts on this machine only.")
    if _is_link_local(host):
        raise Unfit(f"{shown(host)} is a link-local address.", "Use the name of the Git server.")
    return text


def page(text: str) -> str:
    """Check the address of a page for people, in which a name has its place."""
    if re.fullmatch(PAGE_PATTERN[1:-1], text):
        return text
    message = f"{shown(text)} is no address of a page with {{name}} in its path."
    raise Unfit(message, "Write one such as https://argo.example.com/workflows/{namespace}/{name}.")


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _is_link_local(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_link_local


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def chart_path(text: str) -> str:
    if _CHART_PATH.fullmatch(text):
        return text
    raise Unfit(
        f"{shown(text)} is no path inside a repository.", "Write the chart's folder, such as app or charts/app."
    )


def ref(text: str) -> str:
    if _REF.fullmatch(text) and ".." not in text and not text.endswith((".lock", "/")):
        return text
    raise Unfit(f"{shown(text)} is no tag, branch or commit.", "Write one such as v1.4.0.")


def chart_version(text: str) -> str:
    if _CHART_VERSION.fullmatch(text):
        return text
    raise Unfit(f"{shown(text)} is no version of a chart.", "Write one such as 1.4.0.")


def commit(text: str) -> str:
    if _COMMIT.fullmatch(text):
        return text
    raise Unfit(f"{shown(text)} is no commit.", "Write all 40 hexadecimal digits; a tag or branch may move.")


def pin(text: str) -> str:
    if _COMMIT.fullmatch(text) or DIGEST_PATTERN.fullmatch(text):
        return text
    raise Unfit(f"{shown(text)} is no commit and no digest.", "Write it in full: 40 digits, or sha256: and 64.")


def classifier(text: str) -> str:
    if re.fullmatch(CLASSIFIER_PATTERN[1:-1], text):
        return text
    raise Unfit(f"{shown(text)} is no classifier.", "Use letters, digits, dots, hyphens and underscores.")


def maven(text: str) -> str:
    if _MAVEN.fullmatch(text):
        return text
    raise Unfit(f"{shown(text)} is no Maven name.", "Use letters, digits, dots, hyphens and underscores.")


def channel(text: str) -> str:
    if _CHANNEL.fullmatch(text):
        return text
    raise Unfit(f"{shown(text)} is no channel.", 'Write its name in quotes, such as "#deploys", or its id.')


def strategy(text: str) -> Strategy:
    found = STRATEGY_WORDS.get(text.lower())
    if found is None:
        raise Unfit(f"There is no strategy {shown(text)}.", suggestion(text, [one.value for one in Strategy]))
    return found


def step(text: str) -> str:
    if text not in STEPS:
        raise Unfit(f"The pipeline has no step {shown(text)}.", suggestion(text, STEPS))
    return text


def action(text: str) -> str:
    found = ACTIONS.get(text.lower())
    if found is None:
        raise Unfit(f"There is no action {shown(text)}.", suggestion(text, ACTIONS.keys()))
    return found
