"""What `slipway check` asks of a cluster: is it there, is Argo there, may we do what we need, are the templates there.

Called by `clusters`; every finding that is not well says how to mend it.
"""

from collections.abc import Sequence

from commands.core.errors import Permanent, SystemFailure
from commands.core.finding import Finding
from integrations.kubernetes import paths
from integrations.kubernetes.fields import flag, mappings, text
from integrations.kubernetes.transport import NOT_FOUND, Connection

TEMPLATE = "slipway-deploy"
_TYPES = ("rollouts", "workflows", "workflowtemplates")
_ARGO, _APPS, _CORE = "argoproj.io", "apps", ""
NEEDED = (
    *((_ARGO, "workflows", "", verb) for verb in ("create", "get", "list", "watch", "patch")),
    (_ARGO, "workflowtemplates", "", "get"),
    *((_ARGO, "rollouts", "", verb) for verb in ("get", "list", "watch", "patch")),
    (_ARGO, "rollouts", "status", "patch"),
    *((_APPS, "replicasets", "", verb) for verb in ("list", "watch")),
    (_CORE, "pods", "", "list"),
    (_CORE, "pods", "log", "get"),
)


async def check_cluster(connection: Connection, namespaces: Sequence[str]) -> list[Finding]:
    """Check one cluster; stops at what makes the rest pointless."""
    subject = f"Kubernetes cluster {connection.name}"
    findings: list[Finding] = []
    try:
        version = text((await connection.get("/version")).body, "gitVersion")
        findings.append(Finding(subject=subject, is_ok=True, message=f"reachable, {version or 'version not told'}"))
        findings.append(await _types(connection, f"{subject}, Argo"))
        for namespace in namespaces:
            place = f"{subject}, namespace {namespace}"
            findings.append(await _permissions(connection, namespace, place))
            findings.append(await _template(connection, namespace, place))
    except SystemFailure as failure:
        message = f"{failure.message}; check the cluster's address and credentials"
        findings.append(Finding(subject=subject, is_ok=False, message=message))
    return findings


async def _types(connection: Connection, subject: str) -> Finding:
    remedy = "install Argo Rollouts and Argo Workflows with their resource definitions"
    try:
        listed = (await connection.get(paths.ARGO)).body
    except Permanent as failure:
        return Finding(subject=subject, is_ok=False, message=f"{failure.message}; {remedy}")
    there = {text(each, "name") for each in mappings(listed, "resources")}
    missing = [name for name in _TYPES if name not in there]
    if missing:
        return Finding(subject=subject, is_ok=False, message=f"{', '.join(missing)} not installed; {remedy}")
    return Finding(subject=subject, is_ok=True, message="Rollouts and Workflows are installed")


async def _permissions(connection: Connection, namespace: str, subject: str) -> Finding:
    subject = f"{subject}, permissions"
    refused = [
        f"{verb} {resource}{f'/{part}' if part else ''}"
        for group, resource, part, verb in NEEDED
        if not await _may(connection, namespace, group=group, resource=resource, part=part, verb=verb)
    ]
    if refused:
        remedy = "grant them to Slipway's account in a Role of that namespace"
        return Finding(subject=subject, is_ok=False, message=f"may not {', '.join(refused)}; {remedy}")
    return Finding(subject=subject, is_ok=True, message=f"all {len(NEEDED)} granted")


async def _may(connection: Connection, namespace: str, *, group: str, resource: str, part: str, verb: str) -> bool:
    attributes = {"namespace": namespace, "group": group, "resource": resource, "subresource": part, "verb": verb}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    return flag((await connection.create(paths.ACCESS_REVIEWS, review)).body, "status", "allowed")


async def _template(connection: Connection, namespace: str, subject: str) -> Finding:
    subject = f"{subject}, workflow template {TEMPLATE}"
    try:
        answer = await connection.get(paths.workflow_templates(namespace, TEMPLATE))
    except SystemFailure as failure:
        return Finding(subject=subject, is_ok=False, message=failure.message)
    if answer.status == NOT_FOUND:
        remedy = f"apply workflow-templates/{TEMPLATE}.yaml there"
        return Finding(subject=subject, is_ok=False, message=f"missing; {remedy}")
    return Finding(subject=subject, is_ok=True, message="present")
