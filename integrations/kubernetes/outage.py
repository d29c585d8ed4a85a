"""One warning when a cluster goes down and one line when it is back, however many watches notice it.

Shared by the reflectors of one cluster; it only logs.
"""

import logging

from commands.core.errors import Permanent, SystemFailure

logger = logging.getLogger(__name__)


class Outage:
    """Remembers which watches are down. A refusal (no permission, not installed) is said once per watch.

    A watch that is refused is in touch with the server: it hides no outage and holds up no good news.
    """

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster
        self._down: set[object] = set()
        self._refused: set[object] = set()

    def down(self, watch: object, failure: SystemFailure, *, title: str) -> None:
        is_refusal = isinstance(failure, Permanent)
        is_news = watch not in self._refused if is_refusal else not self._down
        if is_refusal:
            self._refused.add(watch)
            self._lift(watch)
        else:
            self._down.add(watch)
        if is_news:
            logger.warning("Lost sight of %s on cluster %s, still trying: %s", title, self._cluster, failure.message)

    def up(self, watch: object) -> None:
        if watch in self._refused:
            self._down.add(watch)  # Its good news is told like that of any other.
            self._refused.discard(watch)
        self._lift(watch)

    def forget(self, watch: object) -> None:
        self._down.discard(watch)
        self._refused.discard(watch)

    def _lift(self, watch: object) -> None:
        was_down = bool(self._down)
        self._down.discard(watch)
        if was_down and not self._down:
            logger.info("Back in touch with cluster %s", self._cluster)
