"""Turning the pages of a list: the facts that say which page it is, and the buttons that lead to those beside it.

Used by the verbs that list. A button stands for a line that anybody could type, so nothing is kept between two pages.
"""

from commands.core.lines import render_page
from commands.core.reading import Item, Page
from commands.core.reasons import Choice, Fact, Label


def beside(page: Page[Item], *words: str | None) -> tuple[Choice, ...]:
    """Offer the pages before and after; `words` are those of the line that was typed, None for what was not said."""
    numbers = {Label.PREVIOUS: page.number - 1, Label.NEXT: page.number + 1}
    return tuple(
        Choice(label=label, command=render_page(*words, page=number))
        for label, number in numbers.items()
        if 1 <= number <= page.pages
    )


def facts(page: Page[Item]) -> dict[str, Fact]:
    """Say which page it is; nothing of it where there is only one."""
    return {"page": page.number if page.pages > 1 else 0, "pages": page.pages if page.pages > 1 else 0}
