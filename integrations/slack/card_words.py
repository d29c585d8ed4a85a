"""The English words of the card and the form: templates over facts, filled by `phrases`; `words` explains formats."""

from commands.core.card import Headline
from commands.core.model import StallKind
from commands.core.observed import AnalysisKind, AnalysisPhase, Strategy
from commands.core.requests import Look

HEADLINES: dict[Headline, tuple[str, str]] = {
    Headline.QUEUED: ("⚪", "waits for its turn"),
    Headline.BUILDING: ("🔵", "building"),
    Headline.RELEASING: ("🔵", "releasing"),
    Headline.ROLLING_OUT: ("🔵", "rolling out"),
    Headline.WAITS_FOR_PROMOTE: ("🟡", "waits for a promote"),
    Headline.TIMED_PAUSE: ("🔵", "paused for a while"),
    Headline.GREEN_READY: ("🟢", "green is ready"),
    Headline.HELD: ("🟡", "held"),
    Headline.INCONCLUSIVE: ("🟡", "the analysis could not decide"),
    Headline.UNHEALTHY: ("🔴", "not healthy"),
    Headline.ABORTING: ("🟠", "aborting"),
    Headline.RESTORING: ("🟠", "going back{running:if| to #|}"),
    Headline.DONE: ("✅", "done{seconds:if-span| in #|}"),
    Headline.FAILED: ("🔴", "failed{step:if-step| at #|}"),
    Headline.ABORTED: ("🟠", "aborted"),
    Headline.CANCELLED: ("⚪", "cancelled"),
    Headline.SUPERSEDED: ("⚪", "superseded"),
    Headline.ENDED: ("⚪", "ended before it began"),
}

TITLE = "{emoji} *{app} {version} → {environment}* · {strategy} · {headline} · #{number}"
SUBTITLE = "{by:person} · {at:time}{reason:if| · “#”|}"
STEP = "{mark} {name:step}{seconds:if-span| #|}"
STEPS_MORE = "{mark} {count:plural|# step|# steps}"
SKIPPED = "skipped"
NO_PIPELINE = "○ The pipeline is about to start"
NO_ROLLOUT = "The release is on its way to the cluster"
WEIGHT = "{bar}  {weight} %{actual:if| (really # %)|} on {version}"
PODS = "{bar}  {ready} of {total:plural|# pod|# pods} on {version}"
STEP_OF = "step {step} of {steps}"
PAUSED_SINCE = "paused since {at:time}"
NEXT_STEP = "next step at {at:time}{seconds:if-span|, # after it paused|}"
GREEN_BESIDE = "Green is {version}, beside blue{running:if| · live is still # (blue)|}"
BLUE_COMES = "Blue is {version} and coming up"
BLUE_LIVE = "Live is {version} (blue)"
GREEN_LIVE = "Live is {version}{running:if| · # (blue) stays for a while|}"
GREEN_COMES = "Green is {version} and coming up{running:if| · live is still # (blue)|}"
REPLICAS_NEW = "New {ready}/{total} ready"
REPLICAS_OLD = "old {ready}/{total} ready"
SWITCHES = "switches by itself at {at:time}{seconds:if-span|, # after green was ready|}"
NOT_THIS_WEIGHT = (
    "{weight} % cannot be had from {pods:plural|# pod|# pods} without a traffic router: {share} % is the nearest"
)
PREVIEW = "Preview {address:link}"
LIVE_AT = "Live at {address:link}"
HELD_BY = "✋ Held by {by:person} {at:if-time|since #|}"
HELD_OUTSIDE = "✋ Held outside Slipway {at:if-time|since #|}"
HELD_CLOCK = "The pause of this step ends at {at:time}: resumed later than that, it goes on at once"
HELD_COUNTDOWN = "The countdown ends at {at:time}: resumed later than that, it switches at once"
RESTARTING = "⟳ Restarting pod by pod{at:if-time| since #|}{by:if-person|, asked for by #|}"
HELD_BACK = "It is held, so it cannot go back until it is resumed"
REASON_SEEN = "The cluster says: {message}"
# Why a release does not come up
TROUBLE_OF_PODS = "✗ {pods:plural|# new pod|# new pods}: {cause:meaning}"
TROUBLE_OF_RELEASE = "✗ Release: {cause:meaning}"
RESTARTS = "restarted {count:times}"

# What an analysis says
ANALYSES: dict[AnalysisKind, str] = {
    AnalysisKind.STEP: "Analysis",
    AnalysisKind.BACKGROUND: "Analysis in the background",
    AnalysisKind.PRE_PROMOTION: "Analysis before the switch",
    AnalysisKind.POST_PROMOTION: "Analysis after the switch",
}
VERDICTS: dict[AnalysisPhase, str] = {
    AnalysisPhase.PENDING: "◐ {analysis} about to begin",
    AnalysisPhase.RUNNING: "◐ {analysis} running",
    AnalysisPhase.SUCCESSFUL: "✓ {analysis} passed",
    AnalysisPhase.FAILED: "✗ {analysis} failed",
    AnalysisPhase.ERROR: "✗ {analysis} could not be made",
    AnalysisPhase.INCONCLUSIVE: "? {analysis} could not decide",
}
MEASURED = (
    "{metric:if|#|}{value:if-value| #|}{needs:if-condition| (needs #)|}{refuses:if-condition| (not allowed: #)|}"
    "{measured:if-times|, measured #|}{detail:if|: #|}"
)
DECIDE = "A person has to decide whether it goes on."
ABORTED_BECAUSE = "Aborted because {cause:meaning}"

FIRST_DEPLOY = "First deploy here: there is no earlier version to go back to"
FIRST_BLUE = "First deploy: {version} is live as blue"
FAILURE = "{message}"
FAILED_STEP = "step {step}"
EXIT_CODE = "exit {code}"
STALLS: dict[StallKind, str] = {
    StallKind.LOCKED: "⏳ Waits since {at:time} for the workflow {detail:code}, which holds the lock of this place.",
    StallKind.NOT_BEGUN: "⏳ Argo Workflows has not begun since {at:time}{detail:if|: #|}. Its controller may be down.",
    StallKind.CANNOT_BEGIN: "⏳ No progress at {step:step} since {at:time}: its pod has not begun{detail:if| (#)|}.",
    StallKind.TOO_LONG: "⏳ No progress at {step:step} since {at:time}, and Argo has not ended it.",
    StallKind.NOT_CLOSED: "⏳ All steps have ended, but the workflow has not since {at:time}.",
}
STALL_NEXT = "Cancel it{owner:if|, or ask #|}."
STALL_NO_CANCEL = "A release that has begun is not cancelled{owner:if|: ask #|: ask your platform team}."
OWNER = "Owner of this step: {owner}"
OWNER_OF_APP = "Owner: {owner}"
HELD_STEP = "{step:step} cannot begin: {message}"
NOTHING_RELEASED = "Nothing was released{running:if|; # runs untouched|}."
MAYBE_RELEASED = "Part of the release may have reached the cluster{running:if|; # ran before|}."
NOT_FINISHED = "The rollout did not finish{running:if|; # ran before|}."
GOING_BACK = "{running:if|Going back to #|Taking the release back}"
TAKEN_OVER = "{version:if|# is being rolled out there now.|Something else is being rolled out there now.}"
OUTSIDE = "↗ {change:change} outside Slipway at {at:time}{detail:if| (#)|}"
PENDING = "⏳ {action:doing} {app}{label:if| (#)|}… asked for by {by:person}"

# Buttons, named by their effect
ADVANCE = "{weight} % → {effect} %"
GO_FULL = "Go to 100 %"
SWITCH = "Switch traffic to {version}"
ABORT = "Abort{effect:if|, back to #|}"
CANCEL = "Cancel"
ADVANCE_NOW = "Advance now"
GO_ON = "Go on"
REANALYSE = "Run the analysis again"
SWITCH_ANYWAY = "Switch to {version} anyway"
RESTART = "Restart"
HOLD = "Hold"
RESUME = "Resume"
LOOKS: dict[Look, str] = {
    Look.DETAILS: "Details",
    Look.LINKS: "Links",
    Look.COMMAND: "Copy command",
    Look.LOG: "Log",
}
CONFIRM_TITLE = "Are you sure?"
CONFIRM_FULL = "All traffic of {app} in {environment} goes to {version}, past the remaining steps."
CONFIRM_SWITCH = "All traffic of {app} in {environment} goes to {version} at once."
CONFIRM_GO_ON = "{app} in {environment} goes on with {version} although its analysis could not decide."
CONFIRM_ANYWAY = "All traffic of {app} in {environment} goes to {version} although its analysis could not decide."
CONFIRM_ABORT = "{app} in {environment} leaves {version}{running:if| and goes back to #|}."
CONFIRM_DENY = "No, leave it"

# The form
FORM_TITLE = "Deploy a version"
FORM_SUBMIT = "Deploy"
FORM_CLOSE = "Cancel"
FORM_APP = "App"
FORM_APP_HINT = "Choose an app"
FORM_VERSION = "Version"
FORM_VERSION_HINT = "Choose a version"
FORM_VERSION_TYPED = "Such as v1.2, or latest"
FORM_MORE = "{shown} of {count} versions. Any other can be typed after /deploy {app}."
FORM_WITHOUT_IMAGES = "{system} gives no answer, so what is built already is not known."
FORM_WITHOUT_ARTIFACTS = "{system} gives no answer: only versions whose image is built are listed."
FORM_STRATEGY = "Strategy"
FORM_STRATEGY_HINT = "Choose how it takes over"
FORM_USUAL = "Usual{strategy:if|: #}"
FORM_USUAL_DOES = "what the catalog says for the app"
FORM_STRATEGIES: dict[Strategy, str] = {
    Strategy.ROLLING: "replaces pod by pod without asking",
    Strategy.BLUE_GREEN: "starts beside the old one, then waits for the switch",
    Strategy.CANARY: "takes part of the traffic first and waits for a promote",
    Strategy.RECREATE: "stops the old one, then starts the new one: a short outage",
}
FORM_ENVIRONMENT = "Environment"
FORM_ENVIRONMENT_HINT = "Choose where it goes"
FORM_DESTINATION = "{environment}{protected:if| (protected)}"
FORM_RUNS = "runs {version}"
FORM_REASON = "Reason"
FORM_REASON_HINT = "Such as: fix the checkout"

# What is known of a version, in the form and under a reply
OFFER_AGE = "{age:span} old"
OFFER_SINCE = "from {at:day}"
OFFER_BUILT = "built"
OFFER_ONLY_BUILT = "built, its artifact is gone"
OFFER_SCANNED = "{critical} critical, {high} high"
OFFER_RUNNING = "running in {environments}"
