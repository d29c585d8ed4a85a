"""The English words of the way back on the card: templates over facts, as `words` explains them."""

# Buttons, named by their effect
ROLL_BACK = "Roll back to {effect}"
SWITCH_BACK = "Switch back to {effect}"
RESTORE = "Restore {effect}"
AGAIN = "Try again{effect:if-step| from #|}"
CONFIRM_BACK = "{app} in {environment} goes from {version} back to {running}, past every gate."
CONFIRM_AGAIN = "{app} {version} is deployed to {environment} once more, {strategy}."

# What stands where
RUNNING_NOW = "Running now: {version}{since:if-day| (since #)|}{back:if| · #|}"
BEFORE = "Way back: {version}{since:if-day| (ran since #)|}{back:if| · #|}"
READY = "way back ready{seconds:if-span|, # last time|}"
READY_LATER = "ready{seconds:if-span|, # last time|}"
NEEDS_IMAGE = "its image is gone from the registry, so it would have to be built again"
NOT_RELEASED_HERE = "not released by Slipway, so only a deploy brings it back"
STANDS = "Blue ({version}) stays until {until:time}"
GOES_BACK = "↩ Back to what #{number} deployed, without a build"
TRIES_AGAIN = "↻ Again, after #{number}"
LEFT = "↩ Rolled back to {version} by {by:person} (#{number})"
FOLLOWED = "{version} took over (#{number})"

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
