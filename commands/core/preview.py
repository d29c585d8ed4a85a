"""What a plan says: everything that is known of a deploy that nobody makes, as lines, the dearest first.

Facts in, lines out; a SystemFailure among the facts stands for what could not be had. Called by the verb alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from commands.core.catalog import App, Environment
from commands.core.changes import UNKNOWN_DIGEST, Change, ChangeKind, Difference
from commands.core.errors import SystemFailure
from commands.core.model import Deployment, Stage
from commands.core.observed import RolloutSnapshot, Strategy
from commands.core.policy import Allowed, Verdict
from commands.core.ports import Available, Found
from commands.core.reasons import Fact, PlanCode, PlanLine

TYPICAL = 10
"""How many of the last successful deployments say how long the next one takes."""
_MUTABLE = "-SNAPSHOT"
_KINDS = {
    ChangeKind.CHANGED: (PlanCode.FIELD_CHANGED, ("before", "after")),
    ChangeKind.ADDED: (PlanCode.FIELD_ADDED, ("after",)),
    ChangeKind.REMOVED: (PlanCode.FIELD_REMOVED, ()),
    ChangeKind.HIDDEN: (PlanCode.FIELD_HIDDEN, ()),
    ChangeKind.TEXT: (PlanCode.FIELD_TEXT, ("before", "after")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What the database knows: who holds the slot, and the app's deployments everywhere, newest first."""

    holder: Deployment | None
    recent: Sequence[Deployment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Everything that a plan is made of.

    `may` is the person's right to deploy there, `is_named` says that the environment was named. `rollout` is what
    runs, nothing where `is_seen` is False, because the cluster could not be looked at.
    """

    app: App
    environment: Environment
    version: str
    strategy: Strategy
    may: Verdict
    is_named: bool
    rollout: RolloutSnapshot | None
    is_seen: bool
    found: Found | SystemFailure
    records: Records | SystemFailure
    commit: str | SystemFailure
    differences: Sequence[Difference] | SystemFailure = ()

    @property
    def recent(self) -> Sequence[Deployment]:
        return () if isinstance(self.records, SystemFailure) else self.records.recent

    @property
    def here(self) -> Sequence[Deployment]:
        """The successful deployments of this environment, newest first."""
        return [row for row in self.recent if row.environment == self.environment.name and row.stage is Stage.SUCCEEDED]

    @property
    def running_digest(self) -> str:
        return self.rollout.image.partition("@")[2] if self.rollout is not None else ""

    @property
    def runs_already(self) -> bool:
        return self.rollout is not None and self.rollout.version == self.version

    @property
    def available(self) -> Available | None:
        versions = () if isinstance(self.found, SystemFailure) else self.found.versions
        return next((one for one in versions if one.version == self.version), None)

    @property
    def digest(self) -> str:
        """The digest that would run, empty where it is not known: an image is built once and deployed many times."""
        if self.available is not None and self.available.digest:
            return self.available.digest
        if self.version.endswith(_MUTABLE):
            return ""
        if self.runs_already:
            return self.running_digest
        return next((row.content.digest for row in self.recent if row.version == self.version), "")

    @property
    def digest_or_placeholder(self) -> str:
        return self.digest or UNKNOWN_DIGEST


def lines(outlook: Outlook) -> tuple[PlanLine, ...]:
    """Say whether it may be done, what would change, how long it takes, and last every changed field."""
    parts = (_rules, _slot, _versions, _image, _chart, _strategy, _duration, _manifest)
    return tuple(line for part in parts for line in part(outlook))


def is_free(outlook: Outlook) -> bool:
    """Say whether nobody is known to deploy there."""
    return isinstance(outlook.records, SystemFailure) or outlook.records.holder is None


def _line(code: PlanCode, **facts: Fact) -> PlanLine:
    return PlanLine(code=code, facts=facts)


def _rules(outlook: Outlook) -> Iterator[PlanLine]:
    environment = outlook.environment
    if isinstance(outlook.may, Allowed):
        yield _line(PlanCode.ALLOWED)
    else:
        facts = outlook.may.notice.facts
        yield _line(PlanCode.NOT_ALLOWED, role=facts["role"], roles=facts["roles"])
    if environment.approvals is not None and environment.approvals.count > 0:
        roles = ", ".join(environment.approvals.roles)
        yield _line(PlanCode.APPROVALS, environment=environment.name, count=environment.approvals.count, roles=roles)
    if environment.windows:
        yield _line(PlanCode.WINDOWS, environment=environment.name, windows=", ".join(environment.windows))
    if environment.is_protected:
        code = PlanCode.MUST_BE_CONFIRMED if outlook.is_named else PlanCode.MUST_BE_NAMED
        yield _line(code, environment=environment.name)


def _slot(outlook: Outlook) -> Iterator[PlanLine]:
    if isinstance(outlook.records, SystemFailure):
        yield _line(PlanCode.RECORDS_UNKNOWN, why=str(outlook.records))
    elif (holder := outlook.records.holder) is not None:
        yield _line(
            PlanCode.BUSY,
            number=holder.number,
            version=holder.version,
            by=holder.requester.chat_id,
            stage=holder.stage.value,
        )


def _versions(outlook: Outlook) -> Iterator[PlanLine]:
    rollout, version = outlook.rollout, outlook.version
    if not outlook.is_seen:
        yield _line(PlanCode.RUNS_UNKNOWN, version=version)
    elif rollout is None:
        yield _line(PlanCode.FIRST, version=version)
    elif not rollout.is_done:
        yield _line(PlanCode.RUNS_UNFINISHED, version=version, running=rollout.version)
    elif rollout.version == version:
        yield _line(PlanCode.RUNS_ALREADY, version=version)
    else:
        yield _line(PlanCode.REPLACES, version=version, running=rollout.version)
    silent = outlook.found.system if isinstance(outlook.found, SystemFailure) else outlook.found.silent
    if silent and (outlook.available is None or outlook.available.is_published is None):
        yield _line(PlanCode.VERSION_UNCHECKED, version=version, system=silent)


def _image(outlook: Outlook) -> Iterator[PlanLine]:
    running = outlook.running_digest if outlook.running_digest != outlook.digest else ""
    is_built = outlook.available.is_built if outlook.available is not None else None
    # What runs is built, though the registry's list may be too old to have it.
    if outlook.digest and (outlook.runs_already or is_built is not False):
        yield _line(PlanCode.IMAGE_BUILT, digest=outlook.digest, running=running)
    else:
        code = PlanCode.IMAGE_UNKNOWN if is_built is None else PlanCode.IMAGE_NOT_BUILT
        yield _line(code, image=outlook.app.image, running=running)


def _chart(outlook: Outlook) -> Iterator[PlanLine]:
    chart = outlook.app.chart
    if isinstance(outlook.commit, SystemFailure):
        yield _line(PlanCode.CHART_UNKNOWN, path=chart.path, ref=chart.ref, why=str(outlook.commit))
        return
    facts: dict[str, Fact] = {"path": chart.path, "ref": chart.ref, "commit": outlook.commit}
    running = _running_commit(outlook)
    if running == outlook.commit:
        yield _line(PlanCode.CHART_SAME, **facts)
    else:
        yield _line(PlanCode.CHART, **facts, running=running)
    if chart.pin and chart.pin != outlook.commit:
        yield _line(PlanCode.CHART_MOVED, ref=chart.ref, pin=chart.pin)


def _running_commit(outlook: Outlook) -> str:
    """Return the chart's commit that what runs was made of, empty where that is not on record."""
    last = next(iter(outlook.here), None)
    is_known = last is not None and outlook.rollout is not None and outlook.rollout.version == last.version
    return last.content.chart_commit if last is not None and is_known else ""


def _strategy(outlook: Outlook) -> Iterator[PlanLine]:
    rollout, strategy = outlook.rollout, outlook.strategy
    if rollout is None:
        return
    if rollout.strategy is not strategy:
        yield _line(PlanCode.STRATEGY_CHANGES, before=rollout.strategy.value, after=strategy.value)
        if strategy is Strategy.BLUE_GREEN:
            is_settled = rollout.current_hash == rollout.stable_hash and not rollout.is_aborted
            code = PlanCode.TWO_PHASES if is_settled else PlanCode.NO_TWO_PHASES
            yield _line(code, running=rollout.version)
    if strategy is Strategy.RECREATE:
        yield _line(PlanCode.OUTAGE)


def _duration(outlook: Outlook) -> Iterator[PlanLine]:
    if isinstance(outlook.records, SystemFailure):
        return
    taken = [
        (row.finished_at - row.created_at).total_seconds()
        for row in outlook.here
        if row.strategy is outlook.strategy and row.finished_at is not None
    ][:TYPICAL]
    if taken:
        yield _line(PlanCode.DURATION, seconds=int(median(taken)), count=len(taken), strategy=outlook.strategy.value)
    else:
        yield _line(PlanCode.NO_HISTORY, strategy=outlook.strategy.value)


def _manifest(outlook: Outlook) -> Iterator[PlanLine]:
    if isinstance(outlook.commit, SystemFailure):
        return
    if isinstance(outlook.differences, SystemFailure):
        yield _line(PlanCode.NOT_COMPARED, why=str(outlook.differences))
        return
    told = [line for each in outlook.differences for line in _object(each)]
    looked_at = sum(1 for each in outlook.differences if not each.is_secret and not each.why)
    yield _line(PlanCode.MANIFEST if told else PlanCode.SAME_MANIFEST, count=looked_at)
    yield from told


def _object(difference: Difference) -> Iterator[PlanLine]:
    subject = difference.subject
    if difference.is_secret:
        yield _line(PlanCode.SECRET_OBJECT, object=subject)
    elif difference.why:
        yield _line(PlanCode.UNREAD_OBJECT, object=subject, why=difference.why)
    elif difference.is_new:
        yield _line(PlanCode.NEW_OBJECT, object=subject)
    yield from (_field(subject, change) for change in difference.changes)


def _field(subject: str, change: Change) -> PlanLine:
    code, shown = _KINDS[change.kind]
    values = {"before": change.before, "after": change.after}
    return _line(code, object=subject, path=change.path, **{name: values[name] for name in shown})
