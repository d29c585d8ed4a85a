"""What one can go back to: which content that is, whether it is ready, and what is left after a deployment ended.

Pure; used by the card, by the verbs that repeat a deployment and by whoever keeps cards of the past true.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from commands.core import plan
from commands.core.acts import has_left_traces, is_ours
from commands.core.model import Action, Content, Deployment, Stage
from commands.core.observed import RolloutSnapshot


class Readiness(StrEnum):
    """Whether what ran before can come back at once."""

    READY = "ready"
    NEEDS_IMAGE = "needs-image"
    NOT_RELEASED_HERE = "not-released-here"
    UNKNOWN = "unknown"


def readiness(deployment: Deployment) -> Readiness:
    """Say whether the way back is ready, as far as that is known: its content, and its image or its ReplicaSet."""
    back = deployment.way_back
    if back is None or not back.number:
        return Readiness.NOT_RELEASED_HERE
    if back.is_built is False:
        return Readiness.NEEDS_IMAGE
    rollout = deployment.rollout
    # Until the new version is there, the old one is what runs.
    is_kept = not is_ours(deployment, rollout) or _keeps(rollout, back.digest)
    return Readiness.READY if back.is_built or is_kept else Readiness.UNKNOWN


def _keeps(rollout: RolloutSnapshot | None, digest: str) -> bool:
    return rollout is not None and any(image.endswith(digest) for image in rollout.kept_images)


def seconds_last_time(recent: Sequence[Deployment]) -> int:
    """Return how long going back took the last time, a restore or a rollback; 0 where it was never done."""
    return next((seconds for row in recent if (seconds := _seconds(row))), 0)


def _seconds(row: Deployment) -> int:
    restore = row.restore
    if restore is not None and restore.finished_at is not None and restore.failure is None:
        return max(1, int((restore.finished_at - restore.began_at).total_seconds()))
    return row.seconds if row.goes_straight_through and row.stage is Stage.SUCCEEDED else 0


def left_untouched(deployment: Deployment) -> bool:
    """Say whether what ran before still runs, as if a deployment that has ended had never been."""
    return deployment.stage is not Stage.SUCCEEDED and not has_left_traces(deployment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What is known of an app in an environment: what runs there, and its deployments, newest first."""

    rollout: RolloutSnapshot | None
    recent: Sequence[Deployment]
    succeeded: Sequence[Deployment]

    @property
    def current(self) -> Deployment | None:
        """Return the deployment that the Rollout says it is."""
        number = self.rollout.deployment if self.rollout is not None else None
        known = (*self.recent, *self.succeeded)
        return next((row for row in known if row.number == number and is_ours(row, self.rollout)), None)

    @property
    def releasable(self) -> Sequence[Deployment]:
        """List what can be released again, newest first."""
        return [row for row in self.succeeded if plan.release_parameters(row) is not None]


def target(here: Here, version: str) -> Deployment | None:
    """Find the deployment whose content to go back to: that of a version, or what ran before what runs now."""
    if version:
        named = plan.name_of(version, [row.version for row in here.releasable])
        return next((row for row in here.releasable if row.version == named), None)
    current = here.current
    if current is None:
        running = here.rollout.image.partition("@")[2] if here.rollout is not None else ""
        return next((row for row in here.releasable if row.content.digest != running), None)
    found = _before(current, here.releasable)
    # A deploy of what ran already changed nothing: what one wants back is what ran before that.
    while found is not None and found.number < current.number and is_same_content(found, current):
        found = _before(found, here.releasable)
    return found


def _before(row: Deployment, releasable: Sequence[Deployment]) -> Deployment | None:
    return plan.content_of(row.way_back, releasable) if row.way_back is not None else None


def is_same_content(one: Deployment, other: Deployment) -> bool:
    """Say whether two deployments release the same, whoever asked for them."""
    return _is_same(plan.release_parameters(one), plan.release_parameters(other))


def _is_same(one: Mapping[str, str] | None, other: Mapping[str, str] | None) -> bool:
    return one is not None and other is not None and {**one, "requester": ""} == {**other, "requester": ""}


def runs_already(here: Here, wanted: Deployment) -> bool:
    """Say whether what is wanted runs already, in full and as it was released."""
    current = here.current
    return current is not None and _is_untouched(current, here.rollout) and is_same_content(current, wanted)


def runs_exactly(here: Here, parameters: Mapping[str, str], content: Content) -> bool:
    """Say whether a pipeline with these arguments, which would find this content, would change nothing."""
    current = here.current
    wanted = plan.released(parameters, content)
    return (
        current is not None
        and _is_untouched(current, here.rollout)
        and _is_same(plan.release_parameters(current), wanted)
    )


def _is_untouched(current: Deployment, rollout: RolloutSnapshot | None) -> bool:
    """Say whether the Rollout has arrived and has the template that it had when its deployment was last seen."""
    if rollout is None or not rollout.is_done:
        return False
    return current.rollout is None or current.rollout.current_hash == rollout.current_hash


def action_of(deployment: Deployment) -> Action:
    """Return what brought a deployment about."""
    return deployment.source.action if deployment.source is not None else Action.DEPLOY
