"""A desk with every port as a fake and a small catalog: what the tests of verbs and flows sit at."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from commands.core.catalog import App, ApprovalRule, Artifact, Catalog, Chart, Cluster, Environment, Grant
from commands.core.model import ChatUser, Deployment, Place
from commands.core.observed import Strategy
from commands.core.reasons import MilestoneCode
from commands.core.requests import DeployRequest, Origin
from commands.deploy import run
from commands.flow.advance import Advance
from commands.flow.again import Again
from commands.flow.ask import Ask
from commands.flow.show import Show
from commands.flow.whom import Reminders
from tests.fakes.chat import FakeChat
from tests.fakes.deployments import FakeDeployments
from tests.fakes.images import FakeImages
from tests.fakes.people import FakePeople
from tests.fakes.pipelines import FakePipelines
from tests.fakes.rendering import FakeCharts, FakeObjects, FakeRenderer
from tests.fakes.rollouts import FakeRollouts
from tests.fakes.versions import FakeVersions
from tests.make import NOON, STEPS

TEAM = "T0SLIPWAY"
ALICE = ChatUser(id="U0ALICE", team=TEAM)
BOB = ChatUser(id="U0BOB", team=TEAM)
EVE = ChatUser(id="U0EVE", team=TEAM)
NOBODY = ChatUser(id="U0NOBODY", team=TEAM)


@dataclass(slots=True)
class SetClock:
    """A clock that a test turns."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def app(name: str, *, strategy: Strategy | None = Strategy.CANARY, environments: tuple[str, ...] = ()) -> App:
    return App(
        name=name,
        artifact=Artifact(group="com.acme", name=name),
        image=f"harbor.example.com/{name}/{name}",
        base_image="harbor.example.com/base/jre@sha256:" + "0" * 64,
        chart=Chart(repository="https://gitea.example.com/platform/charts.git", path="app", ref="v1.4.0"),
        environments=environments or ("staging", "production"),
        owners=(f"@team-{name}",),
        aliases=("store",) if name == "shop" else (),
        strategy=strategy,
        values={"replicas": 5},
        canary=STEPS,
    )


def catalog() -> Catalog:
    environments = {
        "staging": Environment(name="staging", cluster="main", namespace="staging", is_default=True),
        "production": Environment(
            name="production", cluster="main", namespace="production", is_protected=True, channel="#prod-deploys"
        ),
        "vault": Environment(
            name="vault", cluster="main", namespace="vault", approvals=ApprovalRule(count=1, roles=("approver",))
        ),
        "office": Environment(name="office", cluster="main", namespace="office", windows=("Mon-Fri 09:00-18:00 UTC",)),
    }
    apps = [
        app("shop"),
        app("pay", strategy=None),
        app("ledger", environments=("vault",)),
        app("desk", environments=("office", "vault")),
    ]
    grants = (
        Grant(role="deployer", may=frozenset({"deploy", "abort"}), environments=frozenset({"staging"})),
        Grant(role="deployer", may=frozenset({"deploy"})),
        Grant(role="approver", may=frozenset({"promote", "abort", "pause", "resume"}), apps=frozenset({"*"})),
        Grant(role="admin", may=frozenset({"*"})),
    )
    return Catalog(
        clusters={"main": Cluster(name="main")},
        environments=environments,
        apps={each.name: each for each in apps},
        grants=grants,
    )


@dataclass(slots=True)
class Desk:
    """All ports, all flows, one catalog."""

    catalog: Catalog = field(default_factory=catalog)
    clock: SetClock = field(default_factory=SetClock)
    people: FakePeople = field(default_factory=FakePeople)
    versions: FakeVersions = field(default_factory=FakeVersions)
    rollouts: FakeRollouts = field(default_factory=FakeRollouts)
    pipelines: FakePipelines = field(default_factory=FakePipelines)
    deployments: FakeDeployments = field(default_factory=lambda: FakeDeployments(first_number=142))
    chat: FakeChat = field(default_factory=FakeChat)
    images: FakeImages | None = None
    charts: FakeCharts = field(default_factory=FakeCharts)
    renderer: FakeRenderer = field(default_factory=FakeRenderer)
    objects: FakeObjects = field(default_factory=FakeObjects)

    def __post_init__(self) -> None:
        self.people.add("alice", chat_ids=["U0ALICE"], roles=["deployer"])
        self.people.add("bob", chat_ids=["U0BOB"], roles=["approver"])
        self.people.add("eve", chat_ids=["U0EVE"])
        for name in self.catalog.apps:
            for version in ("v1.0", "v1.1", "v1.2", "v1.3.0-rc.1"):
                self.versions.publish(self.catalog.apps[name].artifact, version)

    @property
    def current(self) -> Catalog:
        return self.catalog

    @property
    def ask(self) -> Ask:
        return Ask(people=self.people, deployments=self.deployments, rollouts=self.rollouts, clock=self.clock)

    @property
    def again(self) -> Again:
        return Again(
            people=self.people,
            rollouts=self.rollouts,
            deployments=self.deployments,
            images=self.images,
            clock=self.clock,
        )

    @property
    def advance(self) -> Advance:
        return Advance(
            deployments=self.deployments,
            rollouts=self.rollouts,
            pipelines=self.pipelines,
            chat=self.chat,
            clock=self.clock,
            reminders=Reminders(catalogs=self, people=self.people),
            catalogs=self,
            images=self.images,
        )

    @property
    def show(self) -> Show:
        return Show(deployments=self.deployments, chat=self.chat)

    def place(self, name: str, environment: str = "staging") -> Place:
        return self.catalog.place(self.catalog.apps[name], self.catalog.environments[environment])

    async def deploy(self, request: DeployRequest, *, user: ChatUser = ALICE, key: str = "k1") -> object:
        return await run(
            request,
            origin=Origin(user=user, channel="C0DEPLOYS", key=key),
            catalog=self.catalog,
            people=self.people,
            versions=self.versions,
            rollouts=self.rollouts,
            deployments=self.deployments,
            images=self.images,
            charts=self.charts,
            clock=self.clock,
        )

    async def started(self, **changes: str) -> Deployment:
        row = await self.deploy(DeployRequest(**{"app": "shop", "version": "v1.2", **changes}))  # type: ignore[arg-type]  # only texts are changed
        assert isinstance(row, Deployment)
        return row

    async def row(self, deployment: Deployment) -> Deployment:
        row = await self.deployments.load(deployment.id)
        assert row is not None
        return row

    async def said(self, deployment: Deployment) -> list[MilestoneCode]:
        await self.show.run(deployment.id)
        row = await self.row(deployment)
        assert row.card is not None
        return [milestone.code for milestone in self.chat.said(row.card)]


__all__ = ["ALICE", "BOB", "EVE", "NOBODY", "Desk", "SetClock"]
