"""Building images: skipped or built, split into layers, the same again, and how the result is started."""

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps import build_image, jar, manifest, resolve_image
from steps.outcome import Cause, StepFailed
from steps.registry import tag
from tests.steps import stocks
from tests.steps.conftest import Bench

IMAGE = "harbor.example.com/shop/shop"
BASE = "harbor.example.com/base/jre"
PLAIN = hashlib.sha256(stocks.PLAIN).hexdigest()
SPRING = hashlib.sha256(stocks.SPRING).hexdigest()
SHOP = {
    "artifact-group": "com.acme",
    "artifact-name": "shop",
    "artifact-packaging": "jar",
    "version": "v1",
    "app": "shop",
    "image": IMAGE,
    "base-image": f"{BASE}:17",
    "sha256": PLAIN,
    "file-version": "v1",
}
JAVA = ["java", "-jar", "/app/app.jar"]


def ready(bench: Bench, content: bytes = stocks.PLAIN, **base: object) -> None:
    stocks.publish(bench.nexus, content)
    bench.keep_image(f"{BASE}:17", **base)


def test_a_jar_becomes_an_image_that_says_what_it_is(bench: Bench) -> None:
    ready(bench)
    ended = bench.run(build_image.main, SHOP)
    assert (ended.code, ended.told["built"]) == (0, "true")
    made = bench.images[f"{IMAGE}:v1"]
    assert made["digest"] == ended.told["digest"]
    assert (made["config"]["User"], made["config"]["Entrypoint"]) == ("65532:65532", JAVA)
    assert made["config"]["Labels"] == {
        "org.opencontainers.image.title": "shop",
        "org.opencontainers.image.version": "v1",
        "org.opencontainers.image.source": f"{bench.nexus.url}/repository/maven-releases/com/acme/shop/v1/shop-v1.jar",
        "slipway.artifact.sha256": PLAIN,
    }


def test_what_is_built_once_is_not_built_again(bench: Bench) -> None:
    ready(bench)
    first = bench.run(build_image.main, SHOP)
    asked = len(bench.nexus.asked)
    again = bench.run(build_image.main, SHOP)
    assert (again.told["built"], again.told["digest"]) == ("false", first.told["digest"])
    assert len(bench.nexus.asked) == asked
    resolved = bench.run(resolve_image.main, {"app": "shop", "image": IMAGE, "version": "v1"})
    assert resolved.outputs["digest"] == first.told["digest"]


def test_the_same_jar_on_the_same_base_gives_the_same_digest(bench: Bench) -> None:
    ready(bench, stocks.SPRING)
    bench.environment["SLIPWAY_REGISTRY_INSECURE"] = "true"
    first = bench.run(build_image.main, {**SHOP, "sha256": SPRING})
    (bench.home / "images.json").unlink()
    bench.keep_image(f"{BASE}:17")
    again = bench.run(build_image.main, {**SHOP, "sha256": SPRING})
    assert again.told["built"] == "true"
    assert first.told["digest"] == again.told["digest"]


def test_the_sources_are_named_where_the_jar_names_them(bench: Bench) -> None:
    ready(bench, stocks.SPRING)
    bench.run(build_image.main, {**SHOP, "sha256": SPRING})
    labels = bench.images[f"{IMAGE}:v1"]["config"]["Labels"]
    assert labels["org.opencontainers.image.revision"] == "abcdef0123456789"
    assert labels["org.opencontainers.image.source"] == "https://git.example.com/shop"


def test_an_image_that_was_made_of_another_file_is_a_conflict(bench: Bench) -> None:
    ready(bench)
    bench.keep_image(f"{IMAGE}:v1", Labels={"slipway.artifact.sha256": "a" * 64})
    ended = bench.run(build_image.main, SHOP)
    assert (ended.code, ended.cause) == (13, "image-conflict")
    assert "Publish a new version" in ended.evidence


def test_an_image_that_somebody_else_built_is_taken_as_it_is(bench: Bench) -> None:
    ready(bench)
    bench.keep_image(f"{IMAGE}:v1", Labels=None)
    assert bench.run(build_image.main, SHOP).told["built"] == "false"


def test_a_newer_snapshot_is_built_anew_from_the_very_file_that_was_checked(bench: Bench) -> None:
    bench.keep_image(f"{BASE}:17")
    bench.keep_image(f"{IMAGE}:1.0-SNAPSHOT", Labels={"slipway.artifact.sha256": "a" * 64})
    stocks.publish(bench.nexus, stocks.PLAIN, version="1.0-SNAPSHOT", file="shop-1.0-20260102.101010-2.jar")
    snapshot = {"version": "1.0-SNAPSHOT", "file-version": "1.0-20260102.101010-2"}
    assert bench.run(build_image.main, {**SHOP, **snapshot}).told["built"] == "true"


def test_a_file_that_changed_between_two_steps_is_refused(bench: Bench) -> None:
    ready(bench)
    ended = bench.run(build_image.main, {**SHOP, "sha256": "a" * 64})
    assert (ended.code, ended.cause) == (13, "checksum-mismatch")
    assert f"{IMAGE}:v1" not in bench.images


def test_a_base_that_is_named_by_digest_is_used_by_digest(bench: Bench) -> None:
    stocks.publish(bench.nexus, stocks.PLAIN)
    digest = bench.keep_image(f"{BASE}:17")
    assert bench.run(build_image.main, {**SHOP, "base-image": f"{BASE}@{digest}"}).code == 0


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ({}, (tuple(JAVA), ())),
        ({"Cmd": ["sh"]}, (tuple(JAVA), ())),
        ({"Entrypoint": ["java", "-jar"]}, ((), ("/app/app.jar",))),
        ({"Entrypoint": ["/run.sh"], "Cmd": ["jshell"]}, ((), tuple(JAVA))),
        ({"Entrypoint": ["/run.sh"], "Cmd": None}, ((), ())),
        ({"Entrypoint": ["java", "-Xmx64m", "-jar", "/app/app.jar"]}, ((), ())),
        ({"Entrypoint": ["java", "-jar"], "Cmd": ["/app/app.jar"]}, ((), ())),
    ],
)
def test_the_base_says_how_an_app_is_started(base: Mapping[str, object], expected: object) -> None:
    assert build_image.start(base, "/app/app.jar") == expected


def test_a_wrapper_gets_the_app_as_its_command(bench: Bench) -> None:
    ready(bench, Entrypoint=["/run.sh"], Cmd=["jshell"])
    bench.run(build_image.main, SHOP)
    config = bench.images[f"{IMAGE}:v1"]["config"]
    assert (config["Entrypoint"], config["Cmd"]) == (["/run.sh"], JAVA)


def test_a_plus_sign_becomes_what_a_tag_may_hold() -> None:
    assert tag("1.0+build.5") == "1.0_build.5"


def layers(content: bytes, folder: Path, suffix: str = ".jar") -> list[tuple[str, dict[str, bytes]]]:
    file = folder / f"artifact{suffix}"
    file.write_bytes(content)
    with jar.opened(file, limit=10**6) as archive:
        made = jar.write_layers(archive, file, folder)
    return [(path.name, unpacked(path)) for path in made]


def unpacked(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        for member in tar:
            assert (member.mtime, member.uid, member.gid, member.uname) == (0, 0, 0, "")
            assert member.mode == (0o755 if member.isdir() else 0o644)
        return {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}  # type: ignore[union-attr]  # a file has content


def test_a_plain_jar_is_one_layer(tmp_path: Path) -> None:
    assert layers(stocks.PLAIN, tmp_path) == [("1-application.tar", {"app/app.jar": stocks.PLAIN})]


@pytest.mark.parametrize("suffix", [".war"])
def test_a_war_is_one_layer_under_its_own_name(suffix: str, tmp_path: Path) -> None:
    assert [list(files) for _, files in layers(stocks.SPRING, tmp_path, suffix)] == [["app/app.war"]]


def test_a_layered_jar_keeps_its_libraries_apart_from_its_own_classes(tmp_path: Path) -> None:
    (_, dependencies), (_, snapshots), (name, application) = layers(stocks.SPRING, tmp_path)
    assert dependencies == {"app/lib/apple-1.0.jar": b"apple", "app/lib/zebra-2.0.jar": b"zebra"}
    assert snapshots == {"app/lib/acme-1.0-SNAPSHOT.jar": b"snapshot"}
    assert name == "3-application.tar"
    with zipfile.ZipFile(io.BytesIO(application["app/app.jar"])) as thin:
        assert thin.namelist() == [
            "META-INF/MANIFEST.MF",
            "META-INF/maven/pom.xml",
            "META-INF/services/acme.Plugin",
            "acme/Shop.class",
            "git.properties",
        ]
        assert manifest.read(thin.read("META-INF/MANIFEST.MF").decode()) == {
            "Manifest-Version": "1.0",
            "Implementation-Title": "shop",
            "Main-Class": "acme.Shop",
            "Class-Path": "lib/zebra-2.0.jar lib/apple-1.0.jar lib/acme-1.0-SNAPSHOT.jar",
        }


def test_a_new_version_of_the_classes_leaves_the_libraries_as_they_were(tmp_path: Path) -> None:
    newer = stocks.archive({**stocks.SPRING_FILES, "BOOT-INF/classes/acme/Shop.class": b"newer"})
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = layers(stocks.SPRING, tmp_path / "a"), layers(newer, tmp_path / "b")
    assert one[:2] == other[:2]
    assert (tmp_path / "a" / "1-libraries.tar").read_bytes() == (tmp_path / "b" / "1-libraries.tar").read_bytes()
    assert one[2] != other[2]


def test_a_library_that_no_layer_lists_is_not_lost(tmp_path: Path) -> None:
    files = {**stocks.SPRING_FILES, "BOOT-INF/layers.idx": '- "dependencies":\nodd line\n- "application":\n'}
    made = layers(stocks.archive(files), tmp_path)
    assert sorted(made[0][1]) == [
        "app/lib/acme-1.0-SNAPSHOT.jar",
        "app/lib/apple-1.0.jar",
        "app/lib/zebra-2.0.jar",
    ]


def test_an_index_without_a_start_class_is_no_layered_jar(tmp_path: Path) -> None:
    files = {**stocks.SPRING_FILES, "META-INF/MANIFEST.MF": stocks.MANIFEST}
    assert len(layers(stocks.archive(files), tmp_path)) == 1


def test_what_is_no_jar_or_too_much_of_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "artifact.jar"
    file.write_bytes(b"<html>")
    with pytest.raises(StepFailed) as unreadable, jar.opened(file, limit=10):
        pass
    assert unreadable.value.cause is Cause.ARTIFACT_UNREADABLE
    file.write_bytes(stocks.PLAIN)
    with pytest.raises(StepFailed) as large, jar.opened(file, limit=10):
        pass
    assert large.value.cause is Cause.TOO_LARGE


def test_an_endless_manifest_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "artifact.jar"
    file.write_bytes(stocks.archive({"META-INF/MANIFEST.MF": b"x" * 5_000_000}))
    with pytest.raises(StepFailed, match="too large"), jar.opened(file, limit=10**8) as archive:
        jar.origin(archive)


NAMES = st.text("ABCxyz-", min_size=1, max_size=20)
VALUES = st.text("ab: é", max_size=300).map(str.lstrip)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_a_manifest_is_read_as_it_was_written(attributes: dict[str, str]) -> None:
    written = manifest.write(attributes)
    assert all(len(line) <= 72 for line in written.split(b"\r\n"))
    unfolded = written.replace(b"\r\n ", b"").decode()
    assert manifest.read(unfolded) == {"Manifest-Version": "1.0", **attributes}


def test_a_manifest_ends_at_its_first_empty_line() -> None:
    assert manifest.read(" odd\rA: 1\n\nB: 2") == {" odd": "", "A": "1"}


SAID = {
    "Error: GET https://r/v2/: UNAUTHORIZED: authentication required": ("credentials-refused", 10),
    "Error: HEAD https://r/v2/: unexpected status code 403 Forbidden": ("access-denied", 10),
    "Error: PUT https://r/v2/: DENIED: adding 9 MiB will exceed the configured upper limit of 1 GiB": (
        "quota-exceeded",
        14,
    ),
    "Error: write /tmp/x: no space left on device": ("disk-full", 14),
    "Error: Get https://r/v2/: dial tcp 10.0.0.1:443: connect: connection refused": ("unreachable", 75),
    "Error: Get https://r/v2/: dial tcp 10.0.0.1:443: i/o timeout": ("timeout", 75),
    "Error: unexpected status code 502 Bad Gateway": ("server-failed", 75),
    "Error: something new": ("unexpected-answer", 70),
}


@pytest.mark.parametrize(("said", "expected"), SAID.items())
def test_what_a_registry_says_becomes_a_cause(bench: Bench, said: str, expected: tuple[str, int]) -> None:
    bench.environment["FAKE_CRANE"] = said
    ended = bench.run(resolve_image.main, {"app": "shop", "image": IMAGE, "version": "v1"})
    assert (ended.cause, ended.code) == expected
    assert "harbor.example.com" in ended.evidence


def program(bench: Bench, text: str) -> None:
    (bench.home / "bin" / "crane").write_text(f"#!/bin/sh\n{text}\n")


def test_what_crane_answers_is_not_believed_blindly(bench: Bench) -> None:
    resolve = {"app": "shop", "image": IMAGE, "version": "v1"}
    program(bench, "echo nothing")
    assert bench.run(resolve_image.main, resolve).cause == "unexpected-answer"
    program(bench, "exit 3")
    assert "crane ended with 3" in bench.run(resolve_image.main, resolve).evidence
    (bench.home / "bin" / "crane").unlink()
    assert "crane is not in the steps' image" in bench.run(resolve_image.main, resolve).evidence


@pytest.mark.parametrize("config", ["[]", "{", '{"config": 5}'])
def test_a_configuration_that_is_none_is_refused(bench: Bench, config: str) -> None:
    program(bench, f"[ $1 = digest ] && echo sha256:{'0' * 64} && exit\necho '{config}'")
    assert bench.run(build_image.main, SHOP).cause == "unexpected-answer"


def test_an_image_for_another_platform_is_not_found(bench: Bench) -> None:
    program(bench, f"[ $1 = digest ] && echo sha256:{'0' * 64} && exit\necho no child with platform >&2; exit 1")
    assert bench.run(build_image.main, SHOP).cause == "image-not-found"


def test_credentials_of_the_registry_are_a_file_that_crane_reads(bench: Bench) -> None:
    bench.credential("registry/config.json", json.dumps({"auths": {}}))
    program(bench, f"cat $DOCKER_CONFIG/config.json >&2; echo sha256:{'0' * 64}")
    bench.environment["PATH"] += ":/bin:/usr/bin"
    ended = bench.run(resolve_image.main, {"app": "shop", "image": IMAGE, "version": "v1"})
    assert ended.code == 0
    assert "auths" not in ended.shown
