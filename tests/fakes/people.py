"""People in memory: accounts with links and roles, fresh on every question."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from commands.core.errors import Permanent, SystemFailure
from commands.core.model import ChatUser, Person
from commands.core.ports import Stranger
from commands.core.reasons import ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account of the login server; `chat_ids` are the chat users linked to it."""

    id: str
    name: str
    chat_ids: tuple[str, ...]
    roles: frozenset[str]
    is_enabled: bool = True


@dataclass(slots=True)
class FakePeople:
    """Holds the accounts; `failure` is raised by every question until it is taken back.

    While it `is_secretive`, nobody is told who holds a role.

    `asked` lists the chat users that were looked up, so that a test can see that rights were read again.
    """

    team: str = "T0SLIPWAY"
    accounts: dict[str, Account] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    failure: SystemFailure | None = None
    is_secretive: bool = False

    def add(self, name: str, *, chat_ids: Iterable[str], roles: Iterable[str] = (), is_enabled: bool = True) -> Account:
        account = Account(
            id=f"kc-{name}", name=name, chat_ids=tuple(chat_ids), roles=frozenset(roles), is_enabled=is_enabled
        )
        self.accounts[name] = account
        return account

    def set_roles(self, name: str, roles: Iterable[str]) -> None:
        self.accounts[name] = replace(self.accounts[name], roles=frozenset(roles))

    def set_enabled(self, name: str, *, is_enabled: bool) -> None:
        self.accounts[name] = replace(self.accounts[name], is_enabled=is_enabled)

    def remove(self, name: str) -> None:
        del self.accounts[name]

    async def holders_of(self, roles: Collection[str]) -> tuple[str, ...]:
        if self.failure is not None or self.is_secretive:
            raise self.failure or Permanent("Keycloak", "may not list people")
        named = sorted(self.accounts.values(), key=lambda account: account.name)
        holders = [one for one in named if one.is_enabled and one.chat_ids and not one.roles.isdisjoint(roles)]
        return tuple(account.chat_ids[0] for account in holders)

    async def find(self, user: ChatUser) -> Person | Stranger:
        if user.team != self.team:
            return Stranger(code=ReasonCode.OUTSIDE_TEAM)
        self.asked.append(user.id)
        if self.failure is not None:
            raise self.failure
        linked = [account for account in self.accounts.values() if user.id in account.chat_ids]
        if len(linked) > 1:
            return Stranger(code=ReasonCode.LINKED_TWICE)
        if not linked:
            return Stranger(code=ReasonCode.NOT_LINKED)
        account = linked[0]
        if not account.is_enabled:
            return Stranger(code=ReasonCode.ACCOUNT_DISABLED)
        return Person(id=account.id, name=account.name, chat_id=user.id, roles=account.roles)
