"""The English words of the way back on the card: templates over facts, as `words` explains them."""

# After an abort, or a failure that the cluster aborted
BACK_AND_RELEASED = "Traffic is back on {version}, and the release with it."
RELEASING_AGAIN = (
    "Traffic is back on {version}. Now {version} is released again, so that nothing stays marked as aborted."
)
NOT_RELEASED = (
    "Traffic is back on {version}, but {version} could not be released again: the Rollout stays marked as aborted."
)
BACK_OUTSIDE = (
    "Traffic is back on {running}. Whoever aborted it did so outside Slipway, so Slipway changed nothing: the Rollout"
    " stays marked as aborted until something is released."
)
BACK_UNKNOWN = (
    "Traffic is back on {running}. The Rollout stays marked as aborted until the next deploy, for Slipway did not"
    " release {running} here and cannot release it again by itself."
)
BACK_ON_NOTHING = "Nothing ran here before, so there is no version to go back to."
