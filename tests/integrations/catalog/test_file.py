import os
from pathlib import Path

import pytest

from integrations.catalog import CatalogError, CatalogFile
from tests.integrations.catalog.example import changed, example

LONG_AGO = 1_000_000_000


def write(path: Path, text: str, *, at: int = LONG_AGO) -> None:
    path.write_text(text, encoding="utf-8")
    os.utime(path, (at, at))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "catalog.yaml"
    write(path, example())
    return path


def namespace(file: CatalogFile) -> str:
    return file.current.environments["staging"].namespace


def test_a_bad_file_at_the_start_is_an_error(path: Path) -> None:
    write(path, "apps: [")
    with pytest.raises(CatalogError):
        CatalogFile(path)


def test_an_unchanged_file_is_not_read_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = CatalogFile(path)
    before = file.current
    monkeypatch.setattr(Path, "read_bytes", None)
    monkeypatch.setattr(os, "open", None)
    assert file.reload() == ()
    assert file.current is before


def test_a_changed_file_takes_over(path: Path) -> None:
    file = CatalogFile(path)
    write(path, changed("environments.staging.namespace", "elsewhere"), at=LONG_AGO + 1)
    assert file.reload() == ()
    assert namespace(file) == "elsewhere"


def test_a_file_written_twice_in_one_moment_is_noticed(path: Path) -> None:
    file = CatalogFile(path)
    text = changed("environments.staging.namespace", "aaaaaaa")
    path.write_text(text, encoding="utf-8")
    file.reload()
    stamp = path.stat().st_mtime_ns
    path.write_text(text.replace("aaaaaaa", "bbbbbbb"), encoding="utf-8")
    os.utime(path, ns=(stamp, stamp))
    assert file.reload() == ()
    assert namespace(file) == "bbbbbbb"


def test_a_bad_file_keeps_the_old_catalog_and_says_why_until_it_is_mended(path: Path) -> None:
    file = CatalogFile(path)
    before = file.current
    write(path, changed("apps.shop.strategy", "canry"), at=LONG_AGO + 1)
    for _ in range(3):
        assert [problem.field for problem in file.reload()] == ["apps.shop.strategy"]
        assert file.current is before
    write(path, example(), at=LONG_AGO + 2)
    assert file.reload() == ()


def test_a_file_that_vanishes_keeps_the_old_catalog_and_is_read_when_it_is_back(path: Path) -> None:
    file = CatalogFile(path)
    path.unlink()
    for _ in range(3):
        assert ["cannot be read" in problem.message for problem in file.reload()] == [True]
    assert namespace(file) == "staging"
    write(path, example())
    assert file.reload() == ()


def test_a_touched_file_with_the_same_content_changes_nothing(path: Path) -> None:
    file = CatalogFile(path)
    before = file.current
    os.utime(path, (LONG_AGO + 9, LONG_AGO + 9))
    assert file.reload() == ()
    assert file.current is before


def test_a_bad_file_that_is_only_touched_stays_bad(path: Path) -> None:
    file = CatalogFile(path)
    write(path, "apps: [", at=LONG_AGO + 1)
    first = file.reload()
    os.utime(path, (LONG_AGO + 9, LONG_AGO + 9))
    assert file.reload() == first != ()


def test_a_swapped_link_is_noticed_as_kubernetes_does_it(tmp_path: Path) -> None:
    """A ConfigMap is `catalog.yaml -> ..data/catalog.yaml` and `..data -> ..first`, with ..data swapped by a rename."""
    new = changed("environments.staging.namespace", "changed")
    for name, text in (("..first", example()), ("..second", new.ljust(len(example().encode())))):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "catalog.yaml", text)
    (tmp_path / "..data").symlink_to("..first")
    (tmp_path / "catalog.yaml").symlink_to("..data/catalog.yaml")
    file = CatalogFile(tmp_path / "catalog.yaml")
    assert namespace(file) == "staging"
    (tmp_path / "..data_tmp").symlink_to("..second")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    assert file.reload() == ()
    assert namespace(file) == "changed"


def test_warnings_are_kept_and_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(path, changed("apps.shop.base-image", "harbor.example.com/base/jre:21"))
    file = CatalogFile(path)
    assert [warning.field for warning in file.warnings] == ["apps.shop.base-image"]
    assert f"{path}:" in caplog.text
