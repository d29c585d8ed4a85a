"""Masks what looks like a secret in text that others wrote: logs, messages of the cluster, manifests. Pure.

Called wherever such text enters, before it is stored, shown or logged. It would rather mask a word too many than one
too few, but leaves alone what people need to find a fault: digests, commits, versions, names of classes and images.
"""

import re
from collections.abc import Iterable
from typing import Final

from commands.core.secret_forms import ADDRESSES, BARE, KEY_BLOCKS, KEY_ENDS, LOGINS, TOKENS

HIDDEN: Final = "•••"

_LOUD: Final = r"passw(?:or)?d|passwd|passphrase|pgpassword|(?<![a-z])pwd"
"""What these name is masked wherever they stand."""
_QUIET: Final = (
    r"secret|token|credentials?|salt|(?<![a-z])dsn|(?<![a-z])signature"
    r"|(?:api|access|account|private|secret|shared|signing|encryption|master|deploy|license|consumer|bot|admin|storage"
    r"|client|app|service)[-_. ]?key(?:[-_.]?data)?"
    r"|sess(?:ion)?[-_.]?id|sessid|connect\.sid|_auth(?![a-z])|webhook[-_.]?url|(?<![a-z])sig"
    r"|(?<![a-z])t?otp|one[- ]time[- ](?:code|password)|(?:verification|recovery|backup|mfa)[-_ ]code"
)
"""These may also stand in a sentence: "failed to fetch a token: unexpected status"."""
_SUFFIX: Final = (
    r"(?:(?:[-_]|\.(?-i:(?=[a-z0-9])))(?!(?:name|names|ref|refs|file|path|dir|type|count|length|policy|ttl|class|store)\b)[a-z0-9]{1,20}){0,3}"
    r"|Key|Value|Hash|Data|Base64"
)
_VALUE: Final = r"\\*\"(?:[^\"\\\n]|\\(?!\")[^\n])+|\\*'[^'\\\n]+|[^\s\"'\\,;&<>(){}\[\]|]+"
_PAIRS: Final = re.compile(
    rf"(?P<name>(?P<loud>{_LOUD})|{_QUIET})(?:{_SUFFIX})\d{{0,3}}"
    rf"(?P<between>\\*[\"']?\]?\s{{0,4}}(?P<mark>=>|:=|[:=])\s{{0,4}})(?P<value>{_VALUE})",
    re.IGNORECASE,
)
_PLAIN_WORD: Final = re.compile(r"[a-z]+|[A-Z]{2,}")
_EMPTY: Final = frozenset({"null", "none", "nil", "true", "false", "undefined", "<nil>", "~", HIDDEN})
_REFERENCE: Final = re.compile(r"[\"'\\]*\$")
_OPTIONS: Final = re.compile(
    r"(?P<option>(?<![\w-])--?(?:[a-z0-9-]*-)?(?:password|passwd|pass|passphrase|token|secret|api-?key|private-key"
    r"|access-key|secret-key|client-secret|credentials?)\s+)(?P<value>(?!-)[^\s\"']+|\"[^\"]+\"|'[^']+')",
    re.IGNORECASE,
)
_CURL: Final = re.compile(r"(?P<option>(?<![\w-])(?:-u|--user|--proxy-user)[ =]?[\"']?[^\s:\"']+:)[^\s\"']+")
_HEADERS: Final = re.compile(
    r"(?P<header>\b(?:(?:proxy-)?authorization|x-(?:[a-z-]+-)?(?:auth|key|token|signature)(?:-[a-z]+)?|(?:set-)?cookie)"
    r"\\*[\"']?\s*[:=]\s*\[?\\*[\"']?)(?P<value>[^\n\"']+)",
    re.IGNORECASE,
)
_SCHEMES: Final = re.compile(
    r"(?P<scheme>\b(?:Bearer|Basic|Digest|SSWS|Negotiate|GenieKey|Splunk|token)\s+)(?P<value>[\w+/=.~-]{12,})"
)
_TAGS: Final = re.compile(
    rf"(?P<tag><(?:\w+[:.-])?\w*(?:{_LOUD}|token|secret|passphrase|api-?key)\w*>)[^<\n]+", re.IGNORECASE
)
_SQL: Final = re.compile(r"(?P<words>\b(?:identified\s+by|with\s+password|password)\s+)'[^'\n]+'", re.IGNORECASE)
_JSON_AUTH: Final = re.compile(r"(?P<key>\\*\"(?:auth|identitytoken|registrytoken)\\*\"\s*:\s*\\*\")[^\"\\]{4,}")
_CODES: Final = re.compile(
    r"(?P<words>\b(?:t?otp|pin|one[- ]time (?:code|password)|(?:verification|security|login) code|2fa code)\b"
    r"(?: is|:| =|=)?\s+)"
    r"\d{4,8}\b",
    re.IGNORECASE,
)
_ROBOTS: Final = re.compile(r"(?P<robot>robot\$[\w.+-]+:)[^\s\"'@]+")
_ORACLE: Final = re.compile(r"(?P<words>\bjdbc:oracle:\w+:[^/\s]*/)[^@\s]+(?=@)")
_NETRC: Final = re.compile(r"(?P<words>\bmachine\s+\S+\s+login\s+\S+\s+password\s+)\S+")


def mask(text: str) -> str:
    """Return the text with every secret that is recognised replaced by dots; masking it again changes nothing."""
    text = KEY_BLOCKS.sub(HIDDEN, text)
    text = KEY_ENDS.sub(HIDDEN, text)
    text = ADDRESSES.sub(rf"\1{HIDDEN}", text)
    text = LOGINS.sub(f"{HIDDEN}@", text)
    text = TOKENS.sub(HIDDEN, text)
    for form, name in _NAMED:
        text = form.sub(rf"\g<{name}>{HIDDEN}", text)
    text = _PAIRS.sub(_pair, text)
    return BARE.sub(HIDDEN, text)


_NAMED: Final = (
    (_HEADERS, "header"),
    (_SCHEMES, "scheme"),
    (_OPTIONS, "option"),
    (_CURL, "option"),
    (_TAGS, "tag"),
    (_SQL, "words"),
    (_JSON_AUTH, "key"),
    (_CODES, "words"),
    (_ROBOTS, "robot"),
    (_ORACLE, "words"),
    (_NETRC, "words"),
)


def mask_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Mask lines that belong together, so that a key over several lines is seen as one; lines inside it are gone."""
    text = mask("\n".join(lines))
    return tuple(text.split("\n")) if text else ()


def _pair(found: re.Match[str]) -> str:
    value = found["value"]
    bare = value.strip("\\\"'")
    if bare.lower() in _EMPTY or _REFERENCE.match(value) or _is_prose(found, bare):
        return found[0]
    opening = value[: len(value) - len(value.lstrip("\\\"'"))]
    return f"{found[0][: found.start('value') - found.start()]}{opening}{HIDDEN}"


def _is_prose(found: re.Match[str], value: str) -> bool:
    """Say whether it is a sentence and not a setting: more words follow the first, and none of it looks like a key."""
    if found["loud"] or found["mark"] != ":" or not _PLAIN_WORD.fullmatch(value):
        return False
    line = found.string[found.end() :].partition("\n")[0]
    is_inside = found.string[: found.start()].endswith(" ")
    return is_inside and line.startswith(" ")
