"""The chart as the real helm renders it; used by the tests of this folder. It needs no cluster."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from tests.bed.places import Places

CHART: Final = Path(__file__).parents[2] / "charts" / "app"
NAMESPACE: Final = "staging"

Obj = dict[str, Any]


def helm(*words: str, values: Mapping[str, Any] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run helm; values come on its standard input."""
    given = ["--values", "-"] if values is not None else []
    return subprocess.run(
        [Places.from_environment().program("helm"), *words, *given],
        input=json.dumps(values, ensure_ascii=False),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def render(values: Mapping[str, Any], namespace: str = NAMESPACE) -> str:
    done = helm("template", "shop", str(CHART), f"--namespace={namespace}", values=values)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(values: Mapping[str, Any]) -> dict[tuple[str, str], Obj]:
    """Render and read; objects by kind and name."""
    documents = [each for each in yaml.safe_load_all(render(values)) if each]
    found = {(each["kind"], each["metadata"]["name"]): each for each in documents}
    assert len(found) == len(documents), "two objects have the same name"
    return found


def rollout(values: Mapping[str, Any]) -> Obj:
    return objects(values)["Rollout", "shop"]


def pods(values: Mapping[str, Any]) -> Obj:
    """Return the pod template, whose content decides whether there are new pods."""
    template: Obj = rollout(values)["spec"]["template"]
    return template
