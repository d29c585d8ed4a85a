"""Stands in for helm: revisions in one JSON file, a Rollout and its Services as what every chart makes.

`FAKE_HELM_<VERB>` in the environment makes that verb fail with that text.
"""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

STORE = Path(os.environ["FAKE_HOME"]) / "revisions.json"


def read() -> list[dict[str, Any]]:
    """Read the revisions; one whose Secret was deleted in the cluster is gone."""
    found = list(json.loads(STORE.read_text())) if STORE.exists() else []
    gone = Path(os.environ["FAKE_HOME"]) / "forgotten"
    names = gone.read_text().split() if gone.exists() else []
    return [each for each in found if f"sh.helm.release.v1.{each['name']}.v{each['version']}" not in names]


def rendered(name: str, values: dict[str, Any]) -> str:
    strategy = {"blueGreen": {"activeService": name}} if values["strategy"] == "blue-green" else {"canary": {}}
    image = f"{values['image']['repository']}@{values['image']['digest']}"
    spec = {
        "replicas": values.get("replicas", 1),
        "strategy": strategy,
        "template": {"spec": {"containers": [{"name": "app", "image": image}]}},
    }
    label = values["slipway"]["deployment"]
    rollout = (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata:\n  labels:\n    slipway/deployment: '{label}'\n"
    )
    service = f"apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}-preview\nspec: {{}}\n"
    measured = f"apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata:\n  name: {name}-rate\nspec: {{}}\n"
    return (
        f"---\n# Source: app\n{service}---\n# Source: app\n{measured}"
        f"---\n# Source: app\n{rollout}  name: {name}\nspec: {json.dumps(spec)}\n"
    )


def option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


def values_of(words: list[str]) -> dict[str, Any]:
    """Read the values as helm does, which takes JSON for YAML: that has no pairs of escapes."""
    text = Path(option(words, "--values")).read_text()
    if "\\ud83" in text:
        sys.exit("Error: failed to parse values.json: did not find expected hexadecimal number")
    return dict(json.loads(text))


def upgrade(words: list[str]) -> dict[str, Any]:
    revisions = read()
    values = values_of(words)
    revision = {
        "name": words[0],
        "version": max((each["version"] for each in revisions), default=0) + 1,
        "info": {
            "status": "deployed",
            "description": option(words, "--description"),
            "last_deployed": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.123456789Z",
        },
        "config": values,
        "manifest": rendered(words[0], values),
    }
    STORE.write_text(json.dumps([*revisions, revision]))
    return revision


def main(words: list[str]) -> None:
    verb, rest = words[0], words[1:]
    if said := os.environ.get(f"FAKE_HELM_{verb.upper()}"):
        sys.exit(said)
    if verb == "status":
        if not read():
            sys.exit("Error: release: not found")
        sys.stdout.write(json.dumps(read()[-1]))
    elif verb == "template":
        sys.stdout.write(rendered(rest[0], values_of(rest)))
    elif verb == "upgrade":
        sys.stdout.write(json.dumps(upgrade(rest)))


if __name__ == "__main__":
    main(sys.argv[1:])
