"""What stands in each stand-in when the playground starts, made from the plain data of `seed`.

Called by the world, once. The running apps are released the way the pipeline releases, so they look like any other.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from playground import seed
from playground.argo.release import image_digest
from playground.argo.steps import chart_commit
from playground.faults import Faults
from playground.harbor import Harbor, Project
from playground.keycloak import Client, Realm, User
from playground.nexus import Nexus, Repository
from playground.slack.model import Channel, Person

if TYPE_CHECKING:
    from playground.argo.cluster import Controllers
    from playground.kubernetes.store import Store, WatchEvent
    from playground.pace import Pace

Obj = dict[str, Any]
SEED_SPEED: Final = 10_000.0
SEED_SECONDS: Final = 10.0


class PlaygroundError(Exception):
    """The playground cannot start; the text says what, why and what to do."""


def make_realm() -> Realm:
    """Return the realm with the seeded people, and the bot's client with the least that it needs."""
    roles_client = Client(client_id=seed.ROLES_CLIENT_NAME, id=seed.ROLES_CLIENT, roles=dict(seed.COMPOSITES))
    realm = Realm(seed.REALM, roles_client=roles_client)
    grants = {"view-users", f"Clients:view:{seed.ROLES_CLIENT}"}
    realm.add_client(Client(client_id=seed.BOT_CLIENT, secret=seed.BOT_SECRET, grants=grants))
    for person in seed.PEOPLE:
        if person.linked:
            realm.add_user(
                User(
                    username=person.name,
                    email=person.email,
                    first_name=person.name.capitalize(),
                    enabled=person.enabled,
                    attributes={seed.LINK_ATTRIBUTE: [f"{seed.TEAM}-{person.slack_id}"]},
                    roles=set(person.roles),
                )
            )
    return realm


def make_nexus(faults: Faults) -> Nexus:
    """Return the store of artifacts with every seeded version, built a day apart."""
    nexus = Nexus(faults=faults)
    releases = nexus.add(Repository(seed.MAVEN_REPOSITORY))
    for app in seed.APPS:
        for day, version in enumerate(app.versions):
            modified = seed.SEEDED_AT + timedelta(days=day)
            releases.publish(group=seed.GROUP, name=app.name, version=version, modified=modified)
    return nexus


def make_harbor(faults: Faults) -> Harbor:
    """Return the registry with the images of what runs and of what ran before, built an hour after their artifacts."""
    harbor = Harbor(faults=faults, credentials=(seed.HARBOR_USER, seed.HARBOR_PASSWORD))
    for app in seed.APPS:
        harbor.add(Project(app.name))
        for day, version in enumerate(app.built):
            built = seed.SEEDED_AT + timedelta(days=day, hours=1)
            digest, scan = image_digest(app.name, version), app.scans.get(version)
            harbor.push(app.image, version, digest, at=built, scan=scan)
    return harbor


def slack_people() -> list[Person]:
    return [Person(person.slack_id, person.name, title=person.title, email=person.email) for person in seed.PEOPLE]


def slack_channels() -> list[Channel]:
    return [Channel(channel, name, topic=topic) for channel, (name, topic) in seed.CHANNELS.items()]


def templates_folder() -> Path:
    """Return where the WorkflowTemplates are: beside the packages in a checkout, inside this one once installed."""
    here = Path(__file__).resolve().parent
    folders = (here.parent / "workflow-templates", here / "templates")
    for folder in folders:
        if any(folder.glob("*.yaml")):
            return folder
    raise PlaygroundError(
        f"There are no WorkflowTemplates in {folders[0]} or {folders[1]}, so no pipeline could run. "
        "Take the whole checkout, or install the package again."
    )


def load_templates(store: "Store", folder: Path) -> None:
    """Create the namespaces and put every WorkflowTemplate of `folder` into each."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))]
    documents = [document for text in texts for document in yaml.safe_load_all(text) if document]
    for environment in seed.ENVIRONMENTS:
        store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": environment.namespace}})
        for document in documents:
            if document.get("kind") == "WorkflowTemplate":
                store.create(document | {"metadata": document["metadata"] | {"namespace": environment.namespace}})


async def release_running(controllers: "Controllers", store: "Store", pace: "Pace") -> None:
    """Release every app that runs already, and return when all are healthy: the controllers do it, only much faster."""
    with _hurried(pace):
        for environment in seed.ENVIRONMENTS:
            for app in seed.APPS:
                if app.running:
                    await controllers.release(release_parameters(app, environment))
        await _until_healthy(store)


@contextmanager
def _hurried(pace: "Pace") -> Iterator[None]:
    usual, pace.speed = pace.speed, SEED_SPEED
    try:
        yield
    finally:
        pace.speed = usual


async def _until_healthy(store: "Store") -> None:
    healthy = asyncio.Event()

    def look(_event: "WatchEvent | None" = None) -> None:
        if all(rollout.get("status", {}).get("phase") == "Healthy" for rollout in store.list("Rollout")):
            healthy.set()

    unsubscribe = store.subscribe(look)
    try:
        look()
        async with asyncio.timeout(SEED_SECONDS):
            await healthy.wait()
    except TimeoutError as error:
        raise PlaygroundError(
            f"The apps that should run already were not healthy within {SEED_SECONDS:.0f} s. "
            "This machine may be very busy: try again."
        ) from error
    finally:
        unsubscribe()


def release_parameters(app: seed.SeedApp, environment: seed.SeedEnvironment) -> dict[str, str]:
    """Return the arguments of `slipway-release` for the version that runs already; deployment 0 came before the bot."""
    version = app.running or ""
    return {
        "app": app.name,
        "environment": environment.name,
        "namespace": environment.namespace,
        "deployment": "0",
        "version": version,
        "strategy": app.strategy,
        "requester": "playground",
        "image": app.image,
        "digest": image_digest(app.name, version),
        "chart-repository": seed.CHARTS,
        "chart-path": seed.CHART_PATH,
        "chart-commit": chart_commit(seed.CHARTS, seed.CHART_REF),
        "values": json.dumps(app.chart_values()),
    }
