"""Makes the README of charts/app: a text, and a table of all values from the chart's schema and defaults.

Called by generate.py. It knows no value by name.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

Schema = Mapping[str, Any]

_KINDS: Final = {"string": "text", "integer": "number", "number": "number", "boolean": "true, false", "array": "list"}
_TEXT: Final = """\
# The chart app

What every app is deployed with: an Argo Rollout and its Services, released by Slipway as rolling, blue-green, canary or
recreate. With the defaults there is nothing else. An app's entry in the catalog switches more on under `values`:

```yaml
values:
  replicas: 3
  host: shop.example.com
  ingress: {enabled: true, className: nginx, splitTraffic: true}
  probes: {readiness: {path: /readyz}, liveness: {enabled: true, path: /healthz}}
  security: {restricted: true, user: 65532, readOnlyRoot: true}
  config: {files: {application.properties: "greeting=hello"}}
  analysis:
    successRate: {enabled: true, minimum: 0.995}
    prometheus: {address: "http://prometheus.monitoring:9090"}
    canary: {afterWeights: true}
```

What there is to know:

- An unknown value, or one of the wrong kind, stops the release before anything changes.
- A value that changes the pods makes new ones, by way of the strategy. One that is not set adds no line to them, so a
  newer chart alone replaces no pod. The deployment's number and its requester stand on the Rollout, never on pods.
- `config.files` become a ConfigMap whose name holds their hash: changed files roll pods, and pods of the version before
  keep theirs. So that there is a way back, old ConfigMaps stay, after `helm uninstall` too; remove those that no
  ReplicaSet names when they are in the way: `kubectl get configmap -l app.kubernetes.io/name=APP`.
- With `autoscaling` the release keeps the number of pods that it finds. `helm template` cannot see it and shows none.
- Without a router a canary's weights are shares of pods, so 20 % needs five of them. `splitTraffic` makes them shares
  of requests.
- Measurements need traffic: with `noRequests: inconclusive` a version that nobody asked `count` times over pauses until
  somebody decides. The Prometheus queries tell the new version's pods by the labels `namespace` and `pod` that metrics
  usually have.
- A pod that ends serves on for `drainSeconds`, for Services may still send it requests. 0 is right where the app waits
  by itself, and shortens the gap of a recreate.
- `drainSeconds` needs Kubernetes 1.30, `gateway` the Gateway API's own kinds, `autoscaling` a metrics server, and
  `splitTraffic` what its row says.
- The pipeline's account must be allowed each kind that is switched on.

## Values

`slipway`, `image`, `strategy` and `canary` are written by Slipway; the catalog refuses them under `values`.

"""


def readme(folder: Path) -> str:
    """Write the README of the chart in a folder; made by `make docs`."""
    schema = json.loads((folder / "values.schema.json").read_text(encoding="utf-8"))
    defaults = yaml.safe_load((folder / "values.yaml").read_text(encoding="utf-8"))
    rows = [f"| {' | '.join(row)} |" for row in _rows(schema, schema, defaults, "")]
    return _TEXT + "\n".join(["| value | kind | default | meaning |", "|---|---|---|---|", *rows]) + "\n"


def _rows(root: Schema, schema: Schema, defaults: Mapping[str, Any], above: str) -> Iterator[tuple[str, ...]]:
    """Yield a row for each value that has a default, in the order of the schema; a group's row has no default."""
    for name, part in schema["properties"].items():
        if name not in defaults:
            continue
        whole = _resolved(root, part)
        path, default, text = f"{above}{name}", defaults[name], whole["description"].replace("|", "\\|")
        if isinstance(default, dict) and default.keys() == whole.get("properties", {}).keys() != set():
            yield f"**`{path}`**", "", "", text
            yield from _rows(root, whole, default, f"{path}.")
        else:
            yield f"`{path}`", _kind(whole), f"`{json.dumps(default)}`", text


def _resolved(root: Schema, part: Schema) -> Schema:
    """Return a part of the schema with what it refers to; what stands beside the reference wins."""
    if "$ref" not in part:
        return part
    found: Any = root
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return {**_resolved(root, found), **part}


def _kind(part: Schema) -> str:
    if "enum" in part:
        return ", ".join(f"`{choice}`" for choice in part["enum"])
    kinds = part.get("type", [each["type"] for each in part.get("anyOf", ())])
    names = [kinds] if isinstance(kinds, str) else kinds
    return " or ".join(dict.fromkeys(_KINDS.get(name, "mapping") for name in names))
