"""The port Renderer: `helm template` in a folder of its own, with little time, room and memory, and no way out.

Built by `bot.wiring`. The program gets no settings, no plugins and no credentials; it reaches neither a cluster nor
a registry, so `lookup` finds nothing and charts bring what they depend on.
"""

import asyncio
import json
import os
import re
import resource
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from commands.core.changes import conceal
from commands.core.errors import Permanent, Temporary
from commands.core.finding import Finding
from commands.core.manifest import Manifest
from commands.core.rendering import Draft
from integrations.helm.archives import MEBIBYTE, SYSTEM, unpack
from integrations.helm.documents import manifests

PATIENCE: Final = timedelta(seconds=8)
MAX_OUTPUT: Final = MEBIBYTE
MAX_ERRORS: Final = 64 * 1024
MAX_MEMORY: Final = 1024 * MEBIBYTE
AT_ONCE: Final = 2
_NOWHERE: Final = "http://127.0.0.1:9"
_LIMITS: Final = {
    resource.RLIMIT_DATA: MAX_MEMORY,
    resource.RLIMIT_CPU: 2 * int(PATIENCE.total_seconds()),
    resource.RLIMIT_FSIZE: 64 * MEBIBYTE,
    resource.RLIMIT_CORE: 0,
}
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")


class HelmRenderer:
    """Renders charts with the helm program.

    Parameters
    ----------
    program
        Its name or path; empty where there shall be none.
    patience
        How long one chart may take.
    """

    def __init__(self, program: str, *, patience: timedelta = PATIENCE) -> None:
        self._program = program
        self._patience = patience
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def render(self, archive: bytes, *, folder: str, draft: Draft) -> tuple[Manifest, ...]:
        """Render the chart in that folder of the archive."""
        program = self._found()
        async with self._turns:
            with _scratch() as scratch:
                await asyncio.to_thread(_prepare, archive, folder=folder, draft=draft, scratch=scratch)
                output = await self._run([program, *_arguments(draft)], scratch)
            return await asyncio.to_thread(manifests, output.decode(errors="replace"))

    async def check(self) -> tuple[Finding, ...]:
        """Say whether plans can render; where not, they still say everything else."""
        try:
            with _scratch() as scratch:
                said = await self._run([self._found(), "version", "--short"], scratch)
        except (Permanent, Temporary) as failure:
            message = f"plans do not compare manifests: {failure.message}"
            return (Finding(subject=SYSTEM, is_ok=True, message=message),)
        return (Finding(subject=SYSTEM, is_ok=True, message=_plain(said)),)

    def _found(self) -> str:
        program = shutil.which(self._program) if self._program else None
        if program is None:
            raise Permanent(SYSTEM, "there is no helm program here. Install helm, or set SLIPWAY_HELM to its path.")
        return program

    async def _run(self, command: Sequence[str], scratch: Path) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=scratch,
            env=_environment(scratch),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            _confine(process.pid)
            async with asyncio.timeout(self._patience.total_seconds()):
                output, errors = await _outputs(process)
                code = await process.wait()
        except TimeoutError as exc:
            raise Temporary(SYSTEM, f"the chart was not rendered within {self._patience.total_seconds():g} s.") from exc
        finally:
            await _end(process)
        if code:
            raise Permanent(SYSTEM, f"the chart cannot be rendered: {_plain(errors) or f'exit code {code}'}")
        return output


@contextmanager
def _scratch() -> Iterator[Path]:
    """Give a folder for one chart."""
    try:
        # A thread that nobody waits for any more may still write when the folder goes.
        with tempfile.TemporaryDirectory(prefix="slipway-plan-", ignore_cleanup_errors=True) as name:
            yield Path(name)
    except OSError as exc:
        raise Permanent(SYSTEM, f"the chart cannot be rendered here: {exc.strerror or type(exc).__name__}.") from exc


def _prepare(archive: bytes, *, folder: str, draft: Draft, scratch: Path) -> None:
    unpack(archive, folder=folder, target=scratch / "chart")
    (scratch / "values.json").write_text(json.dumps(draft.values), encoding="utf-8")


def _arguments(draft: Draft) -> list[str]:
    options = ["--namespace", draft.namespace, "--values", "values.json", "--no-hooks"]
    return ["template", draft.name, "chart", *options, *(["--is-upgrade"] if draft.is_upgrade else [])]


def _environment(scratch: Path) -> Mapping[str, str]:
    """Give the program nothing of ours; what it would keep goes where it is thrown away, what it would ask nowhere."""
    home = str(scratch)
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _NOWHERE)
    folders = {f"HELM_{name}": f"{home}/helm/{name.lower()}" for name in ("CACHE_HOME", "CONFIG_HOME", "DATA_HOME")}
    return {
        **proxies,
        **folders,
        "HOME": home,
        "TMPDIR": home,
        "PATH": "",
        "HELM_PLUGINS": f"{home}/helm/plugins",
        "KUBECONFIG": os.devnull,
        "GOMEMLIMIT": f"{MAX_MEMORY // 2}",
    }


def _confine(pid: int) -> None:
    """Limit what the program may take, where the system can do that to another process (Linux)."""
    if hasattr(resource, "prlimit"):
        with suppress(ProcessLookupError):
            for which, limit in _LIMITS.items():
                resource.prlimit(pid, which, (limit, limit))


async def _outputs(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    """Read both outputs to their ends, the errors no further than anybody would read."""
    assert process.stdout is not None  # noqa: S101  # asked for above
    assert process.stderr is not None  # noqa: S101  # the same
    output, errors = await asyncio.gather(_read(process.stdout, MAX_OUTPUT), _read(process.stderr, MAX_ERRORS))
    if len(output) > MAX_OUTPUT:
        raise Permanent(SYSTEM, f"the chart makes more than {MAX_OUTPUT // MEBIBYTE} MiB, which is not compared.")
    return output, errors


async def _read(stream: asyncio.StreamReader, limit: int) -> bytes:
    """Read to the end; of what is beyond the limit one byte tells."""
    kept = bytearray()
    while chunk := await stream.read(64 * 1024):
        kept += chunk[: limit + 1 - len(kept)]
    return bytes(kept)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave nothing running, whatever the program started."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _plain(said: bytes) -> str:
    """Return the last error in one line."""
    text = said.decode(errors="replace").rpartition("Error: ")[2]
    return conceal(_CONTROL.sub(" ", text).strip())
