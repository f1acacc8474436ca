"""A loaded pipeline that makes pictures: several requests of one group in one call.

Noise is drawn for each picture by a generator of its own, on the processor, so that a picture is
its seed's whichever others are in the call and whichever device it is made on.
"""

import gc
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.capabilities import Desk, Permanent, StepError
from engine.imaging.png import PictureError
from engine.pipelines.adapters import ImageAdapter, Loras
from engine.pipelines.options import PictureAsk, Sampling
from engine.pipelines.schedulers import scheduler_like
from engine.pipelines.sizes import covering, cropped, made_size, opened, side_step
from engine.pipelines.watching import GivenUp, Watcher

GENERATE = "generate"
"""The one operation: payloads are `PictureAsk` as dicts, answers are `{"rgb", "width", "height"}`,
the picture's pixels row by row, three bytes each."""


@dataclass
class _Call:
    """The pictures of one call: for each its task's place, what is asked, and its references."""

    tasks: list[int]
    asks: list[PictureAsk]
    references: list[list[Any]]
    generators: list[Any]
    size: tuple[int, int]

    @property
    def sampling(self) -> Sampling:
        """What all of them agree in."""
        return self.asks[0].sampling


class PictureModel:
    """A pipeline in a model host.

    Args:
        pipe: The text-to-image pipeline.
        refiner: The SDXL refiner, where there is one.
        adapter: The IP-Adapter, where there is one.
        loras: The pipeline's LoRAs.
        device: Device for torch.
        most: Pictures in one call at most.
    """

    def __init__(
        self,
        pipe: Any,
        refiner: Any,
        adapter: ImageAdapter | None,
        loras: Loras,
        device: str,
        most: int,
    ) -> None:
        self.most = most
        self._pipe = pipe
        self._following: Any = None
        self._refiner = refiner
        self._adapter = adapter
        self._loras = loras
        self._device = device
        self._is_offloaded = False
        self._scheduler = pipe.scheduler
        self._vae_dtype = getattr(getattr(pipe, "vae", None), "dtype", None)
        self._is_xl = hasattr(pipe, "text_encoder_2") and hasattr(pipe, "unet")

    # -- pictures -----------------------------------------------------------------------------

    def run(self, operation: str, payloads: Sequence[Any], desk: Desk) -> list[Any]:
        """Makes the pictures of one group.

        Returns:
            For each its pixels, the `StepError` that it failed with, or None where it was given up.

        Raises:
            StepError: None of them can be made.
        """
        if operation != GENERATE:
            raise ValueError(f"no operation {operation!r}; there is {GENERATE!r}")
        answers: list[Any] = [None] * len(payloads)
        call = self._call_of([PictureAsk.model_validate(p) for p in payloads], answers)
        if call.tasks:
            try:
                made = self._made(call, desk)
            except GivenUp:
                self._after_interrupt()
                return answers
            for task, answer in zip(call.tasks, made, strict=True):
                answers[task] = None if desk.is_given_up(task) else answer
        return answers

    def _call_of(self, asks: list[PictureAsk], answers: list[Any]) -> _Call:
        """What can be made; the answers of the others say why they cannot."""
        import torch

        step = side_step(
            int(getattr(self._pipe, "vae_scale_factor", 8)), 2 if self._has_transformer else 1
        )
        size = made_size(asks[0].width, asks[0].height, step)
        call = _Call([], [], [], [], size)
        for task, ask in enumerate(asks):
            try:
                references = [opened(data) for data in ask.references]
            except PictureError as error:
                answers[task] = Permanent(f"The reference cannot be followed: {error}.")
                continue
            call.tasks.append(task)
            call.asks.append(ask)
            call.references.append(references)
            call.generators.append(torch.Generator("cpu").manual_seed(folded(ask.seed)))
        return call

    def _made(self, call: _Call, desk: Desk) -> list[Any]:
        self._loras.use(call.sampling.loras)
        pipe, more = self._follow(call)
        arguments = self._arguments(pipe, call) | more
        split = self._split(call) if self._refiner is not None else 1.0
        watcher = self._watcher(call, desk, ends=split)
        watcher.refuse_unwanted()
        if split == 1.0:
            return self._finished(self._called(pipe, arguments, watcher, call), call)
        arguments |= {"denoising_end": split, "output_type": "latent"}
        latents = self._called(pipe, arguments, watcher, call).images
        return self._finished(self._refined(latents, split, call, desk), call)

    def _follow(self, call: _Call) -> tuple[Any, dict[str, Any]]:
        """The pipeline that does it, and what it is given of the references."""
        sampling = call.sampling
        following = sampling.following if call.references[0] else None
        pipe, more = self._pipe, dict[str, Any]()
        if following == "img2img":
            pipe = self._img2img()
            more["image"] = [covering(own[0], *call.size) for own in call.references]
            # One step is made at least: the pipelines round down.
            more["strength"] = min(1.0, max(sampling.strength, 1.5 / sampling.steps))
        if self._adapter is not None:
            shown = call.references[0] if following == "ip-adapter" else None
            more |= self._adapter.arguments(pipe, shown, sampling.ip_scale)
        return pipe, more

    def _split(self, call: _Call) -> float:
        """Share of the schedule after which the refiner goes on; 1 where it has no part.

        A reference that is followed so closely that denoising begins after the split is the base
        model's alone.
        """
        sampling = call.sampling
        is_img2img = sampling.following == "img2img" and bool(call.references[0])
        is_late = is_img2img and sampling.strength <= 1 - sampling.refine_at
        return 1.0 if is_late else sampling.refine_at

    def _refined(self, latents: Any, split: float, call: _Call, desk: Desk) -> Any:
        arguments = self._arguments(self._refiner, call)
        arguments |= {"image": latents, "denoising_start": split}
        watcher = self._watcher(call, desk, begins=split)
        return self._called(self._refiner, arguments, watcher, call)

    def _arguments(self, pipe: Any, call: _Call) -> dict[str, Any]:
        """What every call is given, as far as the pipeline knows it."""
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

    def _called(self, pipe: Any, arguments: dict[str, Any], watcher: Watcher, call: _Call) -> Any:
        pipe.scheduler = scheduler_like(
            self._scheduler, call.sampling.scheduler, karras=call.sampling.karras
        )
        if self._vae_dtype is not None and pipe.vae.dtype != self._vae_dtype:
            # SDXL decodes in float32; a call that ran out of memory there leaves it so.
            pipe.vae.to(dtype=self._vae_dtype)
        if self._is_offloaded:
            pipe.enable_model_cpu_offload(device=self._device)
        if "callback_on_step_end" in inspect.signature(pipe.__call__).parameters:
            arguments = {**arguments, "callback_on_step_end": watcher.step_ended}
        return pipe(**arguments)

    def _watcher(
        self, call: _Call, desk: Desk, *, begins: float = 0.0, ends: float = 1.0
    ) -> Watcher:
        every = [ask.preview_every for ask in call.asks]
        return Watcher(desk, call.tasks, every, self._is_xl, begins, ends)

    def _finished(self, made: Any, call: _Call) -> list[Any]:
        flagged = getattr(made, "nsfw_content_detected", None) or [False] * len(call.asks)
        return [
            _held_back() if is_flagged else _pixels(tensor, ask)
            for tensor, ask, is_flagged in zip(made.images, call.asks, flagged, strict=True)
        ]

    def _img2img(self) -> Any:
        """The pipeline that begins with a picture; it shares every part with the other."""
        if self._following is None:
            from diffusers import AutoPipelineForImage2Image

            try:
                self._following = AutoPipelineForImage2Image.from_pipe(self._pipe)
            except ValueError as error:
                raise Permanent(
                    f"This model cannot begin with a picture: {error}",
                    remedy="Set diffusers.reference to none.",
                ) from error
            self._following.set_progress_bar_config(disable=True)
        return self._following

    @property
    def _has_transformer(self) -> bool:
        return getattr(self._pipe, "transformer", None) is not None

    def _after_interrupt(self) -> None:
        for pipe in self._pipes():
            pipe.maybe_free_model_hooks()

    # -- memory -------------------------------------------------------------------------------

    def size(self) -> int:
        """Bytes that its weights take on the device now."""
        import torch

        kind = torch.device(self._device).type
        tensors = {id(tensor): tensor for tensor in self._tensors() if tensor.device.type == kind}
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())

    def offload(self) -> None:
        """Keeps on the device the part that is at work; the others wait beside the processor."""
        if self._device == "cpu":
            return
        self._is_offloaded = True
        for pipe in self._pipes():
            pipe.enable_model_cpu_offload(device=self._device)

    def restore(self) -> None:
        """Takes everything back to the device."""
        self._is_offloaded = False
        for pipe in self._pipes():
            pipe.remove_all_hooks()
            pipe.to(self._device)

    def close(self) -> None:
        """Gives back what it holds."""
        self._pipe = self._following = self._refiner = self._adapter = None
        del self._loras
        gc.collect()

    def _pipes(self) -> list[Any]:
        return [pipe for pipe in (self._pipe, self._following, self._refiner) if pipe is not None]

    def _tensors(self) -> Iterator[Any]:
        import torch

        for pipe in self._pipes():
            for part in pipe.components.values():
                if isinstance(part, torch.nn.Module):
                    yield from part.parameters()
                    yield from part.buffers()


def folded(seed: int) -> int:
    """A seed of 32 bits, since torch's generator for processors looks at no others.

    Seeds below 2**32 stay what they are, as in other programs.
    """
    return (seed ^ (seed >> 32)) & 0xFFFFFFFF


def _held_back() -> StepError:
    return Permanent(
        "The model's safety checker held the picture back.",
        remedy="Change the prompt or the seed.",
    )


def _pixels(tensor: Any, ask: PictureAsk) -> dict[str, Any] | StepError:
    """The picture of a tensor of shape (3, height, width), 0 to 1, cut to the size asked for."""
    import torch
    from PIL import Image

    if not bool(torch.isfinite(tensor).all()):
        return Permanent(
            "The picture came out as no numbers, as it does where a model overflows.",
            remedy="Set diffusers.dtype to bf16 or fp32, or another diffusers.vae.",
        )
    scaled = (tensor.float() * 255).round().clamp(0, 255).to(torch.uint8)
    whole = Image.fromarray(scaled.permute(1, 2, 0).contiguous().cpu().numpy())
    picture = cropped(whole, ask.width, ask.height)
    return {"rgb": picture.tobytes(), "width": picture.width, "height": picture.height}
