"""Capability `image` of ComfyUI."""

import asyncio
import hashlib
import json
from typing import Any

from engine.backends.comfyui.filling import values_for
from engine.backends.comfyui.following import (
    Follower,
    note_cut,
    refuse_deadly,
    withdraw_if_unwanted,
)
from engine.backends.comfyui.outcome import image_of
from engine.backends.comfyui.refusals import WorkflowRefused, node_problems
from engine.backends.comfyui.server import ComfyServer, ReplyCut
from engine.backends.comfyui.settings import LOCAL_URL, ComfySettings
from engine.backends.comfyui.ticket import ComfyTicket
from engine.backends.comfyui.turns import Stay, turns_at
from engine.backends.comfyui.workflow import SlotName, Workflow
from engine.backends.common.download import ROLE, FileGone, FileLocations, fetch_file
from engine.backends.common.failures import Account
from engine.backends.common.readiness import has_package, missing_packages, silent
from engine.backends.common.references import read_reference, references_of
from engine.backends.common.remote_image import PricedImages
from engine.config.addresses import is_loopback
from engine.contract import (
    CallContext,
    GeneratedImage,
    ImageInfo,
    ImageRequest,
    MissingRequirement,
    Permanent,
    Retryable,
)

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


_NAMES = {"negative": "the negative prompt", "seed": "the seed"}

_CHANGES: tuple[SlotName, ...] = ("steps", "cfg", "denoise", "refiner", "upscaler")
"""Settings that go into a slot of their name."""


class ComfyImages(PricedImages[ComfySettings]):
    """Images from workflows on a ComfyUI server.

    The id of a prompt is chosen here and stored before the prompt is sent, and a prompt is looked
    for before it is sent again; so no crash makes the server do the same work twice.
    """

    def __init__(self, settings: ComfySettings) -> None:
        self.settings = settings
        self.workflow = settings.filled_workflow
        self._base_url = settings.base_url or LOCAL_URL
        checkpoint = self.workflow.value("checkpoint")
        self.info = ImageInfo(
            name="comfyui",
            model=settings.model or str(checkpoint or self.workflow.name),
            version=_version(settings),
            lane=f"comfyui@{self._base_url.partition('://')[2]}",  # one queue for all models
            paid=settings.cost > 0,
            resumable=True,
            reusable=True,  # the seed is sent
            limits=settings.limits,
            price_names=("comfyui.price_per_image=...",),
        )
        self._account = Account("comfyui")

    def missing(self) -> list[MissingRequirement]:
        """The package, if it is missing; calls show whether the server runs."""
        return [] if has_package("httpx") else [missing_packages("httpx")]

    def unreachable(self) -> MissingRequirement | None:
        """Report that ComfyUI does not answer on this machine although it should."""
        remedy = "Start ComfyUI, or set comfyui.base_url to where it is."
        return silent("ComfyUI", self._base_url, remedy)

    def refusal(self) -> str:
        """Why no batch is queued with these settings: the prompt has no place, for example."""
        others = self.settings.reference_workflow
        return self.workflow.trouble or (others.trouble if others is not None else "")

    def details(self) -> list[str]:
        """Target of each value in the workflow, and values without one, one per line."""
        return [f"workflow: {self.workflow.name}", *self.workflow.described, *self.notes()]

    def notes(self) -> list[str]:
        """Values of the request or the settings that have no place in the workflow."""
        lacks = [_NAMES[name] for name in self.workflow.without("negative", "seed")]
        if self.workflow.without("width", "height"):
            lacks.append("the size")
        if self.workflow.without("reference") and self.settings.reference_workflow is None:
            lacks.append("a reference image")
        set_ = [name for name in _CHANGES if getattr(self.settings, name) is not None]
        lacks += [f"comfyui.{name}" for name in self.workflow.without(*set_)]
        if self.settings.model and self.workflow.without("checkpoint"):
            lacks.append("comfyui.model")
        name = self.workflow.name
        return [f"The workflow {name} has no place for {', '.join(lacks)}."] if lacks else []

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        """Generate the requested image, or resume the prompt that is generating it.

        Raises:
            StepError: It did not work.
        """
        async with ComfyServer(self._base_url, self._account, self.settings.timeout) as server:
            data = None
            while data is None:
                try:
                    data = await self._image(server, request, context)
                except FileGone as gone:
                    await self._pass_by_cache(server, request, context, gone)
        return GeneratedImage(image=await context.keep(data, role=ROLE), seed=request.seed)

    async def _image(
        self, server: ComfyServer, request: ImageRequest, context: CallContext
    ) -> bytes:
        ticket = ComfyTicket.read(context.request_id) if context.request_id else None
        is_there = ticket is not None and await self._is_there(server, ticket.prompt_id)
        if self.info.paid and ticket is not None and not is_there:
            # Another run needs a reservation.
            raise Retryable("ComfyUI does not know the prompt.", resubmit=True)
        if ticket is not None and ticket.left and not is_there:
            ticket = ticket.lost_again()
            await context.submitted(str(ticket))
            refuse_deadly(ticket)
        alone = ticket is not None and ticket.alone and not is_there
        async with turns_at(self._base_url).enter(alone=alone) as stay:
            if ticket is None or not is_there:
                ticket = await self._begin(server, request, context, ticket, stay)
            pause = self.settings.poll_seconds
            follower = Follower(server, ticket, context, stay, poll_seconds=pause, misses=MISSES)
            ended = await follower.follow()
        if ended.status.get("status_str") != "error":
            await context.charged(self.settings.cost)
        url = server.view_url(*image_of(self._account, ended, self._workflow_for(request).output))
        return await fetch_file(
            FileLocations(self._account, self._base_url, timeout=self.settings.timeout), url
        )

    async def _is_there(self, server: ComfyServer, prompt_id: str) -> bool:
        """Return True if the server has a prompt, or may have it."""
        state = await server.find(prompt_id)
        if state is None:  # the engine may have died with the request on its way
            await asyncio.sleep(SETTLE_SECONDS)
            state = await server.find(prompt_id)
        return state is not None

    async def _pass_by_cache(
        self, server: ComfyServer, request: ImageRequest, context: CallContext, gone: FileGone
    ) -> None:
        """Send the same prompt once more in a form that the server's cache does not answer.

        Raises:
            Permanent: That was tried before, or might cost something.
        """
        ticket, workflow = ComfyTicket.read(context.request_id or ""), self._workflow_for(request)
        is_own = is_loopback(self._base_url) and workflow.output is not None and not self.info.paid
        if ticket.uncached or not is_own or await server.has_paid_nodes(workflow.node_types):
            raise Permanent(gone.message, remedy=_GONE) from gone
        await context.submitted(str(ComfyTicket.draw(uncached=True)))

    # -- sending ------------------------------------------------------------------------------

    async def _begin(
        self,
        server: ComfyServer,
        request: ImageRequest,
        context: CallContext,
        ticket: ComfyTicket | None,
        stay: Stay,
    ) -> ComfyTicket:
        workflow = self._workflow_for(request)
        if workflow.trouble:  # of a batch that was queued before this was looked at
            raise Permanent(workflow.trouble)
        reference = await self._uploaded(server, workflow, request, context)
        graph = workflow.filled(values_for(workflow, self.settings, request, reference))
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
        if left_out and self._output_is_left_out(workflow, left_out):
            await server.withdraw(ticket.prompt_id)
            problems = "; ".join(text for text, _ in node_problems(left_out))
            raise Permanent(f"ComfyUI leaves the result out: {self._account.say(problems)}")
        return ticket

    def _workflow_for(self, request: ImageRequest) -> Workflow:
        wanted = references_of(request, 1, f"The workflow {self.workflow.name}")
        if not wanted or "reference" in self.workflow.slots:
            return self.workflow
        if self.settings.reference_workflow is None:
            raise Permanent(
                f"The workflow {self.workflow.name} has no place for a reference image.",
                remedy="Declare its slot 'reference', or set comfyui.reference_workflow.",
            )
        return self.settings.reference_workflow

    async def _uploaded(
        self, server: ComfyServer, workflow: Workflow, request: ImageRequest, context: CallContext
    ) -> str | None:
        """Server's name of the reference image; None if there is none."""
        reference = None
        for image in references_of(request, 1, f"The workflow {workflow.name}"):
            sent = await read_reference(context, image)
            name = f"safelight-{image.hash[:16]}.{sent.media_type.rpartition('/')[2]}"
            reference = await server.upload(name, sent.data, sent.media_type)
        if reference is None and "reference" in {*workflow.slots} - {*workflow.optional}:
            raise Permanent(f"The workflow {workflow.name} needs a reference image.")
        return reference

    @staticmethod
    def _output_is_left_out(workflow: Workflow, node_errors: dict[str, Any]) -> bool:
        if workflow.output is None:
            return False
        return any(
            id_ == workflow.output
            or (isinstance(node, dict) and workflow.output in (node.get("dependent_outputs") or ()))
            for id_, node in node_errors.items()
        )


def _version(settings: ComfySettings) -> str:
    """Version of the method: everything that changes the result but is not in the request."""
    reference = settings.reference_workflow
    plain = [
        settings.filled_workflow.fingerprint,
        reference.fingerprint if reference else "",
        settings.model_dump(
            mode="json", include={"steps", "cfg", "denoise", "refiner", "upscaler"}
        ),
    ]
    return f"1+{hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:12]}"
