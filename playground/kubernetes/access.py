"""Who may do what: the bearer token and the allow-list, for real requests and for self-subject access reviews."""

from collections.abc import Collection
from dataclasses import dataclass

from playground.kubernetes.errors import ApiError, Obj, bad_request
from playground.kubernetes.resources import Resource

Rule = tuple[str, str, str, str]
"""Verb, group, resource and subresource ("" for none); "*" stands for any."""


@dataclass(frozen=True, slots=True)
class Access:
    """``token`` None lets everybody in; ``allow`` None lets them do everything."""

    token: str | None = None
    allow: Collection[Rule] | None = None
    user: str = "system:serviceaccount:slipway:slipway"

    def authenticate(self, header: str) -> None:
        """Raise 401 unless the Authorization header carries the token."""
        if self.token is not None and header != f"Bearer {self.token}":
            raise ApiError(401, "Unauthorized", "Unauthorized")

    def may(self, verb: str, group: str, resource: str, subresource: str = "") -> bool:
        asked = (verb, group, resource, subresource)
        return self.allow is None or any(
            all(part in {"*", wanted} for part, wanted in zip(rule, asked, strict=True)) for rule in self.allow
        )

    def authorise(self, verb: str, resource: Resource, *, namespace: str | None, name: str, subresource: str) -> None:
        """Raise 403 with the words of a real server unless the allow-list covers the request."""
        if self.may(verb, resource.group, resource.plural, subresource):
            return
        asked = f"{resource.plural}/{subresource}" if subresource else resource.plural
        where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
        subject = f'{resource.qualified} "{name}"' if name else resource.qualified
        message = (
            f'{subject} is forbidden: User "{self.user}" cannot {verb} resource "{asked}" '
            f'in API group "{resource.group}" {where}'
        )
        raise ApiError(403, "Forbidden", message, resource.details(name))

    def review(self, body: Obj) -> Obj:
        """Answer a SelfSubjectAccessReview."""
        asked = (body.get("spec") or {}).get("resourceAttributes")
        if not isinstance(asked, dict):
            raise bad_request("spec.resourceAttributes is required: only reviews of resources are answered here")
        verb, group, resource, subresource = (
            str(asked.get(key) or "") for key in ("verb", "group", "resource", "subresource")
        )
        status: Obj = {"allowed": self.may(verb, group, resource, subresource)}
        if not status["allowed"]:
            status["reason"] = "no rule of the allow-list matches"
        return {
            "kind": "SelfSubjectAccessReview",
            "apiVersion": "authorization.k8s.io/v1",
            "metadata": {},
            "spec": {"resourceAttributes": asked},
            "status": status,
        }
