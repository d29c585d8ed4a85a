"""Where the pipeline's templates are installed: in each environment's namespace, or once for the whole cluster.

Chosen by a setting; used by whatever names a template to Kubernetes.
"""

from enum import StrEnum

from integrations.kubernetes import paths


class Scope(StrEnum):
    """The two kinds of template that a Workflow can be made from; what is in them is the same."""

    NAMESPACE = "namespace"
    CLUSTER = "cluster"

    @property
    def kind(self) -> str:
        """What it is called to people."""
        return "cluster workflow template" if self is Scope.CLUSTER else "workflow template"

    @property
    def resource(self) -> str:
        return f"{self.kind.replace(' ', '')}s"

    @property
    def label(self) -> str:
        """What Argo's own tools find the workflows of a template by."""
        return f"workflows.argoproj.io/{self.kind.replace(' ', '-')}"

    @property
    def folder(self) -> str:
        """Where its files are in the repository."""
        return "workflow-templates/cluster" if self is Scope.CLUSTER else "workflow-templates"

    @property
    def other(self) -> "Scope":
        return Scope.NAMESPACE if self is Scope.CLUSTER else Scope.CLUSTER

    def path(self, namespace: str, name: str) -> str:
        if self is Scope.CLUSTER:
            return paths.cluster_workflow_templates(name)
        return paths.workflow_templates(namespace, name)
