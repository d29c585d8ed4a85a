"""The pipeline's templates, as hera sources; `make templates` writes the YAML files beside this one.

`slipway-deploy` takes a jar to a released Rollout, `slipway-release` releases content that was built before. Parameters
reach the programs as arguments only: nothing from outside is ever part of a script.
"""

from hera.workflows import DAG, Container, Parameter, Task, WorkflowTemplate
from hera.workflows import models as m

STEPS_IMAGE = "slipway-steps:0.1.0"
SERVICE_ACCOUNT = "slipway-pipeline"
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


def step(name: str, inputs: tuple[str, ...], *, minutes: int, output: str = "") -> Container:
    """Make the template of one step: its program, its arguments, how long it may take, what it gives back."""
    arguments = [part for key in inputs for part in (f"--{key}", f"{{{{inputs.parameters.{key}}}}}")]
    source = m.ValueFrom(path=f"/tmp/outputs/{output}")  # noqa: S108  # a volume of the pod's own
    return Container(
        name=name,
        image=STEPS_IMAGE,
        command=["python", "-m", f"steps.{name.replace('-', '_')}"],
        args=arguments,
        inputs=[Parameter(name=key) for key in inputs],
        outputs=[Parameter(name=output, value_from=source)] if output else None,
        active_deadline_seconds=str(minutes * 60),
        security_context=RESTRICTED,
        resources=m.ResourceRequirements(requests={"cpu": "100m", "memory": "128Mi"}, limits={"memory": "1Gi"}),
        volume_mounts=[m.VolumeMount(name="scratch", mount_path="/tmp")],  # noqa: S108  # the pod's own
    )


def template(name: str, parameters: tuple[str, ...]) -> WorkflowTemplate:
    """Make the frame that both pipelines share: one at a time per app and environment, cleaned up after a day."""
    return WorkflowTemplate(
        name=name,
        entrypoint="pipeline",
        service_account_name=SERVICE_ACCOUNT,
        arguments=[Parameter(name=key) for key in parameters],
        active_deadline_seconds=3600,
        synchronization=m.Synchronization(
            mutexes=[m.Mutex(name="slipway-{{workflow.parameters.app}}-{{workflow.parameters.environment}}")]
        ),
        ttl_strategy=m.TTLStrategy(seconds_after_completion=86400),
        pod_gc=m.PodGC(strategy="OnPodSuccess"),
        security_context=m.PodSecurityContext(fs_group=65532),
        volumes=[m.Volume(name="scratch", empty_dir=m.EmptyDirVolumeSource())],
    )


def given(*keys: str, **others: str) -> dict[str, str]:
    """Pass workflow parameters on under their own names, and step outputs under the names given."""
    return {
        **{key: f"{{{{workflow.parameters.{key}}}}}" for key in keys},
        **{k.replace("_", "-"): v for k, v in others.items()},
    }


FETCH = ("artifact-group", "artifact-name", "artifact-packaging", "version")
BUILD = (*FETCH, "app", "image", "base-image")
RESOLVE = ("app", "image", "version")
CHART = ("chart-repository", "chart-path", "chart-ref")

with template("slipway-deploy", DEPLOY) as deploy:
    fetch_artifact = step("fetch-artifact", FETCH, minutes=10)
    build_image = step("build-image", BUILD, minutes=20)
    resolve_image = step("resolve-image", RESOLVE, minutes=2, output="digest")
    fetch_chart = step("fetch-chart", CHART, minutes=5, output="commit")
    release = step("release", RELEASE, minutes=15, output="revision")
    with DAG(name="pipeline"):
        one = Task(name="fetch-artifact", template=fetch_artifact, arguments=given(*FETCH))
        two = Task(name="build-image", template=build_image, arguments=given(*BUILD))
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

with template("slipway-release", RELEASE) as release_only:
    again = step("release", RELEASE, minutes=15, output="revision")
    with DAG(name="pipeline"):
        Task(name="release", template=again, arguments=given(*RELEASE))

WRITTEN = {"slipway-deploy.yaml": deploy, "slipway-release.yaml": release_only}
