"""A loaded pipeline that generates images: several requests of one group in one call.

Each image has its own noise generator, on the CPU, so that a seed gives the same image with any
other images in the call and on any device.
"""

import gc
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from engine.contract import BatchReporter, Permanent, StepError
from engine.models.diffusion.adapters import ImageAdapter, Loras
from engine.models.diffusion.calls import ImageCall, answers_of, call_of, smaller
from engine.models.diffusion.control import Control
from engine.models.diffusion.options import ImageTask
from engine.models.diffusion.residence import ResidentPipelines
from engine.models.diffusion.schedulers import scheduler_like
from engine.models.diffusion.sizes import covering, side_step
from engine.models.diffusion.upscaling import Upscaler
from engine.models.diffusion.watching import CallAbandoned, Watcher

GENERATE = "generate"
"""The one operation: payloads are `ImageTask` as dicts, answers are `{"rgb", "width", "height"}`,
the image's pixels row by row, three bytes each."""


@dataclass(frozen=True, slots=True)
class Helpers:
    """Models that work beside a pipeline, as far as there are any.

    Attributes:
        refiner: The SDXL refiner.
        adapter: The IP-Adapter.
        control: The ControlNet.
        upscaler: The network that enlarges images.
    """

    refiner: Any = None
    adapter: ImageAdapter | None = None
    control: Control | None = None
    upscaler: Upscaler | None = None


class ImageModel(ResidentPipelines):
    """A pipeline in a model host.

    Args:
        pipe: The text-to-image pipeline.
        helpers: Models beside it.
        loras: The pipeline's LoRAs.
        device: Device for torch.
        most: Maximum number of images in one call.
    """

    def __init__(
        self,
        pipe: Any,
        helpers: Helpers,
        loras: Loras,
        device: str,
        most: int,
    ) -> None:
        super().__init__(device)
        self.most = most
        self._pipe = pipe
        self._following: Any = None
        self._controlled: Any = None
        self._refiner = helpers.refiner
        self._adapter = helpers.adapter
        self._control = helpers.control
        self._upscaler = helpers.upscaler
        self._loras = loras
        self._scheduler = pipe.scheduler
        self._vae_dtype = getattr(getattr(pipe, "vae", None), "dtype", None)
        self._is_xl = hasattr(pipe, "text_encoder_2") and hasattr(pipe, "unet")

    # -- images -----------------------------------------------------------------------------

    def run(self, operation: str, payloads: Sequence[Any], reporter: BatchReporter) -> list[Any]:
        """Generate the images of one group.

        Returns:
            For each its pixels, the `StepError` that it failed with, or None if it was cancelled.

        Raises:
            StepError: None of them can be generated.
        """
        if operation != GENERATE:
            raise ValueError(f"no operation {operation!r}; there is {GENERATE!r}")
        answers: list[Any] = [None] * len(payloads)
        wanted = [ImageTask.model_validate(payload) for payload in payloads]
        asks = wanted if self._upscaler is None else [smaller(ask) for ask in wanted]
        call = call_of(asks, self._side_step(), answers)
        if call.tasks:
            try:
                output = self._made(call, reporter)
            except CallAbandoned:
                self._after_interrupt()
                return answers
            for task, answer in zip(call.tasks, output, strict=True):
                is_wanted = not reporter.is_given_up(task)
                answers[task] = self._enlarged(answer, wanted[task]) if is_wanted else None
        return answers

    def _made(self, call: ImageCall, reporter: BatchReporter) -> list[Any]:
        self._loras.use(call.sampling.loras)
        pipe, more = self._follow(call)
        arguments = self._arguments(pipe, call) | more
        split = self._split(call) if self._refiner is not None else 1.0
        watcher = self._watcher(call, reporter, ends=split)
        watcher.refuse_unwanted()
        if split == 1.0:
            return answers_of(self._called(pipe, arguments, watcher, call), call)
        arguments |= {"denoising_end": split, "output_type": "latent"}
        latents = self._called(pipe, arguments, watcher, call).images
        return answers_of(self._refined(latents, split, call, reporter), call)

    def _follow(self, call: ImageCall) -> tuple[Any, dict[str, Any]]:
        """Return the pipeline to use, and its arguments for the references."""
        sampling, following = call.sampling, call.following
        pipe, more = self._pipe, dict[str, Any]()
        if call.is_controlled and self._control is not None:
            pipe = self._control.plain
            name = "control_image" if following == "img2img" else "image"
            more[name] = self._control.maps(call.controls, call.size)
            more["controlnet_conditioning_scale"] = sampling.control_scale
        if following == "img2img":
            pipe = self._img2img(is_controlled=call.is_controlled)
            more["image"] = [covering(images[0], *call.size) for images in call.references]
            # At least one step is run: the pipelines round down.
            more["strength"] = min(1.0, max(sampling.strength, 1.5 / sampling.steps))
        if self._adapter is not None:
            shown = call.references[0] if following == "ip-adapter" else None
            more |= self._adapter.arguments(pipe, shown, sampling.ip_scale)
        return pipe, more

    def _split(self, call: ImageCall) -> float:
        """Return the share of the schedule after which the refiner takes over; 1 if it is not used.

        If a reference is followed so closely that denoising starts after the split, only the
        base model is used.
        """
        sampling = call.sampling
        is_late = call.following == "img2img" and sampling.strength <= 1 - sampling.refine_at
        return 1.0 if is_late else sampling.refine_at

    def _refined(self, latents: Any, split: float, call: ImageCall, reporter: BatchReporter) -> Any:
        arguments = self._arguments(self._refiner, call)
        arguments |= {"image": latents, "denoising_start": split}
        watcher = self._watcher(call, reporter, begins=split)
        return self._called(self._refiner, arguments, watcher, call)

    def _arguments(self, pipe: Any, call: ImageCall) -> dict[str, Any]:
        """Return the arguments of every call, as far as the pipeline knows them."""
        negatives = [ask.negative_prompt for ask in call.asks]
        possible = {
            "prompt": [ask.prompt for ask in call.asks],
            "negative_prompt": negatives if all(negatives) else None,
            "width": call.size[0],
            "height": call.size[1],
            "num_inference_steps": call.sampling.steps,
            "guidance_scale": call.sampling.cfg,
            "generator": call.generators,
            "output_type": "pt",
        }
        known = inspect.signature(pipe.__call__).parameters
        return {name: value for name, value in possible.items() if name in known}

    def _called(
        self, pipe: Any, arguments: dict[str, Any], watcher: Watcher, call: ImageCall
    ) -> Any:
        pipe.scheduler = scheduler_like(
            self._scheduler, call.sampling.scheduler, karras=call.sampling.karras
        )
        if self._vae_dtype is not None and pipe.vae.dtype != self._vae_dtype:
            # SDXL decodes in float32; a call that ran out of memory there leaves it so.
            pipe.vae.to(dtype=self._vae_dtype)
        self._before_call(pipe)
        return pipe(**arguments, **watcher.callback(pipe))

    def _watcher(
        self, call: ImageCall, reporter: BatchReporter, *, begins: float = 0.0, ends: float = 1.0
    ) -> Watcher:
        every = [ask.preview_every for ask in call.asks]
        return Watcher(reporter, call.tasks, every, self._is_xl, begins, ends)

    def _enlarged(self, answer: Any, ask: ImageTask) -> Any:
        """Return an answer in the size that is asked for, enlarged if it is smaller."""
        if self._upscaler is None or isinstance(answer, StepError):
            return answer
        if (answer["width"], answer["height"]) == (ask.width, ask.height):
            return answer
        small = Image.frombytes("RGB", (answer["width"], answer["height"]), answer["rgb"])
        image = covering(self._upscaler.enlarged(small), ask.width, ask.height)
        return {"rgb": image.tobytes(), "width": image.width, "height": image.height}

    def _img2img(self, *, is_controlled: bool) -> Any:
        """The pipeline that starts from an image; it shares every part with the other."""
        if is_controlled and self._control is not None:
            if self._controlled is None:
                self._controlled = self._control.following()
            return self._controlled
        if self._following is None:
            from diffusers import AutoPipelineForImage2Image

            try:
                self._following = AutoPipelineForImage2Image.from_pipe(self._pipe)
            except ValueError as error:
                raise Permanent(
                    f"This model cannot begin with an image: {error}",
                    remedy="Set diffusers.reference to none.",
                ) from error
            self._following.set_progress_bar_config(disable=True)
        return self._following

    def _side_step(self) -> int:
        """Latent pixels per patch on a side; transformers combine two by two."""
        patch = 1 if getattr(self._pipe, "transformer", None) is None else 2
        return side_step(int(getattr(self._pipe, "vae_scale_factor", 8)), patch)

    # -- memory -------------------------------------------------------------------------------

    def close(self) -> None:
        """Release everything that it holds."""
        self._pipe = self._following = self._refiner = self._adapter = None
        self._controlled = self._control = self._upscaler = None
        del self._loras
        gc.collect()

    def _pipes(self) -> list[Any]:
        control = self._control.plain if self._control else None
        pipes = (self._pipe, self._following, control, self._controlled, self._refiner)
        return [pipe for pipe in pipes if pipe is not None]

    def _tensors(self) -> Iterator[Any]:
        yield from super()._tensors()
        if self._upscaler is not None:
            yield from self._upscaler.parameters()
