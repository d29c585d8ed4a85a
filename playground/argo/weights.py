"""Replica arithmetic of a basic canary: which counts come nearest to a weight, and the next step towards them. Pure."""

import math
from dataclasses import dataclass
from typing import Any

WHOLE = 100


def share(value: Any, replicas: int, *, up: bool) -> int:
    """Read "25%" or 2 as a number of pods."""
    text = str(value)
    if not text.endswith("%"):
        return int(text)
    exact = replicas * float(text[:-1]) / WHOLE
    return math.ceil(exact) if up else math.floor(exact)


def limits(strategy: dict[str, Any], replicas: int) -> tuple[int, int]:
    """Read maxSurge and maxUnavailable as pods; both zero would never move, so one may then be missing."""
    surge = share(strategy.get("maxSurge", "25%"), replicas, up=True)
    unavailable = share(strategy.get("maxUnavailable", "25%"), replicas, up=False)
    return surge, 1 if surge == unavailable == 0 else min(unavailable, replicas)


def nearest(replicas: int, weight: int, surge: int) -> tuple[int, int]:
    """Canary and stable counts closest to a weight, with one more pod when that comes closer and surge allows it."""
    if replicas == 0 or weight in {0, WHOLE}:
        whole = replicas if weight == WHOLE else 0
        return whole, replicas - whole
    options = list(_options(replicas, weight, surge=surge > 0))
    canary, total = min(options, key=lambda option: _error(option, weight), default=(0, replicas))
    return canary, total - canary


def _options(replicas: int, weight: int, *, surge: bool) -> list[tuple[int, int]]:
    exact = replicas * weight / WHOLE
    up, down = math.ceil(exact), math.floor(exact)
    edge = replicas == 1 and not surge
    options = [(up, replicas)] if up < replicas or edge else []
    for total in (replicas, replicas + 1) if surge else (replicas,):
        if total > replicas:
            options.append((up, total))
        if not _tied(total, weight) and (down or edge):
            options.append((down, total))
    return options


def _tied(total: int, weight: int) -> bool:
    return (total * weight * 2) % (2 * WHOLE) == WHOLE


def _error(option: tuple[int, int], weight: int) -> float:
    canary, total = option
    return abs(canary * WHOLE / total - weight)


@dataclass(frozen=True, slots=True)
class Count:
    """One ReplicaSet as the arithmetic sees it: what it is told to have and what is available."""

    wanted: int = 0
    available: int = 0

    def spare(self, *, trusted: bool) -> int:
        """Pods that count when others are taken away; those already told to go do not."""
        return self.wanted if trusted or self.wanted < self.available else self.available


@dataclass(frozen=True, slots=True)
class Room:
    """The situation of one pass: all that is told to exist must stay within replicas and surge."""

    new: Count
    stable: Count
    old_wanted: int
    replicas: int
    surge: int
    unavailable: int


def advance(room: Room, target: tuple[int, int]) -> tuple[int, int]:
    """The counts to set now for canary and stable on the way to `target`."""
    up = room.replicas + room.surge - room.new.wanted - room.stable.wanted - room.old_wanted
    stable = room.stable.wanted + max(0, min(up, target[1] - room.stable.wanted))
    up -= stable - room.stable.wanted
    new = room.new.wanted + max(0, min(up, target[0] - room.new.wanted))
    if room.old_wanted:
        return new, stable
    growing = target[0] >= room.new.wanted
    down = room.new.spare(trusted=not growing) + room.stable.spare(trusted=growing)
    down -= room.replicas - room.unavailable
    fewer = max(0, min(down, room.new.wanted - target[0]))
    new -= fewer
    stable -= max(0, min(down - fewer, room.stable.wanted - target[1]))
    return new, stable
