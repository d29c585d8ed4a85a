"""The manifests that the tests of this folder start from: a Rollout, its Services and measurements, a Workflow.

Pure. What a test says nothing about is chosen so that the controllers are quick.
"""

from integrations.kubernetes.fields import Obj

APP = "registry.local/app"
BUSYBOX = "registry.local/busybox:1"
PORT = 8080
PAUSE: Obj = {"pause": {}}
EXECUTOR = "executor"
"""The service account of workflow pods in every namespace that these tests make."""


def weight(percent: int) -> Obj:
    return {"setWeight": percent}


def analysis(template: str) -> Obj:
    return {"analysis": {"templates": [{"templateName": template}]}}


def canary(*steps: Obj) -> Obj:
    return {"canary": {"steps": list(steps)}}


def blue_green(name: str, *, delay: int = 30) -> Obj:
    """Return a blue-green strategy that waits for a person; the former version stays for `delay` seconds."""
    services = {"activeService": f"{name}-active", "previewService": f"{name}-preview"}
    return {"blueGreen": {**services, "autoPromotionEnabled": False, "scaleDownDelaySeconds": delay}}


def template(name: str, version: str) -> Obj:
    """Return a pod template; `resources` is spelled out because the controller would add it as a second change."""
    container = {
        "name": "app",
        "image": f"{APP}:{version}",
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": PORT, "protocol": "TCP"}],
        "resources": {},
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 1}
    return {"metadata": {"labels": {"app": name}}, "spec": spec}


def rollout(name: str, strategy: Obj, *, replicas: int = 1, version: str = "v1", **spec: object) -> Obj:
    labels = {"slipway/app": name}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name, version),
            "strategy": strategy,
            **spec,
        },
    }


def service(name: str, app: str) -> Obj:
    ports = [{"port": 80, "targetPort": PORT}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": app}, "ports": ports},
    }


def pod(name: str, script: str) -> Obj:
    container = {"name": "main", "image": BUSYBOX, "command": ["/bin/sh", "-c", script]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
    }


def measurement(name: str, provider: Obj, **metric: object) -> Obj:
    """Return an AnalysisTemplate with one metric that is measured once and may not fail."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": name},
        "spec": {"metrics": [{"name": "answer", "count": 1, **metric, "provider": provider}]},
    }


def job(*command: str) -> Obj:
    container = {"name": "main", "image": BUSYBOX, "command": list(command)}
    pod_spec = {"restartPolicy": "Never", "containers": [container]}
    return {"job": {"spec": {"backoffLimit": 0, "template": {"spec": pod_spec}}}}


def web(url: str) -> Obj:
    return {"web": {"url": url, "jsonPath": "{$.value}", "timeoutSeconds": 5}}


def script(name: str, text: str, **more: object) -> Obj:
    """Return a workflow template that runs a script of the shell."""
    container = {"image": BUSYBOX, "imagePullPolicy": "IfNotPresent", "command": ["/bin/sh", "-c"], "args": [text]}
    return {"name": name, "container": container, **more}


def suspend(name: str) -> Obj:
    return {"name": name, "suspend": {}}


def dag(name: str, *tasks: Obj) -> Obj:
    return {"name": name, "dag": {"tasks": list(tasks)}}


def workflow(name: str, *templates: Obj, **spec: object) -> Obj:
    """Return a Workflow whose entrypoint is the first of the templates."""
    entrypoint = {"entrypoint": templates[0]["name"]} if templates else {}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": name, "labels": {"slipway/app": name}},
        "spec": {"serviceAccountName": EXECUTOR, **entrypoint, "templates": list(templates), **spec},
    }


def workflow_template(name: str, *templates: Obj, **spec: object) -> Obj:
    return {**workflow(name, *templates, **spec), "kind": "WorkflowTemplate", "metadata": {"name": name}}


def submitted(name: str, template_name: str, **parameters: str) -> Obj:
    """Return a Workflow that refers to a WorkflowTemplate, as the product submits it."""
    given = [{"name": key, "value": value} for key, value in parameters.items()]
    made = workflow(name)
    made["spec"] = {"workflowTemplateRef": {"name": template_name}, "arguments": {"parameters": given}}
    return made


def executor_account() -> tuple[Obj, ...]:
    """Return the service account of workflow pods with the one right that it needs."""
    rule = {
        "apiGroups": ["argoproj.io"],
        "resources": ["workflowtaskresults"],
        "verbs": ["create", "patch"],
    }
    rbac = "rbac.authorization.k8s.io"
    named = {"metadata": {"name": EXECUTOR}}
    return (
        {"apiVersion": "v1", "kind": "ServiceAccount", **named},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", **named, "rules": [rule]},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            **named,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": EXECUTOR},
            "subjects": [{"kind": "ServiceAccount", "name": EXECUTOR}],
        },
    )
