"""The helm program as it is run: with nothing of ours, with little of everything, and ended when it takes too long."""

import asyncio
import json
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from commands.core.errors import Permanent, Temporary
from commands.core.manifest import Manifest
from integrations.helm import HelmRenderer
from integrations.helm.renderer import AT_ONCE
from tests.integrations.helm.bench import MAP, chart, draft, program

PATIENT = timedelta(seconds=50)
ECHO = f"sys.stdout.write({MAP.decode()!r})"


def is_there(path: str) -> bool:
    return Path(path).exists()


async def render(helm: str, *, patience: timedelta = PATIENT, archive: bytes | None = None) -> tuple[Manifest, ...]:
    renderer = HelmRenderer(helm, patience=patience)
    return await renderer.render(archive or chart(), folder="app", draft=draft(replicas=5))


async def test_a_chart_is_rendered_with_the_values_in_a_folder_of_its_own(tmp_path: Path) -> None:
    body = f"""
seen = dict(arguments=sys.argv[1:], values=json.load(open("values.json")), chart=os.listdir("chart"), where=os.getcwd())
json.dump(seen, open({str(tmp_path / "seen.json")!r}, "w"))
{ECHO}
"""
    (found,) = await render(program(tmp_path, body))
    assert (found.kind, found.name) == ("ConfigMap", "shop")
    seen = json.loads((tmp_path / "seen.json").read_text(encoding="utf-8"))
    assert seen["arguments"] == [
        "template",
        "shop",
        "chart",
        "--namespace",
        "staging",
        "--values",
        "values.json",
        "--no-hooks",
    ]
    assert (seen["values"], sorted(seen["chart"])) == ({"replicas": 5}, ["Chart.yaml", "templates"])
    assert not is_there(seen["where"])


async def test_an_upgrade_is_rendered_as_one(tmp_path: Path) -> None:
    helm = program(tmp_path, f"assert sys.argv[-1] == '--is-upgrade'\n{ECHO}")
    assert await HelmRenderer(helm).render(chart(), folder="app", draft=draft(is_upgrade=True))


async def test_the_program_gets_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_SLACK__BOT_TOKEN", "xoxb-" + "demo-planted")
    monkeypatch.setenv("HELM_PLUGINS", str(tmp_path))
    body = f"json.dump(dict(os.environ), open({str(tmp_path / 'env.json')!r}, 'w'))\n{ECHO}"
    await render(program(tmp_path, body))
    seen = json.loads((tmp_path / "env.json").read_text(encoding="utf-8"))
    assert "planted" not in json.dumps(seen)
    assert (seen["PATH"], seen["KUBECONFIG"], seen["HTTPS_PROXY"]) == ("", "/dev/null", "http://127.0.0.1:9")
    assert all("slipway-plan-" in seen[name] for name in ("HOME", "HELM_PLUGINS", "HELM_CACHE_HOME"))


async def test_a_chart_that_cannot_be_rendered_says_why_without_its_secrets(tmp_path: Path) -> None:
    body = "sys.exit('walk.go:75: noise\\nError: values do not\\n meet the schema: password=planted')"
    with pytest.raises(Permanent) as raised:
        await render(program(tmp_path, body))
    assert raised.value.message == "the chart cannot be rendered: values do not  meet the schema: password=•••"
    with pytest.raises(Permanent, match="exit code 7"):
        await render(program(tmp_path, "sys.exit(7)"))


class Signals:
    """A pipe between a test and the programs that it started, through which neither waits in vain."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = str(folder / name)
        os.mkfifo(self.path)
        self._descriptor = os.open(self.path, os.O_RDWR)

    async def take(self, length: int) -> str:
        return (await asyncio.to_thread(os.read, self._descriptor, length)).decode()

    def give(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    def close(self) -> None:
        os.close(self._descriptor)


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Signals]:
    signals = Signals(tmp_path, "begun")
    yield signals
    signals.close()


@pytest.fixture
def go(tmp_path: Path) -> Iterator[Signals]:
    signals = Signals(tmp_path, "go")
    yield signals
    signals.close()


async def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(Temporary, match=r"not rendered within 0\.5 s"):
        await render(program(tmp_path, "signal.pause()"), patience=timedelta(seconds=0.5))


async def test_giving_up_ends_the_program(tmp_path: Path, begun: Signals) -> None:
    helm = program(tmp_path, f"open({begun.path!r}, 'w').write(f'{{os.getpid():9}}')\nsignal.pause()")
    running = asyncio.create_task(render(helm))
    pid = (await begun.take(9)).strip()
    assert is_there(f"/proc/{pid}")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not is_there(f"/proc/{pid}")


async def test_what_never_ends_to_come_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="more than 1 MiB"):
        await render(program(tmp_path, "for _ in range(64): sys.stdout.write('x' * 65536)"))


async def test_no_more_memory_than_a_chart_needs(tmp_path: Path) -> None:
    body = f"""
while resource.getrlimit(resource.RLIMIT_DATA)[0] == resource.RLIM_INFINITY:
    time.sleep(0.01)
try:
    bytearray(2 << 30)
except MemoryError:
    {ECHO}
"""
    assert len(await render(program(tmp_path, body))) == 1


async def test_without_helm_the_setting_is_named(tmp_path: Path) -> None:
    for name in ("", str(tmp_path / "nothing")):
        with pytest.raises(Permanent, match="set SLIPWAY_HELM to its path"):
            await render(name)
        (finding,) = await HelmRenderer(name).check()
        assert finding.is_ok
        assert finding.message.startswith("plans do not compare manifests: there is no helm")


async def test_a_program_that_cannot_run_is_a_reason_not_a_crash(tmp_path: Path) -> None:
    helm = tmp_path / "helm"
    helm.write_bytes(b"\x00\x01")
    helm.chmod(0o700)
    with pytest.raises(Permanent, match="cannot be rendered here: Exec format error"):
        await render(str(helm))


async def test_the_check_shows_the_programs_version(tmp_path: Path) -> None:
    (finding,) = await HelmRenderer(program(tmp_path, "print('v3.22.0')")).check()
    assert (finding.subject, finding.message) == ("helm", "v3.22.0")


async def test_the_turns_are_few(tmp_path: Path, begun: Signals, go: Signals) -> None:
    body = f"open({begun.path!r}, 'w').write('.')\nos.read(os.open({go.path!r}, os.O_RDONLY), 1)\n{ECHO}"
    renderer = HelmRenderer(program(tmp_path, body), patience=PATIENT)
    running = [asyncio.create_task(renderer.render(chart(), folder="app", draft=draft())) for _ in range(4)]
    for _ in range(AT_ONCE):
        assert await begun.take(1) == "."
    begun.give("-")
    assert await begun.take(1) == "-", "a third one began"
    go.give("....")
    assert len(await asyncio.gather(*running)) == 4


@pytest.mark.skipif(shutil.which("helm") is None, reason="needs the helm program")
async def test_the_real_program_renders_and_finds_no_way_out() -> None:
    template = b"""apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data:
  replicas: {{ .Values.replicas | quote }}
  live: {{ lookup "v1" "ConfigMap" "default" "x" | toJson | quote }}
  host: {{ getHostByName "localhost" | quote }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: hook, annotations: {"helm.sh/hook": pre-install}}
"""
    (found,) = await render("helm", archive=chart(template))
    assert found.fields == {"data.replicas": "5", "data.live": "{}", "data.host": ""}
    with pytest.raises(Permanent, match="the chart cannot be rendered: "):
        await render("helm", archive=chart(b"{{ .Values.x.y.z }}"))
