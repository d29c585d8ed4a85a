"""What helm wrote, read as manifests: whatever a chart makes costs a bounded time and says why it is not compared."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.errors import Permanent
from integrations.helm import documents
from integrations.helm.documents import manifests

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\n"


def test_objects_are_read_in_their_order_and_comments_are_none() -> None:
    other = MAP.replace("shop", "other")
    found = manifests(f"---\n# Source: app/templates/a.yaml\n{MAP}---\n# nothing\n---\n{other}")
    assert [each.name for each in found] == ["shop", "other"]
    assert manifests("") == ()


def test_a_few_aliases_are_understood() -> None:
    (found,) = manifests(f"{MAP}data: {{a: &x one, b: *x}}\n")
    assert found.fields == {"data.a": "one", "data.b": "one"}


def laughs(levels: int) -> str:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, levels))]
    return MAP + "\n".join(lines)


def merges(levels: int) -> str:
    lines = ["a0: &a0 {k: x}", *(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, levels))]
    return MAP + "\n".join(lines)


@pytest.mark.parametrize(
    "output",
    [
        laughs(40),
        merges(40),
        f"{MAP}data: {'[' * 100_000}",
        f"{MAP}data: {'[' * 60}{']' * 60}",
        f"{MAP}data: {{{'x: 1, ' * 60_000}}}",
        "---\n{}\n" * 100,
        f"{MAP}---\n7\n",
        f"{MAP}---\nkind: Rollout\n",
        f"{MAP}data: {{x: {'9' * 5000}}}",
        f"{MAP}data: {{x: 0x{'f' * 5000}}}",
        f"{MAP}data: {{x: 2026-99-99}}",
        f"{MAP}data: {{? [a, b] : 1}}",
        f"{MAP}data: &a {{x: *a}}",
        f"{MAP}data: !!python/object/apply:os.system [id]",
        f"{MAP}data: {{x: 'open",
        "\x00",
        "a: b: c",
    ],
)
def test_what_cannot_be_compared_is_refused_soon(output: str) -> None:
    begun = time.process_time()
    with pytest.raises(Permanent) as raised:
        manifests(output)
    assert raised.value.system == "helm"
    assert "what the chart makes" in raised.value.message
    assert time.process_time() - begun < 10


def test_the_most_that_is_read_is_small() -> None:
    assert len(MAP * documents.MAX_DOCUMENTS) < 10_000


@given(st.text(alphabet="abc:-[]{}&*<!?|>'\"\n \t#%@`,0", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for output in (text, f"{MAP}data: {text}"):
        try:
            manifests(output)
        except Permanent:
            continue
