"""What the chart makes of an app's `analysis` values: the templates, and where the strategies measure. Pure.

Called by release. Only what is switched on is made, as in charts/app.
"""

from typing import Final

from playground.argo.names import Obj, dig

GUARD: Final = "len(result) > 0 && !isNaN(result[0]) && "
LIMITS: Final = {"initialDelay": "30s", "interval": "30s", "count": 5, "failureLimit": 1}


def enabled(values: Obj) -> list[str]:
    """Name the measurements that are switched on, each also the end of its template's name."""
    known = {"job": "job", "latency": "latency", "successRate": "success-rate", "web": "web"}
    return [name for key, name in known.items() if dig(values, "analysis", key, "enabled")]


def templates(app: str, namespace: str, values: Obj) -> list[Obj]:
    """Make the AnalysisTemplate of each measurement."""
    return [
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AnalysisTemplate",
            "metadata": {"name": f"{app}-{name}", "namespace": namespace},
            "spec": {
                "args": [{"name": "hash"}, {"name": "address"}],
                "metrics": [{"name": name, **_metric(name, values["analysis"])}],
            },
        }
        for name in enabled(values)
    ]


def _metric(name: str, analysis: Obj) -> Obj:
    pace = {key: analysis.get(key, default) for key, default in LIMITS.items()}
    match name:
        case "job":
            return {"count": 1, "provider": {"job": {}}}
        case "web":
            provider = {"web": {"url": "{{args.address}}/healthz", "jsonPath": "{$.status}"}}
            good = {"successCondition": 'result == "ok"'}
        case "success-rate":
            provider, good = {"prometheus": {}}, _conditions(f">= {dig(analysis, 'successRate', 'minimum') or 0.99}")
        case _:
            provider, good = {"prometheus": {}}, _conditions(f"<= {dig(analysis, 'latency', 'maximumSeconds') or 0.5}")
    return {**pace, "inconclusiveLimit": pace["count"] - 1, **good, "provider": provider}


def _conditions(good: str) -> Obj:
    return {"successCondition": f"{GUARD}result[0] {good}", "failureCondition": f"{GUARD}!(result[0] {good})"}


def use(app: str, values: Obj) -> Obj:
    """Name the templates where a strategy measures."""
    return {
        "templates": [{"templateName": f"{app}-{name}"} for name in enabled(values)],
        "args": [
            {"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}},
            {"name": "address", "value": f"http://{app}"},
        ],
    }


def of_canary(app: str, steps: list[Obj], values: Obj) -> Obj:
    """Put measurements into the steps of a canary, and beside them."""
    if not enabled(values):
        return {"steps": steps} if steps else {}
    measured = list[Obj]()
    for step in steps:
        measured.append(step)
        if dig(values, "analysis", "canary", "afterWeights") and step.get("setWeight", 0) > 0:
            measured.append({"analysis": use(app, values)})
    beside = {"startingStep": 1, **use(app, values)}
    is_beside = dig(values, "analysis", "canary", "background") and steps
    return {**({"steps": measured} if steps else {}), **({"analysis": beside} if is_beside else {})}


def of_blue_green(app: str, values: Obj) -> Obj:
    """Measure before and after the switch of a blue-green."""
    fields = {"beforePromotion": "prePromotionAnalysis", "afterPromotion": "postPromotionAnalysis"}
    wanted = enabled(values) and dig(values, "analysis", "blueGreen")
    return {field: use(app, values) for key, field in fields.items() if wanted and wanted.get(key)}
