"""What may be deployed where and by whom: the catalog, once it has been read and found valid.

`integrations.catalog` reads the YAML; everything that decides takes this.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from commands.core.model import Place
from commands.core.observed import CanaryStep, Strategy

OCI = "oci://"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A Kubernetes cluster: in-cluster credentials when `kubeconfig` is empty.

    The pages are where people see a workflow or a rollout of it, with `{namespace}` and `{name}` in place of the names;
    empty where there is none.
    """

    name: str
    kubeconfig: str = ""
    context: str = ""
    workflow_page: str = ""
    rollout_page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRule:
    """How many people of which roles must agree before anything starts."""

    count: int
    roles: tuple[str, ...]
    may_requester: bool = False
    expire: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A namespace of a cluster, with its rules. `channel` is where its cards go; empty: where the command was typed.

    `remind` is how long a pause stands before people are reminded of it; None: for ever.
    """

    name: str
    cluster: str
    namespace: str
    is_default: bool = False
    is_protected: bool = False
    approvals: ApprovalRule | None = None
    windows: tuple[str, ...] = ()
    channel: str = ""
    remind: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Maven coordinates in Nexus."""

    group: str
    name: str
    packaging: str = "jar"
    classifier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A Helm chart: in a Git repository, where `ref` is a tag, branch or commit, or in a registry (`oci://…`).

    There `ref` is the chart's version and `path` is `.`. `pin` is the commit or digest that `ref` must still stand for.
    """

    repository: str
    path: str
    ref: str
    pin: str = ""

    @property
    def is_oci(self) -> bool:
        return self.repository.startswith(OCI)


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A Containerfile of the app's own and the folder it is built in, at one commit of a Git repository."""

    repository: str
    commit: str
    context: str = "."
    containerfile: str = "Containerfile"


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An application: where its jar, image and chart are and how it is usually released.

    Without a `build` the jar is laid upon the base image. `values` are JSON-like chart values (numbers, strings, lists,
    mappings), passed on untouched.
    """

    name: str
    artifact: Artifact
    image: str
    base_image: str
    chart: Chart
    environments: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    strategy: Strategy | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    canary: tuple[CanaryStep, ...] = ()
    build: Build | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role's right: which actions (`*` for all), in which environments and on which apps (empty: everywhere)."""

    role: str
    may: frozenset[str]
    environments: frozenset[str] = frozenset()
    apps: frozenset[str] = frozenset()

    def covers(self, *, action: str, app: str, environment: str) -> bool:
        return (
            bool(self.may & {"*", action})
            and (not self.environments or bool(self.environments & {"*", environment}))
            and (not self.apps or bool(self.apps & {"*", app}))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The whole catalog; names are unique and every reference resolves."""

    clusters: Mapping[str, Cluster]
    environments: Mapping[str, Environment]
    apps: Mapping[str, App]
    grants: tuple[Grant, ...] = ()
    steps: Mapping[str, str] = field(default_factory=dict)
    """Who keeps a step of the pipeline, by its name."""

    def app(self, name: str) -> App | None:
        """Find an app by its name or one of its aliases."""
        if name in self.apps:
            return self.apps[name]
        return next((app for app in self.apps.values() if name in app.aliases), None)

    def default_environment(self, app: App) -> Environment | None:
        """Return where an app goes when nobody says: its only environment, or the catalog's default one."""
        own = [self.environments[name] for name in app.environments]
        if len(own) == 1:
            return own[0]
        return next((environment for environment in own if environment.is_default), None)

    def place(self, app: App, environment: Environment) -> Place:
        return Place(cluster=environment.cluster, namespace=environment.namespace, app=app.name)
