"""What one failing deployment finds in its namespace, to be spoilt before it is made. Knows no particular failure."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Final

from commands.core import plan
from commands.core.catalog import App, Artifact, Chart, Environment
from commands.core.model import Person, Place
from commands.core.observed import Strategy
from commands.core.ports import PipelineOrder
from playground import seed
from tests.bed import images
from tests.bed.places import REGISTRY, Places
from tests.bed.tenancy import PIPELINE, objects_of

CLUSTER: Final = "bed"
NAMESPACE_LABEL: Final = "kubernetes.io/metadata.name"
REQUESTER: Final = Person(id="", name="alice", chat_id="U0", roles=frozenset())

Obj = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Setting:
    """A namespace with the pipeline's objects and an app, all as they should be until a case spoils them.

    `everywhere` are objects outside namespaces, removed by name afterwards. `target` is where to release it, if that is
    not the namespace in which the pipeline runs.
    """

    name: str
    app: App
    objects: list[Obj]
    version: str = "1.0.0"
    everywhere: list[Obj] = field(default_factory=list)
    target: str = ""

    @property
    def namespace(self) -> str:
        return f"failing-{self.name}"

    @property
    def settings(self) -> dict[str, str]:
        """The steps' settings, to be changed in place."""
        found: dict[str, str] = self.object("ConfigMap", PIPELINE)["data"]
        return found

    @property
    def credentials(self) -> dict[str, str]:
        """The steps' credentials, to be changed in place."""
        found: dict[str, str] = self.object("Secret", PIPELINE)["stringData"]
        return found

    @property
    def rules(self) -> list[Obj]:
        """What the pipeline's account may do, to be changed in place."""
        found: list[Obj] = self.object("Role", PIPELINE)["rules"]
        return found

    def object(self, kind: str, name: str) -> Obj:
        return next(each for each in self.objects if (each["kind"], each["metadata"]["name"]) == (kind, name))

    @property
    def template(self) -> str:
        """The name of the template that deploys the app."""
        return plan.CONTAINERFILE_TEMPLATE if self.app.build else plan.DEPLOY_TEMPLATE

    def step(self, name: str) -> Obj:
        """Return a step's template, to be changed in place."""
        templates = self.object("WorkflowTemplate", self.template)["spec"]["templates"]
        return next(each for each in templates if each["name"] == name)

    def runs_instead(self, step: str, program: str) -> None:
        """Let a step run a Python program of the test's."""
        self.step(step)["container"] |= {"command": ["python", "-c", program], "args": []}

    def add(self, api_version: str, kind: str, *, name: str = "", **more: Any) -> None:
        """Add an object to the namespace, named like the app unless said otherwise."""
        metadata = {"name": name or self.app.name, "namespace": self.namespace, **more.pop("metadata", {})}
        self.objects.append({"apiVersion": api_version, "kind": kind, "metadata": metadata, **more})

    def order(self) -> PipelineOrder:
        """Order the deployment as the bot does."""
        place = Place(cluster=CLUSTER, namespace=self.namespace, app=self.app.name)
        environment = Environment(name="staging", cluster=CLUSTER, namespace=self.target or self.namespace)
        arguments = plan.parameters(
            self.app, environment, version=self.version, strategy=Strategy.ROLLING, person=REQUESTER
        )
        return PipelineOrder(
            name=f"{self.name}-1",
            template=self.template,
            owner=self.name,
            place=place,
            environment=environment.name,
            number=1,
            parameters=(*arguments.items(), ("deployment", "1")),
        )

    def change(self, **fields: Any) -> None:
        """Change the app."""
        self.app = replace(self.app, **fields)


def sound(places: Places, name: str) -> Setting:
    """Return a setting in which a deployment succeeds."""
    app = App(
        name=name,
        artifact=Artifact(group=seed.GROUP, name="failing"),
        image=f"{REGISTRY}/failing/{name}",
        base_image=f"{images.WEBAPP.rpartition(':')[0]}@{images.digest(places, images.WEBAPP)}",
        chart=Chart(repository=seed.CHARTS, path=seed.CHART_PATH, ref=seed.CHART_REF),
        environments=("staging",),
        values={"replicas": 1, "resources": {"requests": {"cpu": "1m", "memory": "16Mi"}}},
    )
    # A copy, because cases change what they find.
    objects = json.loads(json.dumps(list(objects_of(places, f"failing-{name}"))))
    return Setting(name=name, app=app, objects=objects)
