"""The English words of what a card's dots lead to: all of a deployment, links, commands. `words` explains formats."""

from commands.core.reading import LinkKind

# All of one deployment
PLACE = "namespace {namespace:code} of cluster {cluster:code}{workflow:if-code| · workflow #|}"
STEP = "{mark} {name:step}{at:if-time| #|}{seconds:if-span| (#)|}"
SKIPPED = "{mark} {name:step} skipped"
RUNNING = "{mark} {name:step}{at:if-time| since #|}"
STEPS_MORE = "{count:plural|# earlier step|# earlier steps}"
IMAGE = "*Image* {image:code}{digest:if-code|\n#|}"
CHART = "*Chart* {path:code} of {repository:code}{commit:if-code|\n#|}"
TIMES = (
    "*Times* began {began:moment}{released:if-time| · released #|}"
    "{ended:if-time| · ended #|}{seconds:if-span| · took #|}"
)
PIPELINE = "*Pipeline*"
ROLLOUT = "*Rollout*"
DEEDS = "*Who did what*{count:if|| nobody has touched it since it began}"
DEED = "{at:time} {action:done}{label:if| (#)|} by {by:person}{is_open:if| · under way|}"
CHANGE = "{at:time} ↗ {change:change} outside Slipway{detail:if| (#)|}"
MORE = "{count:plural|# earlier thing|# earlier things}"
NOW = "*Now*"

# Links
LINKS: dict[LinkKind, str] = {
    LinkKind.WORKFLOW: "Workflow {name}",
    LinkKind.RESTORE: "Workflow of the way back {name}",
    LinkKind.ROLLOUT: "Rollout {name}",
    LinkKind.IMAGE: "Image {name:digest}",
    LinkKind.CHART: "Commit of the chart {name}",
    LinkKind.SOURCE: "Commit of the build {name}",
}

# Commands
BUTTONS = "What can be done to it now:"
