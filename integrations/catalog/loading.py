"""From bytes to a Catalog, or to every problem at once: YAML, then the form of each entry, then the meaning of all.

Used by file.py, `slipway check` and tests. Total: whatever the bytes are, it returns or raises CatalogError.
"""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from commands.core.catalog import App, ApprovalRule, Artifact, Build, Catalog, Chart, Cluster, Environment, Grant
from commands.core.observed import CanaryStep, CanaryStepKind
from integrations.catalog import meaning
from integrations.catalog.document import MAX_BYTES, Document, read
from integrations.catalog.mistakes import explain, nothing
from integrations.catalog.problems import CatalogError, Finding, Problem
from integrations.catalog.shapes import (
    NO_DURATION,
    ApprovalsShape,
    AppShape,
    BuildShape,
    CatalogShape,
    EnvironmentShape,
    GrantShape,
    StepShape,
)
from integrations.catalog.words import duration_label


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A catalog that can be used, and what should be better about it."""

    catalog: Catalog
    warnings: tuple[Problem, ...] = ()


def load(path: FilePath) -> Catalog:
    """Read a file.

    Raises
    ------
    CatalogError
        It cannot be read, or it is not a valid catalog; carries every problem.
    """
    return parse(read_bytes(path), name=str(path)).catalog


def read_bytes(path: FilePath) -> bytes:
    """Read a regular file, at most one byte more than a catalog may have; CatalogError says why it cannot be."""
    try:
        # Not blocking, so that a pipe in its place is refused and not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise CatalogError(str(path), [_unreadable("it is not a file")])
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else None
        raise CatalogError(str(path), [_unreadable((reason or "its name is none").lower())]) from exc


def _unreadable(reason: str) -> Problem:
    remedy = "Check the path and its permissions."
    return Problem(line=0, column=0, field="", message=f"The catalog cannot be read: {reason}.", remedy=remedy)


def parse(content: bytes | str, *, name: str = "catalog.yaml") -> Loaded:
    """Understand the content of a file; CatalogError carries every problem."""
    document = read(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    if isinstance(document, Problem):
        raise CatalogError(name, [document])
    if not isinstance(document.data, dict):
        message = "The file is empty." if document.data is None else "The file is not a mapping."
        no_mapping = Finding((), message, "Begin with clusters:, environments: and apps:.")
        raise CatalogError(name, _placed(document, document.findings or [no_mapping]))
    shape, found = _examine(document.data)
    problems = _placed(document, [*document.findings, *found])
    if problems or shape is None:
        raise CatalogError(name, problems)
    warnings = _placed(document, meaning.warnings(document.data))
    return Loaded(catalog=_to_catalog(shape), warnings=warnings)


def _examine(data: dict[str, Any]) -> tuple[CatalogShape | None, list[Finding]]:
    """Check form and meaning; the meaning is checked even where some entries' form is wrong."""
    shape, found = None, []
    try:
        shape = CatalogShape.model_validate(data)
    except ValidationError as error:
        found = explain(error)
    return shape, [*nothing(data), *found, *meaning.findings(data)]


def _placed(document: Document, findings: Iterable[Finding]) -> tuple[Problem, ...]:
    """Look up places, in the order of the file; of several findings about one value the first counts."""
    seen: set[tuple[object, ...]] = set()
    problems = []
    for finding in findings:
        problem = document.place(finding)
        spot = (problem.line, problem.column, problem.field)
        if spot not in seen:
            seen.add(spot)
            problems.append(problem)
    return tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))


def _to_catalog(shape: CatalogShape) -> Catalog:
    return Catalog(
        clusters={
            name: Cluster(
                name=name,
                kubeconfig=one.kubeconfig or "",
                context=one.context or "",
                workflow_page=one.workflow_page or "",
                rollout_page=one.rollout_page or "",
            )
            for name, one in shape.clusters.items()
        },
        environments={name: _to_environment(name, one) for name, one in shape.environments.items()},
        apps={name: _to_app(name, one) for name, one in shape.apps.items()},
        grants=tuple(map(_to_grant, shape.grants)),
        steps={name: one.owner for name, one in shape.steps.items()},
    )


def _to_environment(name: str, shape: EnvironmentShape) -> Environment:
    return Environment(
        name=name,
        cluster=shape.cluster,
        namespace=shape.namespace,
        is_default=shape.default,
        is_protected=shape.protected,
        approvals=_to_rule(shape.approvals) if shape.approvals else None,
        windows=tuple(shape.windows),
        channel=shape.channel or "",
        remind=shape.remind,
    )


def _to_rule(shape: ApprovalsShape) -> ApprovalRule:
    return ApprovalRule(
        count=shape.count,
        roles=tuple(shape.roles),
        may_requester=shape.requester_may_approve,
        expire=shape.expire,
    )


def _to_app(name: str, shape: AppShape) -> App:
    artifact, chart = shape.artifact, shape.chart
    return App(
        name=name,
        artifact=Artifact(
            group=artifact.group,
            name=artifact.name,
            packaging=artifact.packaging,
            classifier=artifact.classifier or "",
        ),
        image=shape.image,
        base_image=shape.base_image,
        chart=Chart(
            repository=chart.repository,
            path=chart.path or ".",
            ref=chart.ref or chart.version or "",
            pin=chart.pin or "",
        ),
        environments=tuple(shape.environments),
        aliases=tuple(shape.aliases),
        owners=tuple(shape.owners),
        strategy=shape.strategy,
        values=shape.values,
        canary=tuple(map(_to_step, shape.canary.steps)) if shape.canary else (),
        build=_to_build(shape.build) if shape.build else None,
    )


def _to_build(shape: BuildShape) -> Build:
    return Build(
        repository=shape.repository, commit=shape.commit, context=shape.context, containerfile=shape.containerfile
    )


def _to_step(shape: StepShape) -> CanaryStep:
    if shape.weight is not None:
        return CanaryStep(kind=CanaryStepKind.WEIGHT, weight=shape.weight, label=f"{shape.weight} %")
    if shape.pause is None or shape.pause == NO_DURATION:
        return CanaryStep(kind=CanaryStepKind.PAUSE, label="pause")
    return CanaryStep(kind=CanaryStepKind.PAUSE, duration=shape.pause, label=f"pause {duration_label(shape.pause)}")


def _to_grant(shape: GrantShape) -> Grant:
    return Grant(
        role=shape.role,
        may=frozenset(shape.may),
        environments=frozenset(shape.environments),
        apps=frozenset(shape.apps),
    )
