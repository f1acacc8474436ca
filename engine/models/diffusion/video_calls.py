"""Clips of one call: its arguments, which every pipeline names otherwise, and its frames."""

import inspect
from typing import Any

from engine.contract import Permanent, StepError
from engine.imaging.errors import ImageError
from engine.models.diffusion.sizes import covering, opened
from engine.models.diffusion.video_families import VideoFamily
from engine.models.diffusion.video_options import VideoTask
from engine.models.seeds import folded


def video_arguments(pipe: Any, family: VideoFamily, ask: VideoTask) -> dict[str, Any]:
    """Return the arguments of a call, as far as a pipeline knows them.

    Args:
        pipe: The pipeline.
        family: Its family.
        ask: The request.

    Raises:
        Permanent: An image cannot be read.
    """
    import torch

    known = inspect.signature(pipe.__call__).parameters
    size = ask.width, ask.height
    motion = None if ask.motion is None else round(1 + 254 * ask.motion)
    possible = {
        "prompt": ask.prompt,
        "negative_prompt": ask.negative_prompt or None,
        "width": ask.width,
        "height": ask.height,
        "num_frames": ask.frames,
        "frame_rate": ask.frame_rate,
        "fps": round(ask.frame_rate),
        "num_inference_steps": ask.sampling.steps,
        family.guidance: ask.sampling.cfg,
        "motion_bucket_id": motion,
        "image": _scaled(ask.first_image, size, "first_image"),
        "last_image": _scaled(ask.last_image, size, "last_image"),
        "generator": torch.Generator("cpu").manual_seed(folded(ask.seed)),
        "output_type": "pt",
        **family.arguments,
    }
    if "conditions" in known:
        possible["conditions"] = _conditions(possible.pop("image"), possible["last_image"], ask)
    return {name: value for name, value in possible.items() if name in known and value is not None}


def _conditions(first: Any, last: Any, ask: VideoTask) -> list[Any] | None:
    """Return the frames that LTX is conditioned by, at the ends of a clip."""
    from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXVideoCondition

    places = ((first, 0), (last, ask.frames - 1))
    return [
        LTXVideoCondition(image=image, frame_index=place)
        for image, place in places
        if image is not None
    ] or None


def references_of(ask: VideoTask) -> list[Any]:
    """Return the reference images of a request.

    Raises:
        Permanent: One cannot be read.
    """
    return [_opened(data, "reference") for data in ask.references]


def clip_answer(frames: Any, ask: VideoTask, device: str) -> dict[str, Any] | StepError:
    """Return the pixels of a clip.

    Args:
        frames: Tensor of shape (frames, 3, height, width), 0 to 1.
        ask: Its request.
        device: Device that it was generated on.
    """
    import torch

    if not bool(torch.isfinite(frames).all()):
        return Permanent(
            "The clip came out as no numbers, as it does where a model overflows.",
            remedy="Set diffusers.dtype to bf16 or fp32.",
        )
    plain = frames[: ask.frames].detach().to("cpu", torch.float32)
    pixels = (plain * 255).round().clamp(0, 255).to(torch.uint8)
    return {
        "rgb": pixels.permute(0, 2, 3, 1).contiguous().numpy().tobytes(),
        "frames": pixels.shape[0],
        "height": pixels.shape[2],
        "width": pixels.shape[3],
        "device": device,
    }


def _scaled(data: bytes | None, size: tuple[int, int], name: str) -> Any:
    return None if data is None else covering(_opened(data, name), *size)


def _opened(data: bytes, name: str) -> Any:
    try:
        return opened(data)
    except ImageError as error:
        raise Permanent(
            f"The image of {name} cannot be used: {error}.", remedy="Choose another image."
        ) from error
