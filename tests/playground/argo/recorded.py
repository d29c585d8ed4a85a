"""How each recording is replayed against the stand-ins, and which are not: the one table of what differs, with reasons.

Read by the tests of recordings; docs/recordings.md shows it.
"""

from dataclasses import dataclass
from typing import Final

from playground.faults import Fault
from tests.recordings import names


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The conditions of one replay. `differs` says what is not compared and why; the other fields change the stand-in.

    Where an act must come before a delay of the recording ends, time runs slower than usual, for busy machines.
    """

    faults: tuple[Fault, ...] = ()
    speed: float = 50.0
    skipped: frozenset[str] = frozenset()
    """JSON patch operations whose requests are left out, as `remove /path`."""
    loose: frozenset[str] = frozenset()
    """Types of conditions that are not compared."""
    parallel: bool = False
    """Nodes are compared one by one, not all of a moment together."""
    differs: str = ""


def _pods(kind: str, match: str, **options: float) -> tuple[Fault, ...]:
    return (Fault(system="rollouts", kind=kind, match=match, options=options),)


def _metrics(verdict: str, **options: str) -> tuple[Fault, ...]:
    return (Fault(system="rollouts", kind="analysis", options={"verdict": verdict, **options}),)


_REFUSED: Final = 'Get "http://127.0.0.1:9/none.json": dial tcp 127.0.0.1:9: connect: connection refused'
_NO_NAMES: Final = (
    'failed to pull and unpack image "registry.local/nope:1": failed to resolve reference "registry.local/nope:1": '
    'failed to do request: Head "https://registry.local/v2/nope/manifests/1": dial tcp: lookup registry.local: '
    "Temporary failure in name resolution"
)
_NO_STEP_IMAGE: Final = Fault(system="workflows", kind="image-pull", match="build", options={"message": _NO_NAMES})

NOT_REPLAYED: Final = {
    "canary-promote-while-paused": (
        "Two requests race the controller on purpose. A pass of the stand-in is one moment, so it cannot read before "
        "the second request and write after it. Recorded anew, the order of the command line lost the promote in 2 of "
        "2 rounds instead of 1 of 2. Each order by itself is held by tests of single behaviours."
    ),
    "canary-pods-refused": "The stand-in API server has no Pod Security, so it never refuses a pod.",
    "canary-quota": "The stand-in API server keeps no quotas, so it never refuses a pod.",
    "workflow-wrong-type": (
        "With the minimal CRDs a Workflow of wrong types is accepted and ends the controller's process. The stand-in "
        "is to survive what a test submits."
    ),
}

REPLAYS: Final = {
    "bluegreen-abort": Replay(speed=15),
    "bluegreen-first-and-upgrade": Replay(speed=15),
    "bluegreen-postpromotion-analysis-failed": Replay(faults=_metrics("Failed", value="0.99")),
    "bluegreen-prepromotion-analysis-failed": Replay(faults=_metrics("Failed", value="0.99")),
    "canary-analysis-error": Replay(faults=_metrics("Error", message=_REFUSED)),
    "canary-analysis-failed": Replay(faults=_metrics("Failed", value="0.99")),
    "canary-analysis-inconclusive": Replay(faults=_metrics("Inconclusive", value="0.5")),
    "canary-analysis-inconclusive-plain-promote": Replay(faults=_metrics("Inconclusive", value="0.5")),
    "canary-analysis-job-failed": Replay(
        faults=_metrics("Failed"),
        differs="No Job and no pod of it is made: the stand-in only says how the Job ended, after five seconds.",
    ),
    "canary-background-analysis-failed": Replay(faults=_metrics("Failed", value="0.99"), speed=15),
    "canary-cannot-start": Replay(faults=_pods("crash-loop", "app:v2"), speed=20),
    "canary-crashloop": Replay(faults=_pods("crash-loop", "app:v2"), speed=20),
    "canary-crashloop-deadline-abort": Replay(faults=_pods("crash-loop", "app:v2"), speed=20),
    "canary-crashloop-first-deploy": Replay(faults=_pods("crash-loop", "app:v1"), speed=20),
    "canary-config-error": Replay(faults=_pods("image-pull", "app:v2"), speed=20),
    "canary-image-never-pull": Replay(faults=_pods("image-pull", "app:v99")),
    "canary-image-pull-failure": Replay(faults=_pods("image-pull", "app:v99"), speed=20),
    "canary-init-failing": Replay(faults=_pods("crash-loop", "app:v2"), speed=20),
    "canary-late-ready": Replay(faults=_pods("pods-never-ready", "app:v2", seconds=18)),
    "canary-out-of-memory": Replay(faults=_pods("crash-loop", "app:v2"), speed=20),
    "canary-probe-failure": Replay(faults=_pods("pods-never-ready", "app:v2"), speed=20),
    "canary-readiness-gate": Replay(faults=_pods("pods-never-ready", "app:v2"), speed=20),
    "canary-superseded": Replay(speed=15),
    "invalid-spec": Replay(
        skipped=frozenset({"remove /spec/strategy/blueGreen/activeService"}),
        loose=frozenset({"Healthy", "Progressing"}),
        differs=(
            "The patch that the CRD refuses with 422 is left out: that is the API server's, not Argo's. The conditions "
            "Healthy and Progressing, which the real controller leaves stale until some other event, are not compared."
        ),
    ),
    "workflow-deadline": Replay(
        speed=8,
        differs=(
            "Recorded anew three times it came out in three ways: the failed node a moment before the Omitted one "
            "behind it, and once with the kubelet's words (Pod was active on the node longer than the specified "
            "deadline). The stand-in always writes both at once with the controller's words, as in the file."
        ),
    ),
    "workflow-happy": Replay(
        parallel=True,
        differs="Which of two pods that start together runs first is chance, so nodes are compared one by one.",
    ),
    "workflow-image-pull-failure": Replay(faults=(_NO_STEP_IMAGE,)),
    "workflow-pod-deleted": Replay(
        differs=(
            "Recorded anew, the controller saw the pod's removal before its failure in two runs of three, started the "
            "pod again under the same name, and the workflow succeeded. In the stand-in a deleted pod always fails "
            "its step, as in the file."
        ),
    ),
}

GENERAL: Final = """\
- Times are not compared, nor how long anything takes. Where two things happen at the same moment, their order among
  different objects is not compared; the order of one object's states always is.
- Counts of pods are compared before each request and in the end. How many pods are seen on the way differs from run
  to run of the real controllers too.
- A request for logs is not sent again; the states of pods are held to recordings by tests of single behaviours.
- What the API server writes into a Rollout by the CRD's defaults (the protocol of ports) is written by the replay.
- The real executor reports a step's outputs one event before the step ends; the stand-in with the end.
- Events that a client has merged into "(combined from similar events)" cannot be compared.
"""


def how(name: str) -> Replay:
    """The conditions of a replay; most need none."""
    return REPLAYS.get(name, Replay())


def replayed(*, workflows: bool) -> list[str]:
    """All recordings of one kind that are replayed."""
    return [name for name in names() if name.startswith("workflow-") == workflows and name not in NOT_REPLAYED]


def table() -> str:
    """What differs, as docs/recordings.md shows it."""
    rows = [f"| {name} | not replayed | {why} |" for name, why in sorted(NOT_REPLAYED.items())]
    rows += [f"| {name} | replayed | {how(name).differs} |" for name in sorted(REPLAYS) if how(name).differs]
    known = names()
    count = (
        f"{len(known) - len(NOT_REPLAYED)} of the {len(known)} recordings are replayed. Everything must agree but this:"
    )
    head = [count, "", "| recording | | what differs, and why |", "|---|---|---|"]
    return "\n".join([*head, *rows, "", "Of every recording:", "", GENERAL])
