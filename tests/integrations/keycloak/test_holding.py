"""Whom to ask: the holders of a role as Keycloak lists them."""

import logging

import pytest

from commands.core.errors import Permanent
from integrations.keycloak import Link, RolesFrom
from playground.keycloak.model import Group
from tests.integrations.keycloak.bench import ROLES_CLIENT, TEAM, Bench, account

APPROVER = {"approver"}


async def test_members_of_a_group_and_of_those_below_it_are_listed(bench: Bench) -> None:
    bench.realm.groups += [Group(path="/sre", roles={"approver"}), Group(path="/sre/oncall"), Group(path="/other")]
    bench.realm.add_user(account("bob", "U0BOB", groups=["/sre/oncall"]))
    bench.realm.add_user(account("erin", "U0ERIN", groups=["/sre"]))
    bench.realm.add_user(account("hank", "U0HANK", groups=["/other"]))
    assert await bench.people().holders_of(APPROVER) == ("U0BOB", "U0ERIN")


async def test_who_holds_a_role_within_another_is_listed_with_that_one(bench: Bench) -> None:
    assert await bench.people().holders_of(APPROVER) == (), "dave is disabled, and carol is an approver as an admin"
    assert await bench.people().holders_of({"approver", "admin"}) == ("U0CAROL",)


async def test_an_account_that_may_not_look_lists_nobody_and_that_is_no_outage(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.bot.grants.discard(f"Clients:view:{ROLES_CLIENT}")
    with caplog.at_level(logging.WARNING), pytest.raises(Permanent):
        await bench.people().holders_of(APPROVER)
    assert caplog.text == ""


async def test_an_account_that_may_not_see_groups_lists_the_direct_holders(bench: Bench) -> None:
    bench.fault("status", match="/roles/approver/groups", status=403, body="")
    bench.realm.add_user(account("bob", "U0BOB", roles={"approver"}))
    assert await bench.people().holders_of(APPROVER) == ("U0BOB",)


async def test_other_trouble_with_groups_is_trouble(bench: Bench) -> None:
    bench.fault("status", match="/roles/approver/groups", status=400, body="")
    with pytest.raises(Permanent):
        await bench.people().holders_of(APPROVER)


async def test_realm_roles_are_listed_only_to_those_who_may_view_the_realm(bench: Bench) -> None:
    bench.realm.realm_roles["approver"] = frozenset()
    bench.realm.groups += [Group(path="/sre", realm_roles={"approver"})]
    bench.realm.add_user(account("bob", "U0BOB", realm_roles={"approver"}))
    bench.realm.add_user(account("erin", "U0ERIN", groups=["/sre"]))
    people = bench.people(roles_from=RolesFrom.REALM)
    with pytest.raises(Permanent):
        await people.holders_of(APPROVER)
    bench.bot.grants.add("view-realm")
    assert await people.holders_of(APPROVER) == ("U0BOB", "U0ERIN")


async def test_a_role_that_is_a_group_is_found_by_its_path(bench: Bench) -> None:
    bench.realm.groups += [Group(path="/sre"), Group(path="/sre/on call")]
    bench.realm.add_user(account("bob", "U0BOB", groups=["/sre/on call"]))
    people = bench.people(roles_from=RolesFrom.GROUPS)
    assert await people.holders_of({"/sre"}) == ("U0BOB",)
    assert await people.holders_of({"/sre/on call", "/gone"}) == ("U0BOB",)


async def test_a_link_through_a_provider_is_read_from_it(bench: Bench) -> None:
    bench.realm.user("alice").links["github"] = "alice"
    assert await bench.people(link=Link.IDP).holders_of({"deployer"}) == ("U0ALICE",)


async def test_a_link_by_address_does_not_lead_back(bench: Bench) -> None:
    async def nobody(_: object) -> None:
        return None

    people = bench.people(link=Link.EMAIL, email_domain="example.com", email_of=nobody)
    assert await people.holders_of({"deployer"}) == ()
    assert bench.requests == []


async def test_a_link_to_another_team_is_none_of_ours(bench: Bench) -> None:
    bench.realm.user("alice").attributes["slack_user_id"] = ["T0OTHER-U0ALICE", f"{TEAM}-no id"]
    assert await bench.people().holders_of({"deployer"}) == ()


async def test_a_group_deeper_than_anybody_needs_is_not_looked_into(bench: Bench) -> None:
    paths = ["/a", "/a/b", "/a/b/c", "/a/b/c/d"]
    bench.realm.groups += [Group(path="/a", roles={"approver"}), *(Group(path=path) for path in paths[1:])]
    bench.realm.add_user(account("near", "U0NEAR", groups=["/a/b/c"]))
    bench.realm.add_user(account("far", "U0FAR", groups=["/a/b/c/d"]))
    assert await bench.people().holders_of(APPROVER) == ("U0NEAR",)


async def test_an_answer_that_is_not_keycloaks_is_refused(bench: Bench) -> None:
    bench.fault("status", match="/roles/approver/users", status=200, body="<html>")
    with pytest.raises(Permanent, match="not that of Keycloak"):
        await bench.people().holders_of(APPROVER)
