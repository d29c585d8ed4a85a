"""What a Workflow asks for: its template merged in, parameters filled in, or why it is refused. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from playground.argo.names import Obj, dig

_REFERENCE: Final = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refused:
    """A workflow that will not run."""

    phase: str
    message: str


def resolve(workflow: Obj, template: Obj | None) -> Obj | Refused:
    """Merge the referenced template under the workflow's own spec; only missing values are refused, as recorded."""
    spec: Obj = workflow["spec"]
    reference = dig(spec, "workflowTemplateRef", "name")
    if reference and template is None:
        kind = "clusterworkflowtemplates" if dig(spec, "workflowTemplateRef", "clusterScope") else "workflowtemplates"
        return Refused("Error", f'{kind}.argoproj.io "{reference}" not found')
    base: Obj = template["spec"] if reference and template else {}
    merged = {**base, **spec, "arguments": {"parameters": _merged_parameters(base, spec)}}
    return refusal(merged) or merged


def _merged_parameters(base: Obj, spec: Obj) -> list[Obj]:
    known: dict[str, Obj] = {}
    for entry in (*_parameters(base), *_parameters(spec)):
        known[entry["name"]] = {**known.get(entry["name"], {}), **entry}
    return [{key: value for key, value in entry.items() if key in {"name", "value"}} for entry in known.values()]


def _parameters(spec: Obj) -> Iterable[Obj]:
    return dig(spec, "arguments", "parameters") or ()


def refusal(spec: Obj) -> Refused | None:
    for entry in _parameters(spec):
        if entry.get("value") is None:
            where = f"spec.arguments.{entry['name']}"
            return Refused("Failed", f"invalid spec: {where}.value or {where}.valueFrom is required")
    entrypoint = spec.get("entrypoint")
    if find_template(spec, entrypoint) is None:
        return Refused("Failed", f"invalid spec: template name '{entrypoint or ''}' undefined")
    return None


def find_template(spec: Obj, name: str | None) -> Obj | None:
    return next((template for template in spec.get("templates") or () if template.get("name") == name), None)


def workflow_values(workflow: Obj, spec: Obj) -> dict[str, str]:
    """What `{{…}}` may name everywhere in a workflow."""
    meta = workflow["metadata"]
    values = {f"workflow.parameters.{entry['name']}": str(entry["value"]) for entry in _parameters(spec)}
    return values | {
        "workflow.name": meta["name"],
        "workflow.namespace": meta["namespace"],
        "workflow.uid": meta["uid"],
    }


def fill(text: str, values: Values) -> str:
    """Put values for references; an unknown one stays as it is."""
    return _REFERENCE.sub(lambda found: values.get(found[1], found[0]), text)


def holds(condition: str) -> bool:
    """Whether a `when` with its values filled in is true: `a == b`, `a != b`, several with && or ||; none is true."""
    if not condition:
        return True
    return any(all(map(_is_true, part.split("&&"))) for part in condition.split("||"))


def _is_true(comparison: str) -> bool:
    operator = "!=" if "!=" in comparison else "=="
    left, found, right = (word.strip().strip("'\"") for word in comparison.partition(operator))
    return ((left == right) == (operator == "==")) if found else left == "true"


def mutexes(workflow: Obj, spec: Obj) -> list[str]:
    """The locks of a workflow as `namespace/Mutex/name`."""
    values, namespace = workflow_values(workflow, spec), workflow["metadata"]["namespace"]
    entries = dig(spec, "synchronization", "mutexes") or ()
    return [f"{entry.get('namespace') or namespace}/Mutex/{fill(entry['name'], values)}" for entry in entries]


def inputs_of(template: Obj, arguments: Obj | None, values: Values) -> dict[str, str]:
    """The input parameters of one step: the template's defaults, then what the task hands over."""
    filled: dict[str, str] = {}
    for source in (template.get("inputs"), arguments):
        for entry in dig(source, "parameters") or ():
            value: Any = entry.get("value", entry.get("default"))
            if value is not None:
                filled[entry["name"]] = fill(str(value), values)
    return filled
