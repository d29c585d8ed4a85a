"""What happens when Slack calls: typed payloads become requests, answers go back to the person who asked.

The acknowledgement has been given before anything here runs (`integrations.slack.listeners`).
"""

import logging
import re
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp

from bot.dispatch import Answer, Dispatch
from commands import form
from commands.core.errors import SystemFailure
from commands.core.form import Form
from commands.core.model import Action
from commands.core.ports import Chat
from commands.core.reasons import Notice, ReasonCode
from commands.core.requests import Look, Origin, PressRequest
from integrations.slack import form as forms
from integrations.slack import payloads
from integrations.slack.card_buttons import ACTION_PREFIX, MENU
from integrations.slack.listeners import CHOICE, register
from integrations.slack.notices import is_confirmation
from integrations.slack.payloads import Click, Invocation, Submission

log = logging.getLogger(__name__)

COMMANDS = ("/deploy", "/rollout")
PRESSABLE = (
    *(Action.PROMOTE, Action.REANALYSE, Action.FULL, Action.PAUSE, Action.RESUME, Action.RESTART),
    *(Action.ABORT, Action.CANCEL),
    *(Action.ROLLBACK, Action.RETRY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """The handlers of everything that a person can do."""

    dispatch: Dispatch
    chat: Chat

    async def on_command(self, invocation: Invocation) -> None:
        origin = Origin(user=invocation.user, channel=invocation.channel, key=invocation.key)
        notice = await self.dispatch.command(command=invocation.command, text=invocation.text, origin=origin)
        await self._answer(invocation, notice)

    async def on_press(self, click: Click) -> None:
        """Answer a button or a menu of a card; its value is checked against the database, never believed."""
        look = payloads.look(click.value)
        if look is not None:
            await self._answer(click, await self.dispatch.look(look, user=click.user))
            return
        wanted = payloads.target(click.value)
        name = wanted.action if wanted and click.action == MENU else click.action.removeprefix(ACTION_PREFIX)
        action = next((each for each in PRESSABLE if each.value == name), None)
        if wanted is None or action is None:
            await self._answer(click, Notice(code=ReasonCode.STALE))
            return
        request = PressRequest(action=action, deployment=wanted.deployment, gate=wanted.gate)
        await self._answer(click, await self.dispatch.press(request, user=click.user))

    async def on_choice(self, click: Click) -> None:
        """Run the line that a suggestion stands for, with the rights of whoever pressed it."""
        command, _, text = click.value.partition(" ")
        origin = Origin(user=click.user, channel=click.channel, key=click.key)
        notice = await self.dispatch.command(
            command=command, text=text, origin=origin, is_confirmed=is_confirmation(click.action)
        )
        await self._answer(click, notice)

    async def on_form(self, submission: Submission) -> None:
        """Run what was entered; the answer goes to the channel that the form was opened from."""
        channel = payloads.channel(submission.metadata) or submission.user.id
        origin = Origin(user=submission.user, channel=channel, key=submission.key)
        notice = await self.dispatch.submit(forms.read(submission), origin=origin)
        if notice is not None:
            await self.chat.whisper(channel=channel, user=submission.user.id, notice=notice)

    async def _answer(self, asked: Invocation | Click, answer: Answer) -> None:
        notice = await self._open(asked, answer) if isinstance(answer, Form) else answer
        if notice is not None:
            await self.chat.whisper(channel=asked.channel, user=asked.user.id, notice=notice)

    async def _open(self, asked: Invocation | Click, wanted: Form) -> Notice | None:
        """Open the form; where that fails, as it does when a trigger has become too old, say the same in words."""
        try:
            await self.chat.open_form(trigger=asked.trigger, channel=asked.channel, form=wanted)
        except SystemFailure as failure:
            log.warning("the form was not opened: %s", failure)
            return form.in_words(wanted)
        return None


def connect(app: AsyncApp, listeners: Listeners) -> None:
    """Register everything on Bolt's app."""
    buttons = (*(action.value for action in PRESSABLE), Look.LOG.value, MENU.removeprefix(ACTION_PREFIX))
    names = "|".join(buttons)
    register(
        app,
        commands=dict.fromkeys(COMMANDS, listeners.on_command),
        actions={
            re.compile(rf"{re.escape(ACTION_PREFIX)}(?:{names})"): listeners.on_press,
            CHOICE: listeners.on_choice,
        },
        views={forms.CALLBACK: listeners.on_form},
        chat=listeners.chat,
    )
