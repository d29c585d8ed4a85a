import json
from typing import Any

import pytest
import yaml
from hypothesis import example as with_example
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.catalog import CatalogError, Problem, parse
from integrations.catalog.document import MAX_BYTES, Document, read
from tests.integrations.catalog.example import example, problems

NO_YAML = [
    ("a: [1", "not YAML"),
    ("a: b: c", "not YAML"),
    ("a: *nowhere", "not YAML"),
    ("a: 1\n---\nb: 2", "not YAML"),
    ("\ta: 1", "not YAML"),
    ("a: \x07", "characters"),
    ('a: "\\UFFFFFFFF"', "escape"),
    ("[" * 5000, "nested"),
    ("a: " + "[" * 45 + "]" * 45, "nested"),
    ("a: &a [*a]", "nested"),
    ("a: &a {<<: *a}", "nested"),
    (
        "a: &a [x, x]\n"
        + "".join(f"{k}: &{k} [*{p}, *{p}, *{p}, *{p}]\n" for p, k in zip("abcdefgh", "bcdefghi", strict=True)),
        "multiply",
    ),
    (b"\xff\xfe", "UTF-8"),
    (b"a: 1\nb: \xff", "UTF-8"),
    ("\ud800", "UTF-8"),
    ("#" * (MAX_BYTES + 1), "1 MiB"),
]


@pytest.mark.parametrize(("text", "words"), NO_YAML)
def test_what_is_no_yaml_is_one_problem(text: str | bytes, words: str) -> None:
    (problem,) = problems(text)
    assert words in problem.message
    assert problem.line > 0
    assert problem.remedy


def test_a_mistake_of_the_yaml_has_its_place() -> None:
    (problem,) = problems("clusters: {}\nenvironments: {x: [}\n")
    assert (problem.line, problem.column) == (2, 20)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("clusters: {a: {}, a: {}}", "already on line 1"),
        ("clusters: {1: {}}", "cannot be a key"),
        ("clusters: {on: {}}", "cannot be a key"),
        ("clusters: {[a]: {}}", "cannot be a key"),
        ("clusters: !!python/object:os.system {}", "tag"),
        ("clusters: !!set {a}", "tag"),
        ("clusters: !!binary aGk=", "tag"),
        ("clusters: {<<: 1}", "<< must name a mapping"),
        ("clusters: {<<: {1: {}}}", "cannot be a key"),
        ("clusters: !!int x", "read as a number"),
        ("x: 22:30", "read as a number"),
        ("x: .nan", "read as a number"),
        ("x: .inf", "read as a number"),
        ("x: 0x_", "read as a number"),
        ('x: "\\ud800"', "half a character"),
    ],
)
def test_yaml_that_is_more_than_plain_data_is_refused_with_its_place(line: str, words: str) -> None:
    found = [problem for problem in problems(f"{line}\napps: {{}}\n") if words in problem.message]
    assert len(found) == 1
    assert found[0].line == 1
    assert found[0].remedy


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~"])
def test_an_empty_file_says_so(text: str) -> None:
    (problem,) = problems(text)
    assert "empty" in problem.message


@pytest.mark.parametrize("text", ["[]", "catalog", "7"])
def test_a_file_of_another_kind_says_so(text: str) -> None:
    (problem,) = problems(text)
    assert "not a mapping" in problem.message


def test_a_date_stays_the_text_that_it_was() -> None:
    document = read(b"x: 2026-11-02")
    assert isinstance(document, Document)
    assert document.data == {"x": "2026-11-02"}


def test_of_several_merged_mappings_the_first_wins() -> None:
    document = read(b"a: &a {x: 1, <<: {z: 9}}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b], y: 3}\n")
    assert isinstance(document, Document)
    assert document.data["c"] == {"x": 1, "y": 3, "z": 9}


def test_sources_of_sources_are_merged_too_and_what_is_no_mapping_is_passed_over_there() -> None:
    document = read(b"a: &a {x: 1}\nb: &b {<<: [*a, 7], y: 2}\nc: {<<: *b}\n")
    assert isinstance(document, Document)
    assert document.data["c"] == {"x": 1, "y": 2}


def test_merges_that_multiply_are_refused() -> None:
    lines = ["a: &a {x: 1}"]
    lines += [
        f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}"
        for before, name in zip("abcdef", "bcdefg", strict=True)
    ]
    (problem,) = problems("\n".join(lines))
    assert "multiply" in problem.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_plain_data_is_read_as_it_was_written(data: Any) -> None:
    document = read(yaml.safe_dump(data).encode())
    assert isinstance(document, Document)
    assert document.findings == []
    assert document.data == data


def lines_of(text: str | bytes) -> list[str]:
    """Load whatever it is; anything but a catalog or a CatalogError fails the test."""
    lines: list[str] = []
    try:
        parse(text)
    except CatalogError as error:
        lines = str(error).split("\n")
        assert len(lines) == len(error.problems)  # noqa: PT017  # a catalog that loads is as good
    return lines


@given(st.text() | st.binary())
@with_example("a: &a [*a]")
@with_example("? ?")
@with_example("<<: {<<: {<<: x}}")
@with_example("clusters: !<!> x")
def test_whatever_the_file_holds_it_loads_or_is_explained(text: str | bytes) -> None:
    lines_of(text)


SYNTAX = st.text(alphabet="ab:-[]{}&*!|>'\"%@#,?<~.0189 \n", max_size=60)


@given(SYNTAX)
def test_texts_full_of_syntax_load_or_are_explained(text: str) -> None:
    lines_of(text)


@settings(max_examples=150)
@given(st.data())
def test_a_spoilt_catalog_loads_or_is_explained_line_by_line(data: st.DataObject) -> None:
    text = example()
    start = data.draw(st.integers(min_value=0, max_value=len(text)))
    end = data.draw(st.integers(min_value=start, max_value=min(len(text), start + 40)))
    spoilt = text[:start] + data.draw(SYNTAX | st.text(max_size=10)) + text[end:]
    for line in lines_of(spoilt):
        assert line.startswith("catalog.yaml")


WORDS = (
    "clusters environments apps grants main staging shop cluster namespace default approvals count from windows"
    " artifact image base-image chart strategy values canary steps weight pause role may aliases context"
)
KEYS = st.sampled_from(WORDS.split())
VALUES = st.recursive(
    JSON | KEYS | st.sampled_from(["10m", "canary", "Mon-Fri 09:00-18:00 Asia/Seoul", "https://x", "*"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_the_right_keys_with_wrong_values_load_or_are_explained(data: dict[str, Any]) -> None:
    lines_of(json.dumps(data))


@given(st.text())
def test_every_problem_is_one_printable_line(name: str) -> None:
    for problem in problems(json.dumps({"clusters": {}, "environments": {}, "apps": {name: {name: name}}})):
        assert isinstance(problem, Problem)
        assert problem.to_line("x").isprintable()
