"""A prompt from its submission to its end, with a ticket for any process that resumes it."""

import asyncio
import contextlib

from engine.backends.comfyui.events import PromptListener
from engine.backends.comfyui.server import ComfyServer
from engine.backends.comfyui.states import (
    PromptFinished,
    PromptQueued,
    PromptRunning,
    PromptState,
    PromptUnclear,
)
from engine.backends.comfyui.ticket import ComfyTicket
from engine.backends.comfyui.turns import Stay
from engine.contract import CallContext, Permanent, Retryable
from engine.text.plural import pluralize

MAX_LOST = 3
"""Number of times that the server may vanish while it runs a prompt, before the prompt fails."""

UNKNOWN_LOOKS = 2
"""Looks in a row that do not find a prompt before it counts as lost."""


class Follower:
    """Follows one prompt to its end.

    Args:
        server: The server.
        ticket: The prompt.
        context: The call's context, where the ticket is kept up to date.
        stay: Its time at the server, and whether it is alone there.
        poll_seconds: Wait between two looks.
        misses: Looks that may fail one after the other before the call is given up for now.
        previews: Whether images that show how far it is are passed on.
    """

    def __init__(
        self,
        server: ComfyServer,
        ticket: ComfyTicket,
        context: CallContext,
        stay: Stay,
        *,
        poll_seconds: float,
        misses: int,
        previews: bool = True,
    ) -> None:
        self._server = server
        self._ticket = ticket
        self._context = context
        self._stay = stay
        self._poll_seconds = poll_seconds
        self._max_misses = misses
        self._misses = self._unknown = 0
        self._is_first = True
        self._listener = PromptListener(
            server.base_url,
            ticket.prompt_id,
            context.progress,
            context.preview if previews else None,
        )

    async def follow(self) -> PromptFinished:
        """Return the server's final message about the prompt.

        Raises:
            Retryable: The server cannot be asked, or has lost the prompt.
            Permanent: The server has vanished under the prompt too often.
        """
        listening = asyncio.create_task(self._listener.listen())
        try:
            return await self._poll()
        except asyncio.CancelledError:
            await withdraw_if_unwanted(self._server, self._ticket, self._context)
            raise
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening

    async def _poll(self) -> PromptFinished:
        while True:
            try:
                state = await self._server.find(self._ticket.prompt_id)
            except Retryable as error:
                await self._missed(error)
            else:
                if isinstance(state, PromptFinished):
                    return state
                await self._heed(state)
            await self._wait()

    async def _missed(self, error: Retryable) -> None:
        self._misses += 1
        if self._misses < self._max_misses:
            return
        await self._note(self._ticket.left_running())
        raise error

    async def _heed(self, state: PromptState | None) -> None:
        self._misses = 0
        if state is None:
            self._unknown += 1
            if self._unknown >= UNKNOWN_LOOKS:
                raise await self._lost()
        elif not isinstance(state, PromptUnclear):
            self._unknown = 0
        if isinstance(state, PromptRunning):
            self._is_first = True
        elif isinstance(state, PromptQueued):
            self._is_first = not state.before
            self._context.progress(None, _place(state))

    async def _wait(self) -> None:
        over = self._listener.over
        if over.is_set():
            over.clear()
            await asyncio.sleep(min(0.1, self._poll_seconds))
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._poll_seconds):
                await over.wait()

    # -- a server that vanishes ---------------------------------------------------------------

    @property
    def _may_run(self) -> bool:
        """True if the server may be working on it: at the last look nothing was ahead of it."""
        return self._is_first or self._listener.has_begun

    async def _note(self, ticket: ComfyTicket) -> None:
        """Count a vanished server if this prompt may be the cause."""
        if self._stay.company:
            ticket = self._ticket.suspected()
        elif not self._may_run:
            return
        if ticket != self._ticket:
            self._ticket = ticket
            await self._context.submitted(str(ticket))

    async def _lost(self) -> Retryable:
        await self._note(self._ticket.lost_again())
        refuse_deadly(self._ticket)
        return Retryable(
            "ComfyUI no longer knows the prompt; it was started again, or its queue was cleared.",
            remedy="Check that it keeps running; the prompt is sent again.",
            parks="backend",
        )


async def note_cut(ticket: ComfyTicket, stay: Stay, context: CallContext) -> None:
    """Keep that the server went away while it was sent a prompt; it counts once that is gone."""
    seen = ticket.suspected() if stay.company else ticket.left_running()
    if seen != ticket:
        await context.submitted(str(seen))


def refuse_deadly(ticket: ComfyTicket) -> None:
    """Refuse a prompt under which its server has vanished too often.

    Raises:
        Permanent: It has.
    """
    if ticket.lost >= MAX_LOST:
        raise Permanent(
            f"ComfyUI ended {pluralize(ticket.lost, 'time')} while it ran this prompt, so the "
            "prompt is not sent again.",
            remedy="Look at ComfyUI's own output for the reason, often too little memory for the "
            "model or the size; then retry the job.",
        )


async def withdraw_if_unwanted(
    server: ComfyServer, ticket: ComfyTicket, context: CallContext
) -> None:
    """Withdraw the prompt of a cancelled job; leave it running if only the engine stops."""
    if context.withdrawn:
        await server.withdraw(ticket.prompt_id)


def _place(state: PromptQueued) -> str:
    if state.before is None:
        return "in ComfyUI's queue"
    return f"in ComfyUI's queue, {state.before} before it"
