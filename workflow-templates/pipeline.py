"""The pipeline's templates, as hera sources; `make templates` writes the YAML files beside and below this one.

`slipway-deploy` takes a jar to a released Rollout, `slipway-containerfile` does it for an app with a Containerfile, and
`slipway-release` releases content that was built before; each once for a namespace and once for the whole cluster.
Parameters reach the programs as arguments only: nothing from outside is ever part of a script.
"""

from collections.abc import Callable

from hera.workflows import DAG, ClusterWorkflowTemplate, Container, Parameter, Task, WorkflowTemplate
from hera.workflows import models as m

STEPS_IMAGE = "slipway-steps:0.1.0"
BUILDER_IMAGE = "slipway-builder:0.1.0"
"""The steps and buildah."""
NAME = "slipway-pipeline"
"""In each namespace: the ConfigMap with the settings, the Secret with the credentials, the account that releases."""
ACCOUNT = "slipway-steps"
"""The account of all other steps, which ask nothing of the cluster."""
CREDENTIALS = {
    "nexus": {"nexus-username": "username", "nexus-password": "password"},
    "registry": {"registry.json": "config.json"},
    "charts": {"chart-registry.json": "config.json"},
    "gitea": {"gitea-token": "token"},
}
"""By system: keys of the Secret, and the files that the steps read them from."""
TEMPORARY = "75"
"""The exit code of a failure that may pass (`steps/outcome.py`)."""
COMMON = ("app", "environment", "namespace", "deployment", "version", "strategy", "requester")
DEPLOY = (
    *COMMON,
    "artifact-group",
    "artifact-name",
    "artifact-packaging",
    "artifact-classifier",
    "image",
    "base-image",
    "chart-repository",
    "chart-path",
    "chart-ref",
    "chart-pin",
    "values",
)
SOURCE = ("source-repository", "source-commit", "source-context", "containerfile")
RELEASE = (*COMMON, "image", "digest", "chart-repository", "chart-path", "chart-commit", "values")
RESTRICTED = m.SecurityContext(
    allow_privilege_escalation=False,
    read_only_root_filesystem=True,
    run_as_non_root=True,
    run_as_user=65532,
    capabilities=m.Capabilities(drop=["ALL"]),
    seccomp_profile=m.SeccompProfile(type="RuntimeDefault"),
)
BUILDER = RESTRICTED.model_copy(
    update={
        "allow_privilege_escalation": True,
        "capabilities": m.Capabilities(drop=["ALL"], add=["SETUID", "SETGID"]),
        "seccomp_profile": m.SeccompProfile(type="Unconfined"),
    }
)
"""A build has a user namespace, which the usual profile forbids, with users that two programs of its image give it."""
SMALL = m.ResourceRequirements(requests={"cpu": "100m", "memory": "128Mi"}, limits={"memory": "1Gi"})
LARGE = m.ResourceRequirements(requests={"cpu": "500m", "memory": "512Mi"}, limits={"memory": "4Gi"})
AGAIN = m.RetryStrategy(
    limit="2",
    retry_policy="Always",
    expression=f"lastRetry.status == 'Error' || asInt(lastRetry.exitCode) == {TEMPORARY}",
    backoff=m.Backoff(duration="5s", factor="2"),
)
"""For steps that only read: once more when the pod was lost or what failed may pass, never for a plain failure."""


def step(
    name: str,
    inputs: tuple[str, ...],
    *,
    minutes: int,
    systems: tuple[str, ...],
    outputs: tuple[str, ...] = (),
    retry: bool = False,
    account: str | None = None,
    builds: bool = False,
) -> Container:
    """Make the template of one step: its program, its arguments, how long it may take, what it gives back.

    One that `builds` has a program, an image and a security context of its own under the name of the usual step.
    """
    program = "build_containerfile" if builds else name.replace("-", "_")
    arguments = [part for key in inputs for part in (f"--{key}", f"{{{{inputs.parameters.{key}}}}}")]
    scratch = m.VolumeMount(name="scratch", mount_path="/tmp")  # noqa: S108  # a volume of the pod's own
    credentials = [
        m.VolumeMount(name=f"{system}-credentials", mount_path=f"/etc/slipway/credentials/{system}", read_only=True)
        for system in systems
    ]
    return Container(
        name=name,
        image=BUILDER_IMAGE if builds else STEPS_IMAGE,
        image_pull_policy="IfNotPresent",
        command=["python", "-m", f"steps.{program}"],
        args=arguments,
        env_from=[m.EnvFromSource(config_map_ref=m.ConfigMapEnvSource(name=NAME, optional=True))],
        inputs=[Parameter(name=key) for key in inputs],
        outputs=[Parameter(name=key, value_from=m.ValueFrom(path=f"/tmp/outputs/{key}")) for key in outputs] or None,  # noqa: S108  # the same
        active_deadline_seconds=str(minutes * 60),
        retry_strategy=AGAIN if retry else None,
        service_account_name=account,
        security_context=BUILDER if builds else RESTRICTED,
        resources=LARGE if builds else SMALL,
        volume_mounts=[scratch, *credentials],
    )


def credentials_of(system: str) -> m.Volume:
    """Make the volume with a system's credentials; without them it is empty and the system asked anonymously."""
    items = [m.KeyToPath(key=key, path=path) for key, path in CREDENTIALS[system].items()]
    source = m.SecretVolumeSource(secret_name=NAME, items=items, optional=True, default_mode=0o440)
    return m.Volume(name=f"{system}-credentials", secret=source)


Kind = type[WorkflowTemplate]


def template(kind: Kind, name: str, parameters: tuple[str, ...], *, systems: tuple[str, ...]) -> WorkflowTemplate:
    """Make the frame that all pipelines share: one at a time per app and environment, cleaned up after a day."""
    return kind(
        name=name,
        entrypoint="pipeline",
        service_account_name=ACCOUNT,
        arguments=[Parameter(name=key) for key in parameters],
        active_deadline_seconds=3600,
        synchronization=m.Synchronization(
            mutexes=[m.Mutex(name="slipway-{{workflow.parameters.app}}-{{workflow.parameters.environment}}")]
        ),
        ttl_strategy=m.TTLStrategy(seconds_after_completion=86400),
        pod_gc=m.PodGC(strategy="OnPodSuccess"),
        security_context=m.PodSecurityContext(fs_group=65532),
        volumes=[
            m.Volume(name="scratch", empty_dir=m.EmptyDirVolumeSource()),
            *(credentials_of(system) for system in systems),
        ],
    )


def given(*keys: str, **others: str) -> dict[str, str]:
    """Pass workflow parameters on under their own names, and step outputs under the names given."""
    return {
        **{key: f"{{{{workflow.parameters.{key}}}}}" for key in keys},
        **{k.replace("_", "-"): v for k, v in others.items()},
    }


FETCH = ("artifact-group", "artifact-name", "artifact-packaging", "artifact-classifier", "version")
LOOK = (*FETCH, "image")
FETCHED = ("sha256", "file-version")
BUILD = (*LOOK, "app", "base-image")
RESOLVE = ("app", "image", "version")
CHART = ("chart-repository", "chart-path", "chart-ref", "chart-pin")
OF_CHARTS = ("gitea", "charts")


def build_of_artifact() -> Container:
    return step("build-image", (*BUILD, *FETCHED), minutes=20, systems=("nexus", "registry"), outputs=("built",))


def build_of_containerfile() -> Container:
    inputs, systems = (*BUILD, *FETCHED, *SOURCE), ("nexus", "registry", "gitea")
    return step("build-image", inputs, minutes=40, systems=systems, outputs=("built",), builds=True)


def release_step() -> Container:
    return step("release", RELEASE, minutes=20, systems=OF_CHARTS, outputs=("revision",), account=NAME)


def deploy(kind: Kind, name: str, build: Callable[[], Container], *, source: tuple[str, ...] = ()) -> WorkflowTemplate:
    """Make the pipeline from an artifact to a release; how the image is built is up to one of its steps."""
    with template(kind, name, (*DEPLOY, *source), systems=("nexus", "registry", *OF_CHARTS)) as made:
        systems = ("nexus", "registry")
        fetch_artifact = step("fetch-artifact", LOOK, minutes=10, systems=systems, outputs=FETCHED, retry=True)
        build_image = build()
        resolve = step("resolve-image", RESOLVE, minutes=5, systems=("registry",), outputs=("digest",), retry=True)
        fetch_chart = step("fetch-chart", CHART, minutes=5, systems=OF_CHARTS, outputs=("commit",), retry=True)
        release = release_step()
        with DAG(name="pipeline"):
            fetched = {
                key.replace("-", "_"): f"{{{{tasks.fetch-artifact.outputs.parameters.{key}}}}}" for key in FETCHED
            }
            released = given(
                *(key for key in RELEASE if key not in {"digest", "chart-commit"}),
                digest="{{tasks.resolve-image.outputs.parameters.digest}}",
                chart_commit="{{tasks.fetch-chart.outputs.parameters.commit}}",
            )
            one = Task(name="fetch-artifact", template=fetch_artifact, arguments=given(*LOOK))
            two = Task(name="build-image", template=build_image, arguments=given(*BUILD, *source, **fetched))
            three = Task(name="resolve-image", template=resolve, arguments=given(*RESOLVE))
            four = Task(name="fetch-chart", template=fetch_chart, arguments=given(*CHART))
            five = Task(name="release", template=release, arguments=released)
            one.next(two).next(three).next(four).next(five)
    return made


def release_only(kind: Kind) -> WorkflowTemplate:
    """Make the pipeline that releases what is there already."""
    with template(kind, "slipway-release", RELEASE, systems=OF_CHARTS) as made:
        release = release_step()
        with DAG(name="pipeline"):
            Task(name="release", template=release, arguments=given(*RELEASE))
    return made


def every(kind: Kind) -> list[WorkflowTemplate]:
    return [
        deploy(kind, "slipway-deploy", build_of_artifact),
        deploy(kind, "slipway-containerfile", build_of_containerfile, source=SOURCE),
        release_only(kind),
    ]


WRITTEN = {
    **{f"{each.name}.yaml": each for each in every(WorkflowTemplate)},
    **{f"cluster/{each.name}.yaml": each for each in every(ClusterWorkflowTemplate)},
}
