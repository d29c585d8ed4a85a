"""The catalog's format as pydantic models: every field, its description and its own check.

Used by loading.py for validation and by schema.py for editors. What needs a look at other entries is in meaning.py.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from commands.core.grammar import STRATEGY_WORDS
from commands.core.observed import Strategy
from integrations.catalog import words

OUR_ERROR: Final = "catalog"
NO_DURATION: Final = timedelta(0)


def refusal(message: str, remedy: str) -> PydanticCustomError:
    """Make the error that carries our own words through pydantic."""
    return PydanticCustomError(OUR_ERROR, "{message} {remedy}", {"message": message, "remedy": remedy})


def _checked(check: Callable[[str], Any]) -> Callable[[Any], Any]:
    """Make a validator of one of our words."""

    def validate(value: Any) -> Any:
        if not isinstance(value, str):
            raise PydanticCustomError("string_type", "text")
        try:
            return check(value)
        except words.Unfit as unfit:
            raise refusal(unfit.message, unfit.remedy) from unfit

    return validate


def _pattern(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


def _pause(value: Any) -> Any:
    return NO_DURATION if value == {} else _checked(words.duration)(value)


Name = Annotated[str, AfterValidator(_checked(words.name)), _pattern(words.NAME_PATTERN)]
SpokenName = Annotated[str, AfterValidator(_checked(words.spoken_name)), _pattern(words.NAME_PATTERN)]
EnvironmentName = Annotated[str, AfterValidator(_checked(words.environment_name)), _pattern(words.NAME_PATTERN)]
Namespace = Annotated[str, AfterValidator(_checked(words.namespace)), _pattern(words.NAMESPACE_PATTERN)]
Line = Annotated[str, AfterValidator(_checked(words.line)), WithJsonSchema({"type": "string", "minLength": 1})]
FolderPath = Annotated[str, AfterValidator(_checked(words.chart_path))]
PageAddress = Annotated[str, AfterValidator(_checked(words.page)), _pattern(words.PAGE_PATTERN)]
Maven = Annotated[str, AfterValidator(_checked(words.maven))]
Duration = Annotated[timedelta, BeforeValidator(_checked(words.duration)), _pattern(words.DURATION_PATTERN)]
Window = Annotated[str, AfterValidator(_checked(words.window)), _pattern(words.WINDOW_PATTERN)]
Reference = Annotated[str, WithJsonSchema({"type": "string"})]
ReferenceOrAll = Annotated[str, WithJsonSchema({"type": "string", "description": 'A name, or "*" for all.'})]
StrategyWord = Annotated[
    Strategy, BeforeValidator(_checked(words.strategy)), WithJsonSchema({"enum": list(STRATEGY_WORDS)})
]
StepWord = Annotated[str, AfterValidator(_checked(words.step)), WithJsonSchema({"enum": list(words.STEPS)})]
ActionWord = Annotated[str, AfterValidator(_checked(words.action)), WithJsonSchema({"enum": list(words.ACTIONS)})]
Pause = Annotated[
    timedelta,
    BeforeValidator(_pause),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "object", "additionalProperties": False},
                {"type": "string", "pattern": words.DURATION_PATTERN},
            ]
        }
    ),
]


class Shape(BaseModel):
    """A mapping of the file: unknown keys are errors, nothing is converted silently."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, alias_generator=lambda field: field.replace("_", "-")
    )


class ClusterShape(Shape):
    """A Kubernetes cluster; without a kubeconfig the one that the bot runs in."""

    kubeconfig: Line | None = Field(None, description="Path of a kubeconfig file.")
    context: Line | None = Field(None, description="Context of the kubeconfig; its current one when left out.")
    workflow_page: PageAddress | None = Field(
        None, description="Where people see a workflow of it; {namespace} and {name} stand for its names."
    )
    rollout_page: PageAddress | None = Field(
        None, description="Where people see a rollout of it; {namespace} and {name} stand for its names."
    )


class ApprovalsShape(Shape):
    """How many people must agree before anything starts."""

    count: int = Field(ge=1, le=20, description="How many people must approve.")
    roles: list[Line] = Field(alias="from", min_length=1, description="Roles of which an approver needs one.")
    requester_may_approve: bool = Field(False, description="Whether the person who asked may approve too.")
    expire: Duration | None = Field(None, description="After how long an unanswered request ends: 90s, 10m, 4h, 2d.")


class EnvironmentShape(Shape):
    """A namespace of a cluster, with its rules."""

    cluster: Reference = Field(description="Name of one of the clusters.")
    namespace: Namespace = Field(description="Kubernetes namespace.")
    default: bool = Field(False, description="Deploys go here when no environment is named. At most one.")
    protected: bool = Field(False, description="Must be named in the command, and asks for confirmation.")
    approvals: ApprovalsShape | None = Field(None, description="Who must agree before anything starts.")
    windows: list[Window] = Field(
        default_factory=list, description='When deploys may start, such as "Mon-Fri 09:00-18:00 Europe/Berlin".'
    )
    channel: Annotated[str, AfterValidator(_checked(words.channel))] | None = Field(
        None, description="Slack channel of its cards; where the command was typed when left out."
    )
    remind: Duration | None = Field(
        None, description="How long a pause stands before those who may go on are reminded: 90s, 10m, 4h, 2d."
    )


class ArtifactShape(Shape):
    """Maven coordinates in Nexus; the version comes with the command."""

    group: Maven = Field(description="Group id, such as com.acme.")
    name: Maven = Field(description="Artifact id.")
    packaging: Literal["jar", "war"] = Field("jar", description="What is fetched: jar or war.")
    classifier: Annotated[str, AfterValidator(_checked(words.classifier))] | None = Field(
        None, description="Which of several files of a version, such as exec; the main one when left out."
    )


class ChartShape(Shape):
    """The Helm chart that the app is released with."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["path", "ref"]}, {"required": ["version"]}]})

    repository: Annotated[str, AfterValidator(_checked(words.chart_repository))] = Field(
        description="Address of a Git repository, https only; or oci:// and the chart's name in a registry."
    )
    path: FolderPath | None = Field(None, description="The chart's folder in the Git repository.")
    ref: Annotated[str, AfterValidator(_checked(words.ref))] | None = Field(
        None, description="Tag, branch or commit of the Git repository."
    )
    version: Annotated[str, AfterValidator(_checked(words.chart_version))] | None = Field(
        None, description="Version of the chart in the registry."
    )
    pin: Annotated[str, AfterValidator(_checked(words.pin))] | None = Field(
        None, description="Commit or digest that ref or version must still stand for; a deploy is refused otherwise."
    )


class BuildShape(Shape):
    """A Containerfile that the app brings, for which the cluster must allow builds."""

    repository: Annotated[str, AfterValidator(_checked(words.repository))] = Field(
        description="Address of the Git repository that it is in, https only."
    )
    commit: Annotated[str, AfterValidator(_checked(words.commit))] = Field(
        description="The commit it is taken from: what a build runs is what was reviewed."
    )
    context: FolderPath = Field(".", description="The folder that is built, to which the artifact is added.")
    containerfile: FolderPath = Field("Containerfile", description="The file in that folder.")


class StepShape(Shape):
    """One step of a canary: a weight to go to, or a pause."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["weight"]}, {"required": ["pause"]}]})

    weight: int | None = Field(None, ge=0, le=100, description="Percent of the traffic for the new version.")
    pause: Pause | None = Field(None, description="{} until a person goes on, or a duration such as 10m.")

    @model_validator(mode="after")
    def _be_one_thing(self) -> Self:
        if (self.weight is None) == (self.pause is None):
            raise refusal("A step is a weight or a pause.", "Write {weight: 20}, {pause: {}} or {pause: 10m}.")
        return self


class CanaryShape(Shape):
    """How a canary goes on."""

    steps: list[StepShape] = Field(min_length=1, description="Steps in their order.")


class AppShape(Shape):
    """An application: where its jar, image and chart are and how it is usually released."""

    aliases: list[SpokenName] = Field(default_factory=list, description="Other names that people may type.")
    owners: list[Line] = Field(default_factory=list, description="Who is responsible, such as @team-shop.")
    artifact: ArtifactShape = Field(description="The artifact in Nexus.")
    image: Annotated[str, AfterValidator(_checked(words.image))] = Field(
        description="Where its image goes: registry and path, no tag."
    )
    base_image: Annotated[str, AfterValidator(_checked(words.base_image))] = Field(
        description="What the image is built on, by digest."
    )
    chart: ChartShape = Field(description="The Helm chart.")
    strategy: StrategyWord | None = Field(None, description="Used when the command names none.")
    environments: list[Reference] = Field(min_length=1, description="Where it may be deployed.")
    values: dict[str, Any] = Field(default_factory=dict, description="Values for the chart, passed on as they are.")
    canary: CanaryShape | None = Field(None, description="Steps for the strategy canary.")
    build: BuildShape | None = Field(
        None, description="A Containerfile of its own; the artifact is laid upon the base image when left out."
    )


class PipelineStepShape(Shape):
    """A step of the pipeline, as far as people are concerned."""

    owner: Line = Field(description="Who keeps it, such as #platform-help.")


class GrantShape(Shape):
    """What a role may do, where and on which apps."""

    role: Line = Field(description="Role or group as Keycloak names it.")
    may: list[ActionWord] = Field(min_length=1, description='Actions, or "*" for all.')
    environments: list[ReferenceOrAll] = Field(
        default_factory=list, min_length=1, description="Where; everywhere if left out."
    )
    apps: list[ReferenceOrAll] = Field(
        default_factory=list, min_length=1, description="On which apps; on all if left out."
    )


class CatalogShape(Shape):
    """What may be deployed where and by whom."""

    clusters: dict[Name, ClusterShape] = Field(description="Kubernetes clusters by name.")
    environments: dict[EnvironmentName, EnvironmentShape] = Field(description="Environments by name.")
    apps: dict[SpokenName, AppShape] = Field(description="Applications by name.")
    grants: list[GrantShape] = Field(default_factory=list, description="Rights by role; without one nobody may act.")
    steps: dict[StepWord, PipelineStepShape] = Field(
        default_factory=dict, description="Whom to ask when a step of the pipeline fails; pipeline: the whole of it."
    )
