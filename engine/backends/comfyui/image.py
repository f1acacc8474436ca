"""Capability `image` of ComfyUI."""

import asyncio
import contextlib
import hashlib
import json
import uuid
from typing import Any

from engine.backends.comfyui.events import Listener
from engine.backends.comfyui.outcome import picture_of
from engine.backends.comfyui.server import (
    ComfyServer,
    Ended,
    State,
    Waiting,
    WorkflowRefused,
    node_problems,
)
from engine.backends.comfyui.settings import LOCAL_URL, ComfySettings
from engine.backends.comfyui.sizes import base_size, in_steps
from engine.backends.comfyui.workflow import SlotName, Workflow
from engine.backends.common.download import ROLE, Shelf, fetch_picture
from engine.backends.common.failures import Account
from engine.backends.common.readiness import has_package, missing_packages, silent
from engine.backends.common.references import read_reference, references_of
from engine.capabilities import (
    Blocked,
    CallContext,
    Capability,
    ImageRequest,
    Missing,
    Permanent,
    Picture,
    Retryable,
)

SETTLE_SECONDS = 1.0
"""How long a prompt that was just sent, by an engine that died, may take to be in the queue."""

MISSES = 5
"""Looks that may fail one after the other before the call is given up for now."""

REFINER_SHARE = 0.8
"""Share of the steps that the base model makes before the refiner."""


_CHANGES = {"steps", "cfg", "denoise", "refiner", "upscaler"}
"""Settings that change what comes out."""


class ComfyImages:
    """Pictures from workflows on a ComfyUI server.

    The id of a prompt is chosen here and stored before the prompt is sent, and a prompt is looked
    for before it is sent again; so no crash makes the server do the same work twice.
    """

    name = "comfyui"
    capability: Capability = "image"
    paid = False
    resumable = True
    reusable = True  # the seed is sent

    def __init__(self, settings: ComfySettings) -> None:
        self.settings = settings
        self.workflow = settings.filled_workflow
        self.model = settings.model or str(self.workflow.value("checkpoint") or self.workflow.name)
        self.version = _version(settings)
        self.concurrency = settings.concurrency
        self.requests_per_minute = settings.requests_per_minute
        self._base_url = settings.base_url or LOCAL_URL
        self.lane = f"comfyui@{self._base_url.partition('://')[2]}"  # one queue for all models
        self._account = Account("comfyui")

    def missing(self) -> list[Missing]:
        """The package, where it is lacking; whether the server runs shows when it is asked."""
        return [] if has_package("httpx") else [missing_packages("httpx")]

    def unreachable(self) -> Missing | None:
        """That ComfyUI does not answer on this machine, where it should and does not."""
        remedy = "Start ComfyUI, or set comfyui.base_url to where it is."
        return silent("ComfyUI", self._base_url, remedy)

    async def generate(self, request: ImageRequest, context: CallContext) -> Picture:
        """Makes the picture that is asked for, or goes back to the prompt that is making it.

        Raises:
            StepError: It did not work.
        """
        timeout = self.settings.timeout
        async with ComfyServer(self._base_url, self._account, timeout) as server:
            prompt_id, state = context.request_id, None
            if prompt_id:
                state = await self._find_again(server, prompt_id)
            if state is None:
                prompt_id = await self._begin(server, request, context, prompt_id)
            ended = await self._follow(server, str(prompt_id), context)
            output = self._workflow_for(request).output
            url = server.view_url(*picture_of(self._account, ended, output))
            shelf = Shelf(self._account, self._base_url, timeout=timeout)
            data = await fetch_picture(shelf, url)
        return Picture(image=await context.keep(data, role=ROLE), seed=request.seed)

    async def _find_again(self, server: ComfyServer, prompt_id: str) -> State | None:
        state = await server.find(prompt_id)
        if state is None:  # the engine may have died with the request on its way
            await asyncio.sleep(SETTLE_SECONDS)
            state = await server.find(prompt_id)
        return state

    # -- sending ------------------------------------------------------------------------------

    async def _begin(
        self,
        server: ComfyServer,
        request: ImageRequest,
        context: CallContext,
        prompt_id: str | None,
    ) -> str:
        workflow = self._workflow_for(request)
        graph = workflow.filled(await self._values(server, workflow, request, context))
        if prompt_id is None:
            prompt_id = str(uuid.uuid4())
            await context.submitted(prompt_id)
        try:
            left_out = await server.submit(prompt_id, graph)
        except WorkflowRefused as error:
            raise self._explained(error) from None
        except asyncio.CancelledError:
            await server.withdraw(prompt_id)
            raise
        if left_out and self._output_is_left_out(workflow, left_out):
            await server.withdraw(prompt_id)
            problems = "; ".join(text for text, _ in node_problems(left_out))
            raise Permanent(f"ComfyUI leaves the result out: {self._account.say(problems)}")
        return prompt_id

    def _workflow_for(self, request: ImageRequest) -> Workflow:
        wanted = references_of(request, 1, f"The workflow {self.workflow.name}")
        if not wanted or "reference" in self.workflow.slots:
            return self.workflow
        if self.settings.reference_workflow is None:
            raise Permanent(
                f"The workflow {self.workflow.name} has no place for a reference picture.",
                remedy="Declare its slot 'reference', or set comfyui.reference_workflow.",
            )
        return self.settings.reference_workflow

    async def _values(
        self,
        server: ComfyServer,
        workflow: Workflow,
        request: ImageRequest,
        context: CallContext,
    ) -> dict[SlotName, Any]:
        settings, reference = self.settings, None
        for picture in references_of(request, 1, f"The workflow {workflow.name}"):
            sent = await read_reference(context, picture)
            name = f"safelight-{picture.hash[:16]}.{sent.media_type.rpartition('/')[2]}"
            reference = await server.upload(name, sent.data, sent.media_type)
        if reference is None and "reference" in workflow.slots:
            raise Permanent(f"The workflow {workflow.name} needs a reference picture.")
        steps = settings.steps or workflow.value("steps")
        wide, high = in_steps(request.width), in_steps(request.height)
        base_wide, base_high = base_size(request.width, request.height)
        return {
            "prompt": request.prompt,
            "negative": request.negative_prompt,
            "seed": request.seed,
            "width": wide,
            "height": high,
            "base_width": base_wide,
            "base_height": base_high,
            "steps": settings.steps,
            "switch_step": round(steps * REFINER_SHARE) if isinstance(steps, int) else None,
            "cfg": settings.cfg,
            "denoise": settings.denoise,
            "reference": reference,
            "checkpoint": settings.model or None,
            "refiner": settings.refiner,
            "upscaler": settings.upscaler,
        }

    def _explained(self, error: WorkflowRefused) -> Permanent | Blocked:
        if not error.missing_files:
            return error
        return Blocked(
            error.message,
            reason="weights",
            remedy=f"Put {self._account.say(', '.join(error.missing_files), 120)} into ComfyUI's "
            "models folder, or set comfyui.model (refiner, upscaler) to a file that is there, "
            "then resume.",
        )

    @staticmethod
    def _output_is_left_out(workflow: Workflow, node_errors: dict[str, Any]) -> bool:
        if workflow.output is None:
            return False
        return any(
            id_ == workflow.output
            or (isinstance(node, dict) and workflow.output in (node.get("dependent_outputs") or ()))
            for id_, node in node_errors.items()
        )

    # -- following ----------------------------------------------------------------------------

    async def _follow(self, server: ComfyServer, prompt_id: str, context: CallContext) -> Ended:
        listener = Listener(self._base_url, prompt_id, context.progress, context.preview)
        listening = asyncio.create_task(listener.listen())
        try:
            return await self._poll(server, prompt_id, listener, context)
        except asyncio.CancelledError:
            await server.withdraw(prompt_id)
            raise
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening

    async def _poll(
        self, server: ComfyServer, prompt_id: str, listener: Listener, context: CallContext
    ) -> Ended:
        misses = unknown = 0
        while True:
            try:
                state = await server.find(prompt_id)
                misses = 0
            except Retryable:
                misses += 1
                if misses >= MISSES:
                    raise
            else:
                if isinstance(state, Ended):
                    return state
                unknown = unknown + 1 if state is None else 0
                if unknown >= 2:
                    raise Retryable("ComfyUI has forgotten the prompt.", resubmit=True)
                _show(state, context)
            await self._wait(listener)

    async def _wait(self, listener: Listener) -> None:
        if listener.over.is_set():
            listener.over.clear()
            await asyncio.sleep(min(0.1, self.settings.poll_seconds))
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.poll_seconds):
                await listener.over.wait()


def _show(state: State | None, context: CallContext) -> None:
    if isinstance(state, Waiting):
        context.progress(None, f"in ComfyUI's queue, {state.before} before it")


def _version(settings: ComfySettings) -> str:
    """Version of the method: whatever changes what comes out but is not in the request."""
    reference = settings.reference_workflow
    plain = [
        settings.filled_workflow.fingerprint,
        reference.fingerprint if reference else "",
        settings.model_dump(
            mode="json", include={"steps", "cfg", "denoise", "refiner", "upscaler"}
        ),
    ]
    return f"1+{hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:12]}"
