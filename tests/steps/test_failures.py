"""What goes wrong in the world, and the cause that each step makes of it: one table, one row for each."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from steps import build_image, fetch_artifact, fetch_chart, release, resolve_image
from tests.steps import stocks
from tests.steps.conftest import Bench, Ended, Main
from tests.steps.fake_values import SHOP as RELEASE
from tests.steps.kubernetes import Kubernetes
from tests.steps.site import Page
from tests.steps.test_build_image import BASE, IMAGE
from tests.steps.test_build_image import SHOP as BUILD
from tests.steps.test_fetch_artifact import SHOP as FETCH
from tests.steps.test_fetch_chart import CHART

RESOLVE = {"app": "shop", "image": IMAGE, "version": "v2"}
Break = Callable[[Bench], None]
REPOSITORY = Path(__file__).parents[2]


def says(**programs: str) -> Break:
    return lambda bench: bench.environment.update({f"FAKE_{name}": text for name, text in programs.items()})


def nexus(*statuses: int) -> Break:
    def break_it(bench: Bench) -> None:
        bench.nexus.statuses = list(statuses)

    return break_it


def gitea(*statuses: int) -> Break:
    def break_it(bench: Bench) -> None:
        bench.gitea.statuses = list(statuses)

    return break_it


def wrong_sum(bench: Bench) -> None:
    path = stocks.publish(bench.nexus, stocks.PLAIN)
    bench.nexus.put(f"{path}.sha1", "0" * 40)


def odd_sum(bench: Bench) -> None:
    path = stocks.publish(bench.nexus, stocks.PLAIN)
    bench.nexus.put(f"{path}.sha1", "<html>")


def login_page(bench: Bench) -> None:
    """Show a page for people whatever is asked, as a proxy before a server does."""
    path = stocks.publish(bench.nexus, stocks.PLAIN)
    for name in (path, f"{path}.sha256", f"{path}.sha1"):
        bench.nexus.put(name, "Sign in to go on")


def no_sum(bench: Bench) -> None:
    for name in [name for name in bench.nexus.pages if name.endswith(".sha1")]:
        del bench.nexus.pages[name]


def no_artifact(bench: Bench) -> None:
    bench.nexus.pages.clear()


def no_base(bench: Bench) -> None:
    (bench.home / "images.json").unlink()


def unreachable(bench: Bench) -> None:
    bench.environment["SLIPWAY_NEXUS_URL"] = "http://127.0.0.1:1"


def no_reference(bench: Bench) -> None:
    bench.gitea.pages.clear()


def odd_status(bench: Bench) -> None:
    bench.gitea.pages[f"{stocks.API}/commits"] = Page(status=418)


TABLE: list[tuple[str, Main, dict[str, str], Break, str, int, str]] = [
    ("artifact missing", fetch_artifact.main, FETCH, no_artifact, "artifact-not-found", 11, "does not exist in"),
    ("checksum wrong", fetch_artifact.main, FETCH, wrong_sum, "checksum-mismatch", 13, "not what was published"),
    ("checksum odd", fetch_artifact.main, FETCH, odd_sum, "unexpected-answer", 70, "something else than the sha1"),
    ("login page", fetch_artifact.main, FETCH, login_page, "unexpected-answer", 70, "something else than the sha256"),
    ("checksum missing", fetch_artifact.main, FETCH, no_sum, "checksum-missing", 13, "neither a sha256 nor a sha1"),
    ("nexus 401", fetch_artifact.main, FETCH, nexus(401), "credentials-refused", 10, "(401)"),
    ("nexus 403", fetch_artifact.main, FETCH, nexus(403), "access-denied", 10, "(403)"),
    ("nexus 500", fetch_artifact.main, FETCH, nexus(500, 500, 500), "server-failed", 75, "failed with 500"),
    ("nexus gone", fetch_artifact.main, FETCH, unreachable, "unreachable", 75, "cannot be reached"),
    ("base missing", build_image.main, BUILD, no_base, "base-image-not-found", 11, f"{BASE}:17"),
    ("registry 401", build_image.main, BUILD, says(CRANE="Error: UNAUTHORIZED"), "credentials-refused", 10, "refused"),
    ("registry quota", build_image.main, BUILD, says(CRANE="Error: quota"), "quota-exceeded", 14, "no room left"),
    ("image missing", resolve_image.main, RESOLVE, no_base, "image-not-found", 11, "v2"),
    ("ref missing", fetch_chart.main, CHART, no_reference, "chart-not-found", 11, "v1.4.0 does not exist"),
    ("gitea 403", fetch_chart.main, CHART, gitea(403), "access-denied", 10, "Gitea"),
    ("gitea odd", fetch_chart.main, CHART, odd_status, "unexpected-answer", 70, "418"),
]  # fmt: skip
HELM: list[tuple[str, str, str, int, str]] = [
    (
        "values",
        (
            "Error: values don't meet the specifications of the schema(s) in the following chart(s):\napp:\n"
            "- at '/replicas': got string, want integer"
        ),
        "chart-values",
        12,
        "got string, want integer",
    ),
    ("namespace", 'Error: create: failed to create: namespaces "x" not found', "namespace-not-found", 11, '"x"'),
    (
        "rbac",
        'Error: query: failed to query with labels: secrets is forbidden: User "x" cannot list resource "secrets"',
        "rbac-refused",
        10,
        "secrets is forbidden",
    ),
    (
        "quota",
        'Error: UPGRADE FAILED: services "x" is forbidden: exceeded quota: small',
        "quota-exceeded",
        14,
        "exceeded quota",
    ),
    ("immutable", "Error: UPGRADE FAILED: cannot patch: field is immutable", "immutable-field", 12, "immutable"),
    ("webhook", 'Error: admission webhook "x" denied the request: no', "webhook-refused", 12, "denied the request"),
    ("kind", 'Error: unable to build: no matches for kind "Rollout"', "kind-unknown", 11, "Rollout"),
    (
        "taken",
        'Error: Service "x" exists and cannot be imported into the current release',
        "name-taken",
        12,
        "cannot be imported",
    ),
    ("invalid", 'Error: UPGRADE FAILED: Service "x" is invalid: spec.ports: Required', "manifest-refused", 12, "spec"),
    (
        "policy",
        (
            "Error: 1 error occurred:\n\t* rollouts \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding"
            " 'p' denied request: sign it"
        ),
        "webhook-refused",
        12,
        "denied request: sign it",
    ),
    ("template", "Error: template: app/templates/x.yaml:1:2: nil pointer", "chart-unusable", 12, "nil pointer"),
    (
        "values that contradict each other",
        (
            "Error: execution error at (app/templates/x.yaml:1:2): a is less than b\n\nUse --debug flag to render out"
            " invalid YAML"
        ),
        "chart-values",
        12,
        "was not released: a is less than b",
    ),
    (
        "pending",
        "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
        "release-pending",
        15,
        "in progress",
    ),
    ("unreachable", "Error: Kubernetes cluster unreachable: dial", "unreachable", 75, "unreachable"),
    ("late", "Error: UPGRADE FAILED: context deadline exceeded", "timeout", 75, "deadline"),
    (
        "hook",
        "Error: failed pre-install: 1 error occurred:\n\t* job x failed: BackoffLimitExceeded\n\n",
        "release-failed",
        15,
        "was not released: failed pre-install: job x failed: BackoffLimitExceeded",
    ),
    ("anything", "Error: UPGRADE FAILED: something new", "release-failed", 15, "something new"),
]


@pytest.fixture(autouse=True)
def _world(bench: Bench) -> None:
    """Begin with a world in which every step would succeed."""
    stocks.publish(bench.nexus, stocks.PLAIN)
    stocks.offer_chart(bench.gitea)
    bench.keep_image(f"{BASE}:17")


@pytest.mark.parametrize(
    ("main", "parameters", "break_it", "cause", "code", "evidence"),
    [pytest.param(*row[1:], id=row[0]) for row in TABLE],
)
def test_every_failure_has_its_cause_its_code_and_its_evidence(
    bench: Bench, main: Main, parameters: dict[str, str], break_it: Break, cause: str, code: int, evidence: str
) -> None:
    break_it(bench)
    check(bench.run(main, parameters), cause, code, evidence)


@pytest.mark.parametrize("verb", ["TEMPLATE", "UPGRADE"])
@pytest.mark.parametrize(("said", "cause", "code", "evidence"), [pytest.param(*row[1:], id=row[0]) for row in HELM])
def test_what_helm_says_becomes_a_cause(
    bench: Bench, kubernetes: Kubernetes, said: str, cause: str, code: int, evidence: str, verb: str
) -> None:
    bench.environment[f"FAKE_HELM_{verb}"] = said
    check(bench.run(release.main, RELEASE), cause, code, evidence)


def check(ended: Ended, cause: str, code: int, evidence: str) -> None:
    assert (ended.told["outcome"], ended.cause, ended.code) == ("failed", cause, code)
    assert evidence in ended.evidence
    assert "\n" not in ended.evidence
    assert ended.outputs == {}


def test_a_helm_that_cannot_look_fails_before_anything_changes(bench: Bench, kubernetes: Kubernetes) -> None:
    bench.environment["FAKE_HELM_STATUS"] = HELM[2][1]
    assert bench.run(release.main, RELEASE).cause == "rbac-refused"
    assert kubernetes.written() == []


SMALL_DISK = """
import resource, runpy
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
runpy.run_module("steps.fetch_artifact", run_name="__main__", alter_sys=True)
"""


def test_a_full_disk_is_said(bench: Bench) -> None:
    stocks.publish(bench.nexus, stocks.PLAIN + bytes(200_000))
    arguments = [part for key, value in FETCH.items() for part in (f"--{key}", value)]
    environment = {**bench.environment, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", SMALL_DISK, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, '"cause": "disk-full"' in done.stdout) == (14, True)


def test_a_program_that_never_ends_is_stopped(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from steps import programs, registry

    monkeypatch.setattr(registry, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(programs, "GRACE_SECONDS", 0.2)
    crane = bench.home / "bin" / "crane"
    crane.write_text(
        f"#!{sys.executable} -SE\nimport signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nsignal.pause()\n"
    )
    ended = bench.run(resolve_image.main, {"app": "shop", "image": IMAGE, "version": "v1"})
    assert (ended.code, ended.cause) == (75, "timeout")
