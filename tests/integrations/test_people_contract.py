from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Protocol

import pytest

from commands.core.errors import Temporary
from commands.core.model import ChatUser, Person
from commands.core.ports import People, Stranger
from commands.core.reasons import ReasonCode
from tests.fakes.people import FakePeople
from tests.integrations.keycloak.bench import TEAM, Bench, account, running


class World(Protocol):
    """The login server behind the port, to be changed by a test."""

    @property
    def people(self) -> People: ...
    def add(
        self, name: str, *, chat_ids: Iterable[str], roles: Iterable[str] = (), is_enabled: bool = True
    ) -> None: ...
    def set_roles(self, name: str, roles: Iterable[str]) -> None: ...
    def set_enabled(self, name: str, *, is_enabled: bool) -> None: ...
    def remove(self, name: str) -> None: ...
    def go_down(self) -> None: ...
    def come_back(self) -> None: ...


class InMemory(FakePeople):
    @property
    def people(self) -> People:
        return self

    def go_down(self) -> None:
        self.failure = Temporary("Keycloak", "no answer")

    def come_back(self) -> None:
        self.failure = None


@dataclass
class OnKeycloak:
    bench: Bench
    people: People

    def add(self, name: str, *, chat_ids: Iterable[str], roles: Iterable[str] = (), is_enabled: bool = True) -> None:
        links = {"slack_user_id": [f"{TEAM}-{chat_id}" for chat_id in chat_ids]}
        self.bench.realm.add_user(account(name, "", attributes=links, roles=set(roles), enabled=is_enabled))

    def set_roles(self, name: str, roles: Iterable[str]) -> None:
        self.bench.keycloak.set_roles(name, roles)

    def set_enabled(self, name: str, *, is_enabled: bool) -> None:
        self.bench.keycloak.set_enabled(name, enabled=is_enabled)

    def remove(self, name: str) -> None:
        self.bench.realm.users.remove(self.bench.realm.user(name))

    def go_down(self) -> None:
        self.bench.fault("down")

    def come_back(self) -> None:
        self.bench.faults.clear()


@pytest.fixture(params=["fake", "keycloak"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "fake":
        yield InMemory()  # type: ignore[misc]  # add() of the fake also returns the account
        return
    async with running() as bench:
        yield OnKeycloak(bench, bench.people())


def chat(user: str, *, team: str = TEAM) -> ChatUser:
    return ChatUser(id=user, team=team)


async def test_a_linked_user_is_a_person_with_their_roles(world: World) -> None:
    world.add("erin", chat_ids=["U0ERIN"], roles=["deployer", "approver"])
    person = await world.people.find(chat("U0ERIN"))
    assert isinstance(person, Person)
    assert (person.name, person.chat_id) == ("erin", "U0ERIN")
    assert person.roles == {"deployer", "approver"}
    assert person.id


async def test_a_person_without_roles_is_still_a_person(world: World) -> None:
    world.add("frank", chat_ids=["U0FRANK"])
    person = await world.people.find(chat("U0FRANK"))
    assert isinstance(person, Person)
    assert person.roles == frozenset()


async def test_an_unknown_user_is_not_linked(world: World) -> None:
    assert await world.people.find(chat("U0NOBODY")) == Stranger(code=ReasonCode.NOT_LINKED)


async def test_a_user_of_another_team_is_outside(world: World) -> None:
    world.add("erin", chat_ids=["U0ERIN"], roles=["deployer"])
    assert await world.people.find(chat("U0ERIN", team="T0OTHER")) == Stranger(code=ReasonCode.OUTSIDE_TEAM)


async def test_two_accounts_with_one_link_are_both_refused(world: World) -> None:
    world.add("gina", chat_ids=["U0GINA"], roles=["deployer"])
    world.add("hank", chat_ids=["U0GINA"])
    assert await world.people.find(chat("U0GINA")) == Stranger(code=ReasonCode.LINKED_TWICE)


async def test_two_chat_users_of_one_account_are_one_person(world: World) -> None:
    world.add("ivan", chat_ids=["U0IVAN", "U0IVAN2"], roles=["approver"])
    first, second = await world.people.find(chat("U0IVAN")), await world.people.find(chat("U0IVAN2"))
    assert isinstance(first, Person)
    assert isinstance(second, Person)
    assert first.id == second.id


async def test_a_change_of_roles_is_seen_by_the_next_question(world: World) -> None:
    world.add("erin", chat_ids=["U0ERIN"], roles=["deployer"])
    await world.people.find(chat("U0ERIN"))
    world.set_roles("erin", ["approver"])
    person = await world.people.find(chat("U0ERIN"))
    assert isinstance(person, Person)
    assert person.roles == {"approver"}


async def test_a_disabled_account_is_refused_at_once_and_welcome_again(world: World) -> None:
    world.add("erin", chat_ids=["U0ERIN"], roles=["deployer"])
    world.set_enabled("erin", is_enabled=False)
    assert await world.people.find(chat("U0ERIN")) == Stranger(code=ReasonCode.ACCOUNT_DISABLED)
    world.set_enabled("erin", is_enabled=True)
    assert isinstance(await world.people.find(chat("U0ERIN")), Person)


async def test_a_deleted_account_is_no_longer_linked(world: World) -> None:
    world.add("erin", chat_ids=["U0ERIN"], roles=["deployer"])
    await world.people.find(chat("U0ERIN"))
    world.remove("erin")
    assert await world.people.find(chat("U0ERIN")) == Stranger(code=ReasonCode.NOT_LINKED)


async def test_an_outage_is_temporary_and_nothing_stale_is_served(world: World) -> None:
    world.add("erin", chat_ids=["U0ERIN"], roles=["deployer"])
    await world.people.find(chat("U0ERIN"))
    world.go_down()
    with pytest.raises(Temporary):
        await world.people.find(chat("U0ERIN"))
    world.come_back()
    assert isinstance(await world.people.find(chat("U0ERIN")), Person)


async def test_holders_of_a_role_are_those_who_could_do_it_now(world: World) -> None:
    world.add("zoe", chat_ids=["U0ZOE"], roles=["approver"])
    world.add("erin", chat_ids=["U0ERIN", "U0ERIN2"], roles=["approver", "deployer"])
    world.add("hank", chat_ids=["U0HANK"], roles=["deployer"])
    world.add("gina", chat_ids=[], roles=["approver"])
    world.add("ivan", chat_ids=["U0IVAN"], roles=["approver"], is_enabled=False)
    assert await world.people.holders_of({"approver"}) == ("U0ERIN", "U0ZOE")
    assert set(await world.people.holders_of({"approver", "deployer"})) >= {"U0ERIN", "U0HANK", "U0ZOE"}
    assert await world.people.holders_of({"unheard-of"}) == ()
    assert await world.people.holders_of(()) == ()


async def test_nobody_is_listed_while_the_login_server_is_down(world: World) -> None:
    world.go_down()
    with pytest.raises(Temporary):
        await world.people.holders_of({"approver"})
