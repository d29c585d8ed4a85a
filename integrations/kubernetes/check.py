"""What `slipway check` asks of a cluster: is it there, is Argo there, may we do what we need, are the templates there.

Called by `clusters`; every finding that is not well says how to mend it.
"""

from collections.abc import Sequence

from commands.core.errors import Permanent, SystemFailure
from commands.core.finding import Finding
from integrations.kubernetes import paths
from integrations.kubernetes.fields import flag, mappings, text
from integrations.kubernetes.scopes import Scope
from integrations.kubernetes.transport import NOT_FOUND, OK, Connection

SETTING = "SLIPWAY_TEMPLATE_SCOPE"
_TYPES = ("rollouts", "workflows")
_ARGO, _APPS, _CORE = "argoproj.io", "apps", ""
NEEDED = (
    *((_ARGO, "workflows", "", verb) for verb in ("create", "get", "list", "watch", "patch")),
    *((_ARGO, "rollouts", "", verb) for verb in ("get", "list", "watch", "patch")),
    (_ARGO, "rollouts", "status", "patch"),
    *((_ARGO, "analysisruns", "", verb) for verb in ("list", "watch")),
    *((_APPS, "replicasets", "", verb) for verb in ("list", "watch")),
    *((_CORE, "pods", "", verb) for verb in ("list", "watch")),
    (_CORE, "pods", "log", "get"),
)


async def check_cluster(
    connection: Connection, namespaces: Sequence[str], *, scope: Scope, templates: Sequence[str]
) -> list[Finding]:
    """Check one cluster; stops at what makes the rest pointless."""
    subject = f"Kubernetes cluster {connection.name}"
    findings: list[Finding] = []
    try:
        version = text((await connection.get("/version")).body, "gitVersion")
        findings.append(Finding(subject=subject, is_ok=True, message=f"reachable, {version or 'version not told'}"))
        findings.append(await _types(connection, f"{subject}, Argo", scope))
        for namespace in namespaces:
            place = f"{subject}, namespace {namespace}"
            findings.append(await _permissions(connection, namespace, place, scope))
            if scope is Scope.NAMESPACE:
                findings += [await _template(connection, namespace, place, scope, name) for name in templates]
        if scope is Scope.CLUSTER:
            findings += [await _template(connection, "", subject, scope, name) for name in templates]
    except SystemFailure as failure:
        message = f"{failure.message}; check the cluster's address and credentials"
        findings.append(Finding(subject=subject, is_ok=False, message=message))
    return findings


async def _types(connection: Connection, subject: str, scope: Scope) -> Finding:
    remedy = "install Argo Rollouts and Argo Workflows with their resource definitions"
    try:
        listed = (await connection.get(paths.ARGO)).body
    except Permanent as failure:
        return Finding(subject=subject, is_ok=False, message=f"{failure.message}; {remedy}")
    there = {text(each, "name") for each in mappings(listed, "resources")}
    missing = [name for name in (*_TYPES, scope.resource) if name not in there]
    if missing:
        return Finding(subject=subject, is_ok=False, message=f"{', '.join(missing)} not installed; {remedy}")
    return Finding(subject=subject, is_ok=True, message="Rollouts and Workflows are installed")


def needed(scope: Scope) -> tuple[tuple[str, str, str, str], ...]:
    """List what Slipway's account must be allowed in a namespace: group, resource, subresource, verb."""
    return (*NEEDED, (_ARGO, scope.resource, "", "get"))


async def _permissions(connection: Connection, namespace: str, subject: str, scope: Scope) -> Finding:
    subject = f"{subject}, permissions"
    refused = [
        f"{verb} {resource}{f'/{part}' if part else ''}"
        for group, resource, part, verb in needed(scope)
        if not await _may(connection, namespace, group=group, resource=resource, part=part, verb=verb)
    ]
    if refused:
        of_cluster = f", {scope.resource} in a ClusterRole" if scope is Scope.CLUSTER else ""
        remedy = f"grant them to Slipway's account in a Role of that namespace{of_cluster}"
        return Finding(subject=subject, is_ok=False, message=f"may not {', '.join(refused)}; {remedy}")
    return Finding(subject=subject, is_ok=True, message=f"all {len(needed(scope))} granted")


async def _may(connection: Connection, namespace: str, *, group: str, resource: str, part: str, verb: str) -> bool:
    attributes = {"namespace": namespace, "group": group, "resource": resource, "subresource": part, "verb": verb}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    return flag((await connection.create(paths.ACCESS_REVIEWS, review)).body, "status", "allowed")


async def _template(connection: Connection, namespace: str, subject: str, scope: Scope, name: str) -> Finding:
    subject = f"{subject}, {scope.kind} {name}"
    try:
        answer = await connection.get(scope.path(namespace, name))
    except SystemFailure as failure:
        return Finding(subject=subject, is_ok=False, message=failure.message)
    if answer.status != NOT_FOUND:
        return Finding(subject=subject, is_ok=True, message="present")
    remedy = f"apply {scope.folder}/{name}.yaml there"
    if namespace and await _is_there(connection, scope.other.path(namespace, name)):
        remedy = f"there is a {scope.other.kind} of that name: set {SETTING} to {scope.other}, or {remedy}"
    return Finding(subject=subject, is_ok=False, message=f"missing; {remedy}")


async def _is_there(connection: Connection, path: str) -> bool:
    """Look for what may well be forbidden to look for."""
    try:
        return (await connection.get(path)).status == OK
    except SystemFailure:
        return False
