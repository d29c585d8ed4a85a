"""What is unpacked of a repository's archive, and what is not, whoever made it."""

import gzip
from pathlib import Path

import pytest

from commands.core.errors import Permanent
from integrations.helm import archives
from integrations.helm.archives import MAX_FILES, MAX_UNPACKED, unpack
from tests.integrations.helm.bench import CHART, archive, chart


def unpacked(content: bytes, target: Path, *, folder: str = "app") -> list[str]:
    unpack(content, folder=folder, target=target / "chart")
    return sorted(str(each.relative_to(target / "chart")) for each in (target / "chart").rglob("*") if each.is_file())


def test_the_charts_folder_is_unpacked_and_nothing_else(tmp_path: Path) -> None:
    assert unpacked(chart(), tmp_path) == ["Chart.yaml", "templates/all.yaml"]
    assert [each.name for each in tmp_path.iterdir()] == ["chart"]


def test_a_chart_may_be_the_whole_repository_in_which_links_are_passed_over(tmp_path: Path) -> None:
    content = archive({"Chart.yaml": CHART, "a/b": b""}, links={"passwd": "/etc/passwd"})
    assert unpacked(content, tmp_path, folder=".") == ["Chart.yaml", "a/b"]


@pytest.mark.parametrize("name", ["../../outside", "app/../../../outside", "app/../outside"])
def test_nothing_is_written_outside(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    unpack(archive({"app/Chart.yaml": CHART, name: b"x"}), folder="app", target=inner / "chart")
    assert not list(tmp_path.rglob("outside"))


def test_a_link_in_a_chart_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="is a link"):
        unpacked(archive({"app/Chart.yaml": CHART}, links={"app/values.yaml": "/etc/passwd"}), tmp_path)


def test_a_folder_without_a_chart_is_named(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match=r"no Chart.yaml in apps/web"):
        unpacked(chart(), tmp_path, folder="apps/web")


@pytest.mark.parametrize(
    "content",
    [b"", b"not an archive", b"\x1f\x8b\x08broken", gzip.compress(b"no tar" * 1000)],
    ids=["empty", "text", "broken", "no tar"],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Permanent):
        unpacked(content, tmp_path)


def test_an_archive_that_ends_early_is_refused(tmp_path: Path) -> None:
    whole = gzip.decompress(archive({"app/Chart.yaml": CHART, "app/big": b"x" * 5000}))
    with pytest.raises(Permanent, match="cannot be unpacked"):
        unpacked(gzip.compress(whole[:3000]), tmp_path)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="unpacks to more than 64 MiB"):
        unpacked(gzip.compress(bytes(MAX_UNPACKED + 1), compresslevel=1), tmp_path)
    with pytest.raises(Permanent, match="more than 1000 files"):
        unpacked(archive({f"app/{number}": b"" for number in range(MAX_FILES + 1)}), tmp_path)


def test_a_file_cannot_be_a_folder_too(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="cannot be unpacked"):
        unpacked(archive({"app/Chart.yaml": CHART, "app/a": b"", "app/a/b": b""}), tmp_path)
    assert archives.SYSTEM == "helm"
