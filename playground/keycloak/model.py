"""A Keycloak realm as plain data: people, groups, clients with their roles, and who holds which role.

The world seeds it, tests and the driver change it while it runs, the server reads it. It knows nothing of HTTP.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

NAMESPACE: Final = uuid.UUID("5f0c1d2e-0000-4000-8000-000000000000")
DEFAULT_CREATED: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def stable_id(kind: str, name: str) -> str:
    """Return the same UUID for the same thing in every run, so that recordings and tests can be compared."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{name}"))


@dataclass(slots=True, kw_only=True)
class User:
    username: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    email_verified: bool = True
    enabled: bool = True
    attributes: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    """Identity provider alias to the user's id there."""
    roles: set[str] = field(default_factory=set)
    """Roles of the roles client, given directly."""
    realm_roles: set[str] = field(default_factory=set)
    groups: list[str] = field(default_factory=list)
    """Paths of the groups joined directly."""
    service_account_of: str = ""
    created: datetime = DEFAULT_CREATED

    @property
    def id(self) -> str:
        return stable_id("user", self.username)


@dataclass(slots=True, kw_only=True)
class Group:
    """A group; its members also hold the roles of every group above it."""

    path: str
    roles: set[str] = field(default_factory=set)
    realm_roles: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        return stable_id("group", self.path)

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def parent(self) -> str:
        return self.path.rpartition("/")[0]


@dataclass(slots=True, kw_only=True)
class Client:
    """A client; `grants` are what its service account may do in the admin API.

    Grants are the names of realm-management roles (`view-users`, `view-clients`, …) and `Clients:view:<uuid>` for a
    fine-grained permission on one client.
    """

    client_id: str
    id: str = ""
    secret: str = ""
    enabled: bool = True
    grants: set[str] = field(default_factory=set)
    roles: dict[str, frozenset[str]] = field(default_factory=dict)
    """Role name to the roles of the same client that it is composed of."""

    def __post_init__(self) -> None:
        self.id = self.id or stable_id("client", self.client_id)


def closure(names: Iterable[str], composites: dict[str, frozenset[str]]) -> set[str]:
    """Return `names` with everything that they are composed of."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(composites.get(name, ()))
    return found


class Realm:
    """One realm. Its lists are public: what is changed here is what the next request sees."""

    def __init__(self, name: str, *, roles_client: Client) -> None:
        self.name = name
        self.id = stable_id("realm", name)
        self.roles_client = roles_client
        self.clients: list[Client] = []
        self.users: list[User] = []
        self.groups: list[Group] = []
        self.realm_roles: dict[str, frozenset[str]] = {
            f"default-roles-{name}": frozenset({"offline_access", "uma_authorization"}),
            "offline_access": frozenset(),
            "uma_authorization": frozenset(),
        }
        self.add_client(roles_client)

    def add_client(self, client: Client) -> None:
        """Add a client, and its service account when it has a secret."""
        self.clients.append(client)
        if client.secret:
            name = f"service-account-{client.client_id}"
            self.users.append(User(username=name, email_verified=False, service_account_of=client.id))

    def add_user(self, user: User) -> User:
        self._check_roles(user.roles)
        user.realm_roles.add(f"default-roles-{self.name}")
        self.users.append(user)
        return user

    def user(self, username: str) -> User:
        found = next((user for user in self.users if user.username == username), None)
        if found is None:
            known = ", ".join(user.username for user in self.users if not user.service_account_of)
            raise ValueError(f"No user {username!r} in the realm {self.name}. Use one of: {known}.")
        return found

    def user_by_id(self, user_id: str) -> User | None:
        return next((user for user in self.users if user.id == user_id), None)

    def client(self, client_uuid: str) -> Client | None:
        return next((client for client in self.clients if client.id == client_uuid), None)

    def client_by_name(self, client_id: str) -> Client | None:
        return next((client for client in self.clients if client.client_id == client_id), None)

    def set_roles(self, username: str, roles: Iterable[str]) -> None:
        """Give `username` exactly these roles of the roles client, directly; group membership stays as it is."""
        wanted = set(roles)
        self._check_roles(wanted)
        self.user(username).roles = wanted

    def set_enabled(self, username: str, *, enabled: bool) -> None:
        self.user(username).enabled = enabled

    def groups_of(self, user: User) -> list[Group]:
        """Return the groups that the user joined directly, in order of their paths."""
        return sorted((group for group in self.groups if group.path in user.groups), key=lambda group: group.path)

    def inherited_groups_of(self, user: User) -> Iterator[Group]:
        """Yield the user's groups and every group above them."""
        for group in self.groups:
            if any(f"{joined}/".startswith(f"{group.path}/") for joined in user.groups):
                yield group

    def effective_roles(self, user: User, client: Client) -> set[str]:
        """Roles of `client` that the user holds directly, by composition or by group, enabled or not."""
        if client is not self.roles_client:
            return set()
        held = set(user.roles).union(*(group.roles for group in self.inherited_groups_of(user)))
        return closure(held, client.roles) & client.roles.keys()

    def effective_realm_roles(self, user: User) -> set[str]:
        held = set(user.realm_roles).union(*(group.realm_roles for group in self.inherited_groups_of(user)))
        return closure(held, self.realm_roles) & self.realm_roles.keys()

    def _check_roles(self, roles: set[str]) -> None:
        if unknown := sorted(roles - self.roles_client.roles.keys()):
            known = ", ".join(sorted(self.roles_client.roles))
            client = self.roles_client.client_id
            raise ValueError(f"The client {client} has no role {unknown[0]!r}. Use any of: {known}.")
