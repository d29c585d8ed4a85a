"""The same programs with the real crane, helm and a real registry, as far as they need no cluster.

crane and helm come from the bed's folder, the registry is Debian's. The servers on loopback are this test's own.
"""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from steps import build_image, charts, fetch_chart, resolve_image
from steps.charts import Chart
from steps.helm import Helm
from steps.outcome import Cause, StepFailed
from steps.rollout import documents
from steps.settings import Settings
from tests.bed.places import Places
from tests.steps import stocks
from tests.steps.conftest import Bench
from tests.steps.fake_values import DIGEST
from tests.steps.test_build_image import SHOP

pytestmark = pytest.mark.bed
REGISTRY = "/usr/bin/docker-registry"


@pytest.fixture
def registry(bench: Bench, tmp_path: Path) -> Iterator[str]:
    """Serve a real registry with one base image, and put the real programs on the path; return its address."""
    bench.environment["PATH"] = f"{Places.from_environment().bin}:{os.environ['PATH']}"
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{found.getsockname()[1]}"
    configuration = tmp_path / "registry.yml"
    storage = {"filesystem": {"rootdirectory": str(tmp_path / "registry")}}
    text = {"version": "0.1", "storage": storage, "http": {"addr": address}, "log": {"level": "error"}}
    configuration.write_text(json.dumps(text))
    process = subprocess.Popen(
        [REGISTRY, "serve", str(configuration)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        _wait(f"http://{address}/v2/")
        layer = tmp_path / "base.tar"
        layer.write_bytes(bytes(10240))
        crane = Places.from_environment().program("crane")
        subprocess.run([crane, "append", "-f", str(layer), "-t", f"{address}/base/jre:17"], check=True)
        yield address
    finally:
        process.kill()
        process.communicate()


def _wait(url: str) -> None:
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise TimeoutError(url)


def parameters(address: str, content: bytes, **more: str) -> dict[str, str]:
    names = {"image": f"{address}/shop/shop", "base-image": f"{address}/base/jre:17"}
    return {**SHOP, **names, "sha256": hashlib.sha256(content).hexdigest(), **more}


def test_a_layered_jar_is_built_once_and_always_the_same(bench: Bench, registry: str) -> None:
    stocks.publish(bench.nexus, stocks.SPRING)
    wanted = parameters(registry, stocks.SPRING)
    first = bench.run(build_image.main, wanted)
    assert (first.code, first.told["built"]) == (0, "true"), first.told
    assert bench.run(build_image.main, wanted).told["built"] == "false"
    elsewhere = bench.run(build_image.main, {**wanted, "image": f"{registry}/shop/again"})
    assert (elsewhere.told["built"], elsewhere.told["digest"]) == ("true", first.told["digest"])
    resolved = bench.run(resolve_image.main, {"app": "shop", "image": wanted["image"], "version": "v1"})
    assert resolved.outputs == {"digest": first.told["digest"]}
    crane = Places.from_environment().program("crane")
    said = subprocess.run([crane, "config", f"{wanted['image']}:v1"], check=True, capture_output=True, text=True).stdout
    config = json.loads(said)["config"]
    assert (config["User"], config["Entrypoint"]) == ("65532:65532", ["java", "-jar", "/app/app.jar"])
    assert config["Labels"]["org.opencontainers.image.revision"] == "abcdef0123456789"
    assert len(json.loads(said)["rootfs"]["diff_ids"]) == 4


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({"base-image": "{}/base/none:1"}, "base-image-not-found"),
        ({"base-image": "127.0.0.1:1/base/jre:17"}, "unreachable"),
    ],
)
def test_what_the_real_crane_says_becomes_a_cause(
    bench: Bench, registry: str, more: dict[str, str], cause: str
) -> None:
    stocks.publish(bench.nexus, stocks.PLAIN)
    told = {name: text.format(registry) for name, text in more.items()}
    assert bench.run(build_image.main, parameters(registry, stocks.PLAIN, **told)).cause == cause


def test_a_registry_that_wants_credentials_is_understood(bench: Bench, registry: str) -> None:
    address = bench.nexus.url.removeprefix("http://")
    bench.nexus.login = "Basic nobody"
    resolve = {"app": "shop", "image": f"{address}/shop/shop", "version": "v1"}
    assert bench.run(resolve_image.main, resolve).cause == "credentials-refused"


def push_chart(registry: str, folder: Path, version: str) -> None:
    """Package the real chart and push it, as a platform team does."""
    environment = {**os.environ, "HOME": str(folder)}
    program, source = Places.from_environment().program("helm"), str(stocks.CHARTS)
    for arguments in (
        ["package", source, "--version", version, "--destination", str(folder)],
        ["push", str(folder / f"app-{version}.tgz"), f"oci://{registry}/platform", "--plain-http"],
    ):
        subprocess.run([program, *arguments], check=True, capture_output=True, env=environment)


def test_a_chart_that_helm_pushed_is_pinned_fetched_and_rendered(bench: Bench, registry: str, tmp_path: Path) -> None:
    bench.environment["SLIPWAY_REGISTRY_INSECURE"] = "true"
    push_chart(registry, tmp_path, "1.4.0+b7")
    repository = f"oci://{registry}/platform/app"
    wanted = {"chart-repository": repository, "chart-path": ".", "chart-ref": "1.4.0+b7"}
    first = bench.run(fetch_chart.main, wanted)
    assert first.code == 0, first.told
    digest = first.outputs["commit"]
    folder = charts.fetch(
        Chart(repository=repository, path="."), digest, Settings(environment=bench.environment), tmp_path / "got"
    )
    rendered = helm(bench).render(folder, write_values(bench))
    assert ("Rollout", "shop") in documents(rendered)

    # The version is pushed once more, with another content.
    crane = Places.from_environment().program("crane")
    again = ["mutate", f"{registry}/base/jre:17", "--label", "a=b", "--tag", f"{registry}/platform/app:1.4.0_b7"]
    subprocess.run([crane, *again], check=True, capture_output=True)
    moved = bench.run(fetch_chart.main, {**wanted, "chart-pin": digest})
    assert (moved.code, moved.cause) == (13, "chart-moved")
    assert bench.run(fetch_chart.main, wanted).cause == "chart-unusable"
    assert bench.run(fetch_chart.main, {**wanted, "chart-ref": "9.9.9"}).cause == "chart-not-found"

    # The registry still has the first content: what was pinned can be released again.
    assert charts.fetch(
        Chart(repository=repository, path="."), digest, Settings(environment=bench.environment), tmp_path / "later"
    ).is_dir()


def test_a_chart_whose_content_was_changed_in_the_registry_is_refused(
    bench: Bench, registry: str, tmp_path: Path
) -> None:
    push_chart(registry, tmp_path, "1.4.0")
    content = hashlib.sha256((tmp_path / "app-1.4.0.tgz").read_bytes()).hexdigest()
    (stored,) = (tmp_path / "registry").rglob(f"blobs/sha256/*/{content}/data")
    stored.write_bytes(stored.read_bytes()[::-1])
    wanted = {"chart-repository": f"oci://{registry}/platform/app", "chart-path": ".", "chart-ref": "1.4.0"}
    ended = bench.run(fetch_chart.main, wanted)
    assert (ended.code, ended.cause) == (13, "checksum-mismatch")


def helm(bench: Bench) -> Helm:
    bench.environment["PATH"] = f"{Places.from_environment().bin}:{os.environ['PATH']}"
    return Helm(Settings(environment=bench.environment), namespace="staging", name="shop")


def write_values(bench: Bench, **more: object) -> Path:
    slipway = {"app": "shop", "environment": "staging", "deployment": "7", "version": "v1", "requester": "alice"}
    image = {"repository": "harbor.example.com/shop/shop", "digest": DIGEST}
    file = bench.home / "values.json"
    file.write_text(json.dumps({"slipway": slipway, "image": image, "strategy": "blue-green", **more}))
    return file


def test_the_real_chart_makes_documents_that_are_told_apart(bench: Bench) -> None:
    rendered = helm(bench).render(stocks.CHARTS, write_values(bench))
    assert set(documents(rendered)) == {("Rollout", "shop"), ("Service", "shop"), ("Service", "shop-preview")}


def test_what_the_real_helm_says_of_bad_values_becomes_one_sentence(bench: Bench) -> None:
    with pytest.raises(StepFailed) as failure:
        helm(bench).render(stocks.CHARTS, write_values(bench, replicas="two", nonsense=1))
    assert failure.value.cause is Cause.CHART_VALUES
    assert "replicas" in failure.value.evidence
    assert "nonsense" in failure.value.evidence


def test_a_cluster_that_is_not_there_is_unreachable(bench: Bench) -> None:
    kubeconfig = bench.home / "kubeconfig"
    cluster = {"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}
    context = {"name": "c", "context": {"cluster": "c", "user": ""}}
    kubeconfig.write_text(json.dumps({"clusters": [cluster], "contexts": [context], "current-context": "c"}))
    bench.environment["KUBECONFIG"] = str(kubeconfig)
    with pytest.raises(StepFailed) as failure:
        helm(bench).newest()
    assert failure.value.cause is Cause.UNREACHABLE


def test_the_programs_run_as_modules() -> None:
    done = subprocess.run([sys.executable, "-m", "steps.release"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert json.loads(done.stdout)["cause"] == "bad-arguments"
