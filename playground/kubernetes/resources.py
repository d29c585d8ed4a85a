"""Which resources the stand-in serves and how each treats status and generation; read by the store and the server."""

from dataclasses import dataclass
from enum import StrEnum

from playground.kubernetes.errors import ApiError, Obj


class Generation(StrEnum):
    """What raises metadata.generation: nothing (no such field), a change of the spec, any change outside metadata."""

    NONE = "none"
    SPEC = "spec"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the API. ``status`` says that it has a status subresource."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    status: bool = False
    scale: bool = False
    generation: Generation = Generation.NONE
    custom: bool = False

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The name used in messages: rollouts.argoproj.io, pods."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def details(self, name: str) -> Obj:
        return {"name": name} | ({"group": self.group} if self.group else {}) | {"kind": self.plural}

    def not_found(self, name: str) -> ApiError:
        return ApiError(404, "NotFound", f'{self.qualified} "{name}" not found', self.details(name))

    def already_exists(self, name: str) -> ApiError:
        return ApiError(409, "AlreadyExists", f'{self.qualified} "{name}" already exists', self.details(name))

    def conflict(self, name: str, why: str) -> ApiError:
        message = f'Operation cannot be fulfilled on {self.qualified} "{name}": {why}'
        return ApiError(409, "Conflict", message, self.details(name))

    def invalid(self, name: str, causes: list[Obj]) -> ApiError:
        """Build a 422 as a schema check does; each cause has reason, message and field."""
        said = [f"{cause['field']}: {cause['message']}" for cause in causes]
        listed = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        details = self.details(name) | {"kind": self.kind, "causes": causes}
        return ApiError(422, "Invalid", f'{kind} "{name}" is invalid: {listed}', details)


def _argo(plural: str, kind: str, generation: Generation, *, status: bool = False, scale: bool = False) -> Resource:
    return Resource(
        "argoproj.io", "v1alpha1", plural, kind, status=status, scale=scale, generation=generation, custom=True
    )


# Workflows, templates and analysis runs have no status subresource: a change of status raises the generation too.
RESOURCES: tuple[Resource, ...] = (
    Resource("", "v1", "namespaces", "Namespace", namespaced=False, status=True),
    Resource("", "v1", "pods", "Pod", status=True, generation=Generation.SPEC),
    Resource("", "v1", "services", "Service", status=True),
    Resource("", "v1", "events", "Event"),
    Resource("", "v1", "configmaps", "ConfigMap"),
    Resource("apps", "v1", "replicasets", "ReplicaSet", status=True, generation=Generation.SPEC),
    Resource("coordination.k8s.io", "v1", "leases", "Lease"),
    _argo("rollouts", "Rollout", Generation.SPEC, status=True, scale=True),
    _argo("workflows", "Workflow", Generation.ANY),
    _argo("workflowtemplates", "WorkflowTemplate", Generation.ANY),
    Resource(
        "argoproj.io",
        "v1alpha1",
        "clusterworkflowtemplates",
        "ClusterWorkflowTemplate",
        namespaced=False,
        generation=Generation.ANY,
        custom=True,
    ),
    _argo("analysisruns", "AnalysisRun", Generation.ANY),
    _argo("analysistemplates", "AnalysisTemplate", Generation.ANY),
)
BY_KIND = {resource.kind: resource for resource in RESOURCES}
BY_PATH = {(resource.group, resource.version, resource.plural): resource for resource in RESOURCES}
GROUP_VERSIONS = tuple(dict.fromkeys((resource.group, resource.version) for resource in RESOURCES))
