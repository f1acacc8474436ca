"""A loaded pipeline that generates clips, one in a call.

Each clip has its own noise generator, on the CPU, so that a seed gives the same noise on any
device.
"""

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.contract import BatchReporter, StepError
from engine.models.diffusion.adapters import ImageAdapter, Loras
from engine.models.diffusion.residence import ResidentPipelines
from engine.models.diffusion.video_calls import clip_answer, references_of, video_arguments
from engine.models.diffusion.video_families import VideoFamily
from engine.models.diffusion.video_options import VideoTask
from engine.models.diffusion.watching import CallAbandoned, Watcher

GENERATE = "generate"
"""The one operation: payloads are `VideoTask` as dicts, answers are
`{"rgb", "frames", "width", "height", "device"}`, with three bytes a pixel, frame after frame."""


@dataclass
class ClipWatcher(Watcher):
    """Observation of a clip; its preview is its middle frame.

    Attributes:
        family: The family of its model.
    """

    family: VideoFamily | None = None

    def _show(self, place: int, latents: Any) -> None:
        order = self.family.latents if self.family else "packed"
        if latents is None or order == "packed" or latents.ndim != 5:
            return
        axis = 2 if order == "channels" else 1
        super()._show(place, latents.select(axis, latents.shape[axis] // 2))


class VideoModel(ResidentPipelines):
    """A pipeline of clips in a model host.

    Args:
        family: Its family.
        texts: The pipeline that generates from a prompt, if there is one.
        images: The pipeline that starts from an image, if there is one; it may share all parts.
        adapter: The IP-Adapter, if there is one.
        loras: Its LoRAs.
        device: Device for torch.
    """

    most = 1
    """Clips in a call."""

    def __init__(
        self,
        family: VideoFamily,
        texts: Any,
        images: Any,
        adapter: ImageAdapter | None,
        loras: Loras,
        device: str,
    ) -> None:
        super().__init__(device)
        self._family = family
        self._texts, self._images = texts, images
        self._adapter = adapter
        self._loras = loras

    def run(self, operation: str, payloads: Sequence[Any], reporter: BatchReporter) -> list[Any]:
        """Generate clips, one after the other.

        Returns:
            For each its frames, the `StepError` that it failed with, or None if it was cancelled.

        Raises:
            StepError: None of them can be generated.
        """
        if operation != GENERATE:
            raise ValueError(f"no operation {operation!r}; there is {GENERATE!r}")
        asks = [VideoTask.model_validate(payload) for payload in payloads]
        return [self._answer(task, ask, reporter) for task, ask in enumerate(asks)]

    def close(self) -> None:
        """Release everything that it holds."""
        self._texts = self._images = self._adapter = None
        del self._loras
        gc.collect()

    def _answer(self, task: int, ask: VideoTask, reporter: BatchReporter) -> Any:
        """Return the answer to one request."""
        watcher = ClipWatcher(reporter, [task], [ask.preview_every], family=self._family)
        try:
            watcher.refuse_unwanted()
            frames = self._frames(ask, watcher)
        except CallAbandoned:
            self._after_interrupt()
            return None
        except StepError as error:
            return error
        return None if reporter.is_given_up(task) else clip_answer(frames, ask, self._device)

    def _frames(self, ask: VideoTask, watcher: Watcher) -> Any:
        """Return the frames of a clip, of shape (frames, 3, height, width), 0 to 1."""
        pipe = self._texts if ask.first_image is None else self._images
        arguments = video_arguments(pipe, self._family, ask)
        if self._adapter is not None:
            scale = ask.sampling.ip_scale
            arguments |= self._adapter.arguments(pipe, references_of(ask), scale)
        self._loras.use(ask.sampling.loras)
        self._before_call(pipe)
        return pipe(**arguments, **watcher.callback(pipe)).frames[0]

    def _pipes(self) -> list[Any]:
        return [pipe for pipe in (self._texts, self._images) if pipe is not None]
