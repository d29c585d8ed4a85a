"""Writes a new deployment, or says who was first; shared by every verb that starts one."""

from datetime import datetime
from typing import assert_never

from commands.core.acts import names
from commands.core.model import Deployment
from commands.core.ports import Deployments, NewDeployment, Repeated, SlotTaken, Started
from commands.core.reasons import Notice, ReasonCode


async def start(new: NewDeployment, *, deployments: Deployments) -> Deployment | Notice:
    """Take the slot and write the row; the same key never counts twice."""
    outcome = await deployments.start(new)
    match outcome:
        case Started(deployment):
            return deployment
        case Repeated(deployment):
            return Notice(code=ReasonCode.REPEATED, facts=names(deployment))
        case SlotTaken(holder):
            return _busy(holder)
        case _:
            assert_never(outcome)


def _busy(holder: Deployment) -> Notice:
    return Notice(
        code=ReasonCode.BUSY,
        facts={
            "app": holder.app,
            "environment": holder.environment,
            "holder_number": holder.number,
            "holder_version": holder.version,
            "holder_stage": holder.stage.value,
            "by": holder.requester.chat_id,
        },
    )


def seconds_since(moment: datetime, now: datetime) -> int:
    """Say how long ago something was, for people: never less than a second."""
    return max(1, int((now - moment).total_seconds()))
