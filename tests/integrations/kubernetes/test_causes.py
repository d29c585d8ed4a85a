import pytest

from commands.core.failure import Cause
from integrations.kubernetes.causes import cause_of


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("ErrImagePull: failed to pull and unpack image", Cause.STEP_IMAGE_PULL),
        ('ImagePullBackOff: Back-off pulling image "registry.local/nope:1"', Cause.STEP_IMAGE_PULL),
        ('pods "x" is forbidden: exceeded quota: small, requested: pods=1', Cause.QUOTA_EXCEEDED),
        ("Unschedulable: 0/1 nodes are available: 1 Insufficient memory.", Cause.UNSCHEDULABLE),
        ('Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ', Cause.POD_EVICTED),
        ("The node was low on resource: memory.", Cause.POD_EVICTED),
        ("pod deleted", Cause.POD_DELETED),
        ("main: Error (exit code 143)", Cause.POD_DELETED),
        ("main: OOMKilled (exit code 137)", Cause.OUT_OF_MEMORY),
        ("Step exceeded its deadline", Cause.DEADLINE_EXCEEDED),
        ("Pod was active on the node longer than the specified deadline", Cause.DEADLINE_EXCEEDED),
        ("workflow shutdown with strategy:  Stop", Cause.CANCELLED),
        ("main: Error (exit code 12)", ""),
        ("PodInitializing", ""),
        ("", ""),
    ],
)
def test_what_the_cluster_says_has_its_cause(message: str, cause: str) -> None:
    assert cause_of(message) == cause
