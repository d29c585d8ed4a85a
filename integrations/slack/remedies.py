"""What to do about a failed step or a sick release, by its cause: one line for whoever reads the card at night.

The causes are those that the steps end with (`steps.outcome`) and those that the cluster gives (`failure.Cause`). One
without a line here would be shown without a way on; a test forbids it. Templates.
"""

from collections.abc import Mapping
from typing import Final

AGAIN: Final = "Then type `/deploy {app} {version} to {environment}` again."
"""After what the catalog says has changed: another try takes what was agreed before."""
RETRY: Final = "Then try again, or type `/rollout retry {app} {environment}`."
RETURN: Final = "Then type `/rollout rollback {app} to {version} {environment}`."
"""In the place of another try, where going back has failed."""

MEANINGS: Final[Mapping[str, str]] = {
    "app-out-of-memory": "the app takes more memory than its limit",
    "crash-loop": "the app ends by itself",
    "cannot-start": "the container cannot be started",
    "config-error": "what it is configured with is not there",
    "app-image-pull": "the image cannot be had",
    "app-unschedulable": "no node has room",
    "probe-failing": "running, but the probe does not pass",
    "app-quota": "the quota of the namespace is used up",
    "pods-refused": "the cluster refuses to make the pods",
    "invalid-spec": "the cluster calls it invalid",
    "analysis-failed": "the analysis failed",
    "analysis-error": "the analysis could not be made",
    "progress-deadline": "it did not come up in time",
}
"""What keeps a release from coming up, as the end of a sentence."""

REMEDIES: Final[Mapping[str, str]] = {
    # What the people who build the app can mend
    "artifact-not-found": "Publish {version} to Nexus (`mvn deploy`), or choose another one with `/deploy {app}`.",
    "artifact-unreadable": "What Nexus has is no jar that can be opened. Publish it anew, as a new version.",
    "checksum-mismatch": "Do not use this file: what Nexus gives is not what was published. Publish a new version.",
    "checksum-missing": "Publish it with Maven, which writes the checksums, or repair the upload.",
    "image-conflict": "This tag holds another image. Publish a new version; an image is never replaced.",
    "image-not-found": "The image is gone from the registry. Deploy the version again to have it built.",
    "chart-values": "Correct the app's `values` in the catalog. " + AGAIN,
    "manifest-refused": "Correct the app's `values` in the catalog, or the chart. " + AGAIN,
    "immutable-field": "Kubernetes never changes this field. Delete the object at a quiet time, or give it a new name.",
    "source-not-found": "Name a repository and a commit that exist in the catalog's `build`, or push them.",
    "source-unusable": "Correct the repository, or what the catalog's `build` says of it.",
    "containerfile-failed": "Correct the Containerfile; the lines above are its own. Then name the new commit.",
    "image-runs-as-root": "End the Containerfile with a `USER` other than root. Then name the new commit.",
    "too-large": "Make it smaller, or let the platform team raise SLIPWAY_MAX_MEGABYTES.",
    # What the platform team can mend
    "base-image-not-found": "Name a base image that exists in the catalog's `base-image`, by its digest.",
    "chart-not-found": "Name a ref that exists in the catalog's `chart`, or push it.",
    "chart-moved": "Find out who moved the tag. Then state the commit that you trust in the catalog.",
    "chart-unusable": "The chart itself is at fault: correct it, tag it anew and name that tag in the catalog.",
    "credentials-refused": "Renew the credentials in the Secret `slipway-pipeline` of this namespace. " + RETRY,
    "access-denied": "The credentials are known, but they may not do this. Grant the right, or use others.",
    "rbac-refused": "Let the account `slipway-pipeline` do this: add a rule to its Role in this namespace.",
    "builds-not-allowed": "Let the builder make user namespaces in this cluster: steps/README.md says what it needs.",
    "namespace-not-found": "Create the namespace with its account and templates, or correct it in the catalog.",
    "kind-unknown": "Install what defines this kind in the cluster, or switch it off in the app's `values`.",
    "webhook-refused": "A rule of this cluster refuses the release. Whoever keeps that rule can say what it wants.",
    "name-taken": "An object of this name belongs to something else. Rename the app, or remove the object.",
    "quota-exceeded": "Free room in the quota, or raise it. " + RETRY,
    "disk-full": "Give the steps more room: their volume `scratch`, or the node's disk. " + RETRY,
    "bad-settings": "Correct the ConfigMap `slipway-pipeline` of this namespace. " + RETRY,
    "bad-arguments": "The templates and the steps' image do not fit each other: install both from one release.",
    "step-image-pull": "The image of the step itself cannot be had. Correct its name or the access to its registry.",
    "unschedulable": "No node has room for the step. Free some, add a node, or lower what the step asks for.",
    "out-of-memory": "The step needs more memory than its limit. Raise the limit in the workflow template.",
    # What may pass by itself
    "unreachable": "See whether it is up and reachable from the cluster. " + RETRY,
    "server-failed": "It answers, and fails: see its own log. " + RETRY,
    "timeout": "It took too long. See whether the cluster is overloaded. " + RETRY,
    "deadline-exceeded": "The step took longer than it may. See what it waited for in its log. " + RETRY,
    "pod-evicted": "The node took the step's place away. " + RETRY,
    "pod-deleted": "Somebody or something deleted the step's pod. " + RETRY,
    "cancelled": "It was stopped in Argo. " + RETRY,
    "release-pending": "Somebody else releases this app right now. Wait until that is done. " + RETRY,
    "release-failed": "Read the lines above. The Rollout tells more: `/rollout status {app}`.",
    # What keeps a release from coming up
    "app-out-of-memory": "Raise `resources.limits.memory` in the app's `values`, or make the app take less. " + AGAIN,
    "crash-loop": "The app ends by itself; its last lines are above. Mend it, and deploy what has the cure.",
    "cannot-start": "The container's command does not run in this image. Correct the image, or the app's `values`.",
    "config-error": "Create the Secret or ConfigMap that is named above, or correct the app's `values`. " + AGAIN,
    "app-image-pull": "See that the image is in the registry and that this namespace may pull it.",
    "app-unschedulable": "No node has room for the app. Free some, add a node, or lower `resources` in its `values`.",
    "probe-failing": "The app runs, but its probe gets no good answer. See its log, and `probes` in its `values`.",
    "app-quota": "Free room in the quota of this namespace, or raise it. The cluster then goes on by itself.",
    "pods-refused": "A rule of this cluster refuses the pods. Whoever keeps that rule can say what it wants.",
    "invalid-spec": "Correct what is named above, in the cluster or in the app's `values`. The cluster then goes on.",
    "analysis-failed": "The new version measures worse than it may. Mend it, or correct what the measurement asks for.",
    "analysis-error": "The measurement itself failed. See that what is asked can be reached and gives an answer.",
    "progress-deadline": "It did not come up in time. What is said of its pods above tells why. " + RETRY,
    # What nobody foresaw
    "unexpected-answer": "What answered is perhaps not what the address promises. Check the address. " + RETRY,
    "unexpected": "This is a fault of Slipway's. The step's log has the details for a report.",
}
