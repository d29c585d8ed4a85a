"""A secret in what a step or the cluster says is in no row, on no card, in no thread: from the wire to the message."""

import json

import pytest

from commands.core.card import draw
from commands.core.lifecycle import step
from commands.core.model import Stage
from commands.core.moves import Seen
from commands.core.observed import RolloutPhase
from integrations.kubernetes.analyses import named_in, project_run
from integrations.kubernetes.fields import Obj
from integrations.kubernetes.logs import own_lines
from integrations.kubernetes.pods import trouble_of
from integrations.kubernetes.rollouts import project_rollout, snapshot_of
from integrations.kubernetes.workflows import pipeline_of
from integrations.slack import milestones
from integrations.slack.card import render
from integrations.store.codec import to_json
from tests import planted
from tests.make import NOON, deployment

KINDS = planted.every_kind()
NAME = "shop-staging-142"


def workflow(message: str) -> Obj:
    """Make a workflow whose only step failed with a message."""
    root = {"id": NAME, "name": NAME, "displayName": NAME, "type": "DAG", "phase": "Failed", "children": ["n1"]}
    node = {
        "id": "n1",
        "name": f"{NAME}.build-image",
        "displayName": "build-image",
        "templateName": "build-image",
        "type": "Pod",
        "phase": "Failed",
        "boundaryID": NAME,
        "message": message,
    }
    return {
        "metadata": {"name": NAME, "annotations": {"slipway/id": "d142"}},
        "status": {"phase": "Failed", "message": message, "nodes": {NAME: root, "n1": node}},
    }


def rollout(message: str) -> Obj:
    return {
        "metadata": {"name": "shop", "generation": 4, "labels": {"slipway/deployment": "142"}},
        "spec": {"replicas": 5, "strategy": {"canary": {"steps": [{"setWeight": 20}, {"pause": {}}]}}},
        "status": {"phase": "Degraded", "message": message, "observedGeneration": "4", "currentPodHash": "b"},
    }


def shown_of(seen: Seen, stage: Stage) -> str:
    """Return all that is stored and shown once a deployment has been moved."""
    move = step(deployment(stage=stage), seen=seen, acts=(), now=NOON)
    thread = [milestones.render(each).to_json() for each in move.milestones]
    return "\n".join(
        [to_json(move.deployment), to_json(move.milestones), render(draw(move.deployment, ())).to_json(), *thread]
    )


def is_in(secret: str, shown: str) -> bool:
    return secret in shown or json.dumps(secret)[1:-1] in shown


@pytest.mark.parametrize("kind", KINDS)
def test_in_the_log_and_the_last_word_of_a_step(kind: str) -> None:
    text, secrets = KINDS[kind].text, KINDS[kind].secrets
    last = json.dumps({"outcome": "failed", "cause": "unexpected", "evidence": " ".join(text.split())})
    for log in (text, f"{text}\n{last}", f"error: {text}"):
        seen = Seen(pipeline=pipeline_of(workflow("main: Error (exit code 12)")), log=own_lines(log))
        shown = shown_of(seen, Stage.BUILDING)
        assert "failed" in shown
        assert not [secret for secret in secrets if is_in(secret, shown)]


@pytest.mark.parametrize("kind", KINDS)
def test_in_the_message_of_a_workflow_or_a_rollout(kind: str) -> None:
    text, secrets = " ".join(KINDS[kind].text.split()), KINDS[kind].secrets
    failed = shown_of(Seen(pipeline=pipeline_of(workflow(text)), log=()), Stage.BUILDING)
    degraded = snapshot_of(project_rollout(rollout(text)), ())
    assert degraded.phase is RolloutPhase.DEGRADED
    unhealthy = shown_of(Seen(rollout=degraded), Stage.ROLLING_OUT)
    assert not [secret for secret in secrets if is_in(secret, failed) or is_in(secret, unhealthy)]


@pytest.mark.parametrize("kind", KINDS)
def test_in_what_a_pod_or_an_analysis_says(kind: str) -> None:
    text, secrets = " ".join(KINDS[kind].text.split()), KINDS[kind].secrets
    waiting = {"reason": "CreateContainerConfigError", "message": text}
    pod = {"status": {"containerStatuses": [{"name": "app", "state": {"waiting": waiting}}]}}
    run = {
        "metadata": {"name": "r", "labels": {"rollout-type": "Step"}, "ownerReferences": [OWNER]},
        "spec": {"metrics": [{"name": "rate", "successCondition": "result > 1"}, {"name": "web"}]},
        "status": {"message": text, "metricResults": [{"name": "rate", "message": text}, _measured(text)]},
    }
    status = {"status": {"canary": {"currentStepAnalysisRunStatus": {"name": "r", "message": text}}}}
    seen = (trouble_of(pod), project_run(run), named_in(status))
    assert all("•••" in repr(each) for each in seen)
    assert not [secret for secret in secrets if is_in(secret, repr(seen))]


OWNER = {"kind": "Rollout", "name": "shop", "uid": "u1", "controller": True}


def _measured(text: str) -> Obj:
    return {"name": "web", "measurements": [{"value": text, "message": text}]}
