"""The files that the playground leaves in its state directory for the bot: kubeconfig, catalog.yaml, env.

Called by the world once every server has its port. The catalog carries comments, because people open it to learn.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from playground import seed

_HEAD: Final = """\
# The catalog: which apps there are, where they may go, and who may do what. Slipway reads this file again when
# it changes; a file with a mistake is refused with its line, and the last good one stays in force. Try it: change a
# weight and save.

clusters:
  {cluster}:                                                     # {{}} when the bot runs inside the cluster
    kubeconfig: {kubeconfig}
    context: {cluster}
    workflow-page: https://argo.example.com/workflows/{{namespace}}/{{name}}      # what Links on a card lead to
    rollout-page: https://rollouts.example.com/rollouts/rollout/{{namespace}}/{{name}}

environments:
"""
_APPROVALS: Final = """\
    # Also possible, per environment:
    # approvals: {count: 1, from: [approver], requester-may-approve: false, expire: 4h}
    # windows: ["Mon-Fri 09:00-18:00 Asia/Seoul"]

"""
_GRANTS: Final = """\
# Roles of the Keycloak client to what they allow, and where. What no line allows is refused.
grants:
  - {role: deployer, may: [deploy, abort, rollback, retry, restart], environments: [staging]}
  - {role: deployer, may: [deploy], environments: [production]}
  - {role: approver, may: [approve, promote, advance, pause, resume, restart, abort, rollback], apps: ["*"]}
  - {role: admin, may: ["*"]}

# Whom to ask when a step of the pipeline fails or stands still.
steps:
  build-image: {owner: "#platform-help"}
  pipeline: {owner: "#platform-help"}
"""


def write_private(path: Path, text: str) -> Path:
    """Write a file that only its owner can read: there are tokens in it, if only made-up ones."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path


def kubeconfig(server: str) -> str:
    """Return a kubeconfig for `server` with the stand-in's token; JSON is YAML, and kubectl reads both."""
    name = seed.CLUSTER
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "users": [{"name": "slipway", "user": {"token": seed.KUBERNETES_TOKEN}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "slipway", "namespace": "staging"}}],
        "current-context": name,
    }
    return json.dumps(content, indent=2) + "\n"


def catalog(kubeconfig_path: Path) -> str:
    """Return the catalog of the seeded apps and environments."""
    head = _HEAD.format(cluster=seed.CLUSTER, kubeconfig=json.dumps(str(kubeconfig_path)))
    environments = "".join(_environment(environment) for environment in seed.ENVIRONMENTS)
    apps = "\n".join(_app(app, teach=app is seed.APPS[0]) for app in seed.APPS)
    return f"{head}{environments}{_APPROVALS}apps:\n{apps}\n{_GRANTS}"


def env_lines(environment: Mapping[str, str]) -> str:
    return "".join(f"{key}={value}\n" for key, value in environment.items())


def _environment(environment: seed.SeedEnvironment) -> str:
    lines = (f"cluster: {seed.CLUSTER}", f"namespace: {environment.namespace}", *environment.settings)
    return f"  {environment.name}:\n" + "".join(f"    {line}\n" for line in lines)


def _app(app: seed.SeedApp, *, teach: bool) -> str:
    taught = [(line, comment if teach else "") for line, comment in _app_lines(app)]
    lines = [f"    {line:<54}  # {comment}" if comment else f"    {line}" for line, comment in taught]
    return "\n".join((f"  {app.name}:", *lines)) + "\n"


def _app_lines(app: seed.SeedApp) -> Iterator[tuple[str, str]]:
    """Yield each line of an app with what it teaches."""
    if app.aliases:
        yield f"aliases: [{', '.join(app.aliases)}]", "other names that people type"
    yield f'owners: ["@team-{app.name}"]', ""
    yield (
        f"artifact: {{group: {seed.GROUP}, name: {app.name}, packaging: jar}}",
        "in Nexus; its versions can be deployed",
    )
    yield f"image: {app.image}", "where the built image goes, here in Harbor, without a tag"
    yield f"base-image: {seed.BASE_IMAGE}", ""
    yield f"chart: {{repository: {seed.CHARTS}, path: {seed.CHART_PATH}, ref: {seed.CHART_REF}}}", ""
    yield f"strategy: {app.strategy}", "unless typed: rolling, blue-green, canary, recreate"
    yield f"environments: [{', '.join(environment.name for environment in seed.ENVIRONMENTS)}]", ""
    yield f"values: {{replicas: {app.replicas}, port: 8080, host: {app.host}}}", "handed to the chart"
    if app.steps:
        yield f"canary: {{steps: [{', '.join(map(_step, app.steps))}]}}", "pause: {} waits for a person"


def _step(step: seed.Obj) -> str:
    [(word, value)] = step.items()
    return f"{{{word}: {value or '{}'}}}"
