"""Show the log of what went wrong: the button Log of a card that says so.

The last lines of the failed step, or of the pod that does not come up, read anew where it is still there; otherwise
what was kept of them. Secrets are masked. Needs no role.
"""

import logging

from commands.core.acts import names
from commands.core.errors import SystemFailure
from commands.core.evidence import Evidence, evidence
from commands.core.failure import said
from commands.core.model import Deployment
from commands.core.ports import Pipelines, Rollouts
from commands.core.reasons import Fact, Notice, ReasonCode
from commands.core.trouble import who_speaks
from commands.flow.standing import newest

log = logging.getLogger(__name__)


async def run(row: Deployment, *, pipelines: Pipelines, rollouts: Rollouts) -> Notice:
    """Read the log once more, or show what was kept."""
    row = newest(row, rollouts)
    kept = evidence(row)
    if kept is None:
        return Notice(code=ReasonCode.NO_LOG, facts=names(row))
    fresh = said(await _read(row, kept, pipelines=pipelines, rollouts=rollouts))
    facts: dict[str, Fact] = {**names(row), "step": kept.step, "is_kept": "" if fresh else "yes"}
    return Notice(code=ReasonCode.LOG, facts=facts, log=fresh or kept.lines)


async def _read(row: Deployment, kept: Evidence, *, pipelines: Pipelines, rollouts: Rollouts) -> tuple[str, ...]:
    """Read what is still there; a log that cannot be read is an empty one, because some of it was kept."""
    try:
        if kept.step:
            return await pipelines.log(row.place, name=kept.workflow, step=kept.step)
        problem = who_speaks(row.rollout) if row.rollout is not None else None
        return await rollouts.log(row.place, pod=problem.pod, container=problem.container) if problem else ()
    except SystemFailure as failure:
        log.warning("the log of #%d cannot be read anew: %s", row.number, failure.message)
        return ()
