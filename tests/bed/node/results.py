"""What a step gives back: its output parameters, reported to the cluster as Argo's executor does it.

Used by `pods`. The report is made with the pod's own token, so the roles of the pipeline's account count.
"""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx

from integrations.kubernetes.paths import ARGO
from integrations.kubernetes.transport import MERGE_PATCH
from playground.argo.names import Obj
from playground.argo.workflow_pods import GROUP
from tests.bed.node.steps import LABEL, Output, Step
from tests.bed.places import API_URL

COMPLETE: Final = f"{GROUP}/report-outputs-completed"
SECONDS: Final = 30.0


class Unreported(Exception):  # what the executor's container ends with
    """The outputs could not be read or not be reported; the text says why."""


class Reporter:
    """Reports for one step."""

    def __init__(self, step: Step, namespace: str, token: str, authority: Path) -> None:
        self._step = step
        self._path = f"{ARGO}/namespaces/{namespace}/workflowtaskresults"
        self._client = httpx.AsyncClient(
            base_url=API_URL,
            headers={"Authorization": f"Bearer {token}"},
            verify=ssl.create_default_context(cafile=authority),
            timeout=SECONDS,
            trust_env=False,
        )

    async def begin(self) -> None:
        """Announce a report, so that the controller waits for it."""
        answer = await self._client.post(self._path, json=announced(self._step))
        if answer.status_code != httpx.codes.CONFLICT:
            _need(answer)

    async def end(self, outputs: dict[str, str]) -> None:
        """Report the outputs: nothing more will come."""
        body = {"metadata": {"labels": {COMPLETE: "true"}}, **reported(self._step, outputs)}
        path = f"{self._path}/{self._step.node_id}"
        _need(await self._client.patch(path, json=body, headers={"Content-Type": MERGE_PATCH}))

    async def aclose(self) -> None:
        await self._client.aclose()


def announced(step: Step) -> Obj:
    """Return the object that says that a step's outputs are still to come."""
    owner = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "name": step.workflow, "uid": step.workflow_uid}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTaskResult",
        "metadata": {
            "name": step.node_id,
            "labels": {LABEL: step.workflow, COMPLETE: "false"},
            "ownerReferences": [owner],
        },
    }


def reported(step: Step, outputs: dict[str, str]) -> dict[str, Any]:
    """Return the part of the object that holds the outputs, in the order of the template."""
    parameters = [
        {"name": each.name, "valueFrom": {"path": each.path}, "value": outputs[each.name]}
        for each in step.outputs
        if each.name in outputs
    ]
    return {"outputs": {"parameters": parameters}} if parameters else {}


def collect(step: Step, inside: Callable[[str], Path]) -> tuple[dict[str, str], str]:
    """Read a step's outputs; a missing one without a default is named in the second value, as the executor does."""
    found: dict[str, str] = {}
    for output in step.outputs:
        try:
            found[output.name] = _value(output, inside(output.path))
        except FileNotFoundError:
            return found, f"open {output.path}: no such file or directory"
    return found, ""


def _value(output: Output, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").removesuffix("\n")
    except FileNotFoundError:
        if output.default is None:
            raise
        return output.default


def _need(answer: httpx.Response) -> None:
    if answer.is_error:
        raise Unreported(answer.json().get("message", answer.text))
