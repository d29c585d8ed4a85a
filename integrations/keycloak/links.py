"""From a Slack user to the question that finds their account, and to the proof that an answer is really theirs.

Pure; used by people.py. Keycloak's search is generous (a query without a colon finds everybody, attributes compare
without regard to case), so nothing is asked before it was validated and nothing is believed before it was compared.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from commands.core.model import ChatUser

TEAM_PATTERN: Final = re.compile(r"[TE][A-Z0-9]{1,20}")
USER_PATTERN: Final = re.compile(r"[UW][A-Z0-9]{1,20}")
_MAILBOX = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9.-]{1,190}")

Element = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A search for one account; `is_proof` says whether an account that was found carries the link itself."""

    query: Mapping[str, str]
    is_proof: Callable[[Element], bool]


def is_well_formed(user: ChatUser) -> bool:
    """Say whether both ids look like Slack's: letters and digits, nothing that a query could take for syntax."""
    return bool(TEAM_PATTERN.fullmatch(user.team) and USER_PATTERN.fullmatch(user.id))


def by_attribute(user: ChatUser, *, attribute: str) -> Lookup:
    """Look for `TEAM-USER` in an attribute that only administrators may edit."""
    wanted = f"{user.team}-{user.id}"

    def is_proof(element: Element) -> bool:
        values = (element.get("attributes") or {}).get(attribute)
        return isinstance(values, list) and wanted in values

    return Lookup(query={"q": f'{attribute}:"{wanted}"'}, is_proof=is_proof)


def by_provider(user: ChatUser, *, alias: str) -> Lookup:
    """Look for an account linked through an identity provider; the search compares exactly when given both parts.

    The answer does not show the link, so there is nothing left to compare.
    """
    return Lookup(query={"idpAlias": alias, "idpUserId": user.id}, is_proof=lambda _: True)


def by_email(email: str, *, domain: str) -> Lookup | None:
    """Look for a verified address of the allowed domain; None when the address is not one."""
    wanted = normalised(email)
    if wanted is None or wanted.partition("@")[2] != domain.strip().lower():
        return None

    def is_proof(element: Element) -> bool:
        return element.get("emailVerified") is True and normalised(str(element.get("email", ""))) == wanted

    return Lookup(query={"email": wanted, "exact": "true"}, is_proof=is_proof)


def normalised(email: str) -> str | None:
    """Return an address in one spelling; None when it is not plain ASCII with one @."""
    text = unicodedata.normalize("NFKC", email.strip()).casefold()
    return text if _MAILBOX.fullmatch(text) else None
