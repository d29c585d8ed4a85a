"""Building from an app's own Containerfile: the pinned source, the jar beside it, the user, and what buildah says."""

import pytest

from steps import build_containerfile
from steps.buildah import failure
from steps.programs import Finished
from tests.steps import stocks
from tests.steps.conftest import Bench
from tests.steps.test_build_image import BASE, IMAGE, PLAIN, ready
from tests.steps.test_build_image import SHOP as IMAGE_PARAMETERS

FILE = b"ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY app.jar /app/\nCOPY start /app/\nUSER 65532\n"
FILES = {"deploy/Containerfile": FILE, "deploy/start": b"#!/bin/start\n", "secret": b"not in the folder"}
SHOP = {
    **IMAGE_PARAMETERS,
    "source-repository": "https://gitea.example.com/platform/charts.git",
    "source-commit": stocks.COMMIT,
    "source-context": "deploy",
    "containerfile": "Containerfile",
}


def offer(bench: Bench, **files: bytes) -> None:
    ready(bench)
    more = {f"deploy/{name}": content for name, content in files.items()}
    stocks.offer_chart(bench.gitea, stocks.chart_archive({**FILES, **more}, top="shop"))


def test_the_jar_is_built_with_the_containerfile_of_the_commit(bench: Bench) -> None:
    offer(bench)
    ended = bench.run(build_containerfile.main, SHOP)
    assert (ended.code, ended.outputs) == (0, {"built": "true"}), ended.told
    made = bench.images[f"{IMAGE}:v1"]
    assert made["digest"] == ended.told["digest"]
    assert made["base"] == f"{BASE}@{bench.images[f'{BASE}:17']['digest']}"
    assert made["files"]["app.jar"] == PLAIN
    assert made["config"] == {
        "User": "65532",
        "Labels": {
            "org.opencontainers.image.title": "shop",
            "org.opencontainers.image.version": "v1",
            "org.opencontainers.image.source": (
                f"{bench.nexus.url}/repository/maven-releases/com/acme/shop/v1/shop-v1.jar"
            ),
            "slipway.artifact.sha256": PLAIN,
            "slipway.containerfile.commit": stocks.COMMIT,
        },
    }
    assert "secret" not in made["modes"]
    assert "STEP 1: ARG BASE_IMAGE" in ended.shown


def test_what_is_built_once_is_not_built_again(bench: Bench) -> None:
    offer(bench)
    first = bench.run(build_containerfile.main, SHOP)
    bench.gitea.asked.clear()
    again = bench.run(build_containerfile.main, SHOP)
    assert (again.outputs, again.told["digest"]) == ({"built": "false"}, first.told["digest"])
    assert bench.gitea.asked == []


def test_an_image_that_was_made_of_another_jar_is_a_conflict(bench: Bench) -> None:
    offer(bench)
    bench.keep_image(f"{IMAGE}:v1", Labels={"slipway.artifact.sha256": "a" * 64})
    assert bench.run(build_containerfile.main, SHOP).cause == "image-conflict"


def test_files_that_can_be_run_stay_so(bench: Bench) -> None:
    offer(bench)
    bench.run(build_containerfile.main, SHOP)
    assert bench.images[f"{IMAGE}:v1"]["modes"] == {"Containerfile": "0o644", "app.jar": "0o644", "start": "0o644"}
    content = stocks.chart_archive(FILES, top="shop", runnable={"deploy/start"})
    stocks.offer_chart(bench.gitea, content)
    bench.run(build_containerfile.main, {**SHOP, "image": f"{IMAGE}-2"})
    assert bench.images[f"{IMAGE}-2:v1"]["modes"]["start"] == "0o755"


@pytest.mark.parametrize("user", ["", "root", "0", "0:0", "app", "00", "-1", "1000:app"])
def test_an_image_that_could_run_as_root_is_not_pushed(bench: Bench, user: str) -> None:
    line = f"USER {user}\n" if user else ""
    offer(bench, Containerfile=FILE.replace(b"USER 65532\n", line.encode()))
    ended = bench.run(build_containerfile.main, SHOP)
    assert (ended.code, ended.cause) == (12, "image-runs-as-root")
    assert "End the Containerfile with USER" in ended.evidence
    assert f"{IMAGE}:v1" not in bench.images


def test_a_group_may_be_named_with_the_user(bench: Bench) -> None:
    offer(bench, Containerfile=FILE.replace(b"65532", b"1000:0"))
    assert bench.run(build_containerfile.main, SHOP).code == 0


def test_a_commit_or_a_containerfile_that_is_not_there_is_named(bench: Bench) -> None:
    offer(bench)
    elsewhere = bench.run(build_containerfile.main, {**SHOP, "source-commit": stocks.OTHER_COMMIT})
    assert (elsewhere.code, elsewhere.cause) == (11, "source-not-found")
    ended = bench.run(build_containerfile.main, {**SHOP, "containerfile": "docker/Dockerfile"})
    assert ended.cause == "source-not-found"
    assert "no docker/Dockerfile in deploy of https://gitea.example.com/platform/charts.git" in ended.evidence
    ended = bench.run(build_containerfile.main, {**SHOP, "source-context": "."})
    assert "no Containerfile in . of" in ended.evidence


def test_a_failure_of_gitea_is_one_unless_the_commit_is_not_there(bench: Bench) -> None:
    offer(bench)
    for commit in (stocks.COMMIT, stocks.OTHER_COMMIT):
        bench.gitea.put(f"{stocks.API}/archive/{commit}.tar.gz", "").status = 500
    # Gitea 1.26 answers 500 for the archive of a commit that is not there.
    ended = bench.run(build_containerfile.main, {**SHOP, "source-commit": stocks.OTHER_COMMIT})
    assert (ended.code, ended.cause) == (11, "source-not-found")
    assert bench.run(build_containerfile.main, SHOP).cause == "server-failed"


def test_a_branch_is_no_commit(bench: Bench) -> None:
    offer(bench)
    assert bench.run(build_containerfile.main, {**SHOP, "source-commit": "main"}).cause == "bad-arguments"


def test_links_in_the_source_are_refused(bench: Bench) -> None:
    offer(bench)
    content = stocks.chart_archive(FILES, links={"deploy/passwd": "/etc/passwd"}, top="shop")
    stocks.offer_chart(bench.gitea, content)
    assert bench.run(build_containerfile.main, SHOP).cause == "source-unusable"


def test_the_registrys_login_and_security_are_those_of_the_settings(bench: Bench) -> None:
    offer(bench)
    bench.credential("registry/config.json", "{}")
    bench.environment["SLIPWAY_REGISTRY_INSECURE"] = "true"
    bench.run(build_containerfile.main, SHOP)
    file = str(bench.home / "credentials" / "registry" / "config.json")
    assert bench.images[f"{IMAGE}:v1"]["authfile"] == [file]


STEP = 'Error: building at STEP "RUN make": while running runtime: exit status 2'
NO_NAMESPACE = "Error during unshare(CLONE_NEWUSER): Operation not permitted"
CONFUSED = 'time="2026-11-28T12:00:00Z" level=error msg="(Unable to determine exit status)"'
MISSING = "Error: initializing source docker://h/a:1: reading manifest 1 in h/a: manifest unknown"
REFUSED = (
    'Error: building at STEP "FROM h/a:1": initializing source docker://h/a:1: unauthorized: authentication required'
)


@pytest.mark.parametrize(
    ("verb", "said", "cause"),
    [
        ("BUILD", STEP, "containerfile-failed"),
        ("BUILD", f"curl: connection refused\n{STEP}", "containerfile-failed"),
        ("BUILD", "Error: no FROM statement found", "containerfile-failed"),
        ("BUILD", "Error: finding newgidmap: not in $PATH\n(Unable to determine exit status)", "builds-not-allowed"),
        ("BUILD", 'Error: building at STEP "COPY x /": write: no space left on device', "disk-full"),
        ("BUILD", f"{NO_NAMESPACE}\n{CONFUSED}", "builds-not-allowed"),
        ("BUILD", "Error: error during unshare(...): Operation not permitted", "builds-not-allowed"),
        ("BUILD", MISSING, "base-image-not-found"),
        ("BUILD", REFUSED, "credentials-refused"),
        ("BUILD", "Error: pinging container registry h: dial tcp: connect: connection refused", "unreachable"),
        ("PUSH", "Error: writing blob: denied: requested access to the resource is denied", "access-denied"),
        ("PUSH", "Error: writing manifest: exceed the configured upper limit of 1 GiB: quota", "quota-exceeded"),
        ("PUSH", "Error: received unexpected HTTP status: 500 Internal Server Error", "server-failed"),
        ("PUSH", "Error: writing blob: uploading: status code 503", "server-failed"),
        ("PUSH", "Error: dial tcp 10.0.0.1:443: i/o timeout", "timeout"),
        ("INSPECT", "Error: no such image", "containerfile-failed"),
    ],
)  # fmt: skip
def test_what_buildah_says_becomes_a_cause(bench: Bench, verb: str, said: str, cause: str) -> None:
    offer(bench)
    bench.environment[f"FAKE_BUILDAH_{verb}"] = said
    ended = bench.run(build_containerfile.main, SHOP)
    assert ended.cause == cause
    assert f"{IMAGE}:v1" not in bench.images


def test_a_namespace_without_users_is_the_clusters_matter_whatever_failed_for_it() -> None:
    said = 'warning msg="Falling back to single mapping"\nError: building at STEP "RUN id": exit status 1'
    failed = failure(Finished(code=1, output="", errors=said), "h/a:1")
    assert failed.cause == "builds-not-allowed"
    assert "does not let it make a user namespace with users" in failed.evidence


def test_a_failure_without_a_word_still_says_how_it_ended() -> None:
    assert "buildah ended with 125" in failure(Finished(code=125, output="", errors=""), "h/a:1").evidence
    assert "strange" in failure(Finished(code=1, output="", errors="strange\n"), "h/a:1").evidence


def test_a_push_that_names_no_digest_is_an_odd_answer(bench: Bench) -> None:
    offer(bench)
    bench.environment["FAKE_DIGEST"] = "latest"
    assert bench.run(build_containerfile.main, SHOP).cause == "unexpected-answer"


def test_an_image_without_buildah_says_so(bench: Bench) -> None:
    offer(bench)
    (bench.home / "bin" / "buildah").unlink()
    ended = bench.run(build_containerfile.main, SHOP)
    assert ended.cause == "unexpected"
    assert "buildah is not in the steps' image" in ended.evidence
