"""ControlNets: maps of an image by which others are laid out (https://arxiv.org/abs/2302.05543)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from PIL import Image

from engine.contract import Permanent
from engine.models.diffusion.library import SAFE, library, mend
from engine.models.diffusion.options import ControlOptions, PipelineOptions
from engine.models.diffusion.sizes import covering
from engine.models.diffusion.sources import control_wanted, depth_wanted
from engine.models.failures import loading
from engine.models.weights import require

MAKES_MAPS = (
    "a ControlNet",
    "Choose a ControlNet of diffusers for the kind of model in diffusers.model.",
)
"""Kind of model that is loaded, and advice if it is another."""

EDGES = 100, 200
"""Thresholds of the gradient for edges, those that ControlNets for them were trained with."""


@dataclass(frozen=True, slots=True)
class Control:
    """A ControlNet in a pipeline.

    Attributes:
        plain: The pipeline that starts from noise; it shares its parts with the one without it.
        map_of: Returns the map of an image.
    """

    plain: Any
    map_of: Callable[[Image.Image], Image.Image]

    @classmethod
    def attach(cls, pipe: Any, asked: PipelineOptions, dtype: Any, device: str) -> Self:
        """Load a ControlNet for a pipeline.

        Args:
            pipe: The pipeline.
            asked: Its options, which name the ControlNet.
            dtype: Torch's type of the numbers that it computes with.
            device: Device for torch.

        Raises:
            StepError: It is missing, broken, or belongs to another model.
        """
        wanted = control_wanted(asked)
        if asked.control is None or wanted is None:
            raise ValueError("no ControlNet is named")
        unet = getattr(pipe, "unet", None)
        if unet is None:
            raise Permanent(
                "Only Stable Diffusion and SDXL take a ControlNet here.",
                remedy="Take out diffusers.controlnet, or choose another diffusers.model.",
            )
        path = require(wanted)
        with loading(f"the ControlNet {wanted.source}", mend(wanted), MAKES_MAPS):
            net = library().ControlNetModel.from_pretrained(path, dtype=dtype, **SAFE).to(device)
            if net.config.cross_attention_dim != unet.config.cross_attention_dim:
                raise Permanent(
                    f"The ControlNet {wanted.source} belongs to another kind of model than "
                    f"{asked.model}.",
                    remedy=MAKES_MAPS[1],
                )
            plain = library().AutoPipelineForText2Image.from_pipe(pipe, controlnet=net)
        plain.set_progress_bar_config(disable=True)
        return cls(plain, _maps(asked.control, asked, device))

    def following(self) -> Any:
        """Return the pipeline that starts from an image too."""
        pipe = library().AutoPipelineForImage2Image.from_pipe(self.plain)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def maps(self, images: list[Image.Image], size: tuple[int, int]) -> list[Image.Image]:
        """Return the maps of images that are scaled to cover a size."""
        return [self.map_of(covering(image, *size)) for image in images]


def _maps(
    control: ControlOptions, asked: PipelineOptions, device: str
) -> Callable[[Image.Image], Image.Image]:
    if control.kind == "canny":
        return edges_of
    if control.kind == "depth":
        return Depth(asked, device)
    return lambda image: image


def edges_of(image: Image.Image) -> Image.Image:
    """Return the edges of an image, white on black (Canny 1986)."""
    import cv2
    import numpy as np

    edges = cv2.Canny(np.asarray(image.convert("L")), *EDGES)
    return Image.fromarray(np.asarray(edges)).convert("RGB")


class Depth:
    """A model that estimates depth: near is white.

    Args:
        asked: Options that name it.
        device: Device for torch.

    Raises:
        StepError: It is missing or broken.
    """

    def __init__(self, asked: PipelineOptions, device: str) -> None:
        from transformers import AutoImageProcessor, AutoModelForDepthEstimation

        wanted = depth_wanted(asked)
        if wanted is None:
            raise ValueError("no model of depth is named")
        path = require(wanted)
        kind = "a model of depth", "Choose a model for depth estimation of transformers."
        with loading(f"the model of depth {wanted.source}", mend(wanted), kind):
            load: Any = AutoModelForDepthEstimation.from_pretrained
            self._model = load(path, **SAFE).to(device).eval()
            processors: Any = AutoImageProcessor
            self._processor = processors.from_pretrained(path, local_files_only=True)
        self._device = device

    def __call__(self, image: Image.Image) -> Image.Image:
        """Return the depth of an image in its size."""
        import torch

        inputs = self._processor(images=image, return_tensors="pt").to(self._device)
        with torch.inference_mode():
            depth = self._model(**inputs).predicted_depth.float()
        large = torch.nn.functional.interpolate(
            depth[:, None], size=(image.height, image.width), mode="bicubic", align_corners=False
        )[0, 0]
        span = (large.max() - large.min()).clamp_min(1e-6)
        shades = ((large - large.min()) / span * 255).round().to("cpu", torch.uint8)
        return Image.fromarray(shades.numpy()).convert("RGB")
