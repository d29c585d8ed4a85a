"""A program is built when what it is made of changed, and only then; one that fails leaves the old one alone."""

from pathlib import Path

import pytest

from tests.bed import building
from tests.bed.building import BuildError, Program
from tests.bed.places import Places

PROGRAM = Program(name="tool", module="tool", package="example.com/tool")


class Compiler:
    """Stands in for `go build`: writes the module's content, or fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.source = folder / "modules" / "tool" / "go.mod"
        self.source.parent.mkdir(parents=True)
        self.source.write_text("module one", encoding="utf-8")
        self.places = Places(folder)
        self.places.bin.mkdir()
        self.runs = 0
        self.fails = False
        monkeypatch.setattr(building, "MODULES", folder / "modules")
        monkeypatch.setattr(building, "_go", self.go)

    def go(self, command: list[str], folder: Path, **_options: object) -> str:
        self.runs += 1
        if self.fails:
            raise BuildError("cannot find package")
        output = Path(command[command.index("-o") + 1])
        output.write_bytes((folder / "go.mod").read_bytes())
        return ""

    def build(self) -> str:
        building.build(PROGRAM, self.places, lambda _text: None)
        return (self.places.bin / "tool").read_text(encoding="utf-8")


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Compiler:
    return Compiler(monkeypatch, tmp_path)


def test_a_second_build_does_nothing(compiler: Compiler) -> None:
    assert (compiler.build(), compiler.build(), compiler.runs) == ("module one", "module one", 1)


def test_a_changed_module_is_built_anew(compiler: Compiler) -> None:
    compiler.build()
    compiler.source.write_text("module two", encoding="utf-8")
    assert (compiler.build(), compiler.runs) == ("module two", 2)


def test_a_program_that_was_removed_is_built_anew(compiler: Compiler) -> None:
    compiler.build()
    (compiler.places.bin / "tool").unlink()
    assert (compiler.build(), compiler.runs) == ("module one", 2)


def test_a_build_that_fails_keeps_the_old_program_and_is_tried_again(compiler: Compiler) -> None:
    compiler.build()
    compiler.source.write_text("module two", encoding="utf-8")
    compiler.fails = True
    with pytest.raises(BuildError):
        compiler.build()
    assert (compiler.places.bin / "tool").read_text(encoding="utf-8") == "module one"
    compiler.fails = False
    assert compiler.build() == "module two"


def test_every_program_is_pinned_by_a_module_with_sums() -> None:
    for program in building.PROGRAMS:
        folder = building.MODULES / program.module
        assert (folder / "go.mod").is_file()
        assert (folder / "go.sum").is_file() or "require" not in (folder / "go.mod").read_text(encoding="utf-8")
