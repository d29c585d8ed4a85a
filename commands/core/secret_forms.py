"""The forms of well-known keys: what a secret looks like by itself, whatever stands around it. Data for `redaction`.

Taken from what the vendors document. Each begins with something that ordinary text does not have; a form without such a
beginning belongs to the names in `redaction`.
"""

import re
from typing import Final

_PREFIXED: Final = (
    # Slack, Discord, Telegram
    r"xox[a-z](?:\.xox[a-z])?-[\w-]{8,}",
    r"xapp-[\w-]{8,}",
    r"[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6}\.[\w-]{27,}",
    r"\d{8,10}:[A-Za-z\d_-]{35}",
    # Clouds
    r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{12,}",
    r"AIza[\w-]{30,}",
    r"ya29\.[\w-]{16,}",
    r"GOCSPX-[\w-]{16,}",
    r"1//0[\w-]{16,}",
    r"[\w~.-]{3}\dQ~[\w~.-]{31,}",
    r"do[opr]_v1_[0-9a-f]{16,}",
    r"HRKU-[\w-]{16,}",
    r"LTAI[A-Za-z\d]{12,}",
    r"(?:pscale_(?:tkn|pw|oauth)|sbp|fo1|pul)[-_][\w-]{16,}",
    # Code, packages and images
    r"gh[pousr]_\w{16,}",
    r"github_pat_\w{16,}",
    r"gl(?:pat|dt|rt|rtr|cbt|ptt|ft|soat|agent|oas|ffct|imt)-[\w.-]{10,}",
    r"AT(?:ATT|CTT|BB)[\w=-]{20,}",
    r"npm_[A-Za-z\d]{16,}",
    r"pypi-[\w-]{16,}",
    r"rubygems_[0-9a-f]{16,}",
    r"dckr_(?:pat|oat)_[\w-]{16,}",
    r"sq[apu]_[0-9a-f]{30,}",
    r"AKCp[A-Za-z\d]{20,}",
    r"cmVmdGtu[A-Za-z\d]{20,}",
    r"(?:bkua|CCIPAT|lin_api|ntn|PMAK|figd|phc|phx|dp\.(?:pt|st|ct|sa|scim|audit))[-_.][\w-]{16,}",
    r"pat[A-Za-z\d]{14}\.[0-9a-f]{32,}",
    # Secrets and infrastructure
    r"hv[sbr]\.[\w-]{16,}",
    r"[A-Za-z\d]{14}\.atlasv1\.[\w-]{16,}",
    r"AGE-SECRET-KEY-1[0-9A-Z]{16,}",
    r"dapi[0-9a-f]{32}(?:-\d)?",
    r"gl(?:c|sa)_[\w+/=]{16,}",
    r"NR(?:AK|JS|II|RA)-[\w-]{16,}",
    r"[0-9a-f]{36}NRAL",
    r"sntr[yu]s?_[\w+/=-]{16,}",
    # Payment, mail and shops
    r"[srp]k_(?:live|test)_[A-Za-z\d]{10,}",
    r"whsec_[\w+/=]{16,}",
    r"SK[0-9a-f]{32}",
    r"SG\.[\w-]{16,}\.[\w-]{16,}",
    r"key-[0-9a-f]{32}",
    r"[0-9a-f]{32}-us\d{1,2}",
    r"sq0(?:atp|csp|idp)-[\w-]{16,}",
    r"EAAA[\w-]{50,}",
    r"shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{16,}",
    # Models
    r"sk-(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{20,}",
    r"(?:hf|r8|gsk)_[A-Za-z\d]{16,}",
    r"(?:xai|pplx)-[A-Za-z\d]{16,}",
    # A signed token of three parts; the last is missing where a line was cut.
    r"eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?",
)
TOKENS: Final = re.compile(rf"(?<![\w/-])(?:{'|'.join(_PREFIXED)})(?![\w])")

ADDRESSES: Final = re.compile(
    r"(https://(?:hooks\.slack\.com|(?:canary\.|ptb\.)?discord(?:app)?\.com/api/webhooks|[\w.-]*webhook\.office\.com"
    r"|[\w.-]*\.logic\.azure\.com|maker\.ifttt\.com|hooks\.zapier\.com)/)[^\s\"'<>\\)]+"
)
"""Addresses whose path is the secret."""

LOGINS: Final = re.compile(r"(?<=://)(?:[^\s/\"'<>@]*@)+|(?<=://)[^\s/:@\"'<>]*:(?!\d+/)[^\s@\"'<>]+@")
"""The user and password in an address; a password may hold a slash, but a port is followed by one."""

KEY_BLOCKS: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?:(?!-----)[^\"]){0,20000}-----END [A-Z0-9 ]+-----"
    r"|[^\n\"]*(?:(?:\s|\\[nr])+(?:[A-Za-z0-9+/=]{16,}|[A-Z][A-Za-z]+-[A-Z][A-Za-z]+: [^\n]*))*)"
)
"""A private key with its end, or, where the text was cut, with what looks like more of it."""

KEY_ENDS: Final = re.compile(
    r"(?:[A-Za-z0-9+/=]{16,}(?:\s|\\[nr])+)*[A-Za-z0-9+/=]*\s*-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
)
"""The end of a private key whose beginning was cut off."""

BARE: Final = re.compile(
    r"(?<![^\s\"'])(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)[A-Za-z0-9+/]{60,}={0,2}(?![^\s\"'])",
)
"""A long word that is nothing but encoded bytes: the middle of a key, or a value out of a Secret of Kubernetes."""
