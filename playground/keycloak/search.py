"""Which users a query of the admin API finds, the dangerous answers included.

Read by the server. Recorded on Keycloak 26.7.4 with local users: a `q` without a colon and misspelled parameters find
everybody, attributes compare without regard to case, and of a key given twice the last one wins.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from playground.keycloak.model import Realm, User

_TERM = re.compile(r'(?:"(?P<quoted_key>[^"]+)"|(?P<key>[^\s:"]+)):(?:"(?P<quoted>[^"]*)"|(?P<value>\S*))')
_FIELDS: Final[Mapping[str, str]] = {
    "username": "username",
    "email": "email",
    "firstName": "first_name",
    "lastName": "last_name",
}


def find_users(realm: Realm, query: Mapping[str, str]) -> list[User]:
    """Return all users found, by username; the server cuts the page."""
    return sorted((user for user in realm.users if _matches(user, query)), key=lambda user: user.username)


def attribute_terms(q: str) -> dict[str, str]:
    """Read `key:value "a key":"a value"`; words without a colon are ignored, as the real one does."""
    return {
        match["quoted_key"] or match["key"]: match["quoted"] if match["quoted"] is not None else match["value"]
        for match in _TERM.finditer(q)
    }


def _matches(user: User, query: Mapping[str, str]) -> bool:
    # Service accounts are left out of lists, but their names find them.
    if user.service_account_of and "username" not in query:
        return False
    if "enabled" in query and user.enabled != _is_true(query["enabled"]):
        return False
    if query.get("search"):
        return _searched(user, query["search"])
    return all(_conditions(user, query))


def _conditions(user: User, query: Mapping[str, str]) -> Iterator[bool]:
    exact = _is_true(query.get("exact"))
    for name, attribute in _FIELDS.items():
        if wanted := query.get(name):
            stored = getattr(user, attribute).lower()
            yield stored == wanted.lower() if exact else _like(stored, f"%{wanted.lower()}%")
    if "emailVerified" in query:
        yield user.email_verified == _is_true(query["emailVerified"])
    substring = query.get("exact") is not None and not exact
    for key, wanted in attribute_terms(query.get("q", "")).items():
        yield _has_attribute(user, key, wanted.lower(), substring=substring)
    yield _linked(user, query.get("idpAlias"), query.get("idpUserId"))


def _has_attribute(user: User, key: str, wanted: str, *, substring: bool) -> bool:
    values = [value.lower() for value in user.attributes.get(key, [])]
    return any(wanted in value for value in values) if substring else wanted in values


def _linked(user: User, alias: str | None, user_id: str | None) -> bool:
    if alias is None and user_id is None:
        return True
    return any(alias in {None, linked} and user_id in {None, there} for linked, there in user.links.items())


def _searched(user: User, text: str) -> bool:
    fields = [getattr(user, attribute).lower() for attribute in _FIELDS.values()]
    return all(any(_like(field, pattern) for field in fields) for pattern in map(_search_pattern, text.split()))


def _search_pattern(word: str) -> str:
    word = word.lower()
    if len(word) > 1 and word[0] == word[-1] == '"':
        return word[1:-1]
    return word.replace("*", "%") if "*" in word else f"{word}%"


def _like(value: str, pattern: str) -> bool:
    """Compare as SQL's LIKE does: % is any text, _ is any character."""
    wildcards = {"%": ".*", "_": "."}
    return re.fullmatch("".join(wildcards.get(char, re.escape(char)) for char in pattern), value, re.DOTALL) is not None


def _is_true(text: str | None) -> bool:
    return (text or "").lower() == "true"
