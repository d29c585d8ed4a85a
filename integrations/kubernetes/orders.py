"""The Workflow that a PipelineOrder becomes, checked before it is sent: the workflow controller checks too little.

Pure; used by `pipelines_port`. A missing parameter fails the run, an unknown or forbidden value runs all the same.
"""

import re

from commands.core.errors import Permanent
from commands.core.ports import PipelineOrder
from integrations.kubernetes.fields import Obj, at, mappings, text
from integrations.kubernetes.scopes import Scope
from integrations.kubernetes.transport import SYSTEM
from integrations.kubernetes.workflows import APP_LABEL, OWNER

_LABEL = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_LONGEST = 63


def workflow_of(order: PipelineOrder, *, scope: Scope = Scope.NAMESPACE) -> Obj:
    """Return the Workflow to create, from a template that is installed for a namespace or the cluster.

    Raises
    ------
    Permanent
        A name or a label value breaks the rules of Kubernetes.
    """
    _check(_NAME, "the workflow's name", order.name)
    _check(_NAME, "the namespace", order.place.namespace)
    labels = {
        APP_LABEL: order.place.app,
        "slipway/environment": order.environment,
        "slipway/deployment": str(order.number),
        scope.label: order.template,
    }
    for name, value in labels.items():
        _check(_LABEL, f"the label {name}", value)
    requester = dict(order.parameters).get("requester", "")
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {
            "name": order.name,
            "namespace": order.place.namespace,
            "labels": labels,
            "annotations": {OWNER: order.owner, **({"slipway/requester": requester} if requester else {})},
        },
        "spec": {
            "workflowTemplateRef": {
                "name": order.template,
                **({"clusterScope": True} if scope is Scope.CLUSTER else {}),
            },
            "arguments": {"parameters": [{"name": name, "value": value} for name, value in order.parameters]},
        },
    }


def check_parameters(order: PipelineOrder, template: Obj) -> None:
    """Compare the order's parameters with the arguments that the template declares.

    Raises
    ------
    Permanent
        One is missing, unknown, or not among the values allowed; the message names them all.
    """
    declared = {text(each, "name"): each for each in mappings(template, "spec", "arguments", "parameters")}
    given = dict(order.parameters)
    problems = [f"{name} is missing" for name, each in declared.items() if name not in given and not _has_value(each)]
    problems += [f"{name} is unknown" for name in given if name not in declared]
    problems += [
        f"{name} is {value[:40]!r}, allowed are {', '.join(allowed)}"
        for name, value in given.items()
        if (allowed := _allowed(declared.get(name, {}))) and value not in allowed
    ]
    if problems:
        raise Permanent(
            SYSTEM, f"workflow template {order.template} does not take these arguments: {'; '.join(problems)}"
        )


def _has_value(declared: Obj) -> bool:
    return "value" in declared or "default" in declared or isinstance(at(declared, "valueFrom"), dict)


def _allowed(declared: Obj) -> list[str]:
    values = at(declared, "enum")
    return [str(value) for value in values] if isinstance(values, list) else []


def _check(rule: re.Pattern[str], what: str, value: str) -> None:
    if len(value) > _LONGEST or not rule.fullmatch(value):
        raise Permanent(
            SYSTEM,
            f"{what} would be {value[:80]!r}: at most 63 letters, digits and dashes,"
            " with a letter or digit at both ends, are allowed",
        )
