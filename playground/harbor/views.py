"""Artifacts and projects in the JSON that Harbor's API gives, and its errors; shapes as its API documents them.

Pure; called by the server. Ids are derived from names, because nothing here depends on them.
"""

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from playground.harbor.model import IMAGE_BYTES, Artifact, Project, Repository

Obj = dict[str, Any]
REPORT: Final = "application/vnd.security.vulnerability.report; version=1.1"
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
SEVERITIES: Final = ("Critical", "High", "Medium", "Low", "Negligible", "Unknown")


def error(code: str, message: str) -> Obj:
    return {"errors": [{"code": code, "message": message}]}


def artifact(project: Project, repository: Repository, one: Artifact, *, tags: bool, scan: bool) -> Obj:
    """Show one artifact, with its tags and its scan where they were asked for."""
    name = f"{project.name}/{repository.name}"
    shown: Obj = {
        "id": number(one.digest),
        "type": "IMAGE",
        "media_type": "application/vnd.oci.image.config.v1+json",
        "manifest_media_type": MANIFEST,
        "project_id": number(project.name),
        "repository_id": number(name),
        "repository_name": name,
        "digest": one.digest,
        "size": IMAGE_BYTES,
        "icon": "",
        "push_time": time(one.pushed),
        "pull_time": "0001-01-01T00:00:00.000Z",
        "extra_attrs": {"architecture": "amd64", "os": "linux", "config": {"User": "65532"}},
        "annotations": None,
        "references": None,
        "addition_links": {},
        "labels": None,
        "accessories": None,
        "tags": None,
    }
    if tags and one.tags:
        shown["tags"] = [tag(name, one, each, pushed) for each, pushed in one.tags.items()]
    if scan and one.scan is not None:
        shown["scan_overview"] = {REPORT: report(one, one.scan)}
    return shown


def tag(repository: str, of: Artifact, name: str, pushed: datetime) -> Obj:
    return {
        "id": number(f"{repository}:{name}"),
        "repository_id": number(repository),
        "artifact_id": number(of.digest),
        "name": name,
        "push_time": time(pushed),
        "pull_time": "0001-01-01T00:00:00.000Z",
        "immutable": False,
    }


def report(of: Artifact, counts: Mapping[str, int]) -> Obj:
    """Show what a finished scan says in short; a severity of which nothing was found is not there."""
    found = {severity: counts[severity] for severity in SEVERITIES if counts.get(severity)}
    return {
        "report_id": f"{number(of.digest):08x}-0000-4000-8000-000000000000",
        "scan_status": "Success",
        "severity": next(iter(found), "None"),
        "duration": 9,
        "summary": {"total": sum(found.values()), "fixable": 0, "summary": found},
        "start_time": time(of.pushed),
        "end_time": time(of.pushed + timedelta(seconds=9)),
        "complete_percent": 100,
        "scanner": {"name": "Trivy", "vendor": "Aqua Security", "version": "v0.60.0"},
    }


def repository(project: Project, one: Repository) -> Obj:
    name = f"{project.name}/{one.name}"
    return {
        "id": number(name),
        "project_id": number(project.name),
        "name": name,
        "artifact_count": len(one.artifacts),
        "pull_count": 0,
    }


def summary(project: Project) -> Obj:
    return {
        "repo_count": len(project.repositories),
        "project_admin_count": 1,
        "quota": {"hard": {"storage": project.quota}, "used": {"storage": project.used}},
    }


def link(path: str, query: Mapping[str, str], *, page: int, size: int, count: int) -> str:
    """Write the Link header of one page; empty where it is the only one."""
    around: Sequence[tuple[str, int]] = (("prev", page - 1), ("next", page + 1))
    known = [(word, other) for word, other in around if 0 < other <= -(-count // size)]
    return " , ".join(f'<{path}?{_query({**query, "page": str(other)})}>; rel="{word}"' for word, other in known)


def _query(query: Mapping[str, str]) -> str:
    return "&".join(f"{key}={value}" for key, value in query.items())


def time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def number(name: str) -> int:
    return zlib.crc32(name.encode()) % 1_000_000
