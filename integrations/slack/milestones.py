"""Draws a milestone: one line of a card's thread, with the log lines that prove it. Called by the client."""

from commands.core.reasons import Milestone
from integrations.slack import blocks, text, thread_words
from integrations.slack.blocks import Keep, Message, Part
from integrations.slack.phrases import fill


def render(milestone: Milestone) -> Message:
    line = fill(thread_words.MILESTONES[milestone.code], milestone.facts)
    parts = [Part(blocks.section(line))]
    if log := text.preformatted(milestone.lines, limit=blocks.SECTION):
        parts.append(Part(blocks.section(log), Keep.EARLIER))
    return blocks.fit(parts, fallback=line)
