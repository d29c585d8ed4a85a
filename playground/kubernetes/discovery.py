"""The discovery documents: version, groups and resource lists; derived from the table of resources, pure."""

from playground.kubernetes.errors import Obj
from playground.kubernetes.resources import RESOURCES, Resource

VERSION: Obj = {
    "major": "1",
    "minor": "34",
    "gitVersion": "v1.34.10",
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z",
    "goVersion": "go1.24",
    "compiler": "gc",
    "platform": "linux/amd64",
}
API_VERSIONS: Obj = {"kind": "APIVersions", "versions": ["v1"]}
_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_REVIEWS: Obj = {
    "name": "selfsubjectaccessreviews",
    "singularName": "",
    "namespaced": False,
    "kind": "SelfSubjectAccessReview",
    "verbs": ["create"],
}
_GROUPS = {resource.group: resource.version for resource in RESOURCES if resource.group} | {
    "authorization.k8s.io": "v1"
}


def group_list() -> Obj:
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in _GROUPS]}


def group(name: str) -> Obj | None:
    return {"kind": "APIGroup", "apiVersion": "v1"} | _group(name) if name in _GROUPS else None


def resource_list(name: str, version: str) -> Obj | None:
    """Return what a group and version serve, subresources included, or None when there is no such thing."""
    if (name and _GROUPS.get(name) != version) or (not name and version != "v1"):
        return None
    served = [entry for resource in RESOURCES if resource.group == name for entry in _entries(resource)]
    if name == "authorization.k8s.io":
        served = [_REVIEWS]
    group_version = f"{name}/{version}" if name else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": served}


def _group(name: str) -> Obj:
    preferred = {"groupVersion": f"{name}/{_GROUPS[name]}", "version": _GROUPS[name]}
    return {"name": name, "versions": [preferred], "preferredVersion": preferred}


def _entries(resource: Resource) -> list[Obj]:
    entry: Obj = {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": _VERBS,
    }
    parts = [part for part, there in (("status", resource.status), ("scale", resource.scale)) if there]
    subresources = [
        entry | {"name": f"{resource.plural}/{part}", "verbs": ["get", "patch", "update"]} for part in parts
    ]
    if resource.kind == "Pod":
        subresources.append(entry | {"name": "pods/log", "verbs": ["get"]})
    return [entry, *subresources]
