import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from commands.core.model import ChatUser, Person
from commands.core.ports import Stranger
from commands.core.reasons import ReasonCode
from integrations.keycloak import KeycloakPeople, KeycloakSettings, Link, RolesFrom
from integrations.keycloak.links import by_attribute, by_email, is_well_formed, normalised
from integrations.keycloak.realm import with_parents
from playground.keycloak.model import Group
from tests.integrations.keycloak.bench import ROLES_CLIENT, SECRET, TEAM, Bench, account, chat_user

NOT_LINKED = Stranger(code=ReasonCode.NOT_LINKED)


async def roles_of(people: KeycloakPeople, user: str) -> frozenset[str]:
    person = await people.find(chat_user(user))
    assert isinstance(person, Person)
    return person.roles


async def test_a_decision_costs_two_requests_after_the_first_token(bench: Bench) -> None:
    people = bench.people()
    await people.find(chat_user("U0ALICE"))
    await people.find(chat_user("U0ALICE"))
    assert [request.split()[0] for request in bench.requests] == ["POST", "GET", "GET", "GET", "GET"]


async def test_composite_roles_count(bench: Bench) -> None:
    assert await roles_of(bench.people(), "U0CAROL") == {"admin", "deployer", "approver"}


async def test_roles_of_a_group_above_count(bench: Bench) -> None:
    bench.realm.groups += [Group(path="/sre", roles={"approver"}), Group(path="/sre/oncall")]
    bench.realm.add_user(account("bob", "U0BOB", groups=["/sre/oncall"]))
    assert await roles_of(bench.people(), "U0BOB") == {"approver"}


async def test_the_person_is_the_account_and_not_the_slack_user(bench: Bench) -> None:
    person = await bench.people().find(chat_user("U0ALICE"))
    assert isinstance(person, Person)
    assert (person.id, person.name) == (bench.realm.user("alice").id, "alice")


async def test_another_team_is_refused_without_any_request(bench: Bench) -> None:
    stranger = await bench.people().find(chat_user("U0ALICE", team="T0EVIL"))
    assert stranger == Stranger(code=ReasonCode.OUTSIDE_TEAM)
    assert bench.requests == []


@pytest.mark.parametrize(
    "user",
    [
        "",
        "U",
        "u0alice",
        "U0ALICE ",
        "U0ALICE\n",
        "U0ALICE slack_user_id:T0SLIPWAY-U0CAROL",
        'U0X" slack_user_id:"T0SLIPWAY-U0CAROL',
        "U0*",
        "U0%",
        "../users",
        "B0BOT",
        "U0ALICÉ",
        "U" + "A" * 50,
    ],
)
async def test_an_id_that_is_none_of_slacks_never_reaches_a_query(bench: Bench, user: str) -> None:
    assert await bench.people().find(chat_user(user)) == NOT_LINKED
    assert bench.requests == []


async def test_an_attribute_in_another_case_is_somebody_else(bench: Bench) -> None:
    bench.realm.add_user(account("xena", "", attributes={"slack_user_id": ["t0slipway-u0xena"]}))
    assert await bench.people().find(chat_user("U0XENA")) == NOT_LINKED
    assert len(bench.gets) == 1


async def test_a_longer_attribute_is_somebody_else(bench: Bench) -> None:
    bench.realm.add_user(account("mallory", "U0ALICEX"))
    person = await bench.people().find(chat_user("U0ALICE"))
    assert isinstance(person, Person)
    assert person.name == "alice"


async def test_an_account_that_view_users_may_not_see_is_not_linked(bench: Bench) -> None:
    bench.bot.grants.remove("view-users")
    assert await bench.people().find(chat_user("U0ALICE")) == NOT_LINKED


async def test_an_account_deleted_between_the_two_questions_is_not_linked(bench: Bench) -> None:
    people = bench.people()
    bench.fault("status", match="/role-mappings/", status=404, body={"error": "User not found"})
    assert await people.find(chat_user("U0ALICE")) == NOT_LINKED


async def test_another_attribute_can_be_configured(bench: Bench) -> None:
    bench.realm.user("alice").attributes = {"chat": [f"{TEAM}-U0ALICE"]}
    assert await roles_of(bench.people(attribute="chat"), "U0ALICE") == {"deployer"}


async def test_realm_roles_can_be_the_source(bench: Bench) -> None:
    bench.realm.realm_roles |= {"ops": frozenset({"ops-read"}), "ops-read": frozenset()}
    bench.realm.user("alice").realm_roles.add("ops")
    bench.bot.grants = {"view-users", "query-users"}
    roles = await roles_of(bench.people(roles_from=RolesFrom.REALM, roles_client=""), "U0ALICE")
    assert {"ops", "ops-read"} <= roles


async def test_groups_can_be_the_source_and_include_those_above(bench: Bench) -> None:
    bench.realm.groups += [Group(path="/sre"), Group(path="/sre/oncall"), Group(path="/sre/other")]
    bench.realm.user("alice").groups = ["/sre/oncall"]
    people = bench.people(roles_from=RolesFrom.GROUPS, roles_client="")
    assert await roles_of(people, "U0ALICE") == {"/sre", "/sre/oncall"}
    assert len(bench.gets) == 2


def test_a_slash_inside_a_group_name_makes_no_parent() -> None:
    assert with_parents("/a~/b/c") == {"/a~/b", "/a~/b/c"}


async def test_a_provider_link_is_found_by_alias_and_id(bench: Bench) -> None:
    people = bench.people(link=Link.IDP)
    assert await roles_of(people, "U0ALICE") == {"deployer"}
    assert await people.find(chat_user("U0CAROL")) == NOT_LINKED
    assert all("idpAlias=slack" in get and "idpUserId=" in get for get in bench.gets if "/users?" in get)


async def test_a_link_through_another_provider_does_not_count(bench: Bench) -> None:
    bench.realm.add_user(account("zoe", "", links={"github": "U0ZOE"}))
    assert await bench.people(link=Link.IDP).find(chat_user("U0ZOE")) == NOT_LINKED


class Addresses:
    """Stands for Slack: addresses by user id."""

    def __init__(self, **known: str) -> None:
        self.known = known

    async def __call__(self, user: ChatUser) -> str | None:
        return self.known.get(user.id)


MATRIX: list[tuple[str, dict[str, Any], ReasonCode | None]] = [
    ("alice@example.com", {}, None),
    ("  ALICE@Example.COM ", {}, None),
    ("\uff41lice@example.com", {}, None),
    ("alice@example.com", {"email_verified": False}, ReasonCode.NOT_LINKED),
    ("alice@example.com", {"enabled": False}, ReasonCode.ACCOUNT_DISABLED),
    ("alice@example.com.evil.test", {"email": "alice@example.com.evil.test"}, ReasonCode.NOT_LINKED),
    ("alice@sub.example.com", {"email": "alice@sub.example.com"}, ReasonCode.NOT_LINKED),
    ("alice@notexample.com", {"email": "alice@notexample.com"}, ReasonCode.NOT_LINKED),
    ("%@example.com", {}, ReasonCode.NOT_LINKED),
    ("lice@example.com", {}, ReasonCode.NOT_LINKED),
    ("a@b@example.com", {}, ReasonCode.NOT_LINKED),
    ("\u0430lice@example.com", {}, ReasonCode.NOT_LINKED),
    ("", {}, ReasonCode.NOT_LINKED),
]


@pytest.mark.parametrize(("address", "changes", "code"), MATRIX)
async def test_an_address_finds_only_its_verified_owner(
    bench: Bench, address: str, changes: dict[str, Any], code: ReasonCode | None
) -> None:
    for key, value in changes.items():
        setattr(bench.realm.user("alice"), key, value)
    bench.realm.add_user(account("alicia", "", email="alice@example.com.evil.test.example.com"))
    people = bench.people(link=Link.EMAIL, email_domain="example.com", email_of=Addresses(U0ALICE=address))
    found = await people.find(chat_user("U0ALICE"))
    assert (found.code if isinstance(found, Stranger) else None) is code


async def test_an_address_that_two_accounts_share_is_refused(bench: Bench) -> None:
    bench.realm.add_user(account("alice2", "", email="alice@example.com"))
    people = bench.people(link=Link.EMAIL, email_domain="example.com", email_of=Addresses(U0ALICE="alice@example.com"))
    assert await people.find(chat_user("U0ALICE")) == Stranger(code=ReasonCode.LINKED_TWICE)


async def test_somebody_without_an_address_is_not_linked_and_keycloak_is_not_asked(bench: Bench) -> None:
    people = bench.people(link=Link.EMAIL, email_domain="example.com", email_of=Addresses())
    assert await people.find(chat_user("U0ALICE")) == NOT_LINKED
    assert bench.requests == []


@given(st.text())
def test_normalised_is_total_and_settled(text: str) -> None:
    once = normalised(text)
    if once is not None:
        assert once.isascii()
        assert once.count("@") == 1
        assert normalised(once) == once
        assert unicodedata.normalize("NFKC", once) == once


@given(st.text(), st.text())
def test_only_letters_and_digits_ever_stand_between_the_quotes_of_a_query(user: str, team: str) -> None:
    suspect = ChatUser(id=user, team=team)
    if is_well_formed(suspect):
        query = by_attribute(suspect, attribute="slack_user_id").query["q"]
        assert query.isascii()
        assert query.count('"') == 2
        assert not set(query) & set(" :\n") - {":"}


@given(st.text())
def test_an_address_outside_the_domain_is_never_asked_about(text: str) -> None:
    lookup = by_email(text, domain="example.com")
    assert lookup is None or lookup.query["email"].endswith("@example.com")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "keycloak.example.com"}, "https"),
        ({"team": "acme"}, "team"),
        ({"realm": "corp/../master"}, "realm"),
        ({"attribute": 'a":"b'}, "attribute"),
        ({"idp_alias": "a&b"}, "identity provider"),
        ({"roles_client": "slipway"}, "UUID"),
        ({"roles_client": ""}, "UUID"),
        ({"link": Link.EMAIL}, "domain"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_remedy(changes: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {
        "url": "https://login.example.com",
        "realm": "corp",
        "client_id": "slipway-bot",
        "client_secret": SecretStr(SECRET),
        "roles_client": ROLES_CLIENT,
        "team": TEAM,
    }
    settings = KeycloakSettings(**good)
    assert SECRET not in repr(settings)
    assert settings.budget == timedelta(seconds=2.5)
    with pytest.raises(ValueError, match=words):
        KeycloakSettings(**{**good, **changes})


def test_people_linked_by_address_need_a_way_to_read_it() -> None:
    settings = KeycloakSettings(
        url="https://login.example.com",
        realm="corp",
        client_id="slipway-bot",
        client_secret=SecretStr(SECRET),
        roles_client=ROLES_CLIENT,
        team=TEAM,
        link=Link.EMAIL,
        email_domain="example.com",
    )
    with pytest.raises(ValueError, match="address"):
        KeycloakPeople(settings)
