"""What share of the traffic a number of pods can give, where no traffic router gives it. Pure; used by the card.

It follows argo-rollouts (utils/replicaset/canary.go, version 1.10.1): one pod more than wanted is used where that comes
closer and may be, and a canary has one pod at the least.
"""

import math

WHOLE = 100
NEAR = 2
"""Points by which a share may miss what was asked without a word: 33 % for a third."""


def missed(*, pods: int, weight: int, may_surge: bool) -> int | None:
    """Return the nearest share in percent that so many pods can give; None where it is what was asked for."""
    if pods <= 0 or not 0 < weight < WHOLE:
        return None
    share = min(_shares(pods, weight, may_surge=may_surge), key=lambda each: abs(each - weight))
    return None if abs(share - weight) <= NEAR else round(share)


def _shares(pods: int, weight: int, *, may_surge: bool) -> list[float]:
    up, down = math.ceil(pods * weight / WHOLE), math.floor(pods * weight / WHOLE)
    # All of the pods would be no canary; the only pod there is may be, since the old one goes after it.
    options = [(up, pods)] if up < pods or (pods == 1 and not may_surge) else []
    options += [(down, pods)] if down else []
    if may_surge:
        options.append((up, pods + 1))
        options += [(down, pods + 1)] if down else []
    return [canary * WHOLE / total for canary, total in options] or [float(WHOLE)]
