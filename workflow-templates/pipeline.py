"""The pipeline's templates, as hera sources; `make templates` writes the YAML files beside this one.

`slipway-deploy` takes a jar to a released Rollout, `slipway-release` releases content that was built before. Parameters
reach the programs as arguments only: nothing from outside is ever part of a script. What the platform sets comes from
the ConfigMap and the Secret `slipway-pipeline` of the same namespace; each step sees its own credentials alone.
"""

from hera.workflows import DAG, Container, Parameter, Task, WorkflowTemplate
from hera.workflows import models as m

STEPS_IMAGE = "slipway-steps:0.1.0"
NAME = "slipway-pipeline"
"""The service account, the ConfigMap with the settings and the Secret with the credentials."""
CREDENTIALS = {
    "nexus": {"nexus-username": "username", "nexus-password": "password"},
    "registry": {"registry.json": "config.json"},
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
    "image",
    "base-image",
    "chart-repository",
    "chart-path",
    "chart-ref",
    "values",
)
RELEASE = (*COMMON, "image", "digest", "chart-repository", "chart-path", "chart-commit", "values")
RESTRICTED = m.SecurityContext(
    allow_privilege_escalation=False,
    read_only_root_filesystem=True,
    run_as_non_root=True,
    run_as_user=65532,
    capabilities=m.Capabilities(drop=["ALL"]),
    seccomp_profile=m.SeccompProfile(type="RuntimeDefault"),
)
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
) -> Container:
    """Make the template of one step: its program, its arguments, how long it may take, what it gives back."""
    arguments = [part for key in inputs for part in (f"--{key}", f"{{{{inputs.parameters.{key}}}}}")]
    scratch = m.VolumeMount(name="scratch", mount_path="/tmp")  # noqa: S108  # a volume of the pod's own
    credentials = [
        m.VolumeMount(name=f"{system}-credentials", mount_path=f"/etc/slipway/credentials/{system}", read_only=True)
        for system in systems
    ]
    return Container(
        name=name,
        image=STEPS_IMAGE,
        image_pull_policy="IfNotPresent",
        command=["python", "-m", f"steps.{name.replace('-', '_')}"],
        args=arguments,
        env_from=[m.EnvFromSource(config_map_ref=m.ConfigMapEnvSource(name=NAME, optional=True))],
        inputs=[Parameter(name=key) for key in inputs],
        outputs=[Parameter(name=key, value_from=m.ValueFrom(path=f"/tmp/outputs/{key}")) for key in outputs] or None,  # noqa: S108  # the same
        active_deadline_seconds=str(minutes * 60),
        retry_strategy=AGAIN if retry else None,
        security_context=RESTRICTED,
        resources=m.ResourceRequirements(requests={"cpu": "100m", "memory": "128Mi"}, limits={"memory": "1Gi"}),
        volume_mounts=[scratch, *credentials],
    )


def credentials_of(system: str) -> m.Volume:
    """Make the volume with a system's credentials; without them it is empty and the system asked anonymously."""
    items = [m.KeyToPath(key=key, path=path) for key, path in CREDENTIALS[system].items()]
    source = m.SecretVolumeSource(secret_name=NAME, items=items, optional=True, default_mode=0o440)
    return m.Volume(name=f"{system}-credentials", secret=source)


def template(name: str, parameters: tuple[str, ...], *, systems: tuple[str, ...]) -> WorkflowTemplate:
    """Make the frame that both pipelines share: one at a time per app and environment, cleaned up after a day."""
    return WorkflowTemplate(
        name=name,
        entrypoint="pipeline",
        service_account_name=NAME,
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


FETCH = ("artifact-group", "artifact-name", "artifact-packaging", "version")
FETCHED = ("sha256", "file-version")
BUILD = (*FETCH, "app", "image", "base-image")
RESOLVE = ("app", "image", "version")
CHART = ("chart-repository", "chart-path", "chart-ref")

with template("slipway-deploy", DEPLOY, systems=("nexus", "registry", "gitea")) as deploy:
    fetch_artifact = step("fetch-artifact", FETCH, minutes=10, systems=("nexus",), outputs=FETCHED, retry=True)
    build_image = step("build-image", (*BUILD, *FETCHED), minutes=20, systems=("nexus", "registry"), outputs=("built",))
    resolve_image = step("resolve-image", RESOLVE, minutes=5, systems=("registry",), outputs=("digest",), retry=True)
    fetch_chart = step("fetch-chart", CHART, minutes=5, systems=("gitea",), outputs=("commit",), retry=True)
    release = step("release", RELEASE, minutes=20, systems=("gitea",), outputs=("revision",))
    with DAG(name="pipeline"):
        one = Task(name="fetch-artifact", template=fetch_artifact, arguments=given(*FETCH))
        two = Task(
            name="build-image",
            template=build_image,
            arguments=given(
                *BUILD,
                sha256="{{tasks.fetch-artifact.outputs.parameters.sha256}}",
                file_version="{{tasks.fetch-artifact.outputs.parameters.file-version}}",
            ),
        )
        three = Task(name="resolve-image", template=resolve_image, arguments=given(*RESOLVE))
        four = Task(name="fetch-chart", template=fetch_chart, arguments=given(*CHART))
        five = Task(
            name="release",
            template=release,
            arguments=given(
                *COMMON,
                "image",
                "chart-repository",
                "chart-path",
                "values",
                digest="{{tasks.resolve-image.outputs.parameters.digest}}",
                chart_commit="{{tasks.fetch-chart.outputs.parameters.commit}}",
            ),
        )
        one.next(two).next(three).next(four).next(five)

with template("slipway-release", RELEASE, systems=("gitea",)) as release_only:
    again = step("release", RELEASE, minutes=20, systems=("gitea",), outputs=("revision",))
    with DAG(name="pipeline"):
        Task(name="release", template=again, arguments=given(*RELEASE))

WRITTEN = {"slipway-deploy.yaml": deploy, "slipway-release.yaml": release_only}
