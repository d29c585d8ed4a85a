"""What runs in a world before its first command: the seed's running apps, made as pipelines make it."""

import fcntl
import hashlib
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from playground import seed
from steps import build_image, release
from tests.bed import images
from tests.bed.places import ADDRESS, NEXUS_PORT, REGISTRY, REPOSITORY, Places
from tests.bed.services import gitea, nexus
from tests.bed.supervisor import program_path
from tests.bed.tenancy import Tenant

THRIFTY: Final[dict[str, Any]] = {"resources": {"requests": {"cpu": "1m", "memory": "16Mi"}}, "drainSeconds": 0}
"""Values of every app on the bed: many fit on a node, and their pods end at once, for nobody visits them."""
CHART: Final = REPOSITORY / "charts" / "app"


def image(app: seed.SeedApp) -> str:
    """Return where an app's images go in the bed's registry, without a tag."""
    return f"{REGISTRY}/{app.name}/{app.name}"


def catalog(tenant: Tenant, base: dict[str, Any], kubeconfig: Path) -> dict[str, Any]:
    """Point the playground's catalog at the bed: its cluster, its namespaces, its registry, its charts."""
    webapp = images.WEBAPP.rpartition(":")[0]
    for app in seed.APPS:
        entry = base["apps"][app.name]
        entry["image"] = image(app)
        entry["base-image"] = f"{webapp}@{images.digest(tenant.places, images.WEBAPP)}"
        entry["values"] |= THRIFTY
    for name, environment in base["environments"].items():
        environment["namespace"] = tenant.namespace(name)
    base["clusters"][seed.CLUSTER]["kubeconfig"] = str(kubeconfig)
    return base


def release_running(tenant: Tenant) -> None:
    """Release what runs at the start, with the chart, as the pipeline's last step does; return when it is healthy."""
    _build_images(tenant.places)
    wanted = [(app, name) for app in seed.APPS if app.running for name in tenant.namespaces]
    with ThreadPoolExecutor(len(wanted)) as pool:
        list(pool.map(lambda each: _release(tenant, *each), wanted))


def _build_images(places: Places) -> None:
    """Build the images of what runs; the registry keeps them, so this is done once."""
    with (places.run / "seed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for app in seed.APPS:
            if app.running and not _has_image(places, app):
                _build(places, app, app.running)


def _has_image(places: Places, app: seed.SeedApp) -> bool:
    command = [places.program("crane"), "digest", "--insecure", f"{image(app)}:{app.running}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _build(places: Places, app: seed.SeedApp, version: str) -> None:
    webapp = images.WEBAPP.rpartition(":")[0]
    parameters = {
        "artifact-group": seed.GROUP,
        "artifact-name": app.name,
        "artifact-packaging": "jar",
        "version": version,
        "app": app.name,
        "image": image(app),
        "base-image": f"{webapp}@{images.digest(places, images.WEBAPP)}",
        "sha256": hashlib.sha256(nexus.jar(app.name, version)).hexdigest(),
    }
    scratch = places.run / "seed"
    scratch.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": program_path(places),
        "SLIPWAY_NEXUS_URL": f"http://{ADDRESS}:{NEXUS_PORT}",
        "SLIPWAY_NEXUS_REPOSITORY": seed.MAVEN_REPOSITORY,
        "SLIPWAY_REGISTRY_INSECURE": "true",
        "SLIPWAY_SCRATCH": str(scratch),
        "SLIPWAY_OUTPUTS": str(scratch / "outputs"),
    }
    arguments = [part for key, value in parameters.items() for part in (f"--{key}", value)]
    assert build_image.main(arguments, environment) == 0, f"the image of {app.name} {version} was not built"


def _fewer(environment: str) -> dict[str, int]:
    """Spare pods where no scenario looks at how many there are: their starts are what takes a world its time."""
    return {} if environment == seed.ENVIRONMENTS[0].name else {"replicas": 1}


def _release(tenant: Tenant, app: seed.SeedApp, namespace: str) -> None:
    assert app.running
    digest = images.digest(tenant.places, f"{image(app)}:{app.running}")
    wanted = release.Parameters(
        app=app.name,
        environment=tenant.namespaces[namespace],
        namespace=namespace,
        deployment="0",
        version=app.running,
        strategy=app.strategy,
        requester="platform",
        image=image(app),
        digest=digest,
        chart_repository=gitea.CHARTS_URL,
        chart_path=seed.CHART_PATH,
        chart_commit="0" * 40,
        values=json.dumps({**app.chart_values(), **THRIFTY, **_fewer(tenant.namespaces[namespace])}),
    )
    command = ["helm", "upgrade", "--install", app.name, str(CHART), f"--namespace={namespace}", "--values=-"]
    environment = {**os.environ, "PATH": program_path(tenant.places), "KUBECONFIG": str(tenant.kubeconfig)}
    values = json.dumps(release.chart_values(wanted))
    done = subprocess.run(command, env=environment, input=values, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"helm could not release {app.name}: {done.stderr}"
    tenant.kubectl(
        "wait",
        f"rollout/{app.name}",
        f"--namespace={namespace}",
        "--for=jsonpath={.status.phase}=Healthy",
        "--timeout=120s",
    )
