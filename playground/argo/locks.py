"""The mutexes of workflows: one holder per name, the others in the order in which they came. Used by workflows."""

from playground.argo.runner import Key


class Locks:
    """Names are whole: `namespace/Mutex/name`."""

    def __init__(self) -> None:
        self._holders: dict[str, Key] = {}
        self._queues: dict[str, list[Key]] = {}

    def take(self, names: list[str], key: Key) -> tuple[str, Key] | None:
        """Hold all the names, or queue for them and return the first that is held, with its holder."""
        for name in names:
            queue = self._queues.setdefault(name, [])
            if key not in queue and self._holders.get(name) != key:
                queue.append(key)
        for name in names:
            first = self._holders.get(name) or self._queues[name][0]
            if first != key:
                return name, first
        for name in names:
            self._holders[name] = key
            self._queues[name] = [other for other in self._queues[name] if other != key]
        return None

    def free(self, key: Key) -> list[Key]:
        """Let go of everything, queues too; return those who may come next."""
        for name in [name for name, holder in self._holders.items() if holder == key]:
            del self._holders[name]
        for name, queue in self._queues.items():
            self._queues[name] = [other for other in queue if other != key]
        return [queue[0] for queue in self._queues.values() if queue]
