"""Learn the commands: `/deploy help [verb]`.

Lists every verb with its form, or says more about one of them.
"""

from collections.abc import Mapping

from commands.core.grammar import closest
from commands.core.reasons import Choice, Notice, ReasonCode
from commands.core.requests import HelpRequest

SYNONYMS = {"advance": "promote", "full": "promote", "cancel": "abort", "hold": "pause"}


def run(request: HelpRequest, *, texts: Mapping[str, str]) -> Notice:
    """Answer with the docstrings of the verbs; `texts` maps each verb to its own."""
    if not request.verb:
        rows = tuple(text.partition("\n")[0] for text in texts.values())
        return Notice(code=ReasonCode.HELP, facts={"verb": ""}, rows=rows)
    verb = SYNONYMS.get(request.verb, request.verb)
    if verb in texts:
        paragraphs = texts[verb].strip().split("\n\n")
        return Notice(code=ReasonCode.HELP, facts={"verb": verb}, rows=tuple(" ".join(p.split()) for p in paragraphs))
    guess = closest(request.verb, list(texts)) or ""
    choices = (Choice(label=f"/deploy help {guess}", command=f"/deploy help {guess}"),) if guess else ()
    return Notice(code=ReasonCode.UNKNOWN_VERB, facts={"word": request.verb, "guess": guess}, choices=choices)
