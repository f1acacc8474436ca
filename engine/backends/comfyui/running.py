"""A workflow from its submission to the file that it leaves, found again after any crash."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from engine.backends.comfyui.following import (
    Follower,
    note_cut,
    refuse_deadly,
    withdraw_if_unwanted,
)
from engine.backends.comfyui.outcome import file_of
from engine.backends.comfyui.refusals import WorkflowRefused, node_problems
from engine.backends.comfyui.server import ComfyServer, ReplyCut
from engine.backends.comfyui.settings import LOCAL_URL, ComfySettings
from engine.backends.comfyui.ticket import ComfyTicket
from engine.backends.comfyui.turns import Stay, turns_at
from engine.backends.comfyui.workflow import Workflow
from engine.backends.common.download import FileGone
from engine.backends.common.failures import Account
from engine.backends.common.readiness import silent
from engine.contract import CallContext, MissingRequirement, Permanent, Retryable
from engine.text.addresses import is_loopback

SETTLE_SECONDS = 1.0
"""Grace period for a prompt to appear in the queue after the engine that sent it died."""

MISSES = 5
"""Looks that may fail one after the other before the call is given up for now."""

_UNKNOWN_INPUT = "safelight_run"
"""An input that no node has: ComfyUI ignores it, and its cache takes the node for another one."""

_GONE = (
    "ComfyUI's cache holds the run, and the file was deleted from its folder: restart ComfyUI or "
    "change the seed, then retry the job."
)


@dataclass(frozen=True, slots=True)
class Work:
    """One workflow that is to run.

    Attributes:
        workflow: The workflow.
        fill: Returns the graph as it is sent, once files that it needs are uploaded.
        fetch: Returns the bytes at an address on the server, checked.
        previews: Whether images that show how far it is are passed on.
    """

    workflow: Workflow
    fill: Callable[[ComfyServer], Awaitable[dict[str, Any]]]
    fetch: Callable[[str], Awaitable[bytes]]
    previews: bool = True


class Runner:
    """Runs workflows on one server.

    The id of a prompt is chosen here and stored before the prompt is sent, and a prompt is looked
    for before it is sent again; so no crash makes the server do the same work twice.

    Args:
        settings: Settings of the server.
        cost: Cost of one run, in micro-dollars.
        account: Whose errors they are.
    """

    def __init__(self, settings: ComfySettings, cost: int, account: Account) -> None:
        self.base_url = settings.base_url or LOCAL_URL
        self.lane = f"comfyui@{self.base_url.partition('://')[2]}"  # one queue for all models
        self._settings = settings
        self._cost = cost
        self._account = account

    def unreachable(self) -> MissingRequirement | None:
        """Report that ComfyUI does not answer on this machine although it should."""
        remedy = "Start ComfyUI, or set comfyui.base_url to where it is."
        return silent("ComfyUI", self.base_url, remedy)

    async def run(self, work: Work, context: CallContext) -> bytes:
        """Return the file that a workflow leaves, or that of the prompt that already runs it.

        Raises:
            StepError: It did not work.
        """
        timeout = self._settings.timeout
        async with ComfyServer(self.base_url, self._account, timeout) as server:
            data = None
            while data is None:
                try:
                    data = await self._file(server, work, context)
                except FileGone as gone:
                    await self._pass_by_cache(server, work, context, gone)
        return data

    async def _file(self, server: ComfyServer, work: Work, context: CallContext) -> bytes:
        ticket = ComfyTicket.read(context.request_id) if context.request_id else None
        is_there = ticket is not None and await self._is_there(server, ticket.prompt_id)
        if self._cost > 0 and ticket is not None and not is_there:
            # Another run needs a reservation.
            raise Retryable("ComfyUI does not know the prompt.", resubmit=True)
        if ticket is not None and ticket.left and not is_there:
            ticket = ticket.lost_again()
            await context.submitted(str(ticket))
            refuse_deadly(ticket)
        alone = ticket is not None and ticket.alone and not is_there
        async with turns_at(self.base_url).enter(alone=alone) as stay:
            if ticket is None or not is_there:
                ticket = await self._begin(server, work, context, ticket, stay)
            follower = Follower(
                server,
                ticket,
                context,
                stay,
                poll_seconds=self._settings.poll_seconds,
                misses=MISSES,
                previews=work.previews,
            )
            ended = await follower.follow()
        if ended.status.get("status_str") != "error":
            await context.charged(self._cost)
        return await work.fetch(server.view_url(*file_of(self._account, ended, work.workflow)))

    async def _is_there(self, server: ComfyServer, prompt_id: str) -> bool:
        """Return True if the server has a prompt, or may have it."""
        state = await server.find(prompt_id)
        if state is None:  # the engine may have died with the request on its way
            await asyncio.sleep(SETTLE_SECONDS)
            state = await server.find(prompt_id)
        return state is not None

    async def _pass_by_cache(
        self, server: ComfyServer, work: Work, context: CallContext, gone: FileGone
    ) -> None:
        """Send the same prompt once more in a form that the server's cache does not answer.

        Raises:
            Permanent: That was tried before, or might cost something.
        """
        ticket, workflow = ComfyTicket.read(context.request_id or ""), work.workflow
        is_own = is_loopback(self.base_url) and workflow.output is not None and self._cost <= 0
        if ticket.uncached or not is_own or await server.has_paid_nodes(workflow.node_types):
            raise Permanent(gone.message, remedy=_GONE) from gone
        await context.submitted(str(ComfyTicket.draw(uncached=True)))

    # -- sending ------------------------------------------------------------------------------

    async def _begin(
        self,
        server: ComfyServer,
        work: Work,
        context: CallContext,
        ticket: ComfyTicket | None,
        stay: Stay,
    ) -> ComfyTicket:
        workflow = work.workflow
        if workflow.trouble:  # of a batch that was queued before this was looked at
            raise Permanent(workflow.trouble)
        graph = await work.fill(server)
        if ticket is None:
            ticket = ComfyTicket.draw()
            await context.submitted(str(ticket))
        if ticket.uncached:
            graph[str(workflow.output)]["inputs"][_UNKNOWN_INPUT] = ticket.prompt_id
        try:
            left_out = await server.submit(ticket.prompt_id, graph)
        except WorkflowRefused as error:
            raise error.explained(self._account) from None
        except ReplyCut:
            await note_cut(ticket, stay, context)
            raise
        except asyncio.CancelledError:
            await withdraw_if_unwanted(server, ticket, context)
            raise
        if left_out and _output_is_left_out(workflow, left_out):
            await server.withdraw(ticket.prompt_id)
            problems = "; ".join(text for text, _ in node_problems(left_out))
            raise Permanent(f"ComfyUI leaves the result out: {self._account.say(problems)}")
        return ticket


def _output_is_left_out(workflow: Workflow, node_errors: dict[str, Any]) -> bool:
    if workflow.output is None:
        return False
    return any(
        id_ == workflow.output
        or (isinstance(node, dict) and workflow.output in (node.get("dependent_outputs") or ()))
        for id_, node in node_errors.items()
    )
