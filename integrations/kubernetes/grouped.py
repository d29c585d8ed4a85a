"""What was seen of one kind of object, by the name of its owner, so that one owner's are found without a search.

Kept by `watching` beside its reflectors.
"""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Grouped(Generic[T]):
    """Objects by owner, then by name; owners without objects are forgotten."""

    def __init__(self, owner_of: Callable[[T], str]) -> None:
        self._owner_of = owner_of
        self._groups: dict[str, dict[str, T]] = {}

    def of(self, owner: str) -> Iterable[T]:
        return self._groups.get(owner, {}).values()

    def put(self, name: str, old: T | None, new: T | None) -> set[str]:
        """Take a change in and return the owners that it concerns; None is an object that is not there."""
        if old is not None:
            of_owner = self._groups.get(self._owner_of(old), {})
            of_owner.pop(name, None)
            if not of_owner:
                self._groups.pop(self._owner_of(old), None)
        if new is not None:
            self._groups.setdefault(self._owner_of(new), {})[name] = new
        return {self._owner_of(each) for each in (old, new) if each is not None}
