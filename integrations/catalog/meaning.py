"""What a catalog must mean, beyond the form of each field: names resolve, are said once, and lead to one place each.

Pure; used by loading.py. It reads the raw data, so that an entry with one mistake still shows its others; whatever has
the wrong form is passed over here, because shapes.py has reported it.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from commands.core.grammar import STRATEGY_WORDS
from commands.core.observed import Strategy
from integrations.catalog.problems import Finding, Path, shown, suggestion
from integrations.catalog.words import OCI, is_pinned

LONGEST_PAIR: Final = 52
RESERVED_VALUES: Final = ("canary",)
_CHART_KEYS: Final[Mapping[bool, Mapping[str, str]]] = {
    False: {"path": "the chart's folder in the Git repository", "ref": "a tag, branch or commit"},
    True: {"version": "the chart's version in the registry"},
}
"""What a chart needs, by whether it is in a registry; what the other one needs has no place."""

Raw = Mapping[str, Any]


def findings(data: Raw) -> Iterator[Finding]:
    """Look at the whole."""
    yield from _clusters(data)
    yield from _environments(data)
    yield from _aliases(data)
    for name, app in _section(data, "apps").items():
        yield from _app_environments(data, name, app)
        yield from _app_release(name, app)
        yield from _app_chart(name, app)
    yield from _grants(data)


def warnings(data: Raw) -> Iterator[Finding]:
    """Say what works but should not stay so."""
    for name, app in _section(data, "apps").items():
        base = app.get("base-image")
        if isinstance(base, str) and not is_pinned(base):
            message = f"The base image {shown(base)} may change under its tag."
            yield Finding(("apps", name, "base-image"), message, "Name it by digest: …@sha256:….")


def _clusters(data: Raw) -> Iterator[Finding]:
    for name, cluster in _section(data, "clusters").items():
        if "context" in cluster and "kubeconfig" not in cluster:
            remedy = "Add kubeconfig, or leave both out for the bot's own cluster."
            yield Finding(("clusters", name, "context"), "A context needs a kubeconfig.", remedy)


def _environments(data: Raw) -> Iterator[Finding]:
    default = ""
    for name, environment in _section(data, "environments").items():
        path: Path = ("environments", name)
        yield from _known((*path, "cluster"), environment.get("cluster"), "cluster", _names(data, "clusters"))
        if environment.get("default") is not True:
            continue
        if default:
            message = f"{shown(default)} is the default already."
            yield Finding((*path, "default"), message, "Leave default: true on one environment.")
        if environment.get("protected") is True:
            message = "A protected environment must be named, so it cannot be the default."
            yield Finding((*path, "protected"), message, "Remove default or protected.")
        default = default or name


def _aliases(data: Raw) -> Iterator[Finding]:
    owner = {name: name for name in _names(data, "apps")}
    for name, app in _section(data, "apps").items():
        for index, alias in _texts(app, "aliases"):
            if alias in owner:
                message = f"The name {shown(alias)} already belongs to {shown(owner[alias])}."
                yield Finding(("apps", name, "aliases", index), message, "Choose another alias, or remove it.")
            owner.setdefault(alias, name)


def _app_environments(data: Raw, name: str, app: Raw) -> Iterator[Finding]:
    environments = _section(data, "environments")
    seen: dict[object, str] = {}
    for index, environment in _texts(app, "environments"):
        path: Path = ("apps", name, "environments", index)
        if environment in seen.values():
            yield Finding(path, f"{shown(environment)} is named twice.", "Remove one of the two.")
            continue
        yield from _known(path, environment, "environment", _names(data, "environments"))
        if len(name) + len(environment) > LONGEST_PAIR:
            message = f"The names {shown(name)} and {shown(environment)} are too long together for Kubernetes' labels."
            yield Finding(path, message, f"Shorten one: at most {LONGEST_PAIR} characters together.")
        first = seen.setdefault(_place(environments.get(environment)) or environment, environment)
        if first != environment:
            message = f"{shown(environment)} and {shown(first)} are one namespace: they would overwrite each other."
            yield Finding(path, message, "Give them namespaces of their own, or remove one here.")


def _place(environment: Raw | None) -> tuple[str, str] | None:
    cluster, namespace = (environment or {}).get("cluster"), (environment or {}).get("namespace")
    return (cluster, namespace) if isinstance(cluster, str) and isinstance(namespace, str) else None


def _app_release(name: str, app: Raw) -> Iterator[Finding]:
    strategy = app.get("strategy")
    is_canary = isinstance(strategy, str) and STRATEGY_WORDS.get(strategy.lower()) is Strategy.CANARY
    if is_canary and "canary" not in app:
        remedy = "Add canary: {steps: [{weight: 20}, {pause: {}}]}."
        yield Finding(("apps", name, "strategy"), "The strategy canary needs steps.", remedy)
    values = app.get("values")
    for key in RESERVED_VALUES:
        if isinstance(values, dict) and key in values:
            message, remedy = f"The value {shown(key)} is set by Slipway.", f"Use {key} of the app instead."
            yield Finding(("apps", name, "values", key), message, remedy)


def _app_chart(name: str, app: Raw) -> Iterator[Finding]:
    chart = app.get("chart")
    if not isinstance(chart, dict) or not isinstance(repository := chart.get("repository"), str):
        return
    is_oci, path = repository.startswith(OCI), ("apps", name, "chart")
    for key, meant in _CHART_KEYS[is_oci].items():
        if key not in chart:
            yield Finding((*path, key), f"The key {shown(key)} is missing.", f"Add {key}: {meant}.", at_key=True)
    place, other = ("registry", "Git repository") if is_oci else ("Git repository", "registry")
    for key in (key for key in _CHART_KEYS[not is_oci] if key in chart):
        message = f"The key {shown(key)} is for a chart in a {other}, and this one is in a {place}."
        yield Finding((*path, key), message, "Remove it.", at_key=True)
    pin = chart.get("pin")
    if isinstance(pin, str) and pin.startswith("sha256:") != is_oci:
        kind = "digest, sha256: and 64 digits" if is_oci else "commit, 40 digits"
        yield Finding((*path, "pin"), f"{shown(pin)} is no pin for a chart in a {place}.", f"Write a {kind}.")


def _grants(data: Raw) -> Iterator[Finding]:
    grants = data.get("grants")
    for index, grant in enumerate(grants if isinstance(grants, list) else ()):
        if not isinstance(grant, dict):
            continue
        for at, environment in _texts(grant, "environments"):
            if environment != "*":
                path: Path = ("grants", index, "environments", at)
                yield from _known(path, environment, "environment", _names(data, "environments"))
        for at, app in _texts(grant, "apps"):
            if app != "*":
                yield from _known_app(data, ("grants", index, "apps", at), app)


def _known_app(data: Raw, path: Path, name: str) -> Iterator[Finding]:
    apps = _section(data, "apps")
    owner = next((app for app, raw in apps.items() if any(name == alias for _, alias in _texts(raw, "aliases"))), None)
    if owner is not None and name not in _names(data, "apps"):
        yield Finding(path, f"{shown(name)} is an alias.", f"Write the app's name: {owner}.")
    else:
        yield from _known(path, name, "app", _names(data, "apps"))


def _known(path: Path, name: object, kind: str, known: Collection[str]) -> Iterator[Finding]:
    if isinstance(name, str) and name not in known:
        yield Finding(path, f"There is no {kind} {shown(name)}.", suggestion(name, known))


def _names(data: Raw, section: str) -> Collection[str]:
    """List what is declared, right or not, so that one mistake is not reported twice."""
    raw = data.get(section)
    return raw.keys() if isinstance(raw, dict) else ()


def _section(data: Raw, section: str) -> dict[str, Raw]:
    raw = data.get(section)
    return {name: one for name, one in raw.items() if isinstance(one, dict)} if isinstance(raw, dict) else {}


def _texts(raw: Raw, key: str) -> Iterator[tuple[int, str]]:
    listed = raw.get(key)
    for index, text in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(text, str):
            yield index, text
