"""What the playground starts with: people, channels, apps, versions, environments. Plain data, read by the world.

Change a line here and every stand-in, the catalog and the login server follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

Obj = dict[str, Any]

TEAM: Final = "T0SLIPWAY"
REALM: Final = "corp"
ROLES_CLIENT: Final = "5f0c1d2e-0000-4000-8000-00000000de91"
ROLES_CLIENT_NAME: Final = "slipway"
BOT_CLIENT: Final = "slipway-bot"
BOT_SECRET: Final = "demo-keycloak-secret"  # noqa: S105  # a made-up secret of a stand-in
HARBOR_USER: Final = "slipway"
HARBOR_PASSWORD: Final = "demo-harbor-password"  # noqa: S105  # the same
KUBERNETES_TOKEN: Final = "demo-kubernetes-token"  # noqa: S105  # the same
BOT_TOKEN: Final = "xoxb-demo"  # noqa: S105  # the same
APP_TOKEN: Final = "xapp-demo"  # noqa: S105  # the same
LINK_ATTRIBUTE: Final = "slack_user_id"
MAVEN_REPOSITORY: Final = "maven-releases"
GROUP: Final = "com.acme"
CLUSTER: Final = "main"
REGISTRY: Final = "harbor.example.com"
BASE_IMAGE: Final = f"{REGISTRY}/base/jre@sha256:{'b5' * 32}"
CHARTS: Final = "https://gitea.example.com/platform/charts.git"
CHART_PATH: Final = "app"
CHART_REF: Final = "v1.4.0"
SEEDED_AT: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

COMPOSITES: Final[Mapping[str, frozenset[str]]] = {
    "deployer": frozenset(),
    "approver": frozenset(),
    "admin": frozenset({"deployer", "approver"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedPerson:
    """Somebody in the Slack workspace; `linked` people exist in Keycloak too."""

    name: str
    title: str
    roles: tuple[str, ...] = ()
    enabled: bool = True
    linked: bool = True

    @property
    def slack_id(self) -> str:
        return f"U0{self.name.upper()}"

    @property
    def email(self) -> str:
        return f"{self.name}@acme.example"


PEOPLE: Final = (
    SeedPerson(name="alice", title="may deploy (deployer)", roles=("deployer",)),
    SeedPerson(name="bob", title="may approve (approver)", roles=("approver",)),
    SeedPerson(name="carol", title="may everything (admin)", roles=("admin",)),
    SeedPerson(name="dave", title="approver, but disabled", roles=("approver",), enabled=False),
    SeedPerson(name="eve", title="has no role"),
    SeedPerson(name="mallory", title="not linked to the login server", linked=False),
)

CHANNELS: Final[Mapping[str, tuple[str, str]]] = {
    "C0DEPLOYS": ("deploys", "What goes to staging"),
    "C0PROD": ("prod-deploys", "What goes to production"),
    "C0RANDOM": ("random", "Anything else"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedEnvironment:
    """One environment, its namespace named like it; `settings` are its further lines in the catalog."""

    name: str
    settings: tuple[str, ...] = ()

    @property
    def namespace(self) -> str:
        return self.name


ENVIRONMENTS: Final = (
    SeedEnvironment(name="staging", settings=("default: true",)),
    SeedEnvironment(
        name="production",
        settings=(
            "protected: true                                         # must be named, and asks for confirmation",
            'channel: "#prod-deploys"                                # its cards go here',
            "remind: 30m                                             # of a pause, once, those who may go on",
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedApp:
    """One app of the catalog; `running` is the version that runs everywhere when the playground starts."""

    name: str
    strategy: str
    replicas: int
    versions: tuple[str, ...]
    """In the order in which they were built."""
    running: str | None = None
    aliases: tuple[str, ...] = ()
    steps: tuple[Obj, ...] = ()
    """Canary steps in the words of the catalog: `weight` and `pause`."""
    values: Obj = field(default_factory=dict)
    scans: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """What a scan found in the image of a version, by severity."""

    @property
    def image(self) -> str:
        return f"{REGISTRY}/{self.name}/{self.name}"

    @property
    def built(self) -> tuple[str, ...]:
        """The versions whose images were built before the playground started: up to the one that runs."""
        return self.versions[: self.versions.index(self.running) + 1] if self.running else ()

    @property
    def host(self) -> str:
        return f"{self.name}.example.com"

    def chart_values(self) -> Obj:
        """Return the values that the release step gets, steps in the words of a Rollout."""
        values: Obj = {"replicas": self.replicas, "port": 8080, "host": self.host, **self.values}
        if self.steps:
            values["canary"] = {"steps": [_rollout_step(step) for step in self.steps]}
        return values


def _rollout_step(step: Obj) -> Obj:
    if "weight" in step:
        return {"setWeight": step["weight"]}
    return {"pause": {"duration": step["pause"]} if step["pause"] else {}}


APPS: Final = (
    SeedApp(
        name="shop",
        aliases=("store",),
        strategy="canary",
        replicas=5,
        versions=("v1.0", "v1.1", "v1.2", "v1.2.1", "v1.3.0-rc.1"),
        running="v1.1",
        steps=({"weight": 20}, {"pause": {}}, {"weight": 50}, {"pause": "10m"}),
        scans={"v1.0": {"Critical": 2, "High": 5, "Medium": 11}, "v1.1": {"High": 1, "Low": 8}},
    ),
    SeedApp(name="pay", strategy="blue-green", replicas=2, versions=("v2.0", "v2.1")),
    SeedApp(name="search", strategy="rolling", replicas=4, versions=("3.4.0", "3.5.0"), running="3.4.0"),
    SeedApp(name="report", strategy="recreate", replicas=1, versions=("0.9", "1.0")),
)
