"""Capability `video` of ComfyUI."""

from typing import Any

from engine.backends.comfyui.running import Runner, Work
from engine.backends.comfyui.server import ComfyServer
from engine.backends.comfyui.settings import ComfySettings
from engine.backends.comfyui.workflow import SlotName, Workflow, version_of
from engine.backends.common.download import CLIPS, FileLocations, fetch_file
from engine.backends.common.failures import Account
from engine.backends.common.readiness import has_package
from engine.backends.common.references import read_reference
from engine.backends.common.remote_video import keep_clip
from engine.backends.common.videos import MAX_BYTES, legal_trouble, missing_decoders
from engine.contract.backend import BaseBackend, CallContext, MissingRequirement
from engine.contract.errors import Permanent
from engine.contract.packages import missing_packages
from engine.contract.video import (
    FrameCounts,
    GeneratedVideo,
    VideoField,
    VideoInfo,
    VideoRequest,
)

SIDE_STEP = 32
"""Sides are multiples of it, as LTX and Wan need."""

_FIELDS: dict[VideoField, SlotName] = {
    "negative_prompt": "negative",
    "seed": "seed",
    "steps": "steps",
    "guidance": "cfg",
}
"""Slot of each optional field of a request."""


class ComfyClips(BaseBackend):
    """Clips from workflows on a ComfyUI server."""

    info: VideoInfo

    def __init__(self, settings: ComfySettings) -> None:
        self.settings = settings
        self.workflow, self.others = settings.filled_video_workflow, settings.video_image_workflow
        self._account = Account("comfyui")
        self._runner = Runner(settings, settings.video_cost, self._account)
        checkpoint = self.workflow.value("checkpoint")
        step, rate = settings.video_frame_step, settings.video_frame_rate
        most = FrameCounts(step, 1 % step).within(settings.max_video_seconds * rate + 1)
        self.info = VideoInfo(
            name="comfyui",
            model=settings.video_model or str(checkpoint or self.workflow.name),
            version=version_of(self.workflow, self.others, {"video_model": settings.video_model}),
            lane=self._runner.lane,
            paid=settings.video_cost > 0,
            resumable=True,
            reusable=True,  # the seed is sent
            limits=settings.limits,
            price_names=("comfyui.price_per_video=...",),
            frame_rates=(rate,),
            frames=FrameCounts(step, 1 % step, least=step + 1, most=most),
            side_step=SIDE_STEP,
            takes=self._takes(),
        )

    def _takes(self) -> frozenset[VideoField]:
        placed = {field for field, slot in _FIELDS.items() if self.workflow.slots.get(slot)}
        starts = any(one and one.slots.get("first_image") for one in (self.workflow, self.others))
        return frozenset({"prompt", *placed, *(("first_image",) if starts else ())})

    def missing(self) -> list[MissingRequirement]:
        """The packages that are missing; calls show whether the server runs."""
        missing = [] if has_package("httpx") else [missing_packages("httpx")]
        return [*missing, *missing_decoders()]

    def unreachable(self) -> MissingRequirement | None:
        """Report that ComfyUI does not answer on this machine although it should."""
        return self._runner.unreachable()

    def refusal(self) -> str:
        """Why no batch is queued with these settings: the prompt has no place, for example."""
        return self.workflow.trouble or (self.others.trouble if self.others is not None else "")

    def details(self) -> list[str]:
        """Target of each value in the workflow, one per line."""
        return [f"workflow: {self.workflow.name}", *self.workflow.described]

    def asks(self, request: VideoRequest) -> bool:
        """Return True if a call of unknown outcome is asked about instead of repeated."""
        return self.info.paid and self.settings.asks_about(self.worst_cost(request))

    def worst_cost(self, request: VideoRequest) -> int | None:
        """Return the price of a clip in micro-dollars; None if it is not set."""
        return None if self.settings.price_per_video is None else self.settings.video_cost

    def usual_cost(self) -> tuple[int, int] | None:
        """Return the price of a clip twice; None if it is not set."""
        cost = self.settings.video_cost
        return None if self.settings.price_per_video is None else (cost, cost)

    async def generate_video(self, request: VideoRequest, context: CallContext) -> GeneratedVideo:
        """Generate the requested clip, or resume the prompt that is generating it.

        Raises:
            StepError: It did not work.
        """
        if trouble := legal_trouble(self.info, request):
            raise Permanent(trouble)
        workflow = self._workflow_for(request)

        async def fill(server: ComfyServer) -> dict[str, Any]:
            name = await self._uploaded(server, request, context)
            return workflow.filled(self._values(request, name))

        async def fetch(url: str) -> bytes:
            base_url, timeout = self._runner.base_url, self.settings.timeout
            locations = FileLocations(
                self._account, base_url, timeout=timeout, limit=MAX_BYTES, medium=CLIPS
            )
            return await fetch_file(locations, url)

        data = await self._runner.run(Work(workflow, fill, fetch), context)
        return await keep_clip(data, request, context, seed=request.seed)

    def _workflow_for(self, request: VideoRequest) -> Workflow:
        wanted = request.first_image is not None
        for one in (self.workflow, self.others):
            if one is not None and bool(one.slots.get("first_image")) == wanted:
                return one
        what = "starts with an image" if wanted else "starts without an image"
        raise Permanent(
            f"No workflow for a clip that {what} is set.",
            remedy="Set comfyui.video_image_workflow, or comfyui.video_workflow.",
        )

    async def _uploaded(
        self, server: ComfyServer, request: VideoRequest, context: CallContext
    ) -> str | None:
        if request.first_image is None:
            return None
        sent = await read_reference(context, request.first_image)
        name = f"safelight-{request.first_image.hash[:16]}.{sent.media_type.rpartition('/')[2]}"
        return await server.upload(name, sent.data, sent.media_type)

    def _values(self, request: VideoRequest, image: str | None) -> dict[SlotName, Any]:
        rate = self.settings.video_frame_rate
        return {
            "prompt": request.prompt,
            "negative": request.negative_prompt,
            "seed": request.seed,
            "width": request.width,
            "height": request.height,
            "frames": self.info.frames.within(request.seconds * rate),
            "frame_rate": rate,
            "steps": request.steps,
            "cfg": request.guidance,
            "first_image": image,
            "checkpoint": self.settings.video_model,
        }
