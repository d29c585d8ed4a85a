import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.redaction import HIDDEN, mask, mask_lines
from tests import planted

KINDS = planted.every_kind()


def test_the_table_has_more_than_a_hundred_kinds_of_secret() -> None:
    assert len(KINDS) > 100
    assert all(secret in each.text for each in KINDS.values() for secret in each.secrets)


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_is_masked_wherever_it_stands(kind: str) -> None:
    text, secrets = KINDS[kind].text, KINDS[kind].secrets
    for shown in (mask(text), mask(f"12:00 WARN [main] {text}"), "\n".join(mask_lines(("x", *text.split("\n"), "y")))):
        assert not [secret for secret in secrets if secret in shown], shown
        assert HIDDEN in shown


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_around_a_secret_stays(kind: str) -> None:
    shown = mask(f"first line\n{KINDS[kind].text}\nlast line")
    assert shown.startswith("first line\n")
    assert shown.endswith("\nlast line")


@pytest.mark.parametrize("kind", KINDS)
def test_masking_twice_is_masking_once(kind: str) -> None:
    assert mask(mask(KINDS[kind].text)) == mask(KINDS[kind].text)


@pytest.mark.parametrize("line", planted.ORDINARY)
def test_ordinary_lines_stay_as_they_are(line: str) -> None:
    assert mask(line) == line


def test_no_lines_stay_no_lines() -> None:
    assert mask_lines(()) == ()


@given(st.text())
def test_any_text_can_be_masked_and_is_stable(text: str) -> None:
    assert mask(mask(text)) == mask(text)
