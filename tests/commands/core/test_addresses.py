"""Where an app is reached, from the values that a deployment was asked for with."""

import pytest

from commands.core.addresses import live_address, preview_address
from tests.make import deployment


def test_the_addresses_are_those_of_the_values() -> None:
    row = deployment(parameters=(("values", '{"host": "shop.example.com", "previewHost": "next.example.com"}'),))
    assert live_address(row) == "https://shop.example.com"
    assert preview_address(row) == "https://next.example.com"


@pytest.mark.parametrize(
    "values",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"host": 5}',
        '{"host": ""}',
        '{"host": "a b"}',
        '{"host": "x/../y"}',
        '{"host": "a|b"}',
    ],
)
def test_what_is_no_host_is_no_address(values: str) -> None:
    assert live_address(deployment(parameters=(("values", values),))) == ""


def test_a_deployment_without_values_has_none() -> None:
    assert live_address(deployment()) == ""
