"""A pod template as the Rollouts controller writes it: with what its types always print, without what they never do.

Its write of the revision changes the spec of a Rollout that was sent otherwise, and so raises the generation a second
time. Used by view and rollout_pass; pure.
"""

from typing import Final

from playground.argo.names import Obj

PROBES: Final = ("readinessProbe", "livenessProbe", "startupProbe")


def canonical(template: Obj) -> Obj:
    """The same template in the controller's words; two that mean the same have the same hash."""
    spec = template.get("spec") or {}
    if "containers" not in spec:
        return template
    return {**template, "spec": {**spec, "containers": [_container(entry) for entry in spec["containers"]]}}


def _container(container: Obj) -> Obj:
    probes: Obj = {name: _probe(container[name]) for name in PROBES if name in container}
    return {"resources": {}, **container, **probes}


def _probe(probe: Obj) -> Obj:
    return {key: value for key, value in probe.items() if not (key == "initialDelaySeconds" and value == 0)}


def rewritten(spec: Obj) -> Obj:
    """What the controller's write changes of a spec, as a merge patch."""
    patch: Obj = {}
    if (template := canonical(spec["template"])) != spec["template"]:
        patch["template"] = template
    if spec.get("paused") is False:
        patch["paused"] = None
    return patch
