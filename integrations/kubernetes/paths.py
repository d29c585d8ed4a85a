"""Where things are in the Kubernetes API. Used by whatever sends a request; names are quoted here and nowhere else."""

from urllib.parse import quote

ARGO = "/apis/argoproj.io/v1alpha1"
APPS = "/apis/apps/v1"
CORE = "/api/v1"
ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def rollouts(namespace: str, *rest: str) -> str:
    return _path(ARGO, namespace, "rollouts", *rest)


def workflows(namespace: str, *rest: str) -> str:
    return _path(ARGO, namespace, "workflows", *rest)


def workflow_templates(namespace: str, *rest: str) -> str:
    return _path(ARGO, namespace, "workflowtemplates", *rest)


def cluster_workflow_templates(*rest: str) -> str:
    return "/".join([ARGO, "clusterworkflowtemplates", *(quote(part, safe="") for part in rest)])


def replica_sets(namespace: str) -> str:
    return _path(APPS, namespace, "replicasets")


def analysis_runs(namespace: str) -> str:
    return _path(ARGO, namespace, "analysisruns")


def pods(namespace: str, *rest: str) -> str:
    return _path(CORE, namespace, "pods", *rest)


def api(version: str) -> str:
    """Return where an API version is, such as `v1` or `apps/v1`; its list of resource types is there."""
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def named(version: str, namespace: str, resource: str, name: str) -> str:
    """Return where one object of any resource type is; `resource` is the plural in small letters."""
    return _path(api(version), namespace, quote(resource, safe=""), name)


def _path(group: str, namespace: str, kind: str, *rest: str) -> str:
    return "/".join([group, "namespaces", quote(namespace, safe=""), kind, *(quote(part, safe="") for part in rest)])
