"""How much is measured: what the command line asked for. Given to every measurement."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`is_quick` is a smoke run: it shows that the bench works, its figures are not worth keeping."""

    runs: int
    is_quick: bool
