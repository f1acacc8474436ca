"""Capability `video` of Gemini, by the package `google-genai`.

Wire format: https://ai.google.dev/gemini-api/docs/omni
"""

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from engine.backends.common.download import checked, from_base64
from engine.backends.common.failures import refused
from engine.backends.common.references import read_reference
from engine.backends.common.remote_video import RemoteVideoBackend, keep_clip
from engine.backends.common.shapes import nearest
from engine.backends.gemini_video.interactions import Interactions
from engine.backends.gemini_video.replies import (
    Interaction,
    OutputContent,
    file_in,
    is_our_fault,
    is_refusal,
)
from engine.backends.gemini_video.settings import API_URL, KEYS, RESOLUTIONS, GeminiVideoSettings
from engine.contract import CallContext, Permanent, Retryable, StepError
from engine.contract.video import GeneratedVideo, VideoInfo, VideoRequest

SHAPES = ("16:9", "9:16")
MIN_SECONDS = 3
SIDES = {"360p": 360, "720p": 720, "1080p": 1080, "4k": 2160}
"""Shorter side of a clip of each resolution, in pixels."""


class GeminiClips(RemoteVideoBackend[GeminiVideoSettings]):
    """Clips from Gemini. A request runs in the background and is found again by its id."""

    name = "gemini-video"
    keys, package, module = KEYS, "google-genai", "google.genai"
    url = API_URL

    def __init__(self, settings: GeminiVideoSettings, environment: Mapping[str, str]) -> None:
        super().__init__(settings, environment)
        self.info = VideoInfo(
            name=self.name,
            model=settings.model,
            version=f"1+resolution={settings.resolution}" if settings.resolution else "1",
            lane=settings.lane(self.name, settings.model),
            paid=True,
            resumable=True,
            limits=settings.limits,
            price_names=("gemini-video.price_per_video_second=...",),
            client=self.package,
            lengths=tuple(float(n) for n in range(MIN_SECONDS, settings.longest + 1)),
            sizes=tuple(
                size
                for side in SIDES.values()
                for size in ((side * 16 // 9, side), (side, side * 16 // 9))
            ),
            takes=frozenset({"prompt", "negative_prompt", "first_image"}),
        )

    def price_factor(self, request: VideoRequest) -> float:
        """Return the price of a clip as a multiple of that of one of 720p."""
        return RESOLUTIONS[self._resolution(request)]

    def usual_factors(self) -> Iterable[tuple[float, float]]:
        """Return lengths in seconds and price factors between which all clips are."""
        wanted = self.settings.resolution
        factors = [RESOLUTIONS[wanted]] if wanted else list(RESOLUTIONS.values())
        return (MIN_SECONDS, min(factors)), (self.settings.longest, max(factors))

    def _resolution(self, request: VideoRequest) -> str:
        if self.settings.resolution:
            return self.settings.resolution
        side = min(request.width, request.height)
        return next((name for name, one in SIDES.items() if one >= 0.98 * side), "4k")

    async def generate_video(self, request: VideoRequest, context: CallContext) -> GeneratedVideo:
        """Generate the requested clip, or resume the request that is generating it.

        Raises:
            OutcomeUnknown: The request was sent, and whether Google took it is not known.
            StepError: It did not work.
        """
        self.refuse_trouble(request)
        asks = self.asks(request)
        async with Interactions(
            self.settings, self._account, self.address, self._key, asks=asks
        ) as api:
            if not (id_ := context.request_id):
                id_ = await api.submit(**await self._body(request, context))
                await context.submitted(id_)
            ended = await api.wait(id_, context.progress)
            clip = self._made(ended)
            await context.charged(self.worst_cost(request) or 0)
            context.progress(1.0, "fetching the clip")
            data = await self._fetched(api, clip)
        return await keep_clip(data, request, context, seed=None)

    async def _body(self, request: VideoRequest, context: CallContext) -> dict[str, Any]:
        words = request.prompt
        if request.negative_prompt:
            words += f"\n\nKeep out of the clip: {request.negative_prompt}"
        parts: list[dict[str, str]] = [{"type": "text", "text": words}]
        if request.first_image is not None:
            data, kind = await read_reference(context, request.first_image)
            text = base64.b64encode(data).decode("ascii")
            parts.insert(0, {"type": "image", "data": text, "mime_type": kind})
        task = "text_to_video" if request.first_image is None else "image_to_video"
        return {
            "model": self.settings.model,
            "input": parts,
            "generation_config": {"video_config": {"task": task}},
            "response_format": {
                "type": "video",
                "aspect_ratio": nearest(request.width, request.height, SHAPES),
                "resolution": self._resolution(request),
                "duration": f"{request.seconds:g}s",
                "delivery": "uri",
            },
        }

    def _made(self, ended: Interaction) -> OutputContent:
        if ended.status == "completed" and ended.clip is not None:
            return ended.clip
        raise self._failure(ended)

    def _failure(self, ended: Interaction) -> StepError:
        reason = ended.reason
        if is_refusal(reason):
            return refused(self._account, reason)
        words = self._account.say(reason) or "it says no more."
        if ended.status == "completed":
            return Permanent(
                f"{self.info.model} returned no clip: {words}",
                remedy="Change the prompt, or choose a video model (gemini-video.model).",
            )
        message = f"Google could not make the clip: {words}"
        return Permanent(message) if is_our_fault(reason) else Retryable(message, resubmit=True)

    async def _fetched(self, api: Interactions, clip: OutputContent) -> bytes:
        if clip.data:
            data = from_base64(self._account, clip.data, self.max_bytes, self.medium)
            return await checked(self._account, data, self.medium)
        if not (name := file_in(clip.uri)):
            return await self.download(clip.uri, self.settings.download_hosts)
        await api.wait_for_file(name)
        # The key goes to the configured address only, whatever host the reply names.
        url = f"{self.address}/v1beta/{name}:download?alt=media"
        headers = {"x-goog-api-key": self._key or "none"}
        return await self.download(url, self.settings.download_hosts, headers)
