"""What the tests' Nexus and Gitea hold: artifacts in Maven's layout, Spring-like jars, charts at commits."""

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

from tests.steps.site import Page, Site

REPOSITORY = "maven-releases"
CHARTS = Path(__file__).parents[2] / "charts" / "app"
COMMIT = "c0ffee" + "0" * 34
OTHER_COMMIT = "decade" + "0" * 34
API = "/api/v1/repos/platform/charts"
GROUP = "com.acme"


def publish(site: Site, content: bytes, *, version: str = "v1", file: str = "shop-v1.jar", sums: bool = True) -> str:
    """Put a file and its sha1 where Maven would; return its path."""
    path = f"/repository/{REPOSITORY}/com/acme/shop/{version}/{file}"
    site.put(path, content, ETag=f'"{{SHA1{{{_sha1(content)}}}}}"')
    if sums:
        site.put(f"{path}.sha1", _sha1(content))
    return path


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def archive(files: Mapping[str, bytes | str]) -> bytes:
    """Make a zip file whose bytes depend on its content alone."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in files.items():
            made.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


MANIFEST = "Manifest-Version: 1.0\r\nMain-Class: acme.Shop\r\n\r\n"
PLAIN = archive({"META-INF/MANIFEST.MF": MANIFEST, "acme/Shop.class": b"class"})
LAYERS = """\
- "dependencies":
  - "BOOT-INF/lib/"
- "spring-boot-loader":
  - "org/"
- "snapshot-dependencies":
  - "BOOT-INF/lib/acme-1.0-SNAPSHOT.jar"
- "application":
  - "BOOT-INF/classes/"
  - "META-INF/"
"""
LOADER = "org.springframework.boot.loader"
SPRING_FILES: Mapping[str, bytes | str] = {
    "META-INF/MANIFEST.MF": (
        "Manifest-Version: 1.0\r\nImplementation-Title: shop\r\nStart-Class: acme.Shop\r\n"
        f"Main-Class: {LOADER}.launch.JarLauncher\r\nSpring-Boot-Classes: BOOT-INF/classes/\r\n\r\n"
    ),
    "META-INF/services/java.nio.file.spi.FileSystemProvider": f"{LOADER}.nio.NestedFileSystemProvider\n",
    "META-INF/services/acme.Plugin": "acme.Own\n",
    "META-INF/maven/pom.xml": "<project/>",
    "org/springframework/boot/loader/launch/JarLauncher.class": b"loader",
    "BOOT-INF/classes/": b"",
    "BOOT-INF/classes/acme/Shop.class": b"class",
    "BOOT-INF/classes/git.properties": (
        "#made\ngit.commit.id=abcdef0123456789\ngit.remote.origin.url=https\\://git.example.com/shop\n"
    ),
    "BOOT-INF/lib/zebra-2.0.jar": b"zebra",
    "BOOT-INF/lib/apple-1.0.jar": b"apple",
    "BOOT-INF/lib/acme-1.0-SNAPSHOT.jar": b"snapshot",
    "BOOT-INF/classpath.idx": '- "BOOT-INF/lib/zebra-2.0.jar"\n- "BOOT-INF/lib/apple-1.0.jar"\n',
    "BOOT-INF/layers.idx": LAYERS.replace(
        '  - "BOOT-INF/lib/"', '  - "BOOT-INF/lib/apple-1.0.jar"\n  - "BOOT-INF/lib/zebra-2.0.jar"'
    ),
}
SPRING = archive(SPRING_FILES)


def chart_archive(
    files: Mapping[str, bytes] | None = None,
    *,
    links: Mapping[str, str] | None = None,
    top: str = "charts",
    runnable: Collection[str] = (),
) -> bytes:
    """Make the tar.gz that Gitea gives of a commit; the real chart unless told."""
    found = chart_files() if files is None else files
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in {"README.md": b"charts", **found}.items():
            info = tarfile.TarInfo(f"{top}/{name}")
            info.size, info.mode = len(content), 0o755 if name in runnable else 0o644
            tar.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(f"{top}/{name}")
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return buffer.getvalue()


def chart_files(*, top: str = "app/") -> dict[str, bytes]:
    return {f"{top}{path.relative_to(CHARTS)}": path.read_bytes() for path in CHARTS.rglob("*") if path.is_file()}


def offer_chart(site: Site, content: bytes | None = None, *, references: Mapping[str, str] | None = None) -> None:
    """Let references lead to commits, each with the same archive; a commit is a reference too."""
    named = {"v1.4.0": COMMIT} if references is None else references
    known = {**named, **{commit: commit for commit in named.values()}}

    def commits(asked: object) -> Page:
        query = getattr(asked, "query", "")
        wanted = query.partition("sha=")[2].partition("&")[0]
        if wanted not in known:
            return Page(status=404, body=b'{"message":"not found"}')
        return Page(body=json.dumps([{"sha": known[wanted]}]).encode())

    site.pages[f"{API}/commits"] = commits
    for commit in known.values():
        site.put(f"{API}/archive/{commit}.tar.gz", chart_archive() if content is None else content)
