"""Makes the rollouts controller look again at a promote or an abort that it lost; part of the watch of a namespace.

Argo Rollouts 1.9 answers 200 to one that lands inside the reconcile which follows the pause, and then forgets
it until the next event (argo-rollouts#4694, measured on 1.9.1). A second promote could skip a step; an annotation is
an event and nothing else.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from commands.core.errors import SystemFailure
from integrations.kubernetes.fields import Obj

logger = logging.getLogger(__name__)

PATIENCE = 2.0
LONGEST = 60.0
ANNOTATION = "slipway/nudged-at"


class Nudges:
    """Remembers which acts are pending since when, and sends a nudge for those that are late.

    Parameters
    ----------
    send
        Merges a patch into the Rollout of that name.
    """

    def __init__(
        self,
        send: Callable[[str, Obj], Awaitable[object]],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send, self._sleep, self._monotonic = send, sleep, monotonic
        self._pending: dict[str, tuple[float, float]] = {}
        self._is_any = asyncio.Event()

    def observe(self, name: str, *, is_pending: bool) -> None:
        """Take in what the watch says of a Rollout."""
        if not is_pending:
            self._pending.pop(name, None)
        elif name not in self._pending:
            self._pending[name] = (self._monotonic() + PATIENCE, PATIENCE)
            self._is_any.set()

    async def run(self) -> None:
        """Nudge what is late until cancelled; sleeps while nothing is pending."""
        while True:
            await self._is_any.wait()
            if not self._pending:
                self._is_any.clear()
                continue
            # Never longer than the patience with one that comes meanwhile.
            due = min(due for due, _ in self._pending.values()) - self._monotonic()
            await self._sleep(min(max(0.0, due), PATIENCE))
            for name in self._late():
                await self._nudge(name)

    def _late(self) -> list[str]:
        now = self._monotonic()
        return [name for name, (due, _) in self._pending.items() if now >= due]

    async def _nudge(self, name: str) -> None:
        if name not in self._pending:
            # It was acted on while another one was nudged.
            return
        wait = min(self._pending[name][1] * 2, LONGEST)
        self._pending[name] = (self._monotonic() + wait, wait)
        patch = {"metadata": {"annotations": {ANNOTATION: datetime.now(UTC).isoformat(timespec="seconds")}}}
        try:
            await self._send(name, patch)
        except SystemFailure as failure:
            logger.warning("The controller has not yet acted on what was done to %s: %s", name, failure.message)
