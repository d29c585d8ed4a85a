"""What a deploy will run: the pipeline's arguments, fixed at the moment somebody asked.

Facts in, data out. The pipeline template's arguments are these keys exactly.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from commands.core.catalog import App, Build, Environment
from commands.core.grammar import LATEST, VERSION
from commands.core.model import Content, Deployment, Person, Restore, Stage, WayBack
from commands.core.observed import CanaryStep, CanaryStepKind, RolloutSnapshot, Strategy
from commands.core.ports import Available, PipelineOrder

DEPLOY_TEMPLATE = "slipway-deploy"
CONTAINERFILE_TEMPLATE = "slipway-containerfile"
RELEASE_TEMPLATE = "slipway-release"
RELEASED = (
    "app",
    "environment",
    "namespace",
    "version",
    "strategy",
    "requester",
    "image",
    "chart-repository",
    "chart-path",
    "values",
)
"""What a release takes over from an earlier deployment, besides what that one found out: digest and commit."""
DEFAULT_CANARY = (
    CanaryStep(kind=CanaryStepKind.WEIGHT, weight=20),
    CanaryStep(kind=CanaryStepKind.PAUSE),
    CanaryStep(kind=CanaryStepKind.WEIGHT, weight=50),
    CanaryStep(kind=CanaryStepKind.PAUSE),
)
"""The steps of an app whose catalog entry names none: a canary that nobody is asked about would be no canary."""


def resolve(wanted: str, available: Sequence[Available]) -> str | None:
    """Find the version that was meant: as stored, with or without a leading v, or the newest release.

    What somebody published under a name that nobody could type is passed over, so that `latest` brings none in.
    """
    names = [item.version for item in available if VERSION.fullmatch(item.version)]
    if wanted == LATEST:
        return next((name for name in names if "-" not in name), None)
    return name_of(wanted, names)


def name_of(wanted: str, names: Sequence[str]) -> str | None:
    """Find the name that was meant among those there are: exactly, or with or without a leading v."""
    for candidate in (wanted, f"v{wanted}", wanted.removeprefix("v")):
        if candidate in names:
            return candidate
    return next((name for name in names if name.lower() == wanted.lower()), None)


def parameters(
    app: App, environment: Environment, *, version: str, strategy: Strategy, person: Person
) -> dict[str, str]:
    """Build the arguments of the pipeline; the deployment's number is added when it is known."""
    values = {**app.values, "canary": {"steps": [_step(step) for step in app.canary or DEFAULT_CANARY]}}
    return {
        "app": app.name,
        "environment": environment.name,
        "namespace": environment.namespace,
        "version": version,
        "strategy": strategy.value,
        "requester": person.name,
        "artifact-group": app.artifact.group,
        "artifact-name": app.artifact.name,
        "artifact-packaging": app.artifact.packaging,
        "artifact-classifier": app.artifact.classifier,
        "image": app.image,
        "base-image": app.base_image,
        "chart-repository": app.chart.repository,
        "chart-path": app.chart.path,
        "chart-ref": app.chart.ref,
        "chart-pin": app.chart.pin,
        "values": json.dumps(values, sort_keys=True, separators=(",", ":")),
        **(_source(app.build) if app.build else {}),
    }


def _source(build: Build) -> dict[str, str]:
    return {
        "source-repository": build.repository,
        "source-commit": build.commit,
        "source-context": build.context,
        "containerfile": build.containerfile,
    }


def _step(step: CanaryStep) -> dict[str, object]:
    if step.kind is CanaryStepKind.WEIGHT:
        return {"setWeight": step.weight}
    if step.duration is None:
        return {"pause": {}}
    return {"pause": {"duration": f"{int(step.duration.total_seconds())}s"}}


def templates(apps: Iterable[App]) -> tuple[str, ...]:
    """List the pipeline templates that deploys of these apps, and going back, need."""
    builds = {CONTAINERFILE_TEMPLATE if app.build else DEPLOY_TEMPLATE for app in apps}
    return tuple(sorted({*builds, RELEASE_TEMPLATE}))


def release_parameters(of: Deployment) -> dict[str, str] | None:
    """Build the arguments that release exactly what a deployment released; None while that is not known in full."""
    return released(dict(of.parameters), of.content)


def released(parameters: Mapping[str, str], content: Content) -> dict[str, str] | None:
    """Build the arguments of the release that a pipeline ends with; None while its content is not known in full."""
    if not content.digest or not content.chart_commit:
        return None
    taken = {key: parameters[key] for key in RELEASED if key in parameters}
    return {**taken, "digest": content.digest, "chart-commit": content.chart_commit}


def _template(deployment: Deployment) -> str:
    parameters = dict(deployment.parameters)
    if "chart-commit" in parameters:
        return RELEASE_TEMPLATE
    return CONTAINERFILE_TEMPLATE if "containerfile" in parameters else DEPLOY_TEMPLATE


def order(deployment: Deployment) -> PipelineOrder:
    """Make the order that starts a deployment's pipeline; the same deployment always gives the same one."""
    return PipelineOrder(
        name=deployment.workflow,
        template=_template(deployment),
        owner=deployment.id,
        place=deployment.place,
        environment=deployment.environment,
        number=deployment.number,
        parameters=(*deployment.parameters, ("deployment", str(deployment.number))),
    )


def content_of(back: WayBack, succeeded: Sequence[Deployment]) -> Deployment | None:
    """Find the deployment whose exact content a way back is, the newest of them; None where there is none.

    Parameters
    ----------
    back
        What ran before.
    succeeded
        The successful deployments of that app in that environment, newest first.
    """
    same = [row for row in succeeded if back.digest and row.content.digest == back.digest and release_parameters(row)]
    return next((row for row in same if row.number == back.number), same[0] if same else None)


def restore_order(deployment: Deployment, restore: Restore) -> PipelineOrder:
    """Make the order that releases what ran before a deployment; it carries the number of what it releases."""
    return PipelineOrder(
        name=restore.workflow,
        template=RELEASE_TEMPLATE,
        owner=deployment.id,
        place=deployment.place,
        environment=deployment.environment,
        number=deployment.number,
        parameters=(*restore.parameters, ("deployment", str(restore.number))),
    )


def way_back(
    rollout: RolloutSnapshot | None, recent: Sequence[Deployment], succeeded: Sequence[Deployment] = ()
) -> WayBack | None:
    """Say what to return to: what the cluster runs in full, else what the newest deployment left or had to go back to.

    Parameters
    ----------
    rollout
        What runs there now.
    recent
        The deployments of this app in this environment, newest first.
    succeeded
        The successful ones of them, newest first: whose content can come back.
    """
    back = _ran(rollout, recent)
    if back is None:
        return None
    live = rollout.deployment if rollout is not None and rollout.is_done else None
    content = content_of(replace(back, number=live or back.number), succeeded)
    return replace(
        back,
        number=content.number if content else 0,
        strategy=content.strategy if content else None,
        is_built=None,
        seconds=0,
    )


def _ran(rollout: RolloutSnapshot | None, recent: Sequence[Deployment]) -> WayBack | None:
    if rollout is not None and rollout.is_done and rollout.version:
        succeeded = next((row for row in recent if row.stage is Stage.SUCCEEDED), None)
        is_known = succeeded is not None and succeeded.version == rollout.version
        since = succeeded.finished_at if succeeded is not None and is_known else None
        return WayBack(version=rollout.version, digest=rollout.image.partition("@")[2], since=since)
    if not recent:
        return None
    last = recent[0]
    if last.stage is Stage.SUCCEEDED:
        return WayBack(version=last.version, digest=last.content.digest, since=last.finished_at)
    return last.way_back
