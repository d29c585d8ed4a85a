"""Charts in memory, and a stand-in for the helm program where a test is about the program and not about charts."""

import io
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

from commands.core.rendering import Draft

CHART = b"apiVersion: v2\nname: app\nversion: 1.0.0\n"
MAP = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\n"


def draft(*, is_upgrade: bool = False, **values: object) -> Draft:
    return Draft(name="shop", namespace="staging", values=values, is_upgrade=is_upgrade)


def archive(files: Mapping[str, bytes], *, top: str = "charts/", links: Mapping[str, str] | None = None) -> bytes:
    """Make a repository's archive, all of it below one folder."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{top}{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for name, goal in (links or {}).items():
            member = tarfile.TarInfo(f"{top}{name}")
            member.type, member.linkname = tarfile.SYMTYPE, goal
            tar.addfile(member)
    return made.getvalue()


def chart(template: bytes = MAP) -> bytes:
    return archive({"app/Chart.yaml": CHART, "app/templates/all.yaml": template, "README.md": b"of the repository"})


def program(folder: Path, body: str) -> str:
    """Write a program that stands for helm: Python in place of Go."""
    path = folder / "helm"
    path.write_text(f"#!{sys.executable}\nimport json, os, resource, signal, sys, time\n{body}\n", encoding="utf-8")
    path.chmod(0o700)
    return str(path)
