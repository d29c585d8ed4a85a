"""What a catalog must mean, beyond the form of each entry: names resolve, are said once, and lead to one place each.

Pure; used by loading.py on those entries whose form is right. `declared` names what stands in the file, right or not,
so that one mistake is not reported twice.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from integrations.catalog.problems import Finding, Path, shown, suggestion
from integrations.catalog.shapes import AppShape, ClusterShape, EnvironmentShape, GrantShape
from integrations.catalog.words import is_pinned

LONGEST_PAIR: Final = 52
RESERVED_VALUES: Final = frozenset({"canary"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """The entries whose form is right, and the names that are declared."""

    clusters: Mapping[str, ClusterShape]
    environments: Mapping[str, EnvironmentShape]
    apps: Mapping[str, AppShape]
    grants: Mapping[int, GrantShape]
    declared: Mapping[str, Collection[str]]


def findings(entries: Entries) -> Iterator[Finding]:
    """Look at the whole."""
    yield from _environments(entries)
    yield from _names(entries)
    for name, app in entries.apps.items():
        yield from _app(entries, name, app)
    for index, grant in entries.grants.items():
        yield from _grant(entries, index, grant)


def warnings(entries: Entries) -> Iterator[Finding]:
    """Say what works but should not stay so."""
    for name, app in entries.apps.items():
        if not is_pinned(app.base_image):
            message = f"The base image {shown(app.base_image)} may change under its tag."
            yield Finding(("apps", name, "base-image"), message, "Name it by digest: …@sha256:….")


def _environments(entries: Entries) -> Iterator[Finding]:
    default = ""
    for name, environment in entries.environments.items():
        path: Path = ("environments", name)
        yield from _known((*path, "cluster"), environment.cluster, "cluster", entries.declared["clusters"])
        if environment.default and default:
            message = f"{shown(default)} is the default already."
            yield Finding((*path, "default"), message, "Leave default: true on one environment.")
        default = default or (name if environment.default else "")


def _names(entries: Entries) -> Iterator[Finding]:
    owner = {name: name for name in entries.declared["apps"]}
    for name, app in entries.apps.items():
        for index, alias in enumerate(app.aliases):
            if alias in owner:
                message = f"The name {shown(alias)} already belongs to {shown(owner[alias])}."
                yield Finding(("apps", name, "aliases", index), message, "Choose another alias, or remove it.")
            owner.setdefault(alias, name)


def _app(entries: Entries, name: str, app: AppShape) -> Iterator[Finding]:
    path: Path = ("apps", name)
    places: dict[tuple[str, str], str] = {}
    for index, environment in enumerate(app.environments):
        here: Path = (*path, "environments", index)
        if environment in app.environments[:index]:
            yield Finding(here, f"{shown(environment)} is named twice.", "Remove one of the two.")
            continue
        yield from _known(here, environment, "environment", entries.declared["environments"])
        if len(name) + len(environment) > LONGEST_PAIR:
            message = f"The names {shown(name)} and {shown(environment)} are too long together for Kubernetes' labels."
            yield Finding(here, message, f"Shorten one: at most {LONGEST_PAIR} characters together.")
        shape = entries.environments.get(environment)
        if shape is not None:
            first = places.setdefault((shape.cluster, shape.namespace), environment)
            if first != environment:
                message = f"{shown(environment)} and {shown(first)} are the same namespace: they would overwrite each other."
                yield Finding(here, message, "Give them namespaces of their own, or remove one here.")
    for key in sorted(RESERVED_VALUES & app.values.keys()):
        yield Finding((*path, "values", key), f"The value {shown(key)} is set by Slipway.", f"Use {key} of the app instead.")


def _grant(entries: Entries, index: int, grant: GrantShape) -> Iterator[Finding]:
    for environment_index, environment in enumerate(grant.environments or ()):
        if environment != "*":
            path: Path = ("grants", index, "environments", environment_index)
            yield from _known(path, environment, "environment", entries.declared["environments"])
    for app_index, app in enumerate(grant.apps or ()):
        if app != "*":
            yield from _known_app(entries, ("grants", index, "apps", app_index), app)


def _known_app(entries: Entries, path: Path, name: str) -> Iterator[Finding]:
    owner = next((app for app, shape in entries.apps.items() if name in shape.aliases), None)
    if owner is not None and name not in entries.declared["apps"]:
        yield Finding(path, f"{shown(name)} is an alias.", f"Write the app's name: {owner}.")
    else:
        yield from _known(path, name, "app", entries.declared["apps"])


def _known(path: Path, name: str, kind: str, known: Collection[str]) -> Iterator[Finding]:
    if name not in known:
        yield Finding(path, f"There is no {kind} {shown(name)}.", suggestion(name, known))
