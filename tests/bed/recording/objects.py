"""The objects that the scenarios work with: templates, Rollouts, Services, metrics, workflows. Pure."""

from typing import Any, Final

Obj = dict[str, Any]

APP: Final = "registry.local/app"
BUSYBOX: Final = "registry.local/busybox:1"
ARGO: Final = "argoproj.io/v1alpha1"
ACTIVE, PREVIEW = "web-active", "web-preview"

# Rollouts


def template(
    version: str = "v1", *, grace: int = 1, delay: int = 0, container: Obj | None = None, canonical: bool = True
) -> Obj:
    """A pod template as the controller would write it itself (`resources: {}` included, when canonical)."""
    probe: Obj = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}
    if delay:
        probe["initialDelaySeconds"] = delay
    app: Obj = {
        "name": "app",
        "image": f"{APP}:{version}",
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 8080}],
        "readinessProbe": probe,
        **({"resources": {}} if canonical else {}),
        **(container or {}),
    }
    return {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"terminationGracePeriodSeconds": grace, "containers": [app]},
    }


def with_init(pods: Obj, *command: str) -> Obj:
    """The same template with an init container that runs a command of the app's image."""
    (app,) = pods["spec"]["containers"]
    init = {"name": "migration", "image": app["image"], "imagePullPolicy": "IfNotPresent", "command": list(command)}
    return {**pods, "spec": {**pods["spec"], "initContainers": [{**init, "resources": {}}]}}


def with_gate(pods: Obj, condition: str) -> Obj:
    """The same template whose pods are ready only when somebody sets a condition of theirs."""
    return {**pods, "spec": {**pods["spec"], "readinessGates": [{"conditionType": condition}]}}


def rollout(strategy: Obj, *, replicas: int = 4, pods: Obj | None = None, **spec: Any) -> Obj:
    return {
        "apiVersion": ARGO,
        "kind": "Rollout",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "revisionHistoryLimit": 5,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": strategy,
            "template": pods or template(),
            **spec,
        },
    }


def canary(*steps: Obj, **more: Any) -> Obj:
    listed = {"steps": list(steps)} if steps else {}
    return {"canary": {"maxSurge": "25%", "maxUnavailable": 0, **listed, **more}}


def weight(number: int) -> Obj:
    return {"setWeight": number}


PAUSE: Final[Obj] = {"pause": {}}
STEPS: Final = (weight(25), PAUSE, weight(50), {"pause": {"duration": "5s"}}, weight(75), PAUSE)


def blue_green(**more: Any) -> Obj:
    services = {"activeService": ACTIVE, "previewService": PREVIEW}
    return {"blueGreen": {**services, "autoPromotionEnabled": False, "scaleDownDelaySeconds": 5, **more}}


def service(name: str) -> Obj:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def quota(**hard: str) -> Obj:
    """How much of each resource a namespace may have."""
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": {"hard": hard}}


# Analysis


def uses(name: str) -> Obj:
    """What a strategy or a step says to be analysed by a template."""
    return {"templates": [{"templateName": name}], "args": [{"name": "app", "value": "web"}]}


def analysis_template(name: str, metric: Obj) -> Obj:
    spec = {"args": [{"name": "app"}], "metrics": [metric]}
    return {"apiVersion": ARGO, "kind": "AnalysisTemplate", "metadata": {"name": name}, "spec": spec}


def web_metric(url: str, **more: Any) -> Obj:
    return {
        "name": "error-rate",
        "successCondition": "result < 0.01",
        "failureCondition": "result > 0.9",
        "provider": {"web": {"url": url, "jsonPath": "{$.rate}"}},
        **more,
    }


def job_metric(*command: str) -> Obj:
    container = {"name": "smoke", "image": BUSYBOX, "imagePullPolicy": "IfNotPresent", "command": list(command)}
    pod = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [container]}
    return {"name": "smoke", "provider": {"job": {"spec": {"backoffLimit": 0, "template": {"spec": pod}}}}}


def metrics_pod() -> Obj:
    """Serves /good.json, /meh.json and /bad.json, each with a rate."""
    rates = {"good": 0.001, "meh": 0.5, "bad": 0.99}
    files = "; ".join(f"echo '{{\"rate\": {rate}}}' >/tmp/www/{name}.json" for name, rate in rates.items())
    script = f"mkdir -p /tmp/www; {files}; exec httpd -f -p 8080 -h /tmp/www"
    server = {
        "name": "httpd",
        "image": BUSYBOX,
        "command": ["/bin/sh", "-c", script],
        "readinessProbe": {"httpGet": {"path": "/good.json", "port": 8080}, "periodSeconds": 1},
    }
    spec = {"terminationGracePeriodSeconds": 0, "containers": [server]}
    labels = {"app": "metrics"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "metrics", "labels": labels}, "spec": spec}


# Workflows


def shell(name: str, script: str, **more: Any) -> Obj:
    """A step that runs a script."""
    command = {"command": ["/bin/sh", "-c"], "args": [script]}
    return {"name": name, "container": {"image": BUSYBOX, "imagePullPolicy": "IfNotPresent", **command}, **more}


def dag(*tasks: Obj, **more: Any) -> Obj:
    return {"name": "main", "dag": {"tasks": list(tasks)}, **more}


def task(name: str, *after: str, **more: Any) -> Obj:
    """A task of the template of the same name, behind others."""
    dependencies = {"dependencies": list(after)} if after else {}
    return {"template": name, **dependencies, **more, "name": name}


def main(*templates: Obj, **more: Any) -> Obj:
    return {"entrypoint": "main", **more, "templates": list(templates)}


def referring(template_name: str, **parameters: str) -> Obj:
    values = [{"name": name, "value": value} for name, value in parameters.items()]
    return {"workflowTemplateRef": {"name": template_name}, "arguments": {"parameters": values}}
