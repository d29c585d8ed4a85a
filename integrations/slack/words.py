"""The English words of replies, as templates over facts: one language. Kin: `card_words`, `thread_words`, `names`.

Templates are already Slack mrkdwn: `phrases` fills them and escapes every fact. Placeholders: `{app}` escaped text,
`{version:code}` a code span, `{roles:codes}` a comma-separated list of code spans, `{role:anyof}` one with “or” before
the last, `{by:person}` a mention of a chat id, `{people:people}` of any of several, `{at:time}` a time in the reader's
zone, `{seconds:span}` a duration, `{action:doing}` / `{action:done}` a verb,
`{n:plural|# pod|# pods}` a number with its noun, and `{x:if|with #|without}` (also `if-code`, `if-codes`, `if-person`,
`if-people`, `if-link`, `if-span`) where `#` is the value and the last part is for an empty one. `word_facts` says what
each code needs.
"""

from dataclasses import dataclass

from commands.core.reasons import ReasonCode as R


@dataclass(frozen=True, slots=True)
class Saying:
    """A reply in the order in which people need it: what happened, why, and what to do next."""

    what: str
    why: str = ""
    next: str = ""


SAYINGS: dict[R, Saying] = {
    # Understanding
    R.EMPTY: Saying(
        "Nothing to do yet.",
        "I need an app and a version.",
        "Type `/deploy &lt;app&gt; &lt;version&gt;`, or `/deploy help` to see everything I understand.",
    ),
    R.UNKNOWN_VERB: Saying(
        "Nothing was done.",
        "I do not know the command {word:code}.",
        "{guess:if-code|Did you mean #? |}`/deploy help` lists every command.",
    ),
    R.UNKNOWN_WORD: Saying(
        "Nothing was done.",
        "I do not understand the word {word:code} there.",
        "{guess:if-code|Did you mean #? |}`/deploy help` shows how to write it.",
    ),
    R.MISSING_APP: Saying(
        "Nothing was done.",
        "{verb:if-code|# needs the name of an app.|The name of an app is missing.}",
        "Add it and send the command again; `/rollout status all` lists the apps.",
    ),
    R.MISSING_VERSION: Saying(
        "Nothing was started.",
        "The version of {app} is missing.",
        "Type `/deploy {app} &lt;version&gt;`; `latest` is the newest release.",
    ),
    R.MALFORMED_VERSION: Saying(
        "Nothing was started.",
        "{word:code} cannot be a version.",
        "A version begins with a letter or digit and has only letters, digits, `.`, `_`, `+` and `-`.",
    ),
    R.UNKNOWN_APP: Saying(
        "Nothing was done.",
        "No app {word:code}.",
        "{guess:if-code|Did you mean #?|`/rollout status all` lists the apps.}",
    ),
    R.UNKNOWN_VERSION: Saying(
        "Nothing was started.",
        "No version {version:code} of {app}{silent:if| among those I can see: # gives no answer|}.",
        "{guess:if-code|Did you mean #?|Check that its build has finished and published, then try again.}",
    ),
    R.UNKNOWN_ENVIRONMENT: Saying(
        "Nothing was done.",
        "No environment {word:code}.",
        "{guess:if-code|Did you mean #?|`/rollout status all` lists the environments.}",
    ),
    R.WRONG_ENVIRONMENT: Saying(
        "Nothing was done.",
        "{app} does not go to {environment}.",
        "{environments:if-codes|It goes to #.|Ask whoever looks after the catalog to add it.}",
    ),
    R.ENVIRONMENT_NEEDED: Saying(
        "Nothing was done with {app}{version:if| #|}.",
        "{environment:if|# is protected, so it has to be named.|There is more than one environment it could mean.}",
        "Name the environment: `to &lt;environment&gt;`.",
    ),
    R.STRATEGY_NEEDED: Saying(
        "Nothing was started.",
        "{app} has no usual strategy.",
        "Say how {version} shall take over in {environment}: `rolling`, `blue-green`, `canary` or `recreate`.",
    ),
    R.TOO_LONG: Saying(
        "Nothing was done.",
        "That is longer than {count:plural|# character|# characters}.",
        "Shorten it and send it again.",
    ),
    # Rights
    R.NOT_LINKED: Saying(
        "Nothing was done.",
        "Your Slack account is not linked to a user of the login server.",
        "{hint:if|#|Ask your admin to link it.}",
    ),
    R.LINKED_TWICE: Saying(
        "Nothing was done.",
        "Your Slack account is linked to more than one user of the login server, so I cannot tell who you are.",
        "{hint:if|#|Ask your admin to remove the wrong link.}",
    ),
    R.ACCOUNT_DISABLED: Saying(
        "Nothing was done.",
        "Your account on the login server is disabled.",
        "{hint:if|#|Ask your admin to enable it.}",
    ),
    R.OUTSIDE_TEAM: Saying(
        "Nothing was done.",
        "Your Slack account belongs to another team, and only members of this one may use Slipway.",
        "{hint:if|#|Ask somebody of this team to do it.}",
    ),
    R.ROLE_MISSING: Saying(
        "{action:doing} {app} in {environment} {role:if-anyof|needs the role #|is open to no role};",
        "{roles:if-codes|you have #.|you have none.}",
        "Ask {people:if-people|#|somebody who has it}, or your admin for the role.",
    ),
    R.RIGHTS_UNKNOWN: Saying(
        "I cannot check your rights right now (the login server does not answer),",
        "so nothing was done.",
        "Try again in a minute.{hint:if| #|}",
    ),
    R.APPROVAL_NEEDED: Saying(
        "Nothing was started.",
        "Deploying {app} {version} to {environment} needs approvals, which this version of Slipway cannot ask for yet.",
        "Deploy it the way your team does until then, or to another environment.",
    ),
    R.WINDOW_NEEDED: Saying(
        "Nothing was started.",
        "{environment} has deploy windows, which this version of Slipway cannot keep yet.",
        "Deploy {app} {version} the way your team does until then, or to another environment.",
    ),
    # State
    R.CONFIRM: Saying(
        "Deploy {app} {version:code} to {environment}, {strategy}?",
        "{running:if-code|It runs # now.|Nothing of it runs there yet.}",
        "Nothing happens until you confirm.",
    ),
    R.CONFIRM_BACK: Saying(
        "Roll back {app} in {environment} to {version:code}, {strategy}?",
        "{running:if-code|It runs # now.|Nothing of it runs there now.}",
        "It goes through without waiting at a gate. Nothing happens until you confirm.",
    ),
    R.CONFIRM_RESTART: Saying(
        "Restart {app} in {environment}?",
        "All of its pods are replaced, one after the other; {version:code} stays (#{deployment}).",
        "Nothing happens until you confirm.",
    ),
    R.RUNS_ALREADY: Saying(
        "{app} {version:code} runs in {environment} already.",
        "Image, chart, values and strategy are the same, so nothing was started.",
        "Name another version, or see what there was: `/rollout history {app} {environment}`.",
    ),
    R.NO_WAY_BACK: Saying(
        "Nothing was done.",
        "{version:if-code|# ran before, but Slipway did not release it there, so its exact content is not known."
        "|Slipway has released nothing else there that one could go back to.}",
        "Deploy what you want in {environment} instead: `/deploy {app} &lt;version&gt;`.",
    ),
    R.NEVER_RELEASED: Saying(
        "Nothing was done.",
        "Slipway has never brought {version:code} of {app} to {environment}, so there is no content to go back to.",
        "Deploy it instead: `/deploy {app} {version} to {environment}`.",
    ),
    R.NOTHING_TO_RETRY: Saying(
        "Nothing was done.",
        "The newest deployment of {app} in {environment} did not fail, so there is nothing to try again.",
        "`/rollout status {app}` shows what runs.",
    ),
    R.TAKEN_OVER: Saying(
        "Nothing was done.",
        "#{deployment} ({version}) was begun in {environment} since then.",
        "See its card, or go back from what runs now: `/rollout rollback {app} {environment}`.",
    ),
    R.BUSY: Saying(
        "{app} in {environment} is busy: #{holder_number} {holder_version} by {by:person}, {holder_stage:stage}.",
        "One deployment at a time runs there, so nothing was started.",
        "Wait until it has finished, or agree with them to stop it.",
    ),
    R.REPEATED: Saying(
        "This command was accepted before:",
        "it is #{deployment}, {app} {version} to {environment}.",
        "Look at its card.",
    ),
    R.NOTHING_IN_MOTION: Saying(
        "Nothing was done.",
        "Nothing of {app} is being deployed in {environment}.",
        "`/rollout status {app}` shows what runs where.",
    ),
    R.NOT_WAITING: Saying(
        "Nothing was done.",
        "#{deployment} {app} {version} in {environment} goes on by itself and does not wait for anybody now.",
        "Its card shows where it stands; `/rollout pause {app}` holds it.",
    ),
    R.STILL_BUILDING: Saying(
        "Nothing was done.",
        "#{deployment} {app} {version} in {environment} is still being built, nothing of it has been released.",
        "Wait for its rollout, or stop it: `/rollout abort {app}`.",
    ),
    R.STILL_RELEASING: Saying(
        "Nothing was done.",
        "#{deployment} {app} {version} in {environment} is just being released.",
        "Try again when its card shows the rollout.",
    ),
    R.SETTLING: Saying(
        "Nothing was done.",
        "The cluster is still taking in the last change of #{deployment} {app} {version} in {environment}.",
        "Try again in a moment.",
    ),
    R.ARRIVING: Saying(
        "Nothing was done.",
        "{version} has taken over already in {environment}: #{deployment} only waits until its pods are ready.",
        "To go back, deploy the version that you want: `/deploy {app} &lt;version&gt;`.",
    ),
    R.GOING_BACK: Saying(
        "Nothing was done.",
        "#{deployment} {app} {version} in {environment} is being taken back already.",
        "Its card shows when that is done; then deploy again.",
    ),
    R.GOING_FULL: Saying(
        "Nothing was done.",
        "#{deployment} {app} {version} in {environment} goes to 100 % already.",
        "Only an abort would stop it: `/rollout abort {app}`.",
    ),
    R.LAST_STEP: Saying(
        "Nothing was done.",
        "#{deployment} {app} {version} in {environment} has no step left to skip.",
        "`/rollout promote {app}` ends the pause that it stands at.",
    ),
    R.NO_STEPS: Saying(
        "Nothing was done.",
        "#{deployment} {app} {version} in {environment} has no steps that could be skipped.",
        "`/rollout promote {app}` moves it on where it waits.",
    ),
    R.UNDECIDED: Saying(
        "Nothing was done.",
        "An analysis of #{deployment} {app} {version} in {environment} could not decide, and it is no step of its own.",
        "Have it run again or go to the end, on the card; or stop: `/rollout abort {app}`.",
    ),
    R.ALREADY_HELD: Saying(
        "Nothing was done.",
        "#{deployment} {app} {version} in {environment} is held already{by:if-person|, by #|, from outside Slipway}.",
        "`/rollout resume {app}` lets go of it.",
    ),
    R.HELD_BETWEEN: Saying(
        "Nothing was done.",
        "#{deployment} {app} {version} in {environment} is held between two steps, where there is nothing to promote.",
        "`/rollout resume {app}` lets go of it.",
    ),
    R.NOT_HELD: Saying(
        "Nothing was done.",
        "Nobody holds #{deployment} {app} {version} in {environment}.",
        "Its card shows where it stands; `/rollout promote {app}` moves it on where it waits.",
    ),
    R.CANNOT_HOLD: Saying(
        "Nothing was done.",
        "A recreate cannot be held: {app} in {environment} would only be down for longer (#{deployment}).",
        "Wait until it is through, or stop it: `/rollout abort {app}`.",
    ),
    R.RESTARTING: Saying(
        "Nothing was done.",
        "{app} in {environment} is being restarted already (#{deployment}).",
        "Its card shows when that is done.",
    ),
    R.NOTHING_TO_ABORT: Saying(
        "Nothing was done.",
        "Nothing of {app} is in motion in {environment}, so there is nothing to abort.",
        "To go back to what ran before, type `/rollout rollback {app}`.",
    ),
    R.NOTHING_TO_RESTART: Saying(
        "Nothing was done.",
        "Nothing that Slipway has deployed in full runs as {app} in {environment}.",
        "`/rollout status {app}` shows what runs there.",
    ),
    R.ALREADY_DONE: Saying("Already {action:done} by {by:person} {ago:span} ago."),
    R.ALREADY_FINISHED: Saying(
        "Nothing was done.",
        "#{deployment} {app} {version} in {environment} has finished already.",
        "`/rollout status {app}` shows what runs now.",
    ),
    R.STALE: Saying(
        "Nothing was done.",
        "What that button was for has passed.",
        "The card shows where it stands now; use its buttons.",
    ),
    R.CHANGED_OUTSIDE: Saying(
        "Nothing was done.",
        "{app} in {environment} has changed since you looked.",
        "Look at the card again and decide anew.",
    ),
    R.NOT_REVERSIBLE: Saying(
        "Nothing was done.",
        "#{deployment} {app} {version} in {environment} can no longer be taken back this way.",
        "Deploy the version that you want instead: `/deploy {app} &lt;version&gt;`.",
    ),
    R.NO_LINKS: Saying(
        "There is nothing to link to yet.",
        "No other system is known to show #{deployment} {app} {version} in {environment}.",
        "Whoever looks after the catalog can add the pages of the cluster {cluster}: `workflow-page`, `rollout-page`.",
    ),
    R.NO_LOG: Saying(
        "There is no log to show.",
        "Of #{deployment} {app} {version} in {environment} none was kept, or what went wrong has passed.",
        "Its card shows where it stands.",
    ),
    # Systems
    R.VERSIONS_UNKNOWN: Saying(
        "I cannot look up the versions of {app} right now ({system} does not answer),",
        "so nothing was started.",
        "Try again in a minute.",
    ),
    R.CLUSTER_UNREACHABLE: Saying(
        "I cannot see {app} in {environment} right now (its cluster does not answer),",
        "so nothing was done.",
        "Try again in a minute.",
    ),
    R.OVERLOADED: Saying(
        "Too many requests at once,",
        "so nothing was done with yours.",
        "Try again in a few seconds.",
    ),
    R.INTERNAL: Saying(
        "I could not finish this because of a fault of mine.",
        "What it had begun, if anything, is on the card.",
        "Try once more; if it fails again, give your platform team the error id {error:code}.",
    ),
    # Good news
    R.STARTED: Saying(
        "Started #{deployment}: {app} {version} to {environment}, {strategy}.",
        "{link:if-link|Its card is in #.|}",
    ),
    R.REQUESTED: Saying("{action:doing} {app} in {environment} (#{deployment})."),
    R.PLAN: Saying("*Plan: {app} {version:code} to {environment}, {strategy}.* Nothing was changed."),
    R.STATUS: Saying("*What runs where: {app}*", "", "{page:if|Page # of|} {pages:if|#|}"),
    R.FLEET: Saying(
        "*What runs {environment:if|in #|where}*",
        "{count:plural|# place|# places}{moving:if|, # in motion|}{unwell:if|, # not healthy|}.",
        "{page:if|Page # of|} {pages:if|#|}",
    ),
    R.MOTION: Saying(
        "{count:if|*In motion: #*|Nothing is in motion.}",
        "{count:if||`/rollout status all` lists what runs where.}",
        "{page:if|Page # of|} {pages:if|#|}",
    ),
    R.HISTORY: Saying(
        "*Deployments of {app}{environment:if| to #|}*",
        "{count:if||None yet: `/deploy` starts the first.}",
        "{page:if|Page #.|} {back:if-code|# goes back to one of them.|}",
    ),
    R.DETAILS: Saying("*All of #{deployment}*"),
    R.LINKS: Saying("*Where to see more of #{deployment}: {app} {version} in {environment}*"),
    R.COMMAND: Saying("*The same by word: #{deployment}, {app} {version} in {environment}*"),
    R.LOG: Saying(
        "*{step:if-step|Log of the step #|Log of the pod that is in trouble}: #{deployment}, {app} {version} in"
        " {environment}*",
        "{is_kept:if|It could not be read anew; this was kept of it.|The last lines, read just now.}",
    ),
    R.HELP: Saying("{verb:if-code|*Help for* #|*What Slipway understands*}"),
}
