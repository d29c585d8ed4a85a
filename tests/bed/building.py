"""Builds the bed's programs from Go modules, each pinned by its own go.mod and go.sum, and only when those change.

A program's stamp holds a hash of all that it was built from, so a second build takes no time.
"""

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bed.places import CLUSTER, HERE, Cluster, Places

MODULES: Final = HERE / "modules"
KUBERNETES: Final = "v1.34.10"
WORKFLOWS: Final = "github.com/argoproj/argo-workflows/v4"
ROLLOUTS: Final = "github.com/argoproj/argo-rollouts"
WORKFLOWS_VERSION: Final = "v4.0.7"
_COMPONENT: Final = "k8s.io/component-base/version"
_CLIENT: Final = "k8s.io/client-go/pkg/version"
KUBERNETES_FLAGS: Final = (
    f"-X {_COMPONENT}.gitVersion={KUBERNETES} -X {_COMPONENT}.gitMajor=1 -X {_COMPONENT}.gitMinor=34 "
    f"-X {_COMPONENT}.gitTreeState=clean -X {_CLIENT}.gitVersion={KUBERNETES} "
    f"-X {_CLIENT}.gitMajor=1 -X {_CLIENT}.gitMinor=34"
)

Say = Callable[[str], None]


class BuildError(Exception):
    """A program could not be built; the text has the end of what the compiler said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One program: built from `package` as module `module` pins it."""

    name: str
    module: str
    package: str
    flags: str = ""
    tags: str = ""
    cgo: bool = False
    mended: bool = False
    """Built from a copy of Argo Workflows that has the file which the module's archive lacks."""


def _kubernetes(name: str) -> Program:
    return Program(name=name, module="k8s", package=f"k8s.io/kubernetes/cmd/{name}", flags=KUBERNETES_FLAGS)


def _rollouts(name: str, module: str, version: str) -> Program:
    flags = f"-X {ROLLOUTS}/utils/version.version={version}"
    return Program(name=name, module=module, package=f"{ROLLOUTS}/cmd/rollouts-controller", flags=flags)


PROGRAMS: Final = (
    Program(name="etcd", module="etcd", package="go.etcd.io/etcd/server/v3"),
    *map(
        _kubernetes,
        ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kubelet", "kube-proxy"),
    ),
    _rollouts("rollouts-controller", "rollouts-1.10", "v1.10.1"),
    _rollouts("rollouts-controller-1.9", "rollouts-1.9", "v1.9.1"),
    Program(name="workflow-controller", module="workflows", package=f"{WORKFLOWS}/cmd/workflow-controller"),
    Program(name="argoexec", module="workflows", package=f"{WORKFLOWS}/cmd/argoexec", mended=True),
    Program(name="helm", module="helm", package="helm.sh/helm/v3/cmd/helm"),
    Program(name="crane", module="crane", package="github.com/google/go-containerregistry/cmd/crane"),
    Program(name="coredns", module="coredns", package="."),
    Program(name="pause", module="pause", package="."),
    Program(name="webapp", module="webapp", package="."),
    Program(
        name="gitea",
        module="gitea",
        package="code.gitea.io/gitea",
        flags="-X main.Version=1.26.0",
        tags="sqlite sqlite_unlock_notify",
        cgo=True,
    ),
    Program(
        name="prometheus",
        module="prometheus",
        package="github.com/prometheus/prometheus/cmd/prometheus",
        tags="remove_all_sd enable_kubernetes_sd",
    ),
)


AROUND: Final = frozenset({"kubectl", "helm", "crane", "webapp", "gitea", "prometheus"})
"""What is needed beside a cluster that exists."""


def build_all(places: Places, say: Say) -> None:
    """Build what is not there or was built from something else, one after the other."""
    places.bin.mkdir(parents=True, exist_ok=True)
    for program in PROGRAMS:
        if CLUSTER is not Cluster.EXISTING or program.name in AROUND:
            build(program, places, say)


def build(program: Program, places: Places, say: Say) -> None:
    """Build one program unless its stamp says that it is up to date."""
    stamp, wanted = places.bin / f".{program.name}", fingerprint(program)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and (places.bin / program.name).is_file():
        return
    begun = time.monotonic()
    say(f"building {program.name}")
    output = places.bin / f"{program.name}.new"
    _go(_command(program, output, places), MODULES / program.module, cgo=program.cgo)
    output.replace(places.bin / program.name)
    stamp.write_text(wanted, encoding="utf-8")
    say(f"built {program.name} in {time.monotonic() - begun:.0f} s")


def fingerprint(program: Program) -> str:
    """Hash what a program is made of: its module's files and how it is built."""
    digest = hashlib.sha256(repr(program).encode())
    for path in sorted((MODULES / program.module).iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def module_folder(module: str, path: str) -> Path:
    """Return where a module's sources are; they are fetched when they are not here yet."""
    _go(["go", "mod", "download", path], MODULES / module)
    return Path(_go(["go", "list", "-mod=mod", "-m", "-f", "{{.Dir}}", path], MODULES / module).strip())


def _command(program: Program, output: Path, places: Places) -> list[str]:
    modfile = [f"-modfile={_mended_workflows(places)}"] if program.mended else []
    tags = ["-tags", program.tags] if program.tags else []
    flags = f"-s -w {program.flags}".strip()
    return [
        "go",
        "build",
        "-mod=mod",
        *modfile,
        "-trimpath",
        *tags,
        "-ldflags",
        flags,
        "-o",
        str(output),
        program.package,
    ]


def _mended_workflows(places: Places) -> Path:
    """Copy Argo Workflows and add the file that is a symbolic link upstream and therefore not in the archive."""
    source = module_folder("workflows", WORKFLOWS)
    copy = places.home / "src" / "argo-workflows"
    shutil.rmtree(copy, ignore_errors=True)
    unneeded = shutil.ignore_patterns("ui", "docs", "examples", "test", "manifests", "sdks", "hack")
    shutil.copytree(
        source, copy, ignore=lambda folder, names: unneeded(folder, names) if Path(folder) == source else []
    )
    subprocess.run(["chmod", "-R", "u+w", str(copy)], check=True)
    signals = copy / "workflow" / "executor" / "osspecific"
    shutil.copy(signals / "signal_darwin.go", signals / "signal_linux.go")
    modfile = copy.parent / "workflows.mod"
    shutil.copy(MODULES / "workflows" / "go.mod", modfile)
    shutil.copy(MODULES / "workflows" / "go.sum", modfile.with_suffix(".sum"))
    _go(["go", "mod", "edit", "-replace", f"{WORKFLOWS}={copy}", str(modfile)], MODULES / "workflows")
    return modfile


def _go(command: list[str], folder: Path, *, cgo: bool = False) -> str:
    environment = {**os.environ, "CGO_ENABLED": "1" if cgo else "0", "GOFLAGS": "", "GOWORK": "off"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(command)} failed in {folder.name}:\n{done.stderr.strip()[-2000:]}")
    return done.stdout
